"""known.py WORK SECONDS [--group FOLDER]: does work whose CPU its threads' own clocks measure, and prints that as JSON."""
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import zlib

BLOCK = os.urandom(1 << 18)
measured, guard = {}, threading.Lock()


def work_with_the_lock(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(i * i % 7 for i in range(300))


def more_with_the_lock(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(i * i % 7 for i in range(300))


def hash_without_the_lock(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        hashlib.sha256(BLOCK).digest()


def pack_without_the_lock(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        zlib.compress(BLOCK, 6)


def measure(function, seconds):
    before = time.thread_time()
    function(seconds)
    with guard:
        measured[function.__name__] = measured.get(function.__name__, 0) + time.thread_time() - before


def lock(end):
    while time.monotonic() < end:
        measure(work_with_the_lock, 0.026)
        measure(hash_without_the_lock, 0.030)
        measure(pack_without_the_lock, 0.044)


def bursts(end):
    chance = random.Random(5)
    while time.monotonic() < end:
        measure(work_with_the_lock, 0.014)
        measure(more_with_the_lock, 0.006)
        time.sleep(chance.uniform(0.005, 0.040))


def threads(end):
    for _ in range(20):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    other = threading.Thread(target=lock, args=(end,))
    other.start()
    while time.monotonic() < end:
        measure(more_with_the_lock, 0.05)
    other.join()


def in_a_child(name, seconds):
    space = {"time": time}
    exec(f"def {name}(end):\n while time.monotonic() < end: sum(i * i for i in range(2000))\n", space)
    space[name](time.monotonic() + seconds)


def children(end):
    seconds = end - time.monotonic()
    for method in ("fork", "spawn"):
        measured[f"by_{method}"] = 0
        process = multiprocessing.get_context(method).Process(target=in_a_child, args=(f"by_{method}", seconds))
        process.start()
        process.join()


def handler(end):
    print("default" if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL else "other", flush=True)
    time.sleep(1.5)

    def handle(*_):
        print("handled", flush=True)
        sys.exit(3)
    signal.signal(signal.SIGTERM, handle)
    lock(end)


def switching(end):
    time.sleep(3)
    for _ in range(5):
        if os.fork() == 0:
            os._exit(abs(sys.getswitchinterval() - 0.005) > 1e-6)
        assert os.wait()[1] == 0, "a child has another interval"
        time.sleep(0.05)
    sys.setswitchinterval(0.002)
    lock(end)
    print(round(sys.getswitchinterval(), 6))
    sys.exit(0)


if __name__ == "__main__":
    if "--group" in sys.argv:
        with open(sys.argv[4] + "/cgroup.procs", "w") as file:
            file.write("0")
    before = time.process_time()
    globals()[sys.argv[1]](time.monotonic() + float(sys.argv[2]))
    print(json.dumps({"functions": measured, "before": before, "process": time.process_time()}))
