"""What the flame graphs of pods show, against the programs' own clocks and the kubelet's counters, with and without a
limit. The programs are those of tests/truth; they account for each function by the clock of the thread that runs it."""
import calendar
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

import pytest
from conftest import ROOT
from kube import wait_for

sys.path[:0] = [str(ROOT / "tests/truth"), str(ROOT / "tests/agents")]
import comparison  # noqa: E402
import product  # noqa: E402
import store  # noqa: E402

FUNCTIONS = ("price_basket", "print_receipt")
CPU = ("process_cpu:cpu", "wall:cpu")
SECONDS = 60  # of a profile that are compared, at least
POINTS = 5  # of a share: a minute of a pod that computes for a fifth of it holds some thousand samples
CONTAINERS = {
    "java": ("java", ["/jre/bin/java", "-cp", "/truth/classes", "Work"]),
    "python": ("python", ["/usr/bin/python3", "/truth/programs/work.py"]),
    "node": ("node", ["/usr/bin/node", "/truth/programs/work.js"]),
    "go": ("python", ["/truth/work"]),
}
PODS = [(language, limit) for language in CONTAINERS for limit in ("", "200m")]
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: truth, labels: {team: shop}}
---
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: truth, namespace: truth}
spec:
  serverRef: {name: pyroscope, namespace: profiling}
  languages: [Java, Python, NodeJS, Go]
  sampling: {uploadInterval: 15s}
"""


def name_of(language, limit):
    return f"{language}-{limit or 'free'}"


def pod(language, limit, folder):
    image, command = CONTAINERS[language]
    name = name_of(language, limit)
    return json.dumps({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "truth", "annotations": {
            "profiling.dev/inject": language, "profiling.dev/service-name": name, "profiling.dev/pprof-port": "6060"}},
        "spec": {
            "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "app", "image": f"localhost/profiling-operator/example-{image}:dev", "imagePullPolicy": "IfNotPresent",
                "command": [*command, "shares"],
                "env": [{"name": "TRUTH_FOLDER", "value": f"/truth/{name}"}, {"name": "TRUTH_SECONDS", "value": "1200"},
                        {"name": "TRUTH_DUTY", "value": "1" if limit else "0.2"}, {"name": "TRUTH_PPROF_PORT", "value": "6060"}],
                "resources": {"requests": {"cpu": "10m"}, **({"limits": {"cpu": limit}} if limit else {})},
                "volumeMounts": [{"name": "truth", "mountPath": "/truth"}]}],
            "volumes": [{"name": "truth", "hostPath": {"path": str(folder)}}]}})


@pytest.fixture(scope="module")
def programs(shop):
    """The folder that the pods share with this test, and the pods; both go when the tests are over."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="truth-"))
    folder.chmod(0o755)
    shutil.copytree(product.PROGRAMS, folder / "programs")
    product.run("javac", "-d", folder / "classes", *sorted(product.PROGRAMS.glob("*.java")))
    product.run("go", "build", "-o", folder / "work", ".", cwd=product.PROGRAMS / "go", env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""})
    try:
        shop.apply(NAMESPACE)
        shop.run("wait", "-n", "truth", "profilingpolicy/truth", "--for=condition=Ready", "--timeout=60s", timeout=90)
        for language, limit in PODS:
            account = folder / name_of(language, limit)
            account.mkdir()
            account.chmod(0o777)
            shop.apply(pod(language, limit, folder))
        yield folder
    finally:
        shop.run("delete", "namespace", "truth", "--timeout=60s", timeout=90, check=False)
        shutil.rmtree(folder)


class Kubelet:
    """CPU seconds of a pod's container by the kubelet's counter, as (time, seconds) of its own samples."""

    def __init__(self, kube):
        self._kube, self.node = kube, kube.items("nodes")[0]["metadata"]["name"]
        self.samples = {}

    def look(self):
        summary = json.loads(self._kube.run("get", "--raw", f"/api/v1/nodes/{self.node}/proxy/stats/summary").stdout)
        for found in summary["pods"]:
            for container in found.get("containers", []):
                cpu = container.get("cpu", {})
                if found["podRef"]["namespace"] == "truth" and container["name"] == "app" and "usageCoreNanoSeconds" in cpu:
                    line = (seconds_of(cpu["time"]), {"total": cpu["usageCoreNanoSeconds"] / 1e9})
                    samples = self.samples.setdefault(found["podRef"]["name"], [])
                    if not samples or line[0] > samples[-1][0]:
                        samples.append(line)


def seconds_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def timelines(folder):
    found = []
    for file in folder.glob("*.jsonl"):
        lines = [json.loads(text) for text in file.read_text().splitlines() if text.endswith("}")]
        found.append([(line.pop("t"), {comparison.plain(name): amount for name, amount in line.items()}) for line in lines])
    return found


class Arrivals:
    """What the server holds of each service, noted each time that it has become more: then an upload has just come, and what
    the server holds ends about now."""

    def __init__(self, server):
        self._server, self._last, self.by_service = server, {}, {}

    def look(self):
        now = time.time()
        for language, limit in PODS:
            service = name_of(language, limit)
            kinds = [k for k in self._server.types(service, now - 3600, now + 60) if k.startswith(CPU)]
            if not kinds:
                continue
            graph = self._server.graph(service, kinds[0], now - 3600, now + 60)
            total = comparison.total_of(graph)
            seen = {"total": total / 1e9, "program": (total - comparison.of_the_agent(graph, language)) / 1e9,
                    **{comparison.plain(name): comparison.time_below(graph, name) / 1e9 for name in FUNCTIONS}}
            if seen["total"] > self._last.setdefault(service, seen["total"]):
                self.by_service.setdefault(service, []).append((time.time(), seen))
            self._last[service] = seen["total"]

    def long_enough(self, service):
        noted = self.by_service.get(service, [])
        return len(noted) > 1 and noted[-1][0] - noted[0][0] >= SECONDS


@pytest.fixture(scope="module")
def measured(shop, programs):
    """({service: arrivals}, {pod: samples of the kubelet})"""
    kubelet = Kubelet(shop)
    with shop.forward("profiling", "svc/pyroscope", 4040) as address:
        arrivals = Arrivals(store.Store(address))

        def enough():
            kubelet.look()
            arrivals.look()
            short = {name: len(arrivals.by_service.get(name, [])) for name in (name_of(*each) for each in PODS) if not arrivals.long_enough(name)}
            assert not short, f"uploads seen to come: {short}"
            return True

        wait_for("a minute of profiles of each pod", enough, 600, interval=1)
        ends = {service: noted[-1][0] for service, noted in arrivals.by_service.items()}

        def counted():
            kubelet.look()
            return all(kubelet.samples[service][-1][0] >= end for service, end in ends.items())

        wait_for("the kubelet to have counted as far", counted, 60, interval=1)
    return arrivals.by_service, kubelet.samples


@pytest.mark.parametrize("language, limit", PODS, ids=[name_of(*each) for each in PODS])
def test_totals_and_shares_of_a_pod_are_those_of_its_clocks(measured, programs, language, limit):
    service = name_of(language, limit)
    arrivals, counters = measured
    (begin, first), (end, last) = arrivals[service][0], arrivals[service][-1]
    seen = {name: last[name] - first[name] for name in last}
    window = comparison.Window(begin, end)
    own = comparison.spent_within(timelines(programs / service), window)
    kubelet = comparison.spent_by(counters[service], window)["total"]
    found = [comparison.total("total by the kubelet's counter", kubelet, seen["total"], comparison.TOTAL_PERCENT_STRAINED)]
    found += [comparison.share(name, own[comparison.plain(name)], own["total"], seen[comparison.plain(name)], seen["program"], POINTS)
              for name in FUNCTIONS]
    wrong = [f"{f.what}: {f.seen:.2f} of {f.expected:.2f}, {f.difference:.1f} {f.unit} off, allowed {f.limit:.0f}" for f in found if not f.holds]
    assert not wrong, wrong
