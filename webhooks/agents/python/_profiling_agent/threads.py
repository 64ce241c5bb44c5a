"""What the kernel knows of this process's threads: their CPU clocks, and whether they run."""
import posix  # not os, in which eventlet puts functions of its own
import sys
from time import clock_gettime_ns

from .native import get_ident, get_native_id

# How much of a thread's descriptor is searched for its kernel number.
_DESCRIPTOR = 2048


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
