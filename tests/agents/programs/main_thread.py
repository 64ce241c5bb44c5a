"""Imports threading once the profiler runs, signalled by the end of input: the first thread must still be the main thread."""
import select
import sys

while not select.select([sys.stdin], [], [], 0)[0]:
    sum(i * i for i in range(20000))

import threading  # noqa: E402

sys.exit(0 if threading.current_thread() is threading.main_thread() else 9)
