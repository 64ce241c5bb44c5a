"""Looks at the threads from time to time, from a thread of its own."""
import sys
from functools import partial
from time import clock_gettime_ns, monotonic_ns, process_time_ns, thread_time_ns

from .account import Account, Thread
from .judge import FREE, LEFT, TAKEN, Judge, Look
from .native import get_ident, get_native_id
from .stacks import Stacks, at_once, others_have_locks, places_of
from .switching import call
from .threads import Numbers, clock_of, punctual, runs, short_turns

try:
    from resource import RUSAGE_THREAD, getrusage
    usage = partial(getrusage, RUSAGE_THREAD)
except ImportError:  # a build without it
    usage = bool

# CPU below this since the last look is no reason to look, in nanoseconds; of one thread, below that.
QUIET, STILL = 50_000, 12_000
# Our own thread may use this part of a core.
SHARE = 1 / 100
# So many quiet looks, and the pauses become IDLE times as long.
PATIENCE, IDLE = 50, 4
# The stacks of so many threads that ran lately are looked at first.
LATELY = 4


class Unsafe(Exception):
    """The stacks of this process cannot be looked at."""


class Sampler:
    def __init__(self, rate, switching):
        punctual()
        short_turns()
        self.period = 1_000_000_000 // rate
        self._clock_numbers, self._switching = Numbers(), switching
        self._ours = {get_ident()}  # and the threads that send
        self._account = Account(process_time_ns())
        self._account.add_ours(get_native_id())
        self._judge = Judge(self._account)
        self._cost, self._mean, self._quiet = 0, self.period, 0
        self._random = monotonic_ns() & 0x7FFFFFFF
        # What the clocks of the process and of our thread showed at the last look.
        self._process, self._own = self._account.base, thread_time_ns()
        self._stack_tree = Stacks()
        self._lately = {}  # the latest last
        self._meet([(identifier, None) for identifier in self._frames()], 0, monotonic_ns(), [], first=True)

    def _frames(self):
        if others_have_locks():
            raise Unsafe("interpreters with locks of their own")
        return at_once(sys._current_frames)

    def add_ours(self, identifier, number):
        """Another thread of ours."""
        self._ours.add(identifier)
        self._account.add_ours(number)

    def pause(self):
        """The length of the next pause: random, so that it falls in step with nothing."""
        self._mean = max(self.period * (IDLE if self._quiet > PATIENCE else 1), int(self._cost / SHARE))
        self._random = (self._random * 1103515245 + 12345) & 0x7FFFFFFF
        return self._mean // 2 + self._mean * self._random // 0x7FFFFFFF

    def sleep(self, lock, pause):
        """Waits, at most until `lock` is released, and looks. Returns whether it was released."""
        self._switching.shorten()
        waits, before = usage(), monotonic_ns()
        # A thread that had to give the interpreter's lock to ours wants it back after the interval, which is short. Within one
        # call of C ours gives it to nobody; then it may, at each instruction, and sees that thread where it is later.
        released, interval, _, process, own, now, waited = map(call, (
            partial(lock.acquire, True, pause / 1e9), *self._switching.steps(), process_time_ns, thread_time_ns, monotonic_ns, usage))
        self._switching.lengthened(interval)
        used = self._used(process, own)
        if not released and used >= QUIET:
            frames = self._frames()
            places = {thread: at_once(places_of(frames[thread])) for thread in self._lately if thread in frames}
            late = max(now - before - pause, 0)
            waits = waited.ru_nvcsw - waits.ru_nvcsw if waited else 1 if late < self.period // 8 else 3
            # The first wait was the pause itself.
            lock_was = FREE if waits < 2 else TAKEN if waits > 2 or late >= self._switching.interval() else LEFT
            self._look(frames, places, used, lock_was, now, pause, late)
        return released

    def _used(self, process, own):
        """Takes the clocks of this look down. Returns the CPU of the application since the last one."""
        mine, self._own = own - self._own, own
        self._cost += (mine - self._cost) / 16
        used = process - self._process - mine
        if used < QUIET:
            self._quiet += 1
            self._process = process - used
        else:
            self._quiet, self._process = 0, process
        return used

    def _look(self, frames, places, used, lock_was, now, pause, late):
        look = Look()
        look.lock_was, look.now, look.pause, look.mean, look.late = lock_was, now, pause, self._mean, late
        look.clocks_at = monotonic_ns()
        look.moved, still, strangers = self._stacks(frames, places)
        look.unknown = self._meet(strangers, used, now, look.moved)
        look.beyond = used - sum(delta for delta, _, _ in look.moved)
        for thread in still:
            if lock_was == FREE and not runs(thread.number):
                thread.waits(now)
        self._switching.competed(self._judge.judge(look))

    def _stacks(self, frames, places):
        """Threads that moved, threads that did not although they ran at the last look, and unknown ones."""
        threads, moved, still, strangers = self._account.threads, [], [], []

        def stack_of(identifier, frame):
            return self._stack_tree.of(places.get(identifier) or at_once(places_of(frame)))
        for identifier, frame in frames.items():
            thread = threads.get(identifier)
            if thread is None:
                if identifier not in self._ours:
                    strangers.append((identifier, stack_of(identifier, frame)))
                continue
            try:
                now = clock_gettime_ns(thread.clock)
            except OSError:  # it ended, and another one has its identifier
                self._account.forget(identifier)
                strangers.append((identifier, stack_of(identifier, frame)))
                continue
            if now - thread.last > STILL:
                moved.append((now - thread.last, thread, stack_of(identifier, frame)))
                thread.last = now
                self._ran_lately(identifier)
            elif thread.ran:
                still.append(thread)
        for identifier in [i for i in threads if i not in frames]:
            self._account.forget(identifier)
        return moved, still, strangers

    def _ran_lately(self, identifier):
        self._lately.pop(identifier, None)
        self._lately[identifier] = None
        if len(self._lately) > LATELY:
            del self._lately[next(iter(self._lately))]

    def _meet(self, strangers, used, now, moved, first=False):
        """Finds the clocks of new threads, which may end before the next look, and adds them to those that moved;
        returns the stacks of those that have none."""
        unknown = []
        for identifier, stack in strangers:
            number = None if identifier in self._ours else self._clock_numbers.of(identifier)
            if number is None:
                unknown.append(stack)
                continue
            try:
                clock = clock_gettime_ns(clock_of(number))
            except OSError:
                continue
            # New threads cannot have used more than the process did since the last look.
            base = clock if first else max(clock - used, 0)
            self._account.threads[identifier] = thread = Thread(number, base, base, now)
            if clock - base > STILL:
                moved.append((clock - base, thread, stack))
                thread.last = clock
        return unknown

    def close(self):
        self._switching.restore()

    def resume(self):
        """What our thread did since the last look is no part of what a look costs."""
        own = thread_time_ns()
        self._process += own - self._own
        self._own = own

    def full(self):
        """Whether the window has to end now, because it takes too much memory."""
        return self._stack_tree.full()

    def cut(self):
        """Ends the window; returns the CPU of each stack in nanoseconds."""
        self._stack_tree = Stacks()
        return self._account.close(process_time_ns())
