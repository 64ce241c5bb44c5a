"""What keeps agents out of pods: a rollout replaces few pods in vain, states the cause, and goes on when the cause ends.

HARM=all runs every cause with workloads of 1, 2, 4 and 20 pods, first steps of 10, 25, 50 and 100 % and both ways to replace pods; that takes most of
an hour. HARM=quota-50-Evict,no-webhook-10-RolloutRestart runs those cells. Without it, three causes are tried once.
"""
import json
import os
import time

import pytest
from harm_causes import BURSTABLE, CAUSES, GUARANTEED, WAITS, workload
from kube import wait_for
from rollout_apps import policy
from rollout_test import namespace, rollout

HARM = os.environ.get("HARM")
SIZES = {"one": 1, "two": 2, "four": 4} | ({"twenty": 20} if HARM else {})
# Seconds: after one pod in vain a workload waits this long, after two for four times that. With many pods at a time, new ones take longer than that to come.
COOLDOWN = 30
# Where sidecars reserve CPU, a node of two cores has room for the pods of two cells.
STEPS = {"quota": ((10,), (25,), (50,), (100,))}
ALL_CELLS = [[(cause, step, method) for step in steps for method in ("Evict", "RolloutRestart")]
             for cause in CAUSES for steps in STEPS.get(cause, ((10, 25), (50, 100)))]
SOME_CELLS = [[("refused", 25, "Auto"), ("excluded", 50, "Evict"), ("limit-range", 100, "RolloutRestart")]]


def chosen():
    if HARM in (None, "all"):
        return ALL_CELLS if HARM else SOME_CELLS
    cells = [cell.rsplit("-", 2) for cell in HARM.split(",")]
    return [[(cause, int(step), method) for cause, step, method in cells]]



class Cell:
    """One policy, with a workload of each size, in a namespace of its own."""

    def __init__(self, kube, cause, step, method):
        self.begin, self.language, self.reasons, self.most = CAUSES[cause]
        self.kube, self.step, self.method = kube, step, method
        self.where = namespace(kube, f"harm-{cause}-{step}-{method.lower()}")
        self.cpu = GUARANTEED if cause == "quota" else BURSTABLE
        self.unavailable = 0 if method == "RolloutRestart" else 1
        self.seen = {name: set() for name in SIZES}
        self.fewest = dict(SIZES)
        self.end = None

    def start(self):
        items = [workload(self.where, name, size, self.language, self.unavailable, self.cpu) for name, size in SIZES.items()]
        self.kube.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def look(self, pods):
        """`pods`: all that belong to cells."""
        for name in SIZES:
            mine = [p for p in pods if p["metadata"]["namespace"] == self.where and p["metadata"]["labels"]["app"] == name]
            self.seen[name] |= {p["metadata"]["uid"] for p in mine}
            ready = sum(1 for p in mine if "deletionTimestamp" not in p["metadata"] and any(
                c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", [])))
            self.fewest[name] = min(self.fewest[name], ready)

    def begins(self):
        self.before = {name: len(uids) for name, uids in self.seen.items()}
        self.fewest = dict(SIZES)
        self.end = self.begin(self.kube, self.where, SIZES.values())
        self.kube.apply(policy(self.where, pods={"steps": sorted({self.step, 100}), "soak": "1s"}, progressDeadline="2h",
                               workloads={"steps": [100], "maxParallel": 10, "failureBudget": 100},
                               restart={"method": self.method, "cooldown": f"{COOLDOWN}s", "maxUnavailable": 1}))

    def states(self):
        """What differs from the expected reasons."""
        if not (self.kube.get("profilingpolicy", "-n", self.where, "staged") or {}).get("status", {}).get("phase"):
            return "the policy has not been read"
        records = {r["metadata"]["name"]: r.get("status", {}).get("rollout", {}) for r in self.kube.items("workloadprofiles", "-n", self.where)}
        found = {name: records.get(f"deployment-{name}", {}).get("reason") for name in SIZES}
        expected = self.reasons or {None}
        wrong = {name: records.get(f"deployment-{name}") for name, reason in found.items() if reason not in expected | {WAITS}}
        return wrong or (None if expected & set(found.values()) else found)

    def check(self):
        for name, size in SIZES.items():
            # A restart by template replaces each pod once.
            rounds = size if self.method == "RolloutRestart" or (self.method == "Auto" and size == 1) else 1
            came = len(self.seen[name]) - self.before[name]
            assert came <= self.most * rounds, f"{self.where}/{name}: {came} pods of {size} were replaced"
            assert self.fewest[name] >= size - self.unavailable, f"{self.where}/{name}: only {self.fewest[name]} of {size} pods were ready"

    def complete(self, pods):
        return all(SIZES[name] == sum(1 for p in pods if p["metadata"]["namespace"] == self.where and p["metadata"]["labels"]["app"] == name
                                      and "profiling.dev/profiled" in p["metadata"]["labels"] and "deletionTimestamp" not in p["metadata"])
                   for name in SIZES)


@pytest.mark.parametrize("cells", chosen(), ids=lambda cells: "+".join("-".join(map(str, c)) for c in cells))
def test_few_pods_are_replaced_in_vain(shop, cells):
    kube, began = shop, time.monotonic()
    cells = [Cell(kube, *cell) for cell in cells]
    for cell in cells:
        cell.start()
    for cell in cells:
        for name in SIZES:
            kube.run("rollout", "status", "-n", cell.where, f"deployment/{name}", "--timeout=300s", timeout=320)

    def look():
        pods = kube.items("pods", "-A", "-l", "harm=yes")
        for cell in cells:
            cell.look(pods)
        return pods
    look()
    try:
        for cell in cells:
            cell.begins()

        def held():
            look()
            wrong = {cell.where: cell.states() for cell in cells}
            assert not any(wrong.values()), json.dumps(wrong)
            return True
        wait_for("every workload to report its reason", held, 300, interval=1)
        reported = time.monotonic()
        for cell in cells:
            cell.check()
        assert not [p for p in look() if "profiling.dev/profiled" in p["metadata"]["labels"]]
    finally:
        for cell in cells:
            if cell.end:
                cell.end()
    try:
        wait_for("the rollouts to go on by themselves", lambda: (lambda pods: all(c.complete(pods) for c in cells))(look()), 900, interval=2)
    except TimeoutError as late:
        raise AssertionError(f"{late}: {json.dumps({c.where: {n: rollout(kube, c.where, n) for n in SIZES} for c in cells}, indent=1)}") from late
    print(f"reasons after {reported - began:.0f} s, complete after {time.monotonic() - began:.0f} s")
    for cell in cells:
        kube.run("delete", "namespace", cell.where, "--wait=false")
