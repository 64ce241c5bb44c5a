"""What keeps agents out of pods: a rollout replaces few pods in vain, states the cause, and goes on when the cause ends."""
import json

import pytest
from kube import wait_for
from rollout_apps import policy
from rollout_test import namespace, pods, profiled, rollout

IMAGE = "localhost/profiling-operator/example-python:dev"
WORK = """
import time
while True:
    until = time.monotonic() + 0.01
    while time.monotonic() < until: sum(range(50))
    time.sleep(1)
"""
COOLDOWN = 30  # seconds: after two pods in vain a workload waits for four times that


def sleeper(where, name, replicas):
    """A Deployment whose pods cost little, but enough that profiles arrive."""
    container = {"name": "app", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["/usr/bin/python3", "-c", WORK],
                 "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}, "limits": {"cpu": "50m", "memory": "128Mi"}},
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    return json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": where},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                 "template": {"metadata": {"labels": {"app": name}, "annotations": {"profiling.dev/inject": "python"}},
                              "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
                                       "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                                       "containers": [container]}}}})


def stage(kube, where, steps, method):
    kube.apply(policy(where, pods={"steps": steps, "soak": "1s"}, progressDeadline="2h",
                      workloads={"steps": [100], "maxParallel": 10, "failureBudget": 100},
                      restart={"mode": "Managed", "method": method, "cooldown": f"{COOLDOWN}s", "maxUnavailable": 1}))


class Watcher:
    """The pods of a namespace by name: which came, and whether enough were ready."""

    def __init__(self, kube, where, sizes):
        self.kube, self.where, self.sizes = kube, where, sizes
        self.seen = {name: set() for name in sizes}
        self.look()
        self.before = {name: len(uids) for name, uids in self.seen.items()}

    def look(self):
        for name in self.sizes:
            self.seen[name] |= {p["metadata"]["uid"] for p in pods(self.kube, self.where, name)}

    def came(self, name):
        self.look()
        return len(self.seen[name]) - self.before[name]


def image_policy(kube, where):
    name = f"no-agents-{where}"
    kube.apply(json.dumps({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]},
                 "validations": [{"expression": "!has(object.spec.initContainers) || object.spec.initContainers.all(c, !c.image.contains('agent'))",
                                  "message": "image of a registry that is not allowed"}]}}))
    kube.apply(json.dumps({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"],
                 "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": where}}}}}))
    return lambda: kube.run("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def refused_by_policy(kube, where):
    end = image_policy(kube, where)
    probe = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": where},
             "spec": {"initContainers": [{"name": "i", "image": "agent:1"}], "containers": [{"name": "c", "image": "c:1"}]}}
    wait_for("the admission policy to refuse", lambda: "not allowed" in kube.run(
        "create", "-f", "-", "--dry-run=server", stdin=json.dumps(probe), check=False).stderr, 60)
    return end


def excluded(kube, where):
    kube.run("label", "namespace", where, "profiling.dev/exclude=true")
    return lambda: kube.run("label", "namespace", where, "profiling.dev/exclude-")


# Cause, steps, method, reason (none: the policy has no workload there), pods that may be replaced in vain, seconds until the next try after the cause has ended.
CASES = [
    (refused_by_policy, [25, 100], "Auto", "PodRefused", 2, 900),
    (excluded, [25, 100], "Auto", None, 0, 120),
]


@pytest.mark.parametrize("cause,steps,method,reason,most,patience", CASES, ids=lambda c: getattr(c, "__name__", None))
def test_few_pods_are_replaced_in_vain(shop, cause, steps, method, reason, most, patience):
    kube, where = shop, namespace(shop, cause.__name__.replace("_", "-"))
    sizes = {"one": 1, "two": 2, "four": 4}
    for name, replicas in sizes.items():
        kube.apply(sleeper(where, name, replicas))
    for name in sizes:
        kube.run("rollout", "status", "-n", where, f"deployment/{name}", "--timeout=180s", timeout=200)
    watcher = Watcher(kube, where, sizes)
    end = cause(kube, where)
    try:
        stage(kube, where, steps, method)

        def states():
            watcher.look()
            found = {name: rollout(kube, where, name).get("reason") for name in sizes}
            read = (kube.get("profilingpolicy", "-n", where, "staged") or {}).get("status", {}).get("phase")
            return found if read and all(r == reason for r in found.values()) else None
        try:
            wait_for(f"every workload to report {reason}", states, 300, interval=1)
        except TimeoutError as late:
            raise AssertionError(f"{late}: {json.dumps({n: rollout(kube, where, n) for n in sizes}, indent=1)}") from late
        for name, replicas in sizes.items():
            # A restart by template replaces each pod once.
            assert watcher.came(name) <= max(most, 0) * max(1, replicas if method == "Auto" and steps == [100] else 1), name
            assert not profiled(kube, where, name), name
            kube.run("rollout", "status", "-n", where, f"deployment/{name}", "--timeout=60s", timeout=90)
    finally:
        end()

    def complete():
        return all(len(profiled(kube, where, name)) == replicas for name, replicas in sizes.items())
    wait_for("the rollout to go on by itself", complete, patience, interval=2)
    kube.run("delete", "namespace", where, "--wait=false")
