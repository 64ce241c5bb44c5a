"""The master computes before each fork, the workers all the time; the function's name holds the process."""
import os
import threading
import time

bind, workers, graceful_timeout = "127.0.0.1:0", 2, 5


def computes(name):
    """A function of that name that computes for the given seconds."""
    space = {"time": time}
    exec(f"def {name}(seconds):\n until = time.monotonic() + seconds\n while time.monotonic() < until: sum(i * i for i in range(20000))\n", space)
    return space[name]


def pre_fork(server, worker):
    computes("price_in_master")(1.0)


def post_worker_init(worker):
    threading.Thread(target=computes(f"price_in_{os.getpid()}_"), args=(600,), daemon=True).start()


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
