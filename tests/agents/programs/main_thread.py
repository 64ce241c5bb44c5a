"""Imports threading only when the profiler runs already, as the end of the input tells: the first thread must still be the main one."""
import select
import sys

while not select.select([sys.stdin], [], [], 0)[0]:
    sum(i * i for i in range(20000))

import threading  # noqa: E402

sys.exit(0 if threading.current_thread() is threading.main_thread() else 9)
