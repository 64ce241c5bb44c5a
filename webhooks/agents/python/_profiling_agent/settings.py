"""The settings, from the environment that the operator gives the container."""
import os
import sys


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


def sample_rate():
    return number("PROFILING_PYTHON_SAMPLE_RATE", 100, 1, 1000)


def upload_seconds():
    """PYROSCOPE_UPLOAD_INTERVAL in the format of the Java agent (15s, 15000ms); else 15."""
    text = os.environ.get("PYROSCOPE_UPLOAD_INTERVAL", "15s").strip()
    try:
        seconds = float(text[:-2]) / 1000 if text.endswith("ms") else float(text.rstrip("s"))
    except ValueError:
        return 15
    return int(min(max(seconds, 1), 300))


def wants_memory():
    return os.environ.get("PROFILING_PYTHON_MEMORY", "").strip().lower() == "true"


def tags():
    # The servers' name for this agent; the agents of other languages send theirs themselves.
    return {"pyroscope_spy": "pyspy", **parse_labels(os.environ.get("PYROSCOPE_LABELS"))}


def cpu_labels():
    return {**tags(), "__name__": "process_cpu", "service_name": os.environ["PYROSCOPE_APPLICATION_NAME"],
            "otel.scope.name": "dev.profiling.agent/python", "process.runtime.name": sys.implementation.name,
            "process.runtime.version": "%d.%d.%d" % sys.version_info[:3]}


def headers():
    """Of each upload."""
    env = os.environ
    result = {"Content-Type": "application/proto", "Content-Encoding": "gzip", "User-Agent": "profiling-agent/python"}
    user, password = env.get("PYROSCOPE_BASIC_AUTH_USER", ""), env.get("PYROSCOPE_BASIC_AUTH_PASSWORD", "")
    if user or password:
        from binascii import b2a_base64
        result["Authorization"] = "Basic " + b2a_base64(f"{user}:{password}".encode()).decode().strip()
    if env.get("PYROSCOPE_TENANT_ID"):
        result["X-Scope-OrgID"] = env["PYROSCOPE_TENANT_ID"]
    return result
