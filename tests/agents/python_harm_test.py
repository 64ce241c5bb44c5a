"""What Python's agent must not do to the application, and what the application must not do to it: real processes."""
import os
import pathlib
import subprocess

import pytest

import injected
import pprof
from recorder import Recorder

# The application's first lines. `await_agent` returns when the agent profiles the process.
BEGINNING = """
import os, signal, subprocess, sys, threading, time
def await_(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
def await_agent():
    await_(lambda: getattr(sys.modules.get("_profiling_agent"), "_running", None))
def price_basket(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        sum(range(1000))
"""


@pytest.fixture
def recorder():
    server = Recorder()
    yield server
    server.close()


@pytest.fixture
def run(agents, recorder):
    def run(code, python=injected.PYTHON, beginning=BEGINNING, **env):
        environment = injected.agent_environment(agents, "python", recorder.url, 1)
        environment |= {"PROFILING_START_DELAY_MS": "0", "PROFILING_DEBUG": "1", **env}
        return subprocess.run([python, "-c", beginning + code], env=environment, capture_output=True, text=True, timeout=90)
    return run


def pythons():
    """The system's, and those that pyenv has with interpreters that have locks of their own."""
    others = sorted(pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")).glob("versions/3.1[2-9]*/bin/python3"))
    return [injected.PYTHON, *map(str, others)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGHUP"])
def test_signals_that_the_application_blocks_stay_pending(run, name):
    """It works when the signal comes and asks for it later. A thread that did not block it would take it."""
    done = run(f"""
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{name}])
price_basket(0.2)
await_agent()
await_(lambda: len(os.listdir("/proc/self/task")) > 2)
os.kill(os.getpid(), signal.{name})
print(signal.sigtimedwait([signal.{name}], 10).si_signo == signal.{name})
""")
    assert (done.returncode, done.stdout) == (0, "True\n"), done


def test_faults_of_our_thread_would_be_reported(run):
    done = run("""
await_agent()
masks = {}
for task in os.listdir("/proc/self/task"):
    with open(f"/proc/self/task/{task}/status") as file:
        masks[int(task)] = int(next(line for line in file if line.startswith("SigBlk")).split()[1], 16)
ours = [mask for task, mask in masks.items() if task != os.getpid()]
print(masks[os.getpid()], [[signal for signal in (4, 7, 8, 11, 15, 17) if mask >> signal - 1 & 1] for mask in ours])
""")
    assert done.stdout == "0 [[15, 17]]\n", done


SUBINTERPRETER = """
try:
    import _interpreters as made, _interpreters
    run = made.exec
except ImportError:
    import _xxsubinterpreters as made
    run = made.run_string
one = made.create()
"""


@pytest.mark.parametrize("python", pythons())
def test_a_subinterpreter_begins_and_ends(run, python):
    done = run(SUBINTERPRETER + "run(one, 'import sys\\nassert not sys.modules.get(\"_profiling_agent\")')\nmade.destroy(one)\nprint('ended')",
               python, PROFILING_START_DELAY_MS="20")
    assert (done.returncode, done.stdout) == (0, "ended\n"), done


@pytest.mark.parametrize("python", pythons())
def test_interpreters_with_locks_of_their_own_do_not_crash(run, python):
    """Since Python 3.12; sys._current_frames() would go through the frames of all of them while they run."""
    done = run("await_agent()\n" + SUBINTERPRETER + """
work = 'import time\\ndef deep(n): return n and deep(n - 1)\\nuntil = time.monotonic() + 2\\nwhile time.monotonic() < until: deep(50)'
thread = threading.Thread(target=run, args=(one, work))
thread.start()
price_basket(0.5)
thread.join()
print('ended')
""", python, PROFILING_PYTHON_SAMPLE_RATE="1000")
    assert (done.returncode, done.stdout) == (0, "ended\n"), done
    if python != injected.PYTHON:
        assert "interpreters with locks of their own" in done.stderr, done


# What gevent, eventlet and tracers replace, all at once: nothing of it may be called, but by the import system.
REPLACED = """
import _thread, socket, select, traceback, urllib.request, http.client
def replace(module, name, original):
    def replaced(*words, **more):
        if sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
            return original(*words, **more)
        with open(os.environ["CALLED"], "a") as file:
            traceback.print_stack(file=file)
        raise AssertionError("the agent calls what the application replaced")
    setattr(module, name, replaced)
for module, names in ((_thread, "allocate_lock start_new_thread get_ident"), (socket, "socket create_connection getaddrinfo"),
                      (os, "read write"), (select, "select poll"), (http.client, "HTTPConnection"), (urllib.request, "urlopen")):
    for name in names.split():
        replace(module, name, getattr(module, name))
"""


def test_what_the_application_replaces_is_not_used(run, recorder, tmp_path):
    done = run("await_agent()\nprice_basket(2)", beginning=BEGINNING + REPLACED, CALLED=str(tmp_path / "called"), PROFILING_START_DELAY_MS="300")
    assert done.returncode == 0, done
    assert not (tmp_path / "called").exists(), (tmp_path / "called").read_text()
    assert pprof.cpu_seconds(recorder.uploads).get("price_basket", 0) > 0.5, done


def test_the_modules_of_urllib_are_not_loaded(run):
    done = run("await_agent()\nprint(sorted({'urllib.request', 'http.client', 'ssl', 'email', 'socket', 'hashlib'} & set(sys.modules)))",
               beginning=BEGINNING.replace("subprocess, ", ""))
    assert done.stdout == "[]\n", done


def test_the_upload_imports_nothing(run, recorder):
    """A child that is forked during an import would wait for ever for the module's lock."""
    done = run("await_agent()\nbefore = set(sys.modules)\nprice_basket(2.5)\nprint(set(sys.modules) - before)")
    assert recorder.uploads and done.stdout == "set()\n", done


def test_a_child_that_becomes_another_program_has_one_thread(run):
    """Only then it may go into a user namespace."""
    done = run("""
await_agent()
count = "print(len(os.listdir('/proc/self/task')), flush=True)"
done = subprocess.run([sys.executable, "-S", "-c", ""], preexec_fn=lambda: exec(count), check=True)
""", PROFILING_START_DELAY_MS="100")
    assert (done.returncode, done.stdout) == (0, "1\n"), done


def test_a_clock_that_is_set_back_does_not_end_profiling(run, recorder):
    done = run("""
await_agent()
agent = sys.modules["_profiling_agent"]
hours = iter(range(9999, 0, -1))
agent.time_ns = lambda: next(hours) * 3_600_000_000_000
price_basket(4)
""")
    assert done.returncode == 0 and "ended" not in done.stderr and len(recorder.uploads) >= 3, done
    assert pprof.cpu_seconds(recorder.uploads)["price_basket"] > 2, done


def test_deep_recursion_takes_little_memory(run, recorder):
    """Each look finds another stack of hundreds of frames."""
    done = run("""
await_agent()
def peak():
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1])
def recurse(depth):
    return recurse(depth - 1) if depth else price_basket(0.01)
recurse(900)
before = peak()
for depth in range(600):
    recurse(300 + depth)
print(peak() - before)
""", PYROSCOPE_UPLOAD_INTERVAL="60s")
    assert done.returncode == 0 and int(done.stdout) < 8000, done
    assert pprof.cpu_seconds(recorder.uploads)["price_basket"] > 3, done


def test_an_audit_hook_may_forbid_calls_of_the_kernel(run, recorder):
    """By an exception of its own kind, too, which no application takes for an error that it may go on after."""
    done = run("""
class Forbidden(BaseException):
    pass
def hook(event, words):
    if event.startswith("ctypes."):
        raise Forbidden(event)
sys.addaudithook(hook)
await_agent()
price_basket(1)
""", PROFILING_START_DELAY_MS="300")
    assert done.returncode == 0 and recorder.uploads, done
