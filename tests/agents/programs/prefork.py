"""Stands for a pre-fork server: installed under the name gunicorn, its first process only waits."""
import os
import time


def price_basket():
    return sum(i * i for i in range(20000))


workers = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            price_basket()
        os._exit(0)
    workers.append(pid)
for pid in workers:
    os.waitpid(pid, 0)
print("master", os.getpid())
print("workers", *workers)
