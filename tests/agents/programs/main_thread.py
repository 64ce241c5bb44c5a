"""Imports threading only when the profiler runs already: the first thread must still be the main one."""
import sys
import time

until = time.monotonic() + 1.5
while time.monotonic() < until:
    sum(i * i for i in range(20000))

import threading  # noqa: E402

sys.exit(0 if threading.current_thread() is threading.main_thread() else 9)
