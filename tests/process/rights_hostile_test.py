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
    "image on the nodes": ("APPLY", f"{APPS}/{SYSTEM}/daemonsets/{FULL}-ebpf", {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": f"{FULL}-ebpf"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
            "serviceAccountName": f"{FULL}-ebpf", "containers": [{"name": "a", "image": "evil/alloy"}]}}}}, "may only run Alloy"),
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
        made.create("v1", "Service", "web", "app", spec={"ports": [{"port": 80}]})
        made.create("apps/v1", "ControllerRevision", "db-1", "app", revision=1, data={"a": "b"})
        made.controller = made.account("controller")
        made.webhook = made.account("webhook")
        yield made
    finally:
        cluster("down")


def sent(world, account, method, path, body):
    text = json.dumps(body)
    if "${uid}" in text:
        namespace, name = path.split("/")[4], path.split("/")[6]
        body = json.loads(text.replace("${uid}", world.kube.get("pod", name, "-n", namespace)["metadata"]["uid"]))
    content = "application/json-patch+json" if isinstance(body, list) else "application/merge-patch+json"
    if method == "APPLY":
        return account.send("PATCH", f"{path}?fieldManager=test&force=true", body, "application/apply-patch+yaml")
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


def test_others_are_not_concerned(world):
    world.kube.run("patch", "deployment", "web", "-n", "app", "--type=merge", "-p", json.dumps({"spec": {"replicas": 3}}))
    world.kube.run("delete", "controllerrevision", "db-1", "-n", "app")
