"""A CPU limit as a pod has it, and a machine on which others compute too."""
import contextlib
import itertools
import os
import pathlib
import subprocess
import sys

PERIOD = 100_000
V1 = pathlib.Path("/sys/fs/cgroup/cpu")
V2 = pathlib.Path("/sys/fs/cgroup")
BURNERS = 4
BUSY_LOAD = 3  # runnable threads for each core, in the last minute
BURN = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: sum(range(20000))"
_numbers = itertools.count()


def busy():
    """Whether more threads want a core than the machine has, by far: others compute, too."""
    return os.getloadavg()[0] > BUSY_LOAD * os.cpu_count()


@contextlib.contextmanager
def quota(millicores):
    """The words before a command that put it into a group with this quota; none without one."""
    if not millicores:
        yield []
        return
    group = make_group(millicores)
    try:
        yield ["/bin/sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group)]
    finally:
        remove_group(group)


def make_group(millicores):
    name = f"truth-{os.getpid()}-{next(_numbers)}"
    share = millicores * PERIOD // 1000
    if (V1 / "cpu.cfs_quota_us").exists():
        group = V1 / name
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(share))
        return group
    (V2 / "cgroup.subtree_control").write_text("+cpu")
    group = V2 / name
    group.mkdir()
    (group / "cpu.max").write_text(f"{share} {PERIOD}")
    return group


def remove_group(group):
    """A group can be removed once it is empty; what is left in it was started by the program that is over."""
    for pid in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), 9)
    for _ in range(200):
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        subprocess.run(["sleep", "0.05"], check=False)


class Burners:
    """Processes of equal priority that compute while cells run that ask for it. They end by themselves, too."""

    def __init__(self, seconds):
        self._processes = [subprocess.Popen([sys.executable, "-c", BURN, str(seconds)]) for _ in range(BURNERS)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.wait()
