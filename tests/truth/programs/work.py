"""work.py KIND [ARGUMENT]: does a known amount of work and accounts for it; the kinds are in KINDS."""
import asyncio
import hashlib
import multiprocessing
import os
import random
import sys
import threading
import time
import zlib

from ledger import DUTY, block, clock, ledger, rest

DATA = os.urandom(1 << 16)


def spin(count):
    x = 0
    for i in range(count):
        x += i * i % 7
    return x


def price_basket(seconds):
    end = clock() + seconds
    while clock() < end:
        spin(100)


def print_receipt(seconds):
    end = clock() + seconds
    while clock() < end:
        spin(100)


def handle_order(seconds):
    end = clock() + seconds
    while clock() < end:
        spin(50)


def hash_order(seconds):
    """Releases the GIL, as numpy, ssl and compression do."""
    end = clock() + seconds
    while clock() < end:
        hashlib.sha256(DATA).digest()


def zip_order(seconds):
    end = clock() + seconds
    while clock() < end:
        zlib.compress(DATA, 6)


def timed(function, *arguments):
    before = clock()
    function(*arguments)
    spent = clock() - before
    ledger.add(function.__name__, spent)
    return spent


def shares(_=None):
    """70 of a hundred in price_basket, in blocks of random length."""
    while not ledger.over():
        part = block()
        rest(timed(price_basket, 0.7 * part) + timed(print_receipt, 0.3 * part))


def free(_=None):
    while not ledger.over():
        part = block(0.05, 0.15)
        rest(timed(price_basket, .26 * part) + timed(hash_order, .30 * part) + timed(zip_order, .44 * part))


def burst(milliseconds):
    while not ledger.over():
        rest(timed(handle_order, float(milliseconds) / 1000), min(DUTY, 0.3))


def blocked(count):
    """Many threads that wait, and two that work."""
    never = threading.Event()
    for _ in range(int(count)):
        threading.Thread(target=never.wait, daemon=True).start()
    threads = [threading.Thread(target=shares) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def descend(depth, function, seconds):
    if depth:
        descend(depth - 1, function, seconds)
    else:
        function(seconds)


def deep(depth):
    """70 of a hundred below many frames, 30 at the surface."""
    sys.setrecursionlimit(10000)
    while not ledger.over():
        part = block(0.05, 0.1)
        before = clock()
        descend(int(depth), price_basket, 0.7 * part)
        spent = clock() - before
        ledger.add("price_basket", spent)
        rest(spent + timed(print_receipt, 0.3 * part))


def count_ways(n):
    return 1 if n < 2 else count_ways(n - 1) + count_ways(n - 2)


def recursive(_=None):
    while not ledger.over():
        spent = timed(count_ways, 22)  # some milliseconds
        rest(spent + timed(print_receipt, spent * 3 / 7))


async def await_order(seconds):
    await asyncio.sleep(0)
    return timed(handle_order, seconds)


async def serve_orders():
    while not ledger.over():
        spent = await await_order(0.01 * random.uniform(0.5, 1.5))
        await asyncio.sleep(spent * random.uniform(0.2, 1.8))
        timed(print_receipt, spent * 3 / 7)


def asynchronous(_=None):
    async def both():
        await asyncio.gather(serve_orders(), serve_orders())
    asyncio.run(both())


def generated(_=None):
    """A function that exists only as text until it runs."""
    space = {"clock": clock}
    exec("def apply_rule(seconds):\n    end = clock() + seconds\n    while clock() < end:\n        sum(range(100))\n", space)
    while not ledger.over():
        part = block()
        rest(timed(space["apply_rule"], 0.7 * part) + timed(print_receipt, 0.3 * part))


def server(_=None):
    import served
    served.run(handle_order, timed)


def keep(_=None):
    import memory
    memory.keep()


def allocate(_=None):
    import memory
    memory.allocate()


def join_all(children):
    while not ledger.over() and any(child.is_alive() for child in children):
        time.sleep(0.05)
        ledger.note()
    for child in children:
        child.join()


def processes(method):
    """Children of multiprocessing, with the parent at work, too."""
    context = multiprocessing.get_context(method)
    children = [context.Process(target=shares) for _ in range(2)]
    for child in children:
        child.start()
    shares()
    join_all(children)


def prefork(count):
    """Workers of a server that forks before it serves: the parent only waits."""
    pids = []
    for _ in range(int(count)):
        pid = os.fork()
        if pid == 0:
            shares()
            ledger.note(now=True)
            sys.exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


KINDS = {f.__name__: f for f in (shares, free, burst, blocked, deep, recursive, asynchronous, generated, server, keep, allocate,
                                 processes, prefork)}

if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
    ledger.note(now=True)
