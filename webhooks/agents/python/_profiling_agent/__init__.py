"""The second half of sitecustomize.py: profiles this process. Imported on a thread, some time after the start,
so it may be slow. Everything that is needed later is imported here: a thread that imports while the process forks
leaves the child a lock that nobody releases."""
import atexit
import os
import sys
import zlib
from time import monotonic, monotonic_ns, time_ns

from .switching import Switching

# An import gives the interpreter's lock away for each file, and would wait 5 ms for it each time.
_switching = Switching()
_switching.shorten()
try:
    from . import memory, settings
    from .delivery import Delivery, Server
    from .native import allocate_lock
    from .pprof import encode, push_request
    from .sampler import Sampler, Unsafe
    from .termination import Termination
except BaseException:
    _switching.restore()
    raise

# How many seconds an unanswered last upload may delay the exit of a process.
PATIENCE = 1.0
# The same for an application that starts the profiler itself: ours has to end before.
HAND_OVER_PATIENCE = 15.0
# After so many looks, the pipe is looked at.
LOOKS = 8
_running = None  # the Profiler of this process


def start(here, debug):
    """Makes the profiler of this process and returns whether there is one. May raise."""
    try:
        return _start(here, debug)
    finally:
        if _running is None:
            _switching.restore()


def _start(here, debug):
    if _of_the_application():
        debug("the application runs the profiler itself")
        return False
    if not (3, 10) <= sys.version_info[:2] <= (3, 14):
        debug("no profiler for this interpreter:", sys.version.split()[0])
        return False
    global _running
    _running = Profiler(debug)
    if settings.wants_memory():
        try:
            memory.start(here, debug, lambda: stop(HAND_OVER_PATIENCE))
            _running.memory = True
        except Exception as error:
            debug("no memory profiles:", repr(error))
    # Registered after what was imported, so it runs before the end of that.
    atexit.register(stop)
    _at_the_end_of_a_child()
    debug("profiling", os.environ["PYROSCOPE_APPLICATION_NAME"], "from process", os.getpid())
    return True


def _at_the_end_of_a_child():
    """Children of multiprocessing end without atexit, up to Python 3.13 if they are forks."""
    processes = sys.modules.get("multiprocessing.process")
    if getattr(processes, "_parent_process", None) is not None and "multiprocessing.util" in sys.modules:
        # After the finalizers of the application, which have priorities above.
        sys.modules["multiprocessing.util"].Finalize(None, stop, exitpriority=-100)


def run():
    """Profiles until the end, on the thread that called start()."""
    _running.run()


def stop(patience=PATIENCE):
    """Sends the last samples and ends the profiler."""
    global _running
    running, _running = _running, None
    if running is not None and running.pid == os.getpid():
        running.stop(patience)


def leave():
    """In a child: puts back what the profiler of its parent changed in the interpreter."""
    global _running
    _running = None
    _switching.restore()


def _of_the_application():
    """Whether the application uses the SDK of the server's makers itself."""
    return "pyroscope" in sys.modules and not hasattr(sys.modules["pyroscope"], "_profiling_agent")


class Profiler:
    def __init__(self, debug):
        self.pid, self.memory = os.getpid(), False
        self._debug = debug
        self._asked, self._stopped = allocate_lock(), allocate_lock()
        self._asked.acquire()
        self._stopped.acquire()
        self._patience = PATIENCE
        self._labels, self._seconds = settings.cpu_labels(), settings.upload_seconds()
        self._sampler = Sampler(settings.sample_rate(), _switching)
        self._delivery = Delivery(Server(os.environ["PYROSCOPE_SERVER_ADDRESS"], settings.headers()), self._sampler.add_ours, debug)
        self._begin = monotonic_ns()
        self._termination = Termination()

    def run(self):
        terminated = False
        try:
            self._termination.watch()
            terminated = self._profile()
            self._delivery.close()
            self._send()
            self._delivery.finish(self._patience)
            if self.memory:
                memory.stop()
        except Exception as error:
            self._debug("ended:", repr(error))
        finally:
            self._sampler.close()
            if terminated:
                self._termination.end()
            else:
                self._termination.close()
            self._stopped.release()

    def _profile(self):
        """Returns whether the process was asked to terminate, when it was; else when this profiler was."""
        sampler, due, looks = self._sampler, monotonic() + self._seconds, 0
        while not self._pause_and_look():
            looks += 1
            if looks % LOOKS == 0 and self._termination.came():
                return True
            if _of_the_application():
                self._debug("the application starts the profiler itself")
                return False
            if monotonic() >= due or sampler.full():
                self._send()
                due = max(due + self._seconds, monotonic())
        return False

    def _pause_and_look(self):
        """Returns whether this profiler was asked to end, or has to."""
        try:
            return self._sampler.sleep(self._asked, self._sampler.pause())
        except Unsafe as error:
            self._debug("profiles no longer:", error)
            return True

    def _send(self):
        begin, self._begin = self._begin, monotonic_ns()
        duration = self._begin - begin
        # The wall clock is read once: where it is set between two reads, a profile would end before it begins.
        profile = encode(self._sampler.cut(), max(time_ns() - duration, 0), duration, self._sampler.period)
        if profile is not None:
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)
            self._delivery.add(packer.compress(push_request(self._labels, profile)) + packer.flush())
        self._sampler.resume()

    def stop(self, patience):
        self._patience = patience
        self._asked.release()
        self._stopped.acquire(timeout=patience)
