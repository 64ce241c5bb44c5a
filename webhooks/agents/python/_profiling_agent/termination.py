"""Notices a SIGTERM whose default action would end the process before its last samples are sent.

The signal is caught in C, where a word is written into a pipe. So neither the main thread, which may be busy
elsewhere, nor handlers of the application have to do with it: Python still says that there is no handler, and
one that the application installs takes the place of ours."""
import faulthandler
import posix  # not os, whose read() of eventlet would wait for the pipe
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
        posix.close(file)


def caught_in_c(signal):
    """Whether the process catches a signal, of which Python need not know: JVMs and servers that embed Python do, and
    faulthandler where the application uses it for that signal."""
    try:
        file = posix.open("/proc/self/status", posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            mask = posix.read(file, 8192).partition(b"SigCgt:")[2].split(None, 1)[0]
        finally:
            posix.close(file)
        return bool(int(mask, 16) >> signal - 1 & 1)
    except (OSError, ValueError, IndexError):  # unknown; better not
        return True


class Termination:
    def __init__(self):
        self._ends = self._identity = None
        self._caught = False

    def watch(self):
        """The first process of a container is left alone: the kernel ignores the signal for it."""
        global _current
        if fcntl is None or posix.getpid() == 1 or getsignal(SIGTERM) != SIG_DFL or caught_in_c(SIGTERM):
            return
        reader, writer = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        try:
            self._ends = _raised(reader), _raised(writer)
        except OSError:  # a lower limit of files
            self._ends = None
            return
        self._identity = posix.fstat(self._ends[1]).st_ino
        if _current is None:
            # A child must not write into the pipe of its parent, not even before its first instruction.
            posix.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
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
            if self._are_ours():
                return self._caught and bool(posix.read(self._ends[0], 4096))
        except BlockingIOError:
            return False
        except OSError:
            pass
        # The application closed all files; what is open under these numbers now is its own.
        self.release()
        self._ends = None
        return False

    def _are_ours(self):
        """Both ends of a pipe are one file."""
        try:
            return all(posix.fstat(end).st_ino == self._identity for end in self._ends)
        except OSError:
            return False

    def close(self):
        self.release()
        self._drop()

    def _drop(self):
        if self._ends and self._are_ours():
            for end in self._ends:
                posix.close(end)
        self._ends = None

    def end(self):
        """Lets the signal have its way."""
        self.close()
        posix.kill(posix.getpid(), SIGTERM)


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
