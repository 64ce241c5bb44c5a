"""Stacks as a tree: what stacks have in common, their outer frames, is kept once. So a profile of deep recursion takes little
memory, and stacks are compared by identity: the hash of a code object is one of all its instructions."""
import gc
import operator
import sys
from functools import partial
from itertools import accumulate, repeat, takewhile

# Deeper stacks lose their outer frames; servers take 1000 and cut the inner ones.
DEPTH = 999


# A tree of more is sent before its time; it takes some 10 MB.
PLACES = 50_000


class Stack:
    """Code and the position in it, below the stack `outer`. Lines are looked up later, once for each position."""
    __slots__ = ("outer", "code", "position")

    def __init__(self, outer, code, position):
        self.outer, self.code, self.position = outer, code, position


# A tuple stands for code that is none of Python's.
TRUNCATED = ("(truncated)",)
NATIVE, OURS = Stack(None, ("(native threads)",), 0), Stack(None, ("(profiling agent)",), 0)


class Stacks:
    """The tree of one window. A stack does not know what is above it, so one that is kept for longer keeps no tree."""

    def __init__(self):
        self._known = {}  # by what is below and by the code's identity, which stays the code's while the stack refers to it

    def full(self):
        return len(self._known) > PLACES

    def of(self, places):
        if len(places) > DEPTH:
            places[DEPTH:] = [(TRUNCATED, 0)]
        known, stack = self._known, None
        for code, position in reversed(places):
            key = stack, id(code), position
            found = known.get(key)
            if found is None:
                found = known[key] = Stack(stack, code, position)
            stack = found
        return stack


_place = operator.attrgetter("f_code", "f_lasti")


def places_of(frame):
    """Goes through one frame more than a stack may have. Python has no turn within, so no other thread has one, either."""
    callers = accumulate(repeat("f_back", DEPTH), getattr, initial=frame)
    return partial(list, map(_place, takewhile(operator.truth, callers)))


def at_once(look):
    """Calls `look`, which is C code that makes frame objects. In Python 3.11 a collection of garbage can come within. It runs code
    of the application, which lets other threads go on, so the frame in question ends, or a thread waits for ever for a lock of
    the interpreter that this call holds. The three calls are one of C, or the application could see that collection is off, or
    fork while it is, or have its gc.disable() undone."""
    if sys.version_info[:2] != (3, 11) or not gc.isenabled():
        return look()
    try:
        return list(map(operator.call, (gc.disable, look, gc.enable)))[1]
    except BaseException:
        gc.enable()
        raise


def _interpreters():
    """The module that knows them, or None."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            pass
    return None


_known_interpreters = _interpreters() if sys.version_info >= (3, 12) else None


def others_have_locks():
    """Whether there are interpreters with locks of their own, or may be: sys._current_frames() goes through the threads of all
    interpreters, and would crash while those run. None can be made while the calling thread has the lock."""
    if _known_interpreters is None:
        return False
    numbers = _known_interpreters.list_all()
    if len(numbers) < 2:
        return False
    config = getattr(_known_interpreters, "get_config", None)
    if config is None:
        return True
    try:
        return any(config(number).gil == "own" for number, *_ in numbers[1:])
    except Exception:  # one that is being made, or ends
        return True
