"""Notices a SIGTERM whose default action would end the process before its last samples are sent.

The signal is caught in C, where a word is written into a pipe. So neither the main thread, which may be busy
elsewhere, nor handlers of the application have to do with it: Python still says that there is no handler, and
one that the application installs takes the place of ours."""
import faulthandler
import os
from _signal import SIG_DFL, SIGTERM, getsignal

try:
    from fcntl import F_DUPFD_CLOEXEC, fcntl
except ImportError:
    fcntl = None

# Above the numbers that an application's files get, should it close ours without knowing it.
LOWEST_FILE = 600
_current = None


def _raised(file):
    try:
        return fcntl(file, F_DUPFD_CLOEXEC, LOWEST_FILE)
    finally:
        os.close(file)


class Termination:
    def __init__(self):
        self._ends = self._identity = None
        self._caught = False

    def watch(self):
        """The first process of a container is left alone: the kernel ignores the signal for it."""
        global _current
        if fcntl is None or os.getpid() == 1 or getsignal(SIGTERM) != SIG_DFL:
            return
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            self._ends = _raised(reader), _raised(writer)
        except OSError:  # a lower limit of files
            self._ends = None
            return
        self._identity = os.fstat(self._ends[1]).st_ino
        if _current is None:
            # A child must not write into the pipe of its parent, not even before its first instruction.
            os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
        _current = self
        self.catch()

    def catch(self):
        if self._ends and not self._caught and getsignal(SIGTERM) == SIG_DFL:
            faulthandler.register(SIGTERM, file=self._ends[1], all_threads=False, chain=False)
            self._caught = True

    def release(self):
        """Puts the default action back, unless the application has a handler by now."""
        if self._caught and getsignal(SIGTERM) == SIG_DFL:
            faulthandler.unregister(SIGTERM)
        self._caught = False

    def came(self):
        if not self._ends:
            return False
        try:
            if os.fstat(self._ends[1]).st_ino == self._identity:
                return self._caught and bool(os.read(self._ends[0], 4096))
        except BlockingIOError:
            return False
        except OSError:
            pass
        # The application closed all files; what is open under these numbers now is its own.
        self.release()
        self._ends = None
        return False

    def close(self):
        self.release()
        self._drop()

    def _drop(self):
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)

    def end(self):
        """Lets the signal have its way."""
        self.close()
        os.kill(os.getpid(), SIGTERM)


def _before_fork():
    if _current is not None:
        _current.paused = _current._caught
        _current.release()


def _after_fork_in_parent():
    if _current is not None and _current.paused:
        _current.catch()


def _after_fork_in_child():
    if _current is not None:
        _current._drop()
