"""Profiles of memory, which the native profiler takes: hooks in the allocator are beyond Python."""
import os
import sys

from . import settings


def libc():
    """gnu or musl. musl does not know the configuration name of glibc."""
    try:
        return "gnu" if (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc") else "musl"
    except (ValueError, OSError):
        return "musl"


def native_folder(here):
    name = "cp%d%d-%s-%s" % (sys.version_info[0], sys.version_info[1], libc(), os.uname().machine)
    return os.path.join(here, "native", name)


def start(here, debug, end_ours):
    """Starts the native profiler for memory alone. `end_ours` is called before an application starts its own."""
    folder = native_folder(here)
    if not os.path.isdir(folder):
        debug("no memory profiler for this interpreter:", os.path.basename(folder))
        return
    # At the end, so that our modules never hide those of the application.
    if folder not in sys.path:
        sys.path.append(folder)
    import pyroscope
    pyroscope._profiling_agent = True
    env = os.environ
    pyroscope.configure(
        application_name=env["PYROSCOPE_APPLICATION_NAME"],
        server_address=env["PYROSCOPE_SERVER_ADDRESS"].rstrip("/"),
        basic_auth_username=env.get("PYROSCOPE_BASIC_AUTH_USER", ""),
        basic_auth_password=env.get("PYROSCOPE_BASIC_AUTH_PASSWORD", ""),
        tenant_id=env.get("PYROSCOPE_TENANT_ID", ""),
        tags=settings.tags(),
        upload_interval=settings.upload_seconds(),
        cpu_enabled=False,
        mem_enabled=True,
        enable_logging=bool(env.get("PROFILING_DEBUG")),
    )
    _let_the_application_win(pyroscope, end_ours)


def _let_the_application_win(pyroscope, end_ours):
    """A process has one native profiler. An application that configures it later, in its own code, gets it:
    ours ends first, and the call goes on as if we had not been there. The native function is wrapped,
    because a module may have imported `configure` by name."""
    native = pyroscope.lib
    start_native = native.initialize_agent

    def start_for_the_application(*args, **kwargs):
        native.initialize_agent = start_native
        if hasattr(pyroscope, "_profiling_agent"):
            del pyroscope._profiling_agent  # nor do we start in a child
            end_ours()
        return start_native(*args, **kwargs)

    native.initialize_agent = start_for_the_application


def stop():
    pyroscope = sys.modules.get("pyroscope")
    if hasattr(pyroscope, "_profiling_agent"):
        pyroscope.shutdown()
