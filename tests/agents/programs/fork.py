"""Computes, then computes in a forked, a multiprocessing and a spawned child; prints pids and exit codes."""
import multiprocessing
import os
import time


def price_basket():
    return sum(i * i for i in range(20000))


def burn(seconds=2.5):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        price_basket()


if __name__ == "__main__":
    burn(1.0)  # so the profiler runs already when this process forks
    forked = os.fork()
    if forked == 0:
        burn()
        os._exit(7)
    children = {"forked": forked}
    processes = []
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=burn)
        process.start()
        children[method] = process.pid
        processes.append(process)
    for process in processes:
        process.join()
    code = os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1])
    print("parent", os.getpid())
    for name, pid in children.items():
        print(name, pid)
    print("codes", code, *(p.exitcode for p in processes))
