"""Starts the profiling agent inside an unmodified Python application.

Python imports this file automatically when its folder is on PYTHONPATH, at every start of every
Python in the container, including pip and two-line scripts. So three rules hold: it is cheap (heavy
modules are imported on a thread after a delay), it never raises, and it prints nothing unless
PROFILING_DEBUG is set.

The profiler must not run while a process forks workers: then it starts in the workers, and it starts
anew in every child of a plain fork. A sitecustomize that this file hides runs as usual.
"""
import os
import sys
from _signal import SIG_BLOCK, SIGBUS, SIGFPE, SIGILL, SIGSEGV, pthread_sigmask, set_wakeup_fd, valid_signals
from _thread import allocate_lock, get_ident, get_native_id, stack_size, start_new_thread
from time import monotonic

_HERE = os.path.dirname(os.path.abspath(__file__))
# Programs that only prepare or inspect: not worth profiling, and must not be slowed down.
_TOOLS = {"pip", "pip3", "ensurepip", "easy_install", "compileall", "py_compile", "venv", "virtualenv",
          "pydoc", "poetry", "pipenv", "twine", "build", "setup.py", "multiprocessing.resource_tracker"}
# Programs whose first process forks workers that do the work.
_PREFORK = {"gunicorn", "uwsgi", "celery", "multiprocessing.forkserver"}

# So often the profiler is started, if that fails.
_TRIES = 3


def _debug(*words):
    if os.environ.get("PROFILING_DEBUG"):
        print("profiling-agent:", *words, file=sys.stderr, flush=True)


def _program():
    """The name of the script or module that this interpreter runs, without folders."""
    if "uwsgi" in os.path.basename(sys.executable or ""):
        return "uwsgi"
    words = iter(getattr(sys, "orig_argv", sys.argv)[1:])
    for word in words:
        if word == "-m":
            return next(words, "").split(".")[0]
        if word == "-c":
            code = next(words, "")
            return next((m for m in ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
                         if m in code), "")
        if word in ("-W", "-X"):
            next(words, "")
        elif not word.startswith("-"):
            return os.path.basename(word)
    return ""


def _wanted():
    env = os.environ
    if not env.get("PYROSCOPE_APPLICATION_NAME") or not env.get("PYROSCOPE_SERVER_ADDRESS"):
        return False
    if env.get("PYROSCOPE_AGENT_ENABLED", "").strip().lower() == "false":
        return False
    # There are no wheels for free-threaded builds ("t") and no native extension for other interpreters.
    return (sys.platform == "linux" and sys.implementation.name == "cpython"
            and "t" not in getattr(sys, "abiflags", "") and _in_the_main_interpreter())


def _in_the_main_interpreter():
    """A subinterpreter imports this file, too. One that ends while a thread of it runs takes the process with it."""
    try:
        before = set_wakeup_fd(-1)
        if before != -1:
            set_wakeup_fd(before)
        return True
    except ValueError:  # as in any thread but the main one of the main interpreter
        return False


def _leave_signals_alone():
    """Those of the process go to any thread that does not block them. An application that blocks them everywhere, to wait
    for them in one place, must get them there. What a thread does to itself stays unblocked, so that it is reported."""
    pthread_sigmask(SIG_BLOCK, valid_signals() - {SIGBUS, SIGFPE, SIGILL, SIGSEGV})


def _start_thread(function, words):
    """As start_new_thread. The size of stacks that the application chose (threading.stack_size) is for threads of its own; ours
    import, and a stack of 32 KiB is too small for that."""
    chosen = stack_size(0)
    try:
        return start_new_thread(function, words)
    finally:
        # Another thread may have chosen one meanwhile.
        stack_size(stack_size(0) or chosen)


def _delay():
    try:
        return min(max(float(os.environ.get("PROFILING_START_DELAY_MS", "1000")), 0.0), 600000.0) / 1000
    except ValueError:
        return 1.0


def _load_agent():
    """Loads by path, because the application may change sys.path."""
    from importlib.util import module_from_spec, spec_from_file_location
    native = sys.modules["_profiling_agent.native"] = type(sys)("_profiling_agent.native")
    native.__dict__.update(allocate_lock=allocate_lock, get_ident=get_ident, get_native_id=get_native_id, start_new_thread=_start_thread)
    folder = os.path.join(_HERE, "_profiling_agent")
    spec = spec_from_file_location("_profiling_agent", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    module = sys.modules.setdefault("_profiling_agent", module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


def _becomes_another_program():
    """Whether subprocess forked this child, for a preexec_fn, which may do what only a single thread may."""
    try:
        caller = sys._getframe(2).f_code
    except ValueError:  # C code forked
        return False
    return caller.co_name == "_execute_child" and caller.co_filename.endswith("subprocess.py")


class _Starter:
    """Starts the profiler once per process, on a thread, after a delay that short programs never
    reach. At a fork (Python 3.12 warns about threads) and at exit there must be neither a
    half-started profiler nor a waiting thread."""

    def __init__(self, delay, here=True):
        """`here`: not only in the children of this process."""
        self._delay, self._here = delay, here
        self._filter = None
        self._due = self._cancel = self._finished = None
        self._started = False
        self._agent = None

    def arm(self):
        # Two threads may fork at the same time.
        if not self._here or self._started or self._cancel is not None:
            return
        try:
            if self._due is None:
                self._due = monotonic() + self._delay
            self._cancel, self._finished = allocate_lock(), allocate_lock()
            self._cancel.acquire()
            self._finished.acquire()
            _start_thread(self._wait, (self._cancel, self._finished))
        except Exception as error:  # out of threads, or the interpreter is shutting down
            self._cancel = None
            _debug("not started:", error)

    def _wait(self, cancel, finished):
        running = False
        try:
            _leave_signals_alone()
            for _ in range(_TRIES):
                if cancel.acquire(timeout=max(self._due - monotonic(), 0)):
                    break
                running = self._load()
                if running is not None:
                    break
            else:
                self._started = True  # enough
        except BaseException as error:
            _debug("not started:", repr(error))
        finally:
            finished.release()
        try:
            if running:
                self._agent.run()
        except BaseException as error:
            _debug("ended:", repr(error))

    def _load(self):
        """Returns whether there is a profiler, or None on failure: gevent may replace locks while the import holds them."""
        self._started = True
        try:
            self._agent = _load_agent()
            return self._agent.start(_HERE, _debug)
        except Exception as error:
            _debug("not started:", repr(error))
            self._started, self._due = False, monotonic() + max(self._delay, 1)
            return None

    def disarm(self):
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            try:
                cancel.release()
            except RuntimeError:
                return
            self._finished.acquire(timeout=5)

    def before_fork(self):
        if sys.version_info >= (3, 12) and self._here:
            self._silence()
        self.disarm()

    def _silence(self):
        """Python warns of forks with several threads, and ours are among them. The last filter counts: where an application
        makes errors of warnings, its fork would fail."""
        import warnings
        if not warnings.filters or warnings.filters[0] is not self._filter:
            warnings.filterwarnings("ignore", message=r".*multi-threaded, use of ", category=DeprecationWarning)
            self._filter = warnings.filters[0]

    def at_exit(self):
        self.disarm()
        if self._agent is not None:
            self._agent.stop()

    def arm_in_child(self):
        if self._agent is not None:
            self._agent.leave()
        self._started, self._due, self._cancel, self._agent, self._here = False, None, None, None, True
        if not _becomes_another_program():
            self.arm()


def _install():
    program = _program()
    if program in _TOOLS or not _wanted():
        return
    # Up to Python 3.12 the first thread that imports this module counts as the main thread, and the
    # profiler would import it on ours.
    if sys.version_info < (3, 13):
        import threading  # noqa: F401
    starter = _Starter(_delay(), program not in _PREFORK)
    if program in _PREFORK:
        _debug(program, "forks workers; profiling starts in the workers")
    os.register_at_fork(before=starter.before_fork, after_in_parent=starter.arm, after_in_child=starter.arm_in_child)
    starter.arm()
    import atexit
    atexit.register(starter.at_exit)


def _run_hidden():
    """Runs the sitecustomize that Python would have found without ours, and passes its errors on."""
    ours = os.path.realpath(_HERE)
    before = list(sys.path)
    rest = [p for p in before if os.path.realpath(p) != ours]
    me = sys.modules.pop(__name__)
    sys.path[:] = rest
    try:
        import sitecustomize  # noqa: F401  another file of the same name
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, me)
        # Children inherit PYTHONPATH, not sys.path; restored for code that reads it.
        sys.path[:] = before if sys.path == rest else [_HERE, *sys.path]


try:
    _install()
except Exception as _error:
    _debug("not started:", repr(_error))
if __name__ == "sitecustomize":
    _run_hidden()
