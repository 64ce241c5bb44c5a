"""The parts of Python's sampler, without a process that is profiled."""
import signal
import subprocess
import sys
import threading
import time

import pytest

import injected
import pprof
from shims_test import ROOT, part


def code_of(name):
    space = {}
    exec(f"def {name}():\n pass\n", space)
    return space[name].__code__


def test_a_profile_is_what_was_given():
    outer, inner = code_of("outer"), code_of("inner")
    encoded = part("pprof").encode({(inner, 0, outer, 2): 7_000_000.6, (outer, 2): 3, (("(native threads)",), 0): 300, (inner, 0): 0.4},
                                   1_700_000_000_000_000_000, 15_000_000_000, 10_000_000)
    assert sorted((names, values["cpu"]) for names, values in pprof.Profile(encoded).stacks) == [(["(native threads)"], 300), (["inner", "outer"], 7_000_000), (["outer"], 3)]
    fields = dict(pprof.fields(encoded))
    assert (fields[9], fields[10], fields[12]) == (1_700_000_000_000_000_000, 15_000_000_000, 10_000_000)
    assert part("pprof").encode({}, 1, 2, 3) is None


def test_cpu_is_spread_by_what_was_seen():
    account, result = part("account"), {("x", 0): 5}
    account.spread(result, 100, {("a", 0): 30, ("x", 0): 10}, ("waited", 0))
    assert result == {("a", 0): 75, ("x", 0): 30}
    account.spread(result, 40, {}, ("waited", 0))
    account.spread(result, -3, {("a", 0): 1}, ("waited", 0))
    assert result == {("a", 0): 75, ("x", 0): 30, ("waited", 0): 40}


def test_a_deep_stack_keeps_its_inner_frames():
    def deep(depth):
        return deep(depth - 1) if depth else part("account").stack_of(sys._getframe())
    sys.setrecursionlimit(5000)
    stack = deep(2000)
    assert len(stack) == 2 * 1000 and stack[0].co_name == "deep" and stack[-2] == ("(truncated)",)


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


def test_the_switch_interval_is_short_only_without_competition():
    before = sys.getswitchinterval()
    switching = part("switching").Switching()
    try:
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(part("switching").CALM)
        switching.lengthen()
        assert sys.getswitchinterval() == pytest.approx(before)
        for _ in range(100):
            switching.competed(True)
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(before)
        for _ in range(200):
            switching.competed(False)
        switching.shorten()
        sys.setswitchinterval(0.003)  # the application
        switching.lengthen()
        switching.shorten()
        assert sys.getswitchinterval() == pytest.approx(0.003)
        switching.restore()
        assert sys.getswitchinterval() == pytest.approx(0.003)
    finally:
        sys.setswitchinterval(before)


PROGRAM = """
import importlib.util, os, signal, sys, time
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location("agent", folder + "/settings.py", submodule_search_locations=[folder])
sys.modules["agent"] = importlib.util.module_from_spec(spec)
from agent.termination import Termination
here = Termination()
here.watch()
"""


def terminated(code):
    return subprocess.run([injected.PYTHON, "-c", PROGRAM + code, str(ROOT / "webhooks/agents/python/_profiling_agent")],
                          capture_output=True, text=True, timeout=30)


def test_a_signal_is_noticed_and_then_ends_the_process():
    done = terminated("assert not here.came()\nos.kill(os.getpid(), 15)\nprint(here.came(), signal.getsignal(15) == signal.SIG_DFL, flush=True)\n"
                      "here.end()\ntime.sleep(5)")
    assert done.returncode == -signal.SIGTERM and done.stdout == "True True\n" and done.stderr == "", done


@pytest.mark.parametrize("fork", ["os.fork()", "os.forkpty()[0]"])
def test_a_signal_to_a_child_is_the_childs(fork):
    done = terminated(f"child = {fork}\nif not child: time.sleep(20)\nos.kill(child, 15)\n"
                      "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), here.came(), here._caught)")
    assert done.returncode == 0 and done.stdout == "-15 False True\n", done


def test_a_handler_of_the_application_is_left_alone():
    done = terminated("signal.signal(15, lambda *_: print('mine', flush=True))\nif not os.fork(): os._exit(0)\nos.wait()\nhere.close()\n"
                      "os.kill(os.getpid(), 15)\ntime.sleep(0.1)\nprint('alive')")
    assert done.returncode == 0 and done.stdout == "mine\nalive\n", done


def test_files_that_the_application_closed_are_not_written_to():
    done = terminated("os.closerange(3, 4096)\nprint(here.came(), here._caught, flush=True)\nos.kill(os.getpid(), 15)\ntime.sleep(5)")
    assert done.returncode == -signal.SIGTERM and done.stdout == "False False\n", done
