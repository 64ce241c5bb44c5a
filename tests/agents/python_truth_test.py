"""Python's profiles say what the program's own clocks say: real processes, numbers compared."""
import json
import os
import signal
import subprocess
import time

import pytest

import injected
import pprof
from recorder import Recorder

PROGRAM = injected.PROGRAMS / "known.py"


@pytest.fixture
def recorder():
    server = Recorder()
    yield server
    server.close()


def start(agents, recorder, *words, interval=2, **env):
    environment = {**injected.agent_environment(agents, "python", recorder.url, interval), "PROFILING_START_DELAY_MS": "0",
                   "PROFILING_DEBUG": "1", **env}
    return subprocess.Popen([injected.PYTHON, PROGRAM, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def known(process):
    """What the program says of itself: the CPU of each function, and of the process after the first second or so."""
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    return json.loads(out)


def shares(seconds, names):
    whole = sum(seconds.get(name, 0) for name in names)
    assert whole > 0, seconds
    return {name: 100 * seconds.get(name, 0) / whole for name in names}


def quota(percent):
    """A group of its own with a CPU quota, as the limit of a container makes it; None where that cannot be had."""
    folder = f"/sys/fs/cgroup/cpu/agents-test-{os.getpid()}"
    try:
        os.mkdir(folder)
        for name, value in (("cpu.cfs_period_us", 100000), ("cpu.cfs_quota_us", percent * 1000)):
            with open(f"{folder}/{name}", "w") as file:
                file.write(str(value))
    except OSError:
        return None
    return folder


# With gil_only, code that releases the lock had a tenth of its share or less; a thread that waits for a core counted as one
# that runs. The bounds leave room for chance: our thread uses a hundredth of a core, so on a slow machine it looks a dozen times
# a second, and the program has to run for long enough to be seen often enough.
@pytest.mark.parametrize("work, share", [("lock", 10), ("bursts", 15), ("threads", 12)])
def test_shares_and_total_are_those_of_the_clocks(agents, recorder, work, share):
    said = known(start(agents, recorder, work, "15"))
    seen = pprof.cpu_seconds(recorder.uploads)
    names = list(said["functions"])
    mine, theirs = shares(said["functions"], names), shares(seen, names)
    for name in names:
        assert abs(mine[name] - theirs[name]) < share, (mine, theirs, seen)
    # What a process uses before its profile begins is missing.
    assert said["process"] - said["before"] - 0.7 < seen["total"] < 1.02 * said["process"], (said, seen)


def test_a_quota_does_not_count_as_cpu(agents, recorder):
    folder = quota(20)
    if folder is None:
        pytest.skip("needs a cgroup of version 1 with the cpu controller")
    try:
        process = start(agents, recorder, "lock", "8", "--group", folder)
        said = known(process)
        seen = pprof.cpu_seconds(recorder.uploads)
        assert said["process"] < 3, "the quota is in force"
        assert 0.6 * said["process"] < seen["total"] < 1.02 * said["process"], (said, seen)
    finally:
        os.rmdir(folder)


@pytest.mark.parametrize("end", ["exit", "SIGTERM"])
def test_the_last_profile_arrives(agents, recorder, end):
    """With an interval of a minute, all that arrives is the last profile."""
    process = start(agents, recorder, "lock", "4" if end == "exit" else "60", interval=60)
    if end == "SIGTERM":
        time.sleep(4)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert process.returncode == -signal.SIGTERM and time.monotonic() - began < 3, err
        assert "Current thread" not in err
    else:
        known(process)
    assert len(recorder.uploads) == 1
    assert pprof.cpu_seconds(recorder.uploads)["work_with_the_lock"] > 0.05


def test_an_application_with_its_own_handler_of_sigterm_keeps_it(agents, recorder):
    process = start(agents, recorder, "handler", "60")
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 3 and out.split() == ["default", "handled"], (out, err)
    assert recorder.uploads


def test_switching_is_as_the_application_had_it(agents, recorder):
    # A child's own profiler, which shortens it again, must not have started yet when the child looks.
    process = start(agents, recorder, "switching", "4", PROFILING_START_DELAY_MS="1000")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out.split() == ["0.002"], (out, err)


def test_children_that_end_through_multiprocessing_send_their_last_profile(agents, recorder):
    # Later than multiprocessing has made itself ready in the child, as with the default delay.
    process = start(agents, recorder, "children", "4", interval=60, PROFILING_START_DELAY_MS="500")
    said = known(process)
    seen = pprof.cpu_seconds(recorder.uploads)
    for name in said["functions"]:
        assert seen.get(name, 0) > 0.05, (said, seen)
