"""Computes, also in a forked child and in one of each multiprocessing start method, until the input ends; prints pids and exit codes."""
import multiprocessing
import os
import sys
import tempfile
import time


def computes(name, until):
    """Computes in a function of that name, visible in profiles."""
    space = {"until": until}
    exec(f"def {name}():\n while not until(): sum(i * i for i in range(20000))\n", space)
    space[name]()


def child(method, code, end):
    computes(f"price_by_{method}_", lambda: os.path.exists(end))
    sys.exit(code)


if __name__ == "__main__":
    start = time.monotonic()
    computes("price_by_parent_", lambda: time.monotonic() > start + 1)  # so that the profiler runs before this process forks
    end = os.path.join(tempfile.mkdtemp(), "end")
    forked = os.fork()
    if forked == 0:
        computes("price_by_forked_", lambda: os.path.exists(end))
        os._exit(7)
    children, processes = {"forked": forked}, []
    for code, method in enumerate(("fork", "spawn", "forkserver"), 11):
        process = multiprocessing.get_context(method).Process(target=child, args=(method, code, end))
        process.start()
        children[method] = process.pid
        processes.append(process)
    sys.stdin.read()
    open(end, "w").close()
    for process in processes:
        process.join()
    code = os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1])
    os.remove(end)
    os.rmdir(os.path.dirname(end))
    print("parent", os.getpid())
    for name, pid in children.items():
        print(name, pid)
    print("codes", code, *(p.exitcode for p in processes))
