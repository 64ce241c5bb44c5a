"""Stands between an agent and the server: forwards each upload, records it, and can be away, refuse or be slow."""
import contextlib
import gzip
import http.server
import os
import pathlib
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/conformance"), str(ROOT / "tests/agents")]
import cases  # noqa: E402
from comparison import Window  # noqa: E402
from recorder import read_body  # noqa: E402

DROPPED = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"}
TIME_NANOS, DURATION_NANOS = 9, 10


class Upload:
    """One request of the agent. `status` is the server's answer, or the fault's; 0 while there is none."""

    def __init__(self, path, headers, body, owner=0):
        self.path, self.headers, self.body, self.owner, self.status, self.stored = path, headers, body, owner, 0, False

    def profiles(self):
        """(name, window) of each profile in it."""
        parsed = urllib.parse.urlsplit(self.path)
        if parsed.path.endswith("/ingest"):
            query = dict(urllib.parse.parse_qsl(parsed.query))
            window = Window(*(seconds(query.get(name, "0")) for name in ("from", "until")))
            kind = "heap" if query.get("spyName") == "nodespy" and b"inuse_space" in unpacked(self.body) else "cpu"
            return [(kind, window)]
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return [found for number, _, series in cases.fields(body) if number == 1 for found in pushed(series)]


def seconds(text):
    """Agents send seconds, milliseconds or nanoseconds since the epoch."""
    value = float(text)
    for unit in (1e9, 1e6, 1e3):
        if value > 1e8 * unit:
            return value / unit
    return value


def unpacked(body):
    try:
        return zlib.decompressobj(wbits=47).decompress(body)
    except zlib.error:
        return body


def number_of(payload):
    value = shift = 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
    return value


def pushed(series):
    """(name, window) of each sample of a series of push.v1."""
    labels, raw = {}, []
    for number, _, payload in cases.fields(series):
        if number == 1:
            pair = {n: p.decode() for n, _, p in cases.fields(payload)}
            labels[pair.get(1, "")] = pair.get(2, "")
        elif number == 2:
            raw += [p for n, _, p in cases.fields(payload) if n == 1]
    for profile in map(unpacked, raw):
        times = {n: number_of(p) for n, kind, p in cases.fields(profile) if n in (TIME_NANOS, DURATION_NANOS) and kind == 0}
        start = times.get(TIME_NANOS, 0) / 1e9
        yield labels.get("__name__", ""), Window(start, start + times.get(DURATION_NANOS, 0) / 1e9)


class Forwarder:
    """`fault`: "" forwards; "away" refuses connections, as a server that is down; "429", "413", "500" answers so;
    "slow-12" forwards at once and answers after 12 seconds."""

    def __init__(self, server, pids=lambda: ()):
        self.uploads, self._fault, self._open, self._news = [], "", 0, threading.Condition()
        forwarder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                upload = Upload(self.path, {k.lower(): v for k, v in self.headers.items()}, read_body(self),
                                owner_of(self.client_address[1], pids()))
                forwarder._begin(upload)
                try:
                    forwarder._answer(self, upload, server)
                finally:
                    forwarder._end()

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, address: None  # programs under test may end while they send
        self._serve()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _serve(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, fault):
        was, self._fault = self._fault, fault
        if fault == "away" and was != "away":
            self._server.shutdown()
            self._server.socket.close()
        elif was == "away" and fault != "away":
            self._server.socket = socket.create_server(self._server.server_address)  # the same port
            self._serve()

    def _begin(self, upload):
        with self._news:
            self.uploads.append(upload)
            self._open += 1

    def _end(self):
        with self._news:
            self._open -= 1
            self._news.notify_all()

    def _answer(self, handler, upload, server):
        fault, data = self.fault, b"{}"
        if fault == "away":  # on a connection of before
            handler.close_connection = True
            handler.connection.close()
            return
        if fault in ("413", "429", "500"):
            upload.status = int(fault)
        else:
            upload.status, data = forward(server, upload)
            upload.stored = 200 <= upload.status < 300
        if fault.startswith("slow-"):
            time.sleep(float(fault[5:]))
        handler.send_response(upload.status)
        if fault == "429":
            handler.send_header("Retry-After", "1")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def await_quiet(self, patience):
        """Whether no request is under way any more."""
        with self._news:
            return self._news.wait_for(lambda: self._open == 0, patience)

    def stored(self):
        """(name, window, owner) of each profile that the server took."""
        return [(*p, u.owner) for u in list(self.uploads) if u.stored for p in u.profiles()]

    def refused(self):
        """(name, window, owner) of each profile that a fault refused for good: 413 is not sent again."""
        return [(*p, u.owner) for u in list(self.uploads) if u.status == 413 for p in u.profiles()]

    def close(self):
        self.fault = ""
        self._server.shutdown()
        self._server.server_close()


def owner_of(port, pids):
    """Which of these processes has the socket with this local port; 0 if none has."""
    with open("/proc/net/tcp") as table:
        inode = next((row.split()[9] for row in table if row.split()[1].endswith(f":{port:04X}")), None)
    for pid in pids if inode else ():
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{name}") == f"socket:[{inode}]":
                        return pid
    return 0


def forward(server, upload):
    headers = {k: v for k, v in upload.headers.items() if k not in DROPPED}
    try:
        with urllib.request.urlopen(urllib.request.Request(server + upload.path, upload.body, headers), timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 502, str(error).encode()
