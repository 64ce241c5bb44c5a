import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from recorder import NoServer, Recorder, SilentServer  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(__file__).parent / "programs"
PYTHON = "/usr/bin/python3"


def plain_environment():
    """Nothing of the caller's that an interpreter reads, only what finds programs and caches."""
    kept = ("PATH", "HOME", "JAVA_HOME", "PROFILING_CACHE", "XDG_CACHE_HOME", "SSL_CERT_FILE", "PIP_CERT")
    return {k: os.environ[k] for k in kept if k in os.environ}


@pytest.fixture(scope="session")
def workspace():
    path = pathlib.Path(tempfile.mkdtemp(prefix="agents-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def contexts(workspace):
    """The build context of each agent image, as context.sh prepares it."""
    for language in ("java", "python", "node"):
        done = subprocess.run([ROOT / "webhooks/agents/context.sh", language, workspace / "context" / language],
                              env={**os.environ, "PYTHONPATH": "", "NODE_OPTIONS": ""}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return workspace / "context"


@pytest.fixture(scope="session")
def agents(workspace, contexts):
    """The shared volume of a pod with all three agents in it."""
    volume = workspace / "profiling-agent"
    volume.mkdir()
    for language in ("java", "python", "node"):
        context = contexts / language
        done = subprocess.run([context / "install-agent", "--from", context / "agent", volume / language],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return volume


@pytest.fixture(scope="session")
def programs(workspace):
    """The programs under test, compiled where they must be, and named as their makers name them."""
    folder = workspace / "programs"
    shutil.copytree(PROGRAMS, folder)
    (folder / "prefork.py").rename(folder / "gunicorn")
    javac = [shutil.which("javac"), "-d", str(folder)]
    done = subprocess.run([*javac, *map(str, PROGRAMS.glob("*.java")), str(ROOT / "tests/e2e/apps/java/shop/Checkout.java")],
                          env=plain_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


class Outcome:
    def __init__(self, code, out, err, uploads, match):
        self.code, self.out, self.err, self.uploads, self.match = code, out, err, uploads, match

    def __repr__(self):
        return f"exit code {self.code}, {len(self.uploads)} uploads\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def agent_environment(agents, language, url):
    """What the operator gives a container, with short intervals."""
    env = {
        **plain_environment(),
        "PYROSCOPE_APPLICATION_NAME": f"{language}.app",
        "PYROSCOPE_SERVER_ADDRESS": url,
        "PYROSCOPE_LABELS": "namespace=shop,pod=checkout-1",
        "PYROSCOPE_TENANT_ID": "team-a",
        "PYROSCOPE_UPLOAD_INTERVAL": "1s",
        "PROFILING_START_DELAY_MS": "200",
        "PORT": "0",
    }
    if language == "java":
        env |= {"JAVA_TOOL_OPTIONS": f"-javaagent:{agents}/java/pyroscope.jar", "PYROSCOPE_FORMAT": "jfr",
                "PYROSCOPE_PROFILER_EVENT": "itimer", "PYROSCOPE_PROFILING_INTERVAL": "10ms"}
    elif language == "python":
        env |= {"PYTHONPATH": f"{agents}/python", "PROFILING_PYTHON_SAMPLE_RATE": "100", "PROFILING_PYTHON_MEMORY": "false"}
    else:
        env |= {"NODE_OPTIONS": f"--require={agents}/node/preload.cjs", "PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS": "10000",
                "PYROSCOPE_WALL_COLLECT_CPU_TIME": "true", "PYROSCOPE_FLUSH_INTERVAL_MS": "1000",
                "PYROSCOPE_WALL_SAMPLING_DURATION_MS": "1000", "PROFILING_NODE_HEAP": "false"}
    return env


def perform(scenario, agents, programs, node):
    server = {"recorder": Recorder, "silent": SilentServer, "refusing": NoServer}[scenario.server]()
    try:
        env = agent_environment(agents, scenario.language, server.url)
        env.update(scenario.env)
        for name in scenario.without:
            env.pop(name)
        env = {k: v.replace("{programs}", str(programs)).replace("{agents}", str(agents)) for k, v in env.items()}
        words = {"programs": programs, "apps": ROOT / "tests/e2e/apps", "python": PYTHON, "node": node, "java": shutil.which("java")}
        command = [word.format(**words) for word in scenario.command]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=programs, start_new_session=True) as process:
            match, ended = None, threading.Event()
            if scenario.until is not None:
                match = server.wait_for(scenario.until, scenario.seconds)
                process.terminate()
            try:
                out, err = process.communicate(timeout=scenario.seconds)
                code = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                out, err = process.communicate()
                code = "killed: it did not end by itself"
            ended.set()
        return Outcome(code, out, err, list(server.uploads), match)
    finally:
        server.close()


@pytest.fixture(scope="session")
def outcome(agents, programs):
    """outcome(NAME): what became of a scenario. All of them run side by side, a few at a time."""
    node = subprocess.run([ROOT / "webhooks/agents/node/toolchain.sh"], capture_output=True, text=True,
                          env=plain_environment(), check=True).stdout.strip() + "/bin/node"
    with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
        futures = {s.name: pool.submit(perform, s, agents, programs, node) for s in SCENARIOS}
        yield lambda name: futures[name].result()
