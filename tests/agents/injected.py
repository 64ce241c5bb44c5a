"""Installs the agents as in a pod, and builds the environment that the operator gives a container."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(__file__).parent / "programs"
PYTHON = "/usr/bin/python3"
LANGUAGES = ("java", "python", "node")


def plain_environment():
    """The caller's environment without variables that interpreters read: only program and cache paths."""
    kept = ("PATH", "HOME", "JAVA_HOME", "PROFILING_CACHE", "XDG_CACHE_HOME", "SSL_CERT_FILE", "PIP_CERT")
    return {k: os.environ[k] for k in kept if k in os.environ}


def build_contexts(folder):
    """The build context of each agent image below `folder`, as context.sh prepares it."""
    for language in LANGUAGES:
        done = subprocess.run([ROOT / "webhooks/agents/context.sh", language, folder / language],
                              env={**os.environ, "PYTHONPATH": "", "NODE_OPTIONS": ""}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return folder


def install_agents(contexts, volume):
    """The shared volume of a pod with all three agents in it."""
    volume.mkdir()
    for language in LANGUAGES:
        context = contexts / language
        done = subprocess.run([context / "install-agent", "--from", context / "agent", volume / language],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return volume


def find_node():
    return subprocess.run([ROOT / "webhooks/agents/node/toolchain.sh"], capture_output=True, text=True,
                          env=plain_environment(), check=True).stdout.strip() + "/bin/node"


def agent_environment(agents, language, url, seconds=1):
    """The environment that the operator sets in a container; uploads every `seconds`."""
    env = {
        **plain_environment(),
        "PYROSCOPE_APPLICATION_NAME": f"{language}.app",
        "PYROSCOPE_SERVER_ADDRESS": url,
        "PYROSCOPE_LABELS": "namespace=shop,pod=checkout-1",
        "PYROSCOPE_TENANT_ID": "team-a",
        "PYROSCOPE_UPLOAD_INTERVAL": f"{seconds}s",
    }
    if language == "java":
        env |= {"JAVA_TOOL_OPTIONS": f"-XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints -javaagent:{agents}/java/pyroscope.jar",
                "PYROSCOPE_PROFILER_EVENT": "ctimer", "PYROSCOPE_PROFILING_INTERVAL": "10ms"}
    elif language == "python":
        env |= {"PYTHONPATH": f"{agents}/python", "PROFILING_PYTHON_SAMPLE_RATE": "100", "PROFILING_PYTHON_MEMORY": "false"}
    else:
        env |= {"NODE_OPTIONS": f"--require={agents}/node/preload.cjs", "PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS": "10000",
                "PYROSCOPE_WALL_COLLECT_CPU_TIME": "true", "PYROSCOPE_FLUSH_INTERVAL_MS": str(seconds * 1000),
                "PYROSCOPE_WALL_SAMPLING_DURATION_MS": str(seconds * 1000), "PROFILING_NODE_HEAP": "false"}
    return env
