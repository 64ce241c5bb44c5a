"""The parts of Python's sampler, without a process that is profiled."""
import gc
import hashlib
import os
import sys
import threading
import time

import pytest

import pprof
import turns
from shims_test import part


def code_of(name):
    space = {}
    exec(f"def {name}():\n pass\n", space)
    return space[name].__code__


def test_a_profile_is_what_was_given():
    make, native = part("stacks").Stack, part("stacks").NATIVE
    outer, inner = make(None, code_of("outer"), 2), code_of("inner")
    encoded = part("pprof").encode({make(outer, inner, 0): 7_000_000.6, outer: 3, native: 300, make(None, inner, 0): 0.4},
                                   1_700_000_000_000_000_000, 15_000_000_000, 10_000_000)
    assert sorted((names, values["cpu"]) for names, values in pprof.Profile(encoded).stacks) == [(["(native threads)"], 300), (["inner", "outer"], 7_000_000), (["outer"], 3)]
    fields = dict(pprof.fields(encoded))
    assert (fields[9], fields[10], fields[12]) == (1_700_000_000_000_000_000, 15_000_000_000, 10_000_000)
    assert part("pprof").encode({}, 1, 2, 3) is None


def test_equal_functions_of_two_files_stay_apart():
    first, second = (compile("def same():\n pass\n", name, "exec").co_consts[0] for name in ("first.py", "second.py"))
    assert first == second, "to Python they are equal"
    make = part("stacks").Stack
    encoded = part("pprof").encode({make(None, first, 0): 5, make(None, second, 0): 7}, 1, 2, 3)
    assert b"first.py" in encoded and b"second.py" in encoded


def test_cpu_is_spread_by_what_was_seen():
    account, result = part("account"), {("x", 0): 5}
    account.spread(result, 100, {("a", 0): 30, ("x", 0): 10}, ("waited", 0))
    assert result == {("a", 0): 75, ("x", 0): 30}
    account.spread(result, 40, {}, ("waited", 0))
    account.spread(result, -3, {("a", 0): 1}, ("waited", 0))
    assert result == {("a", 0): 75, ("x", 0): 30, ("waited", 0): 40}


def frames_of(stack):
    found = []
    while stack is not None:
        found.append(stack.code)
        stack = stack.outer
    return found


def test_a_deep_stack_keeps_its_inner_frames():
    def deep(depth):
        return deep(depth - 1) if depth else part("stacks").Stacks().of(part("stacks").places_of(sys._getframe())())
    sys.setrecursionlimit(5000)
    found = frames_of(deep(2000))
    assert len(found) == 1000 and found[0].co_name == "deep" and found[-1] == ("(truncated)",)


def test_stacks_share_what_they_have_in_common():
    tree, found = part("stacks").Stacks(), []

    def deep(depth):
        found.append(tree.of(part("stacks").places_of(sys._getframe())()))
        if depth:
            deep(depth - 1)
    for _ in range(2):
        deep(300)
    assert len(set(found)) == 301, "the second time they are known"
    assert len(tree._known) < 2 * len(frames_of(found[-1])) and not tree.full(), "not the 90 000 frames that were seen"


def test_no_garbage_is_collected_while_frames_are_made(monkeypatch):
    """In Python 3.11 that can lock the whole process up, or crash it. Between the calls that make frames, other threads may run."""
    sampler, enabled = part("sampler").Sampler(100, part("switching").Switching()), []
    frames = sys._current_frames

    def observed():
        enabled.append(gc.isenabled())
        return frames()
    monkeypatch.setattr(sys, "_current_frames", observed)
    sampler._stack_tree.of = lambda places: enabled.append(gc.isenabled())
    never = threading.Lock()
    never.acquire()
    sampler._process -= 10**9  # much CPU since the last look
    assert not sampler.sleep(never, 1000)
    assert enabled[0] == (sys.version_info[:2] != (3, 11)) and all(enabled[1:]) and gc.isenabled()
    gc.disable()
    try:
        sampler._process -= 10**9
        assert not sampler.sleep(never, 1000)
        assert not gc.isenabled(), "what the application has switched off stays off"
    finally:
        gc.enable()


def test_a_thread_that_computes_without_the_lock_advances_while_we_look():
    judge, gate, block = part("judge"), threading.Event(), bytes(1 << 26)

    class Thread:
        clock = last = None

    def hashing():
        while not gate.is_set():
            hashlib.sha256(block).digest()
    for work, expected in ((hashing, True), (gate.wait, False)):
        worker = threading.Thread(target=work)
        worker.start()
        thread, look = Thread(), judge.Look()
        thread.clock = part("threads").clock_of(worker.native_id)

        def advances():
            look.clocks_at, thread.last = time.monotonic_ns(), time.clock_gettime_ns(thread.clock)
            until = time.monotonic() + 0.001
            while time.monotonic() < until:
                pass
            return judge.advances(thread, look)
        # A machine with one free core cannot run both at once.
        deadline = time.monotonic() + 20
        seen = advances()
        while seen != expected and time.monotonic() < deadline:
            seen = advances()
        gate.set()
        worker.join()
        gate.clear()
        assert seen == expected, work
        assert not judge.advances(thread, look), "it has ended"


def test_threads_are_found_by_their_addresses():
    numbers, gate = part("threads").Numbers(), threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    assert numbers.of(threading.get_ident()) == threading.get_native_id()
    assert numbers.of(thread.ident) == thread.native_id
    assert numbers.of(1) is None
    numbers._offset = None  # as where the memory cannot be read
    assert numbers.of(thread.ident) == thread.native_id
    gate.set()
    thread.join()


def test_a_thread_runs_or_waits():
    runs, gate = part("threads").runs, threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()

    def waits(deadline=time.monotonic() + 10):  # it runs for a moment before it waits, and before it ends
        while runs(thread.native_id) and time.monotonic() < deadline:
            time.sleep(0.001)
        return not runs(thread.native_id)
    assert waits() and runs(threading.get_native_id())
    gate.set()
    thread.join()
    assert waits()


def test_our_thread_has_short_turns_and_keeps_its_priority():
    found = []

    def work():
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + 2)
        before = turns.scheduling(0)
        done = part("threads").short_turns()
        found.append((before, done, turns.scheduling(0)))
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    (before, done, after), = found
    assert done and after[:2] == before[:2]
    assert after[2] == 100_000 or not turns.TAKEN, after


def test_an_interpreter_that_cannot_call_the_kernel_keeps_its_turns(monkeypatch):
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    assert part("threads").short_turns() is False


def lengthen(switching):
    was, _ = [step() for step in switching.steps()]
    switching.lengthened(was)


def test_the_switch_interval_is_short_only_without_competition():
    before = sys.getswitchinterval()
    switching = part("switching").Switching()
    try:
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(part("switching").CALM)
        lengthen(switching)
        assert sys.getswitchinterval() == pytest.approx(before)
        for _ in range(100):
            switching.competed(True)
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(before)
        for _ in range(200):
            switching.competed(False)
        switching.shorten()
        sys.setswitchinterval(0.003)  # the application
        lengthen(switching)
        assert sys.getswitchinterval() == pytest.approx(0.003)
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(0.003)
        sys.setswitchinterval(part("switching").CALM)  # the application again, which had found it so
        switching.shorten()
        lengthen(switching)
        assert sys.getswitchinterval() == pytest.approx(before)
        sys.setswitchinterval(0.003)
        switching.shorten()
        switching.restore()
        assert sys.getswitchinterval() == pytest.approx(0.003)
    finally:
        sys.setswitchinterval(before)


def test_a_value_that_the_application_sets_within_a_look_is_kept():
    """It sets one for some time, and puts back what it found or sets another while our thread looks."""
    before, calm = sys.getswitchinterval(), part("switching").CALM
    try:
        for later, expected in ((0.003, 0.003), (before, before), (calm, before), (0.000033, 0.000033)):
            switching = part("switching").Switching()
            switching.shorten()
            sys.setswitchinterval(0.0007)
            was, _ = [step() for step in switching.steps()]
            sys.setswitchinterval(later)
            switching.lengthened(was)
            for _ in range(3):
                switching.shorten()
                lengthen(switching)
            assert sys.getswitchinterval() == pytest.approx(expected, abs=1e-9), later
    finally:
        sys.setswitchinterval(before)


def test_a_value_that_the_application_sets_at_the_begin_of_a_pause_is_kept():
    """The profile function stands for a thread that has a turn as soon as ours has read the value."""
    before, switching, others = sys.getswitchinterval(), part("switching").Switching(), []

    def turn(frame, event, called):
        if event == "c_return" and called is sys.getswitchinterval:
            others.append(sys.setswitchinterval(0.0007))
    try:
        sys.setprofile(turn)
        switching.shorten()
        sys.setprofile(None)
        lengthen(switching)
        assert sys.getswitchinterval() == pytest.approx(0.0007 if others else before)
    finally:
        sys.setprofile(None)
        sys.setswitchinterval(before)
