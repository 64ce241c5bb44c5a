"""What a fork and its child have of Python's agent: real processes."""
import pytest

from python_harm_test import pythons, recorder, run  # noqa: F401

WAIT = "\nprint(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\n"


@pytest.mark.parametrize("python", pythons())
def test_small_stacks_of_the_application_are_not_ours(run, recorder, python):  # noqa: F811
    """In its threads it calls little. Ours import, in a child again."""
    done = run("""
threading.stack_size(32 * 1024)
child = os.fork()
if not child:
    await_agent()
    price_basket(1.5)
    os._exit(threading.stack_size() != 32 * 1024)
""" + WAIT + "price_basket(1.5)", python, PROFILING_START_DELAY_MS="100")
    assert (done.returncode, done.stdout) == (0, "0\n"), done
    assert recorder.uploads, done


def test_a_child_collects_garbage(run):  # noqa: F811
    """Looks at stacks that are deep take long, so many a fork comes within one."""
    done = run("""
import gc
sys.setrecursionlimit(3000)
sys.setswitchinterval(0.0005)
ended = []
def deep(depth):
    if depth:
        return deep(depth - 1)
    while not ended:
        sum(range(100))
threads = [threading.Thread(target=deep, args=(900,)) for _ in range(6)]
for thread in threads:
    thread.start()
await_agent()
without = 0
for _ in range(60):
    child = os.fork()
    if not child:
        os._exit(not gc.isenabled())
    without += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
ended.append(True)
for thread in threads:
    thread.join()
print(without, gc.isenabled())
""", PROFILING_PYTHON_SAMPLE_RATE="1000")
    assert (done.returncode, done.stdout) == (0, "0 True\n"), done


@pytest.mark.parametrize("python", pythons())
@pytest.mark.parametrize("delay", ["0", "60000"])
def test_a_fork_warns_of_no_threads_of_ours(run, python, delay):  # noqa: F811
    """Python 3.12 counts the threads of the process. The users of an application would see its warning."""
    done = run(f"""
import warnings
if {delay} == 0:
    await_agent()
warnings.simplefilter("always")
for _ in range(50):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
print("forked", len([entry for entry in warnings.filters if "multi-threaded" in str(entry[1])]) < 2)
""", python, PROFILING_START_DELAY_MS=delay)
    assert (done.returncode, done.stdout) == (0, "forked True\n") and "Warning" not in done.stderr, done
