"""The decisions inside the shims, without starting a profiler."""
import importlib
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(f"shim_{name}", ROOT / f"webhooks/agents/python/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def part(name):
    """A module of the agent's package, without its first one, which starts things."""
    if "agent_of_shims" not in sys.modules:
        folder = ROOT / "webhooks/agents/python/_profiling_agent"
        package = importlib.util.module_from_spec(importlib.util.spec_from_file_location(
            "agent_of_shims", folder / "settings.py", submodule_search_locations=[str(folder)]))
        sys.modules["agent_of_shims"] = package
    return importlib.import_module(f"agent_of_shims.{name}")


@pytest.fixture
def site(monkeypatch):
    monkeypatch.delenv("PYROSCOPE_APPLICATION_NAME", raising=False)
    return load("sitecustomize")


@pytest.mark.parametrize("argv, program", [
    (["/usr/local/bin/gunicorn", "app:app"], "gunicorn"),
    (["-m", "gunicorn", "app:app"], "gunicorn"),
    (["-m", "gunicorn.app.wsgiapp"], "gunicorn"),
    (["-u", "-X", "dev", "-W", "ignore", "/opt/celery", "worker"], "celery"),
    (["-m", "celery", "-A", "proj", "worker"], "celery"),
    (["-c", "from multiprocessing.forkserver import main; main(5)"], "multiprocessing.forkserver"),
    (["-c", "from multiprocessing.spawn import spawn_main"], ""),
    (["-c", "print(1)"], ""),
    (["app.py", "gunicorn"], "app.py"),
    ([], ""),
])
def test_program_name_from_the_command_line(site, monkeypatch, argv, program):
    monkeypatch.setattr(site.sys, "orig_argv", ["/usr/bin/python3", *argv])
    assert site._program() == program


@pytest.mark.parametrize("env, wanted", [
    ({}, True),
    ({"PYROSCOPE_AGENT_ENABLED": "true"}, True),
    ({"PYROSCOPE_AGENT_ENABLED": " False "}, False),
    ({"PYROSCOPE_APPLICATION_NAME": ""}, False),
    ({"PYROSCOPE_SERVER_ADDRESS": ""}, False),
])
def test_wanted(site, monkeypatch, env, wanted):
    for name, value in {"PYROSCOPE_APPLICATION_NAME": "a", "PYROSCOPE_SERVER_ADDRESS": "http://s", **env}.items():
        monkeypatch.setenv(name, value)
    assert site._wanted() is wanted


def test_threads_that_fork_at_once_start_one_profiler(site, monkeypatch):
    started = []
    monkeypatch.setattr(site, "start_new_thread", lambda run, words: started.append(words))
    starter = site._Starter(60)
    starter.arm()
    for cancel, finished in started:
        finished.release()  # as the thread does that is asked to end
    starter.disarm()  # one thread
    starter.disarm()  # the other, before the first has forked
    starter.arm()
    starter.arm()
    assert len(started) == 2, "the one that was ended, and another"


class Agent:
    """Cannot be imported `failures` times."""

    def __init__(self, failures, starts=True):
        self.failures, self.starts, self.loads, self.runs = failures, starts, 0, 0

    def load(self):
        self.loads += 1
        if self.loads <= self.failures:
            raise RuntimeError("cannot release un-acquired lock")
        return self

    def start(self, here, debug):
        return self.starts

    def run(self):
        self.runs += 1


@pytest.mark.parametrize("agent, loads, runs", [(Agent(0), 1, 1), (Agent(0, starts=False), 1, 0), (Agent(2), 3, 1), (Agent(9), 3, 0)])
def test_a_start_that_fails_is_tried_again(site, monkeypatch, agent, loads, runs):
    started, clock = [], iter(range(100))
    monkeypatch.setattr(site, "start_new_thread", lambda run, words: started.append((run, words)))
    monkeypatch.setattr(site, "pthread_sigmask", lambda *words: None)
    monkeypatch.setattr(site, "monotonic", lambda: next(clock))
    monkeypatch.setattr(site, "_load_agent", agent.load)
    starter = site._Starter(0)
    starter.arm()
    (run, (cancel, finished)), = started
    run(cancel, finished)
    assert (agent.loads, agent.runs) == (loads, runs)
    assert not finished.locked(), "a fork does not wait"
    starter.disarm()
    starter.arm()
    assert len(started) == 1, "it has started, or failed often enough"


def test_workers_fork_with_neither_a_waiting_nor_a_half_made_profiler(site, monkeypatch):
    """Workers of programs whose first process only forks: gunicorn and the like."""
    started = []
    monkeypatch.setattr(site, "start_new_thread", lambda run, words: started.append(words))
    starter = site._Starter(60, here=False)
    starter.arm()
    starter.before_fork()
    starter.arm()
    assert not started
    starter.arm_in_child()
    (_, finished), = started
    finished.release()
    starter.before_fork()
    assert started[0][0].acquire(False), "the thread that waits is ended"
    starter.arm()
    assert len(started) == 2


@pytest.mark.parametrize("text, seconds", [("15s", 15), ("1500ms", 1), ("2500ms", 2), ("10", 10), ("1h", 15), ("", 15), ("9999s", 300)])
def test_upload_interval(monkeypatch, text, seconds):
    monkeypatch.setenv("PYROSCOPE_UPLOAD_INTERVAL", text)
    assert part("settings").upload_seconds() == seconds


def test_labels():
    parse = part("settings").parse_labels
    assert parse("a=1, b=2 ,c=x:y/z") == {"a": "1", "b": "2", "c": "x:y/z"}
    assert parse("a,=b,c=,d=e=f,g={},h=i j") == {}
    assert parse(None) == {}


def test_libc_of_this_machine():
    says = subprocess.run(["ldd", "--version"], capture_output=True, text=True)
    expected = "musl" if "musl" in says.stderr + says.stdout else "gnu"
    assert part("memory").libc() == expected


def test_native_folders_fit_the_wheels(agents):
    minors = next(line for line in (ROOT / "webhooks/agents/versions.env").read_text().splitlines()
                  if line.startswith("PYTHON_MINORS=")).split('"')[1].split()
    machine = os.uname().machine
    expected = {f"cp{minor}-{libc}-{machine}" for minor in minors for libc in ("gnu", "musl")}
    assert {p.name for p in (agents / "python/native").iterdir()} == expected
    for folder in (agents / "python/native").iterdir():
        assert (folder / "pyroscope/_native.so").stat().st_size > 1_000_000
