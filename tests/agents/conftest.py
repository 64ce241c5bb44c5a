import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import applications  # noqa: E402
import injected  # noqa: E402
from recorder import NoServer, Recorder, SilentServer  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402


@pytest.fixture(scope="session")
def workspace():
    path = pathlib.Path(tempfile.mkdtemp(prefix="agents-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def contexts(workspace):
    """The build context of each agent image, as context.sh prepares it."""
    return injected.build_contexts(workspace / "context")


@pytest.fixture(scope="session")
def agents(workspace, contexts):
    """The shared volume of a pod with all three agents in it."""
    return injected.install_agents(contexts, workspace / "profiling-agent")


@pytest.fixture(scope="session")
def words(workspace):
    return applications.prepare(workspace / "programs")


class Outcome:
    def __init__(self, code, out, err, uploads, match):
        self.code, self.out, self.err, self.uploads, self.match = code, out, err, uploads, match

    def __repr__(self):
        return f"exit code {self.code}, {len(self.uploads)} uploads\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


SERVERS = {"recorder": Recorder, "silent": SilentServer, "refusing": NoServer, "slow": lambda: Recorder(after=30),
           **{str(status): lambda status=status: Recorder(status) for status in (401, 429, 500)}}


def await_text(log, text, process, seconds):
    """Returns two upload intervals after `log` holds `text`, or when the process has ended or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        log.seek(0)
        if text in log.read():
            time.sleep(2)
            return
        time.sleep(0.1)


def perform(scenario, agents, words):
    server = SERVERS[scenario.server]()
    try:
        env = injected.plain_environment()
        if scenario.injected:
            env = injected.agent_environment(agents, scenario.language, server.url)
        env |= {"PROFILING_START_DELAY_MS": "200", "PORT": "0", **scenario.env}
        for name in scenario.without:
            env.pop(name)
        known = {**words, "agents": agents}
        env = {k: re.sub(r"\{(\w+)\}", lambda word: str(known.get(word[1], word[0])), v) for k, v in env.items()}
        command = [word.format(**known) for word in scenario.command]
        with tempfile.NamedTemporaryFile("r") as log, subprocess.Popen(
                command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(log.name, "w") if scenario.logged else subprocess.PIPE,
                text=True, cwd=words["programs"], start_new_session=True) as process:
            match = None
            if scenario.logged:
                await_text(log, scenario.logged, process, scenario.seconds)
            if scenario.until is not None:
                match = server.wait_for(scenario.until, scenario.seconds)
                if not scenario.by_stdin:
                    process.terminate()
            try:
                out, err = process.communicate(timeout=scenario.seconds)
                code = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                out, err = process.communicate()
                code = "killed: it did not exit by itself"
            if scenario.logged:
                log.seek(0)
                err = log.read()
        return Outcome(code, out, err, list(server.uploads), match)
    finally:
        server.close()


@pytest.fixture(scope="session")
def outcome(agents, words):
    """outcome(NAME): the result of a scenario. All scenarios run in parallel, a few at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
        futures = {s.name: pool.submit(perform, s, agents, words) for s in SCENARIOS}
        yield lambda name: futures[name].result()
