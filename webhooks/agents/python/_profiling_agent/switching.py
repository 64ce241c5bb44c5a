"""How soon a thread that runs Python has to give the interpreter's lock to one that waits: 5 ms by default.

Our thread would see what takes less than that only when it is over, at the place where it waits for the next
work. So the interval is short while our thread pauses and the threads of the application do not compete for the
lock: then nobody but our thread ever waits that long. Where they compete, switching often would cost them time:
the interval stays what it was, and what runs then runs long enough to be seen."""
import operator
import sys
from functools import partial
from itertools import repeat

# Numbers that no application would choose.
CALM, BUSY = 0.000051, 0.000503
# Parts of the looks at which threads competed.
SOME, OFTEN = 0.1, 0.5

call = getattr(operator, "call", None) or operator.methodcaller("__call__")


def shown(interval):
    """As the interpreter shows it, which keeps whole microseconds."""
    return 1e-6 * int(1e6 * interval)


OURS = shown(CALM), shown(BUSY)


def replacing(values, by):
    """A call that sets the interval to `by` where it is one of `values`. It is one of C, so no thread of the application can set
    another value between the look and the change. One that the application has set is not even written again: the interpreter
    may take a microsecond off."""
    setters = dict.fromkeys(values, partial(sys.setswitchinterval, by))
    return partial(next, map(call, map(setters.get, map(call, repeat(sys.getswitchinterval)), repeat(bool))))


class Switching:
    def __init__(self):
        self._default = self._found = sys.getswitchinterval()
        self._wanted = CALM
        self._competition = 0.0
        # An application that sets a value for some time may put back what it found, which was ours.
        self._lengthen = replacing(OURS, self._default)
        # One that the application has chosen is its own.
        replaced = (*OURS, self._default) if abs(self._default - 0.005) < 1e-6 else ()
        self._shorten = {wanted: replacing(replaced, wanted) for wanted in (CALM, BUSY, self._default)}

    def competed(self, yes):
        """Called after each look: whether threads of the application competed for the lock."""
        self._competition += (yes - self._competition) / 32
        part = self._competition
        self._wanted = CALM if part < SOME else BUSY if part < OFTEN else self._default

    def interval(self):
        """While our thread paused, in nanoseconds."""
        return int(self._found * 1e9)

    def shorten(self):
        self._shorten[self._wanted]()

    def steps(self):
        """Two calls, for a call of C that makes both: one reads the interval, one lengthens it. lengthened() takes what was read."""
        return sys.getswitchinterval, self._lengthen

    def lengthened(self, found):
        self._found = found

    def restore(self):
        self._lengthen()
