"""Sends profiles to the server, in order, from a thread of its own. What did not arrive is kept and sent again."""
import os
from time import monotonic

from . import http
from .native import allocate_lock, get_ident, get_native_id, start_new_thread

# What may be kept while the server is away: so many profiles, of so many bytes in all.
PROFILES, BYTES = 8, 1 << 20
# For an answer, which the server may give after its own limit of 30 seconds.
PATIENCE = 40.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


class Unsent(Exception):
    """The profile is not stored and may be sent again, not before `pause` seconds have passed."""

    def __init__(self, reason, pause=None):
        super().__init__(reason)
        self.pause = pause


class Server:
    """The server of the settings."""

    def __init__(self, address, headers):
        self._client = http.Client(address.rstrip("/") + "/push.v1.PusherService/Push")
        self._headers = headers

    def post(self, body, patience):
        """Raises Unsent if the body may be sent again, and anything else if it must not."""
        try:
            status, headers = self._client.post(body, self._headers, patience)
        except http.Unsent as error:
            raise Unsent(str(error)) from None
        if status == 429 or status >= 500:
            raise Unsent("status %d" % status, seconds(headers.get("retry-after")))
        # Not followed: credentials are for this server, and a redirected POST would arrive without its body.
        if not 200 <= status < 300:
            raise OSError("status %d" % status)


def seconds(text):
    """What Retry-After says, where it is no date."""
    return min(int(text), 300) if text and text.isascii() and text.isdigit() else None


class Delivery:
    def __init__(self, server, own_thread, debug):
        """`own_thread(identifier, number)` gets the thread that sends."""
        self._server, self._own_thread, self._debug = server, own_thread, debug
        self._queue, self._lock = [], allocate_lock()
        self._news = allocate_lock()
        self._news.acquire()
        self._running = self._closed = self._sending = False

    def add(self, body):
        with self._lock:
            self._queue.append(body)
            while len(self._queue) > PROFILES or len(self._queue) > 1 and sum(map(len, self._queue)) > BYTES:
                self._queue.pop(0)
                self._debug("the oldest profile is dropped: the server is away for too long")
            if self._closed:
                return
            self._run_somewhere()
            self._wake()

    def _run_somewhere(self):
        if self._running:
            return
        self._running = True
        try:
            start_new_thread(self._run, ())
        except RuntimeError as error:  # the process may have no more threads; the next profile tries again
            self._running = False
            self._debug("not sent yet:", error)

    def _wake(self):
        if self._news.locked():
            self._news.release()

    def _run(self):
        failures = 0
        try:
            self._own_thread(get_ident(), get_native_id())
            while not self._closed:
                self._news.acquire()
                while self._queue and not self._closed:
                    pause = self._send_first(PATIENCE, failures)
                    failures = 0 if pause is None else failures + 1
                    until = monotonic() + (pause or 0)
                    while monotonic() < until and not self._closed:
                        self._news.acquire(timeout=max(until - monotonic(), 0.001))
        except Exception as error:
            self._debug("not sent:", repr(error))
        finally:
            self._running = False

    def _send_first(self, patience, failures):
        """Returns None when the first profile is dealt with, else after how many seconds to try again."""
        with self._lock:
            if not self._queue:
                return None
            body = self._queue.pop(0)
        self._sending = True
        try:
            self._server.post(body, patience)
        except Unsent as error:
            self._debug("will be sent again:", error)
            with self._lock:
                self._queue.insert(0, body)
            pause = min(FIRST_PAUSE * 2 ** min(failures, 8), LONGEST_PAUSE)
            # Spread, so that not all processes come back at the same moment.
            pause *= 0.75 + os.getpid() % 64 / 128
            return pause if error.pause is None else max(error.pause, pause / 2)
        except Exception as error:  # refused, or sent and not answered
            self._debug("dropped:", repr(error))
        finally:
            self._sending = False
        return None

    def close(self):
        """Ends the thread. One cannot be started any more, as in a process that exits."""
        self._closed = True
        self._wake()

    def finish(self, patience):
        """After close(): sends what is left once, on the calling thread."""
        until = monotonic() + patience
        while self._queue and monotonic() < until:
            if self._send_first(max(until - monotonic(), 0.05), 0) is not None:
                break
        while self._sending and monotonic() < until:
            self._news.acquire(timeout=0.01)
