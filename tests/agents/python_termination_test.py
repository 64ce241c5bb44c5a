"""How Python's agent notices a SIGTERM that would end the process."""
import signal
import subprocess

import pytest

import injected
from shims_test import ROOT

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


def test_files_of_the_application_are_not_closed():
    """It closed ours, and has opened others since, which got their numbers."""
    done = terminated("import fcntl\nfirst, second = here._ends\nos.closerange(3, 4096)\nfile = os.open('/dev/null', os.O_RDONLY)\n"
                      "os.dup2(file, first), os.dup2(file, second)\nif not os.fork():\n os.fstat(first), os.fstat(second), os._exit(7)\n"
                      "print(os.waitstatus_to_exitcode(os.wait()[1]))\nhere.close()\nos.fstat(first), os.fstat(second)\nprint('open')")
    assert done.returncode == 0 and done.stdout == "7\nopen\n", done


def test_a_handler_that_python_does_not_know_is_left_alone():
    code = PROGRAM.replace("here.watch()", "import faulthandler\nfaulthandler.register(15, file=sys.stdout)\nhere.watch()")
    done = subprocess.run([injected.PYTHON, "-c", code + "os.kill(os.getpid(), 15)\nprint(here._caught)",
                           str(ROOT / "webhooks/agents/python/_profiling_agent")], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "<string>" in done.stdout and done.stdout.endswith("False\n"), done
