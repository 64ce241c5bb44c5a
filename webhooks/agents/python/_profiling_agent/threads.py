"""What the kernel knows of this process's threads: their CPU clocks, and whether they run."""
import posix  # not os, in which eventlet puts functions of its own
import sys
from time import clock_gettime_ns

from .native import get_ident, get_native_id

# How much of a thread's descriptor is searched for its kernel number.
_DESCRIPTOR = 2048
# The shortest turn that the kernel grants, in nanoseconds.
_TURN = 100_000


def clock_of(number):
    """The CPU clock of the thread with that kernel number, as pthread_getcpuclockid makes it. That function
    itself must not be called for other threads: it crashes if the thread has ended meanwhile."""
    return ~number << 3 | 6


def runs(number):
    """Whether that thread runs or waits for a core, rather than for anything else."""
    try:
        file = posix.open("/proc/self/task/%d/stat" % number, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return False
    try:
        text = posix.read(file, 64)
        return text[text.rfind(b")") + 2:][:1] == b"R"
    except OSError:  # it has ended since
        return False
    finally:
        posix.close(file)


def punctual():
    """Lets the kernel wake the calling thread at the end of a pause, not up to 50 microseconds later."""
    try:
        file = posix.open("/proc/%d/timerslack_ns" % get_native_id(), posix.O_WRONLY | posix.O_CLOEXEC)
    except OSError:
        return
    try:
        posix.write(file, b"1000")
    except OSError:
        pass
    finally:
        posix.close(file)


def short_turns():
    """Lets the calling thread begin when its pause is over, although another one computes on its core. Linux 6.6 and later let a
    turn go on for up to some milliseconds, unless the one who waits has shorter turns (Linux 6.12 and later: sched_setattr(2),
    sched_runtime). Else what computes would be seen at its next call into the kernel. It needs no right, and takes no more
    time from others. ctypes itself is not used: what it makes of callbacks is shared with forked children."""
    number = {"x86_64": 314, "aarch64": 274}.get(posix.uname().machine)
    try:
        import _ctypes
        if number is None or posix.sched_getscheduler(0) != posix.SCHED_OTHER:
            return False
        fields = (48, 4), (posix.SCHED_OTHER, 4), (0, 8), (posix.getpriority(posix.PRIO_PROCESS, 0), 4), (0, 4), (_TURN, 8), (0, 8), (0, 8)
        wanted = b"".join(value.to_bytes(size, sys.byteorder, signed=True) for value, size in fields)
        syscall = _ctypes.dlsym(_ctypes.dlopen(None, 0), "syscall")
        return _ctypes.call_cdeclfunction(syscall, (number, 0, wanted, 0)) == 0
    except BaseException:  # a build without it, or an audit hook that forbids it by an exception of any kind
        return False


class Numbers:
    """Finds the kernel number of a thread by Python's identifier, which is the address of the C library's
    descriptor of the thread. The number is a field of it; where, is learnt from the calling thread."""

    def __init__(self):
        self._offset = None
        here = self._read(get_ident())
        wanted = get_native_id().to_bytes(4, sys.byteorder)
        at = here.find(wanted)
        # Aligned, and the only one: else the field could be another that happens to hold the same.
        if at >= 0 and at % 4 == 0 and here.find(wanted, at + 1) < 0:
            self._offset = at

    @staticmethod
    def _read(address):
        """Reads through the kernel: an address that is no longer mapped is an error, not a crash."""
        try:
            file = posix.open("/proc/self/mem", posix.O_RDONLY | posix.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return posix.pread(file, _DESCRIPTOR, address)
        except (OSError, OverflowError):
            return b""
        finally:
            posix.close(file)

    def of(self, identifier):
        """None for a thread that cannot be found."""
        known = getattr(sys.modules.get("threading"), "_active", {}).get(identifier)
        number = getattr(known, "_native_id", None)
        if self._offset is not None:
            field = self._read(identifier)[self._offset:self._offset + 4]
            number = int.from_bytes(field, sys.byteorder) if len(field) == 4 else number
        if not number:
            return None
        try:
            clock_gettime_ns(clock_of(number))
        except OSError:
            return None
        return number
