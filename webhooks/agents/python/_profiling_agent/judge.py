"""Decides which threads ran when our thread woke up.

Our thread needs the interpreter's lock to look. If the lock was free, the threads that the kernel calls running run
code without the lock, and all others wait. If another thread had it, that one ran Python code, and now it is where
it gave the lock away."""
from time import clock_gettime_ns, monotonic_ns

from .account import add
from .threads import runs

# The lock when our thread woke up: free; another thread's, which gave it back by itself; another thread's, which
# was probably made to give it.
FREE, LEFT, TAKEN = range(3)
# So many places in the code are remembered.
PLACES = 4096


class Look:
    """What was found: threads whose clocks moved, each with what it used since the last look and its stack; the
    stacks of threads without a clock; what the process used beyond the former. All times in nanoseconds."""
    __slots__ = ("moved", "unknown", "beyond", "lock_was", "now", "pause", "mean", "late", "clocks_at")


def advances(thread, look):
    """Whether its clock has moved for most of the time since this look read it, at `clocks_at` or later."""
    since = monotonic_ns() - look.clocks_at
    try:
        return (clock_gettime_ns(thread.clock) - thread.last) * 2 > since
    except OSError:  # it has ended since
        return False


class Judge:
    def __init__(self, account):
        self._account = account
        self._places = {}

    def judge(self, look):
        """Returns whether threads competed for the lock."""
        waiting, gave, beyond = [], [], look.beyond
        for entry in look.moved:
            _, thread, stack = entry
            place = self._place(stack)
            if look.lock_was != FREE:
                place.with_lock += 1
                if len(look.moved) == 1 or not place.outside():
                    gave.append(entry)
                    continue
            if self._runs_outside(thread, place, look):
                thread.held = None
                thread.runs(stack, look)
                if beyond > look.mean // 4 and not look.unknown:
                    # Threads of libraries, which work for the calls that wait for them.
                    add(self._account.rest, {stack: min(beyond, look.mean)})
                    beyond = 0
            else:
                waiting.append(entry)
                thread.waits(look.now, stack)
        if look.lock_was != FREE:
            self._had_the_lock(gave or waiting, look)
        waiting += gave
        return len(waiting) > 1 and sum(used for used, _, _ in waiting) > 0.7 * (look.mean + look.late)

    def _had_the_lock(self, candidates, look):
        """One of these threads ran Python. It is still there if it was made to give the lock. If it is outside now,
        it came there by itself, and it counts where it had the lock before."""
        if not candidates:
            for stack in look.unknown:
                add(self._account.rest, {stack: look.mean})
            return
        _, thread, stack = max(candidates, key=lambda entry: entry[0])
        place = self._place(stack)
        if look.lock_was == TAKEN and not place.outside():
            thread.held = stack
            thread.runs(stack, look)
            return
        outside = self._runs_outside(thread, place, look)
        if thread.held or outside:
            thread.runs(thread.held or stack, look)
        if not outside:
            thread.waits(look.now, stack)

    @staticmethod
    def _runs_outside(thread, place, look):
        """A thread that waits for other things is called running, too, until it gets a core again, which takes long on a
        busy machine. One that computes without the lock hardly ever waits."""
        # To look at its clock once more costs less than to ask for its state, and gives the lock to nobody.
        ready = advances(thread, look) or runs(thread.number)
        if look.lock_was == FREE:
            place.ready += ready
            place.waiting += not ready
        return ready and place.ready >= 4 * place.waiting

    def _place(self, stack):
        key = id(stack.code), stack.position
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= PLACES:
                self._places.clear()
            place = self._places[key] = Place(stack.code)
        return place


class Place:
    """How threads were found at one place in the code: ready to run and waiting, both with the lock free; and with the
    lock not free."""
    __slots__ = ("code", "ready", "waiting", "with_lock")

    def __init__(self, code):
        self.code = code  # so that no other code gets its identity
        self.ready = self.waiting = self.with_lock = 0

    def outside(self):
        """Whether this is a call that gives the lock away: with the lock free, it must be. The kernel's count is wrong
        once in a while, so it is the looks of one kind against those of the other."""
        return (self.ready + self.waiting) * 4 > self.with_lock
