"""The program's own account: CPU seconds of each function by the clock of the thread that ran it.

Each process appends lines {"t": seconds since the epoch, "total": …, FUNCTION: …} to its own file in TRUTH_FOLDER,
so the account of a killed process ends a moment before its death."""
import json
import os
import random
import threading
import time

FOLDER = os.environ["TRUTH_FOLDER"]
SECONDS = float(os.environ.get("TRUTH_SECONDS", "240"))
DUTY = float(os.environ.get("TRUTH_DUTY", "0.5"))
BLOCK = float(os.environ.get("TRUTH_BLOCK", "1"))
LINE_EVERY = 0.05
STOP = os.path.join(FOLDER, "stop")
END = time.monotonic() + SECONDS
clock = time.thread_time


class Ledger:
    def __init__(self):
        self._lock = threading.Lock()
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self):
        self._lock = threading.Lock()
        self._spent, self._threads, self._ended, self._next, self._over = {}, {}, 0.0, 0.0, False
        self._file = os.path.join(FOLDER, "%d.jsonl" % os.getpid())
        self.note()

    def add(self, name, amount):
        with self._lock:
            self._spent[name] = self._spent.get(name, 0.0) + amount
        self.note()

    def note(self, now=False):
        """Writes a line, if it is time. The total is the CPU of all threads that have noted something."""
        with self._lock:
            self._threads[threading.get_ident()] = clock()
            if time.monotonic() < self._next and not now:
                return
            self._next = time.monotonic() + LINE_EVERY
            self._over = time.monotonic() > END or os.path.exists(STOP)
            line = json.dumps({"t": time.time(), "total": self._ended + sum(self._threads.values()), **self._spent})
            with open(self._file, "a") as file:
                file.write(line + "\n")

    def leave(self):
        """Keeps the CPU of a thread that is about to end, because the next one may have its identity."""
        with self._lock:
            self._ended += self._threads.pop(threading.get_ident(), 0.0)

    def over(self):
        return self._over


def block(low=0.02, high=0.08):
    """CPU seconds of one round of work."""
    return BLOCK * random.uniform(low, high)


def rest(spent, duty=DUTY):
    """A random rest, after which the thread has computed for `duty` of the time on average."""
    time.sleep(spent * (1 / duty - 1) * random.uniform(0.2, 1.8))


ledger = Ledger()
