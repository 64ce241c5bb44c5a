"""Whose CPU it was: what was seen of each thread, and how its CPU is spread over its stacks.

A sample says only that a stack ran at some moment. How much CPU the thread used is known exactly, from its
clock. So samples give the shares within a thread, and the clock gives the thread's total."""
from time import clock_gettime_ns

from .stacks import NATIVE, OURS
from .threads import clock_of


class Thread:
    """One thread of Python in the current window, which begins when `base` was on its clock."""
    __slots__ = ("number", "clock", "base", "last", "since", "at", "ran", "speed", "ticks", "usual", "held", "waited")

    def __init__(self, number, base, last, at):
        self.number, self.clock = number, clock_of(number)
        self.base = base
        self.last = last  # its clock at the last look
        self.since, self.at = last, at  # its clock and the time when it was last seen to run or to wait
        self.ran = False  # which of both it was
        self.speed = 1.0  # its CPU for each second that it wants to run, which others may take from it
        self.ticks, self.usual = {}, {}  # in this window, and in the last one with any
        self.held = None  # where it last ran with the interpreter's lock
        self.waited = None  # where it last waited

    def runs(self, stack, look):
        """A look found it running."""
        used, elapsed = self.last - self.since, max(look.now - self.at, 1)
        if not self.ran:
            # It began to run at some moment of the pause. When, is not asked: each moment of its work is equally
            # likely to be seen, so each counts the same. What was missed while waiting for the lock counts, too.
            weight = (look.mean + min(look.late, used)) * self.speed
        elif elapsed < 2 * (look.pause + look.late):
            weight = used * (look.mean + look.late) / (look.pause + look.late)
        else:
            weight = used
        if self.ran:
            self.speed += (min(used / elapsed, 1.0) - self.speed) / 8
        self.since, self.at, self.ran = self.last, look.now, True
        self.ticks[stack] = self.ticks.get(stack, 0) + weight

    def waits(self, now, stack=None):
        self.since, self.at, self.ran, self.held = self.last, now, False, None
        self.waited = stack or self.waited


class Account:
    """The current window. `rest` takes the samples of threads that ended and of threads without a clock."""

    def __init__(self, process):
        self.threads, self.ours = {}, {}
        self.rest = {}
        self.base = process

    def add_ours(self, number):
        clock = clock_of(number)
        self.ours[number] = clock, clock_gettime_ns(clock)

    def forget(self, identifier):
        """The thread has ended: its CPU is part of what the process used beyond the threads that are left."""
        add(self.rest, self.threads.pop(identifier).ticks)

    def close(self, process):
        """Ends the window when `process` is on the process's clock. Returns the CPU of each stack."""
        result, known = {}, 0
        for number, (clock, base) in list(self.ours.items()):
            try:
                now = clock_gettime_ns(clock)
            except OSError:  # its upload is done
                del self.ours[number]
                continue
            known += now - base
            add(result, {OURS: now - base})
            self.ours[number] = clock, now
        for identifier, thread in list(self.threads.items()):
            try:
                thread.last = clock_gettime_ns(thread.clock)
            except OSError:
                self.forget(identifier)
                continue
            used, thread.base = thread.last - thread.base, thread.last
            known += used
            # Too little to be seen is taken for more of the same.
            thread.usual = thread.ticks or thread.usual
            spread(result, used, thread.usual, thread.waited or NATIVE)
            thread.ticks, thread.held = {}, None
        rest, self.rest = self.rest, {}
        spread(result, process - self.base - known, rest, NATIVE)
        self.base = process
        return result


def add(stacks, more):
    for stack, value in more.items():
        stacks[stack] = stacks.get(stack, 0) + value


def spread(result, used, ticks, otherwise):
    """Gives `used` to the stacks in proportion to their ticks; without ticks, to the stack `otherwise`."""
    if used <= 0:
        return
    whole = sum(ticks.values())
    add(result, {stack: used * weight / whole for stack, weight in ticks.items()} if whole else {otherwise: used})
