"""How soon a thread that runs Python has to give the interpreter's lock to one that waits: 5 ms by default.

Our thread would see what takes less than that only when it is over, at the place where it waits for the next
work. So the interval is short while our thread pauses and the threads of the application do not compete for the
lock: then nobody but our thread ever waits that long. Where they compete, switching often would cost them time:
the interval stays what it was, and what runs then runs long enough to be seen."""
import sys
from functools import partial

# Numbers that no application would choose.
CALM, BUSY = 0.000051, 0.000503
# Parts of the looks at which threads competed.
SOME, OFTEN = 0.1, 0.5


def is_ours(interval):
    return abs(interval - CALM) < 5e-7 or abs(interval - BUSY) < 5e-7


class Switching:
    def __init__(self):
        self._default = self._set = sys.getswitchinterval()
        self._wanted = CALM
        self._competition = 0.0
        self._put_back = partial(sys.setswitchinterval, self._default)
        # One that the application has chosen is its own.
        self._may = abs(self._default - 0.005) < 1e-6

    def competed(self, yes):
        """Called after each look: whether threads of the application competed for the lock."""
        self._competition += (yes - self._competition) / 32
        part = self._competition
        self._wanted = CALM if part < SOME else BUSY if part < OFTEN else self._default

    def interval(self):
        """While our thread pauses, in nanoseconds."""
        return int((self._wanted if self._may else self._default) * 1e9)

    def shorten(self):
        self._change(self._wanted)

    def steps(self):
        """Two calls that lengthen the interval, for a call of C that makes them. lengthened() is for the result of the first."""
        return sys.getswitchinterval, self._put_back if self._may else bool

    def lengthened(self, was):
        # An application that sets a value for some time may put back what it found, which was ours.
        if self._may and abs(was - self._set) < 1e-6 or is_ours(was):
            if not self._may:
                self._put_back()
            self._may, self._set = True, self._default
        elif self._may:
            self._may = False
            sys.setswitchinterval(was)

    def _change(self, interval):
        if interval == self._set:
            return
        now = sys.getswitchinterval()
        # An application that sets a value for some time may put back what it found, which was ours.
        self._may = self._may and abs(now - self._set) < 1e-6 or is_ours(now)
        if self._may:
            sys.setswitchinterval(interval)
            self._set = interval

    def restore(self):
        """For good. In the child of a fork, `_set` may be a step ahead of the interpreter."""
        if is_ours(sys.getswitchinterval()):
            sys.setswitchinterval(self._default)
        self._may = False
