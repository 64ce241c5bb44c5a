"""One process of the operator under observation: memory from /proc, counters from /metrics."""
import pathlib
import re
import time
import urllib.request

from processes import Operator

MIB = 1024 * 1024


def parse_metrics(text):
    """{(name, labels as text): value}"""
    series = {}
    for line in text.splitlines():
        found = re.match(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$", line)
        if found:
            series[(found.group(1), found.group(2) or "")] = float(found.group(3))
    return series


class Watched(Operator):
    """An Operator whose start is timed. `kept` names the sub-command's own flags."""

    def __init__(self, folder, command, kubeconfig, *flags):
        self.begin = time.monotonic()
        self.anonymous_peak = 0
        super().__init__(folder, command, f"--kubeconfig={kubeconfig}", *flags)

    def until_ready(self, deadline=300):
        """Seconds from exec to the first 200 of /readyz."""
        self.address = self.health
        self.wait(self.is_ready, deadline, "ready")
        return time.monotonic() - self.begin

    def is_ready(self):
        self.memory()
        try:
            return urllib.request.urlopen(self.address + "/readyz", timeout=5).status == 200
        except OSError:
            return False

    def wait(self, condition, deadline, what, interval=0.01):
        """Seconds until the condition holds."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > deadline:
                raise TimeoutError(f"{what}: not within {deadline} s\n{self.text()[-2000:]}")
            if self.process.poll() is not None:
                raise RuntimeError(f"{what}: the process ended with {self.process.returncode}\n{self.text()[-2000:]}")
            time.sleep(interval)
        return time.monotonic() - begin

    def series(self):
        return parse_metrics(urllib.request.urlopen(self.address + "/metrics", timeout=10).read().decode())

    def total(self, name, labels=""):
        """The sum over the series of that name whose labels hold the text."""
        return sum(v for (n, l), v in self.series().items() if n == name and labels in l)

    def largest(self, name, labels=""):
        return max((v for (n, l), v in self.series().items() if n == name and labels in l), default=0)

    # ---- /proc

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}")

    def memory(self, digits=1):
        """MiB now: resident, of it anonymous and mapped files; and the most that was resident so far.
        The kernel keeps no peak of anonymous memory: it is the most that was seen here."""
        rollup = dict(re.findall(r"^(\w+):\s+(\d+) kB$", self._proc("smaps_rollup").read_text(), re.M))
        status = dict(re.findall(r"^(\w+):\s+(\d+)", self._proc("status").read_text(), re.M))
        rss, anonymous = int(rollup["Rss"]) / 1024, int(rollup["Anonymous"]) / 1024
        self.anonymous_peak = round(max(self.anonymous_peak, anonymous), 1)
        return {"rss": round(rss, digits), "anonymous": round(anonymous, digits), "file": round(rss - anonymous, digits),
                "peak": round(int(status["VmHWM"]) / 1024, 1), "threads": int(status["Threads"])}

    def forget_peak(self):
        """From now on `peak` is that since this call."""
        self._proc("clear_refs").write_text("5")

    def descriptors(self):
        return len(list(self._proc("fd").iterdir()))

    def cpu_seconds(self):
        fields = self._proc("stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def settle(self, server, calm=5, deadline=900):
        """Waits until nothing but the Lease was written for `calm` seconds and reconciles have ended; seconds until then."""
        last, since, begin = None, time.monotonic(), time.monotonic()
        while time.monotonic() - since < calm:
            self.memory()  # for the peak
            now = (server.writes(), self.total("profiling_reconcile_total"))
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - begin > deadline:
                raise TimeoutError(f"still writing after {deadline} s: {server.requests()}")
            time.sleep(0.25)
        return since - begin
