"""sdk.py CODE: computes, and after five seconds configures the profiler in its own code, as an application
with the SDK does. Reads its input to the end, then exits with CODE."""
import os
import select
import sys
import time


def price_basket():
    return sum(i * i for i in range(20000))


def start_own_profiler():
    # The wheels stand for a package that the application brings.
    folder = os.path.join(sys.argv[2], "native")
    name = "cp%d%d-gnu-%s" % (*sys.version_info[:2], os.uname().machine)
    sys.path.append(os.path.join(folder, name))
    import pyroscope
    return pyroscope.configure(application_name="own.app", upload_interval=1,
                               server_address=os.environ["PYROSCOPE_SERVER_ADDRESS"])


until, started = time.monotonic() + 5, None
while not select.select([sys.stdin], [], [], 0)[0]:
    price_basket()
    if started is None and time.monotonic() >= until:
        started = start_own_profiler()
        print("started:", started, flush=True)
sys.exit(int(sys.argv[1]))
