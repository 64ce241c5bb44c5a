"""What keeps agents out of the pods of a namespace, or of the whole cluster; and workloads small enough for many at a time."""
import json

from kube import wait_for

IMAGE = "localhost/profiling-operator/example-{language}:dev"
WORK = """
import time
while True:
    until = time.monotonic() + 0.01
    while time.monotonic() < until: sum(range(50))
    time.sleep(1)
"""
MEMORY = {"python": 128, "go": 64}  # MiB of a pod; the sidecar of Go comes on top


# CPU, request and limit. A sidecar reserves memory, of which a quota may run out, only in a pod that is Guaranteed.
BURSTABLE, GUARANTEED = ("1m", "50m"), ("8m", "8m")


def workload(where, name, replicas, language, unavailable, cpu):
    """A Deployment whose pods cost little, but enough that profiles arrive."""
    memory = f"{MEMORY[language]}Mi"
    container = {"name": "app", "image": IMAGE.format(language=language), "imagePullPolicy": "IfNotPresent",
                 "resources": {"requests": {"cpu": cpu[0], "memory": memory}, "limits": {"cpu": cpu[1], "memory": memory}},
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    annotations = {"profiling.dev/inject": language}
    if language == "python":
        container["command"] = ["/usr/bin/python3", "-c", WORK]
    else:
        container["env"] = [{"name": "GOAPP_REST", "value": "1000"}]
        annotations["profiling.dev/pprof-port"] = "6060"
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": where},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": unavailable}},
                 "template": {"metadata": {"labels": {"app": name, "harm": "yes"}, "annotations": annotations},
                              "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
                                       "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                                       "containers": [container]}}}}


def refused_by_policy(kube, where, _):
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
    probe = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": where},
             "spec": {"initContainers": [{"name": "i", "image": "agent:1"}], "containers": [{"name": "c", "image": "c:1", "resources": {"limits": {"memory": "1Mi"}}}]}}
    wait_for("the admission policy to refuse", lambda: "not allowed" in kube.run(
        "create", "-f", "-", "--dry-run=server", stdin=json.dumps(probe), check=False).stderr, 60)
    return lambda: kube.run("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def excluded(kube, where, _):
    kube.run("label", "namespace", where, "profiling.dev/exclude=true")
    return lambda: kube.run("label", "namespace", where, "profiling.dev/exclude-")


def limit_range(kube, where, _):
    largest = {"type": "Pod", "max": {"memory": f"{MEMORY['go']}Mi"}}
    kube.apply(json.dumps({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "pods", "namespace": where}, "spec": {"limits": [largest]}}))
    return lambda: kube.run("delete", "limitrange", "-n", where, "pods")


def quota(kube, where, pods):
    hard = {"requests.memory": f"{sum(pods) * MEMORY['go']}Mi"}  # the pods as they are
    kube.apply(json.dumps({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "memory", "namespace": where}, "spec": {"hard": hard}}))
    wait_for("the quota to be counted", lambda: (kube.get("resourcequota", "-n", where, "memory") or {}).get("status", {}).get("used", {}).get(
        "requests.memory") not in (None, "0"), 60)
    return lambda: kube.run("delete", "resourcequota", "-n", where, "memory")


def scaled_to_zero(kube, *_):
    """No webhook at all, in the whole cluster. May be called for several namespaces."""
    kube.run("scale", "-n", "profiling-system", "deployment/profiling-operator-webhook", "--replicas=0")
    wait_for("the webhook to be gone", lambda: not kube.items("pods", "-n", "profiling-system", "-l", "app.kubernetes.io/component=webhook"), 90)

    def end():
        kube.run("scale", "-n", "profiling-system", "deployment/profiling-operator-webhook", "--replicas=2")
        kube.run("rollout", "status", "-n", "profiling-system", "deployment/profiling-operator-webhook", "--timeout=120s", timeout=150)
    return end


# By name: how the cause begins, the language whose agent it keeps out, the reasons of which at least one workload reports one (none: the policy has no
# workload there), and how many pods may be replaced in vain. The others may wait for its tries.
CAUSES = {
    "refused": (refused_by_policy, "python", {"PodRefused"}, 2),
    "excluded": (excluded, "python", None, 0),
    "limit-range": (limit_range, "go", {"NoRoom"}, 0),
    "quota": (quota, "go", {"InjectionMissed", "PodRefused"}, 2),
    "no-webhook": (scaled_to_zero, "python", {"WebhookNotReady"}, 0),
}
WAITS = "FruitlessReplacements"
