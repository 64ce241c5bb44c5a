"""The second half of sitecustomize.py: finds the native profiler for this interpreter and starts it.
Imported on a thread, some time after the start, so it may be slow."""
import atexit
import os
import sys
from _thread import allocate_lock

# How many seconds an unanswered last upload may delay the exit of a process.
PATIENCE = 1.0
# The same for an application that starts the profiler itself: ours has to end before.
HAND_OVER_PATIENCE = 15.0
_running = None  # pid of the profiled process
_asked = _stopped = None  # locks: released to request the end, and after it


def libc():
    """gnu or musl. musl does not know the configuration name of glibc."""
    try:
        return "gnu" if (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc") else "musl"
    except (ValueError, OSError):
        return "musl"


def native_folder(here):
    name = "cp%d%d-%s-%s" % (sys.version_info[0], sys.version_info[1], libc(), os.uname().machine)
    return os.path.join(here, "native", name)


def parse_labels(text):
    """k=v,k2=v2 as a dict; leaves out malformed pairs and values that no server accepts."""
    labels = {}
    for pair in (text or "").split(","):
        name, _, value = (part.strip() for part in pair.partition("="))
        if name and value and not set(name + value) & set("{}= \t\n"):
            labels[name] = value
    return labels


def number(name, default, low, high):
    try:
        return min(max(int(os.environ.get(name, default)), low), high)
    except ValueError:
        return default


def upload_seconds():
    """PYROSCOPE_UPLOAD_INTERVAL in the format of the Java agent (15s, 15000ms); else 15."""
    text = os.environ.get("PYROSCOPE_UPLOAD_INTERVAL", "15s").strip()
    try:
        seconds = float(text[:-2]) / 1000 if text.endswith("ms") else float(text.rstrip("s"))
    except ValueError:
        return 15
    return int(min(max(seconds, 1), 300))


def start(here, debug):
    """Configures the profiler of this process and returns whether it runs. May raise."""
    if "pyroscope" in sys.modules and not hasattr(sys.modules["pyroscope"], "_profiling_agent"):
        debug("the application runs the profiler itself")
        return False
    folder = native_folder(here)
    if not os.path.isdir(folder):
        debug("no profiler for this interpreter:", os.path.basename(folder))
        return False
    # At the end, so that our modules never hide those of the application.
    if folder not in sys.path:
        sys.path.append(folder)
    import pyroscope
    pyroscope._profiling_agent = True
    if sys.version_info >= (3, 12):
        # Python warns about forks with other threads running; the profiler's threads stop in the child.
        import warnings
        warnings.filterwarnings("ignore", message=r".*multi-threaded, use of fork", category=DeprecationWarning)
    env = os.environ
    pyroscope.configure(
        application_name=env["PYROSCOPE_APPLICATION_NAME"],
        server_address=env["PYROSCOPE_SERVER_ADDRESS"].rstrip("/"),
        basic_auth_username=env.get("PYROSCOPE_BASIC_AUTH_USER", ""),
        basic_auth_password=env.get("PYROSCOPE_BASIC_AUTH_PASSWORD", ""),
        tenant_id=env.get("PYROSCOPE_TENANT_ID", ""),
        # The servers' name for this agent; the agents of other languages send theirs themselves.
        tags={"pyroscope_spy": "pyspy", **parse_labels(env.get("PYROSCOPE_LABELS"))},
        sample_rate=number("PROFILING_PYTHON_SAMPLE_RATE", 100, 1, 1000),
        upload_interval=upload_seconds(),
        mem_enabled=env.get("PROFILING_PYTHON_MEMORY", "").strip().lower() == "true",
        enable_logging=bool(env.get("PROFILING_DEBUG")),
    )
    let_the_application_win(pyroscope, debug)
    global _running, _asked, _stopped
    _asked, _stopped = allocate_lock(), allocate_lock()
    _asked.acquire()
    _stopped.acquire()
    _running = os.getpid()
    # Registered after the profiler's own handler, so it runs before it.
    atexit.register(stop)
    debug("profiling", env["PYROSCOPE_APPLICATION_NAME"], "from process", os.getpid())
    return True


def let_the_application_win(pyroscope, debug):
    """A process has one profiler. An application that configures it later, in its own code, gets it:
    ours ends first, and the call goes on as if we had not been there. The native function is wrapped,
    because a module may have imported `configure` by name."""
    native = pyroscope.lib
    start_native = native.initialize_agent

    def start_for_the_application(*args, **kwargs):
        native.initialize_agent = start_native
        if _running == os.getpid():
            debug("the application starts the profiler itself")
            del pyroscope._profiling_agent  # nor do we start in a child
            stop(HAND_OVER_PATIENCE)
        return start_native(*args, **kwargs)

    native.initialize_agent = start_for_the_application


def stop(patience=PATIENCE):
    """Sends the last samples and ends the profiler. By itself the profiler would wait ten seconds for
    each profile that a silent server has not accepted, longer than a pod's termination may take."""
    global _running
    if _running == os.getpid():
        _running = None
        _asked.release()
        _stopped.acquire(timeout=patience)


def stop_when_asked():
    """Runs on the thread that started the profiler, because since Python 3.12 a process that is
    exiting cannot start a thread."""
    asked, stopped = _asked, _stopped
    asked.acquire()
    try:
        sys.modules["pyroscope"].shutdown()
    finally:
        stopped.release()
