"""Requests that RBAC grants to the controller's account and that the controller never makes: each is refused, with a message that says why."""
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from rights_world import FULL, SYSTEM, World, cluster  # noqa: E402

TEMPLATE = "may only change the annotation profiling.dev/restarted-for of a workload's pod template"
OBJECTS = "may only write Services and ConfigMaps of its own servers"
SERVERS = "may only run storage servers without rights"
CLAIMS = "may only run storage servers of one pod with one volume of their own"
ALLOY = "may only run Alloy"
CABUNDLE = "may only change caBundle in its own webhook configurations"
EXCLUDED = "of a namespace that it excludes"
APPS, CORE = "/apis/apps/v1/namespaces", "/api/v1/namespaces"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
OWNER = {"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingServer", "name": "any", "uid": "u-1", "controller": True}
OURS = {"labels": {"app.kubernetes.io/managed-by": "profiling-operator"}, "ownerReferences": [OWNER]}


def template(**changes):
    return {"spec": {"template": changes}}


def restarted(**more):
    return template(metadata={"annotations": {"profiling.dev/restarted-for": "x", **more.pop("annotations", {})}}, **more)


def stateful(pod=None, container=None, metadata=None):
    spec = {"automountServiceAccountToken": False, "securityContext": {"runAsNonRoot": True}, "containers": [
        {"name": "a", "image": "registry.example/a", "securityContext": {"allowPrivilegeEscalation": False}, **(container or {})}], **(pod or {})}
    return {"metadata": {"name": "hostile", **(OURS if metadata is None else metadata)}, "spec": {
        "serviceName": "x", "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}}


def posted(message=SERVERS, spec=None, **changes):
    body = stateful(**changes)
    body["spec"].update(spec or {})
    return "POST", f"{APPS}/app/statefulsets", body, message


def safe(**more):
    """The container's security context with more in it."""
    return {"securityContext": {"allowPrivilegeEscalation": False, **more}}


def alloy(container=None, **pod):
    """The eBPF DaemonSet as the controller applies it, with changes."""
    spec = {"serviceAccountName": f"{FULL}-ebpf", "hostPID": True, "containers": [
        {"name": "alloy", "image": "grafana/alloy:${alloy}", **(container or {})}], **pod}
    return "APPLY", f"{APPS}/{SYSTEM}/daemonsets/{FULL}-ebpf", {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": f"{FULL}-ebpf"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}}, ALLOY


# The uid of the operator that owns the objects "prom": an owner reference with that uid and our kind is no proof.
STRANGER = "11111111-2222-3333-4444-555555555555"
OF_A_STRANGER = {"labels": OURS["labels"], "ownerReferences": [{**OWNER, "uid": STRANGER}]}


def hook(**changes):
    """A change of the mutating configuration's only webhook, as a JSON patch."""
    return [{"op": "add", "path": f"/webhooks/0/{path.replace('__', '/')}", "value": value} for path, value in changes.items()]


WEB, DB = f"{APPS}/app/deployments/web", f"{APPS}/app/statefulsets/db"
# name: (method, path, body, message)
HOSTILE = {
    "image": ("PATCH", WEB, template(spec={"containers": [{"name": "app", "image": "evil/image"}]}), TEMPLATE),
    "service account": ("PATCH", DB, template(spec={"serviceAccountName": "admin"}), TEMPLATE),
    "image beside a restart": ("PATCH", WEB, restarted(spec={"hostPID": True}), TEMPLATE),
    "other annotation": ("PATCH", WEB, restarted(annotations={"profiling.dev/inject": "true"}), TEMPLATE),
    "label of a template": ("PATCH", f"{APPS}/app/daemonsets/node", template(metadata={"labels": {"more": "x"}}), TEMPLATE),
    "replicas": ("PATCH", WEB, {"spec": {"replicas": 0}}, TEMPLATE),
    "label of a workload": ("PATCH", WEB, {"metadata": {"labels": {"x": "y"}}}, TEMPLATE),
    "marks of ours on a foreign StatefulSet": ("PATCH", DB, {"metadata": OURS, **template(spec={"hostPID": True})}, TEMPLATE),
    "template of a Rollout": ("PATCH", "/apis/argoproj.io/v1alpha1/namespaces/app/rollouts/canary", {"spec": {"template": {"metadata": {"annotations": {"profiling.dev/restarted-for": "x"}}}}}, TEMPLATE),
    "strategy of a Rollout": ("PATCH", "/apis/argoproj.io/v1alpha1/namespaces/app/rollouts/canary", {"spec": {"strategy": {}}}, TEMPLATE),
    "restart in kube-system": ("PATCH", f"{APPS}/kube-system/deployments/dns", restarted(), EXCLUDED),
    "restart in an excluded namespace": ("PATCH", f"{APPS}/legacy/deployments/old", restarted(), EXCLUDED),
    "foreign StatefulSet": ("POST", f"{APPS}/app/statefulsets", stateful(metadata={}), TEMPLATE),
    "token": ("POST", f"{APPS}/app/statefulsets", stateful({"automountServiceAccountToken": True}), SERVERS),
    "account of a server": ("POST", f"{APPS}/kube-system/statefulsets", stateful({"serviceAccountName": "admin"}), SERVERS),
    "node's processes": ("POST", f"{APPS}/app/statefulsets", stateful({"hostPID": True}), SERVERS),
    "node's network": ("POST", f"{APPS}/app/statefulsets", stateful({"hostNetwork": True}), SERVERS),
    "node's files": ("POST", f"{APPS}/app/statefulsets", stateful({"volumes": [{"name": "r", "hostPath": {"path": "/"}}]}), SERVERS),
    "foreign Secret": ("POST", f"{APPS}/app/statefulsets", stateful({"volumes": [{"name": "r", "secret": {"secretName": "s"}}]}), SERVERS),
    "privileged": ("POST", f"{APPS}/app/statefulsets", stateful(container={"securityContext": {"privileged": True}}), SERVERS),
    "capability": ("POST", f"{APPS}/app/statefulsets", stateful(container={"securityContext": {
        "allowPrivilegeEscalation": False, "capabilities": {"add": ["SYS_ADMIN"]}}}), SERVERS),
    "init container": ("POST", f"{APPS}/app/statefulsets", stateful({"initContainers": [{"name": "i", "image": "evil/i"}]}), SERVERS),
    "all of a Secret as environment": posted(container={"envFrom": [{"secretRef": {"name": "any"}}]}),
    "key of a Secret": posted(container={"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "any", "key": "password"}}}]}),
    "key of a Secret under the bucket's name": posted(container={"env": [
        {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "any", "key": "password"}}}]}),
    "root in the container": posted(container=safe(runAsNonRoot=False)),
    "root's number": posted(container=safe(runAsUser=0)),
    "root in the pod": posted(pod={"securityContext": {"runAsNonRoot": True, "runAsUser": 0}}),
    "port of the node": posted(container={"ports": [{"containerPort": 80, "hostPort": 80}]}),
    "priority": posted(pod={"priorityClassName": "system-node-critical"}),
    "node by name": posted(pod={"nodeName": "n1", "tolerations": [{"operator": "Exists"}]}),
    "no seccomp": posted(container=safe(seccompProfile={"type": "Unconfined"})),
    "no seccomp in the pod": posted(pod={"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "Unconfined"}}}),
    "SELinux type": posted(container=safe(seLinuxOptions={"type": "spc_t"})),
    "no AppArmor": posted(container=safe(appArmorProfile={"type": "Unconfined"})),
    "supplemental groups": posted(pod={"securityContext": {"runAsNonRoot": True, "supplementalGroups": [999]}}),
    "sysctl": posted(pod={"securityContext": {"runAsNonRoot": True, "sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}),
    "foreign claim": posted(pod={"volumes": [{"name": "x", "persistentVolumeClaim": {"claimName": "data"}}]}),
    "foreign claim by a template": posted(CLAIMS, {"volumeClaimTemplates": [
        {"metadata": {"name": "data-my"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}),
    "many claims": posted(CLAIMS, {"replicas": 3}),
    "ConfigMap of another": posted(pod={"volumes": [{"name": "x", "configMap": {"name": "coredns"}}]}),
    "projected token": posted(pod={"volumes": [{"name": "x", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}),
    "StatefulSet of another operator": ("PATCH", f"{APPS}/app/statefulsets/prom", {"metadata": OF_A_STRANGER, **template(spec={
        "containers": [{"name": "app", "image": "evil/app"}]})}, TEMPLATE),
    "Service of another operator": ("PATCH", f"{CORE}/app/services/prom", {"metadata": OF_A_STRANGER, "spec": {"selector": {"app": "evil"}}}, OBJECTS),
    "ConfigMap of another operator": ("PATCH", f"{CORE}/app/configmaps/prom", {"metadata": OF_A_STRANGER, "data": {"a": "evil"}}, OBJECTS),
    "image on the nodes": alloy({"image": "evil/alloy"}),
    "second container on the nodes": alloy(containers=[{"name": "a", "image": "evil/alloy"}]),
    "command on the nodes": alloy({"command": ["sh", "-c", "evil"]}),
    "arguments on the nodes": alloy({"args": ["run", "/tmp/other.alloy"]}),
    "privileged on the nodes": alloy({"securityContext": {"privileged": True}}),
    "capability on the nodes": alloy({"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}),
    "command by a probe on the nodes": alloy({"readinessProbe": {"exec": {"command": ["evil"]}}}),
    "command by a hook on the nodes": alloy({"lifecycle": {"postStart": {"exec": {"command": ["evil"]}}}}),
    "init container on the nodes": alloy(initContainers=[{"name": "i", "image": "evil/x"}]),
    "files of the nodes": alloy(volumes=[{"name": "r", "hostPath": {"path": "/"}}]),
    "network of the nodes": alloy(hostNetwork=True),
    "foreign ConfigMap": ("PATCH", f"{CORE}/kube-system/configmaps/coredns", {"data": {"Corefile": "evil"}}, OBJECTS),
    "foreign ConfigMap with our marks": ("PATCH", f"{CORE}/kube-system/configmaps/coredns", {"metadata": OURS}, OBJECTS),
    "new ConfigMap": ("POST", f"{CORE}/kube-system/configmaps", {"metadata": {"name": "aws-auth"}}, OBJECTS),
    "own ConfigMap's name elsewhere": ("POST", f"{CORE}/app/configmaps", {"metadata": {"name": f"{FULL}-ca"}}, OBJECTS),
    "foreign Service": ("PATCH", f"{CORE}/app/services/web", {"spec": {"selector": {"app": "evil"}}}, OBJECTS),
    "external address": ("POST", f"{CORE}/app/services", {"metadata": {"name": "x", **OURS}, "spec": {
        "externalIPs": ["8.8.8.8"], "ports": [{"port": 80}]}}, "type ClusterIP"),
    "external name": ("POST", f"{CORE}/app/services", {"metadata": {"name": "x", **OURS}, "spec": {
        "type": "ExternalName", "externalName": "evil.example"}}, "type ClusterIP"),
    "webhook's rules": ("PATCH", f"{HOOKS}/mutatingwebhookconfigurations/{FULL}", hook(rules__0__resources=["secrets"]), CABUNDLE),
    "webhook's address": ("PATCH", f"{HOOKS}/mutatingwebhookconfigurations/{FULL}", hook(clientConfig__service__name="evil"), CABUNDLE),
    "webhook's failure policy": ("PATCH", f"{HOOKS}/mutatingwebhookconfigurations/{FULL}", hook(failurePolicy="Fail"), CABUNDLE),
    "webhook's namespaces": ("PATCH", f"{HOOKS}/mutatingwebhookconfigurations/{FULL}", hook(namespaceSelector={}), CABUNDLE),
    "second webhook": ("PATCH", f"{HOOKS}/validatingwebhookconfigurations/{FULL}", {"webhooks": []}, CABUNDLE),
    "token Secret": ("POST", f"{CORE}/{SYSTEM}/secrets", {"type": "kubernetes.io/service-account-token", "metadata": {
        "name": f"{FULL}-tls", "annotations": {"kubernetes.io/service-account.name": "default"}}}, "the two Secrets of its certificates"),
    "other Secret": ("POST", f"{CORE}/{SYSTEM}/secrets", {"metadata": {"name": "other"}}, "the two Secrets of its certificates"),
    "other Lease": ("POST", f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases", {"metadata": {"name": "other"}}, "its own Lease"),
    "revision of a StatefulSet": ("DELETE", f"{APPS}/app/controllerrevisions/db-1", None, "ControllerRevisions of its own policies"),
    "new foreign revision": ("POST", f"{APPS}/app/controllerrevisions", {"metadata": {"name": "x"}, "revision": 1, "data": {"a": "b"}}, "ControllerRevisions of its own policies"),
    "spec of a record": ("POST", "/apis/profiling.dev/v1alpha1/namespaces/app/workloadprofiles", {
        "apiVersion": "profiling.dev/v1alpha1", "kind": "WorkloadProfile", "metadata": {"name": "deployment-web"}, "spec": {"approve": "abc"}},
        "may not write the spec of a WorkloadProfile"),
    "event of another": ("POST", "/apis/events.k8s.io/v1/namespaces/app/events", {
        "metadata": {"name": "x"}, "eventTime": "2026-08-01T12:00:00.000000Z", "reportingController": "kubelet", "reportingInstance": "a", "type": "Normal",
        "reason": "Killed", "action": "Kill", "regarding": {"kind": "Pod", "namespace": "app", "name": "web-0"}}, "its own Events"),
    "pod without an agent": ("DELETE", f"{CORE}/app/pods/web-0", {"preconditions": {"uid": "${uid}"}}, "may only delete pods that carry an agent"),
    "pod by name": ("DELETE", f"{CORE}/app/pods/profiled", None, "may only delete pods that carry an agent"),
    "eviction by name": ("POST", f"{CORE}/app/pods/web-0/eviction", {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-0"}}, "may only evict pods by uid"),
    "eviction in kube-system": ("POST", f"{CORE}/kube-system/pods/dns-0/eviction", {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "dns-0"}, "deleteOptions": {"preconditions": {"uid": "${uid}"}}}, EXCLUDED),
    "eviction in an excluded namespace": ("POST", f"{CORE}/legacy/pods/old-0/eviction", {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "old-0"}, "deleteOptions": {"preconditions": {"uid": "${uid}"}}}, EXCLUDED),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from rights_test import ROLLOUTS
    try:
        made = World(tmp_path_factory.mktemp("hostile"))
        made.kube.apply(ROLLOUTS)
        for name in (SYSTEM, "app", "legacy", "kube-system"):
            labels = "labels: {profiling.dev/exclude: 'true'}" if name == "legacy" else "labels: {}"
            made.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, {labels}}}}}")
            made.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {name}}}}}")
        made.install("--set=controller.restarts.enabled=true", "--set=ebpf.enabled=true")
        for kind, name, namespace, version in (
                ("Deployment", "web", "app", "apps/v1"), ("StatefulSet", "db", "app", "apps/v1"), ("DaemonSet", "node", "app", "apps/v1"),
                ("Rollout", "canary", "app", "argoproj.io/v1alpha1"), ("Deployment", "dns", "kube-system", "apps/v1"),
                ("Deployment", "old", "legacy", "apps/v1")):
            made.workload(kind, name, namespace, [f"{name}-0"], version)
        made.pod("profiled", "app", {"app": "web"}, None, revision="abc")
        made.create("v1", "ConfigMap", "coredns", "kube-system")
        stranger = [{"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "name": "k8s", "uid": STRANGER, "controller": True}]
        made.create("apps/v1", "StatefulSet", "prom", "app", owners=stranger, spec=stateful()["spec"])
        made.create("v1", "Service", "prom", "app", owners=stranger, spec={"ports": [{"port": 80}]})
        made.create("v1", "ConfigMap", "prom", "app", owners=stranger, data={"a": "good"})
        made.create("v1", "Service", "web", "app", spec={"ports": [{"port": 80}]})
        made.create("apps/v1", "ControllerRevision", "db-1", "app", revision=1, data={"a": "b"})
        made.controller = made.account("controller")
        made.webhook = made.account("webhook")
        made.alloy = next(json.loads(a.split("=", 1)[1])["image"] for o in made.objects if o["kind"] == "Deployment"
                          for a in o["spec"]["template"]["spec"]["containers"][0]["args"] if a.startswith("--ebpf="))
        yield made
    finally:
        cluster("down")


def sent(world, account, method, path, body):
    text = json.dumps(body)
    if "${uid}" in text:
        namespace, name = path.split("/")[4], path.split("/")[6]
        body = json.loads(text.replace("${uid}", world.kube.get("pod", name, "-n", namespace)["metadata"]["uid"]))
    if "${alloy}" in text:
        body = json.loads(text.replace("grafana/alloy:${alloy}", world.alloy))
    content = "application/json-patch+json" if isinstance(body, list) else "application/merge-patch+json"
    if method == "APPLY":
        return account.send("PATCH", f"{path}{'&' if '?' in path else '?'}fieldManager=test&force=true", body, "application/apply-patch+yaml")
    return account.send(method, path, body, content)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_the_controller_never_does_is_refused(world, name):
    method, path, body, message = HOSTILE[name]
    status, said = sent(world, world.controller, method, path, body)
    assert status == 403 and message in said, (status, said)
    assert "ValidatingAdmissionPolicy" in said, "RBAC grants the request, or the case shows nothing"


@pytest.mark.parametrize("name", HOSTILE)
def test_the_webhooks_account_writes_nothing(world, name):
    method, path, body, _ = HOSTILE[name]
    status, said = sent(world, world.webhook, method, path, body)
    assert status == 403 and "cannot" in said and "ValidatingAdmissionPolicy" not in said, (status, said)


@pytest.mark.parametrize("name", ["server", "alloy"])
def test_the_bodies_that_the_hostile_cases_change_are_allowed(world, name):
    method, path, body, _ = posted() if name == "server" else alloy()
    assert sent(world, world.controller, method, f"{path}?dryRun=All", body)[0] in (200, 201)


PROFILING = "/apis/profiling.dev/v1alpha1"
KINDS = {"workloadprofiles": ("WorkloadProfile", "app", {}), "profilingpolicies": ("ProfilingPolicy", "app", {"endpoint": {"url": "http://x.example"}}),
         "clusterprofilingpolicies": ("ClusterProfilingPolicy", None, {"endpoint": {"url": "http://x.example"}}),
         "profilingservers": ("ProfilingServer", "app", {"image": "registry.example/p:1"})}


@pytest.mark.parametrize("plural", KINDS)
def test_only_the_controller_writes_a_status_and_anyone_may_delete_the_object(world, plural):
    kind, namespace, spec = KINDS[plural]
    world.kube.run("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "profiling.dev/v1alpha1", "kind": kind, "spec": spec,
        "metadata": {"name": "deployment-forged", **({"namespace": namespace} if namespace else {})}}))
    path = f"{PROFILING}{f'/namespaces/{namespace}' if namespace else ''}/{plural}/deployment-forged"
    scope = ["-n", namespace] if namespace else []
    forged = {"status": {"observedGeneration": 7}}
    # The cluster's administrator, by merge patch and as a whole.
    refused = world.kube.run("patch", plural, "deployment-forged", *scope, "--subresource=status", "--type=merge", "-p", json.dumps(forged), check=False)
    assert refused.returncode != 0 and "only the profiling operator's controller may write this status" in refused.stderr, refused.stderr
    stored = world.kube.get(plural, "deployment-forged", *scope)
    refused = world.kube.run("replace", "--subresource=status", "-f", "-", stdin=json.dumps({**stored, **forged}), check=False)
    assert refused.returncode != 0 and "only the profiling operator's controller may write this status" in refused.stderr, refused.stderr
    # With the object itself a status is neither created nor changed.
    world.kube.run("replace", "-f", "-", stdin=json.dumps({**stored, **forged, "metadata": {**stored["metadata"], "labels": {"a": "b"}}}))
    assert "status" not in world.kube.get(plural, "deployment-forged", *scope)
    status, said = world.controller.send("PATCH", f"{path}/status", forged)
    assert status == 200, said
    world.kube.run("delete", plural, "deployment-forged", *scope)


def test_others_are_not_concerned(world):
    world.kube.run("patch", "deployment", "web", "-n", "app", "--type=merge", "-p", json.dumps({"spec": {"replicas": 3}}))
    world.kube.run("delete", "controllerrevision", "db-1", "-n", "app")
