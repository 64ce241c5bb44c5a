"""What the chart's accounts may do, against a real kube-apiserver: a normal run uses every right, and what else the rights would allow is refused."""
import json
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import condition, wait_for  # noqa: E402
from processes import make_certificates  # noqa: E402
from rights_world import FULL, SYSTEM, World, cluster, granted, used  # noqa: E402

GOLDEN = ROOT / "tests/process/rights.txt"
ROLLOUTS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rollouts.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {kind: Rollout, plural: rollouts, singular: rollout, listKind: RolloutList}
  versions:
  - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
"""
SERVER = "{apiVersion: profiling.dev/v1alpha1, kind: ProfilingServer, metadata: {name: pyroscope, namespace: servers}, spec: {image: 'registry.example/p:1'}}"
# Everything that a server's spec can put into its pod.
FULL_SERVER = """
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: full, namespace: servers}
spec:
  image: registry.example/p:1
  storage: {type: S3, s3: {bucket: profiles, endpoint: s3.example, credentials: {secretRef: {name: bucket}}}}
  persistence: {size: 1Gi, storageClassName: fast}
  resources: {requests: {cpu: 10m}}
  nodeSelector: {disk: ssd}
  tolerations: [{operator: Exists}]
  imagePullSecrets: [{name: pull}]
  podAnnotations: {a: b}
"""
# No request uses it: an admission plugin, which World switches on, asks for it when an owner reference blocks a deletion.
ASKED_BY_ADMISSION = ("controller", "", "profiling.dev", "profilingservers/finalizers", "", "update")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    try:
        # Without streaming lists, as on older servers, both verbs of a watch are used. The plugin is on in OpenShift.
        made = World(tmp_path_factory.mktemp("rights"), "--feature-gates=WatchList=false",
                     "--enable-admission-plugins=OwnerReferencesPermissionEnforcement")
        for name in (SYSTEM, "servers", "managed", "evicted", "measured", "legacy"):
            labels = "labels: {profiling.dev/exclude: 'true'}" if name == "legacy" else "labels: {}"
            made.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, {labels}}}}}")
            made.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {name}}}}}")
        made.kube.apply(ROLLOUTS)
        made.install("--set=controller.restarts.enabled=true", "--set=ebpf.enabled=true")
        yield made
        made.stop()
    finally:
        cluster("down")


def policy(world, namespace, method, name="team", gates=None, **more):
    rollout = {"pods": {"steps": [100], "soak": "1s"}, "restart": {"mode": "Managed", "method": method, "cooldown": "0s"}, "gates": gates or {}}
    world.kube.run("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy", "metadata": {"name": name, "namespace": namespace},
        "spec": {"endpoint": {"url": "https://pyroscope.example"}, "activation": "Selected", "rollout": rollout, **more}}))


def serve(world):
    world.kube.apply(SERVER)
    wait_for("the server's objects", lambda: world.kube.get("statefulset", "pyroscope", "-n", "servers"), 60)
    world.kube.apply(FULL_SERVER)
    wait_for("the server with every field", lambda: world.kube.get("statefulset", "full", "-n", "servers"), 60)
    # Somebody's own sidecar stays, and does not stop the controller.
    world.kube.run("patch", "statefulset", "full", "-n", "servers", "--type=json", "-p", json.dumps([
        {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "side", "image": "registry.example/side", "envFrom": [{"secretRef": {"name": "s"}}]}}]))
    world.kube.apply(FULL_SERVER.replace("p:1", "p:2"))
    wait_for("the new image beside the sidecar", lambda: [c["image"] for c in world.kube.get("statefulset", "full", "-n", "servers")["spec"]["template"]["spec"][
        "containers"]] in (["registry.example/p:2", "registry.example/side"], ["registry.example/side", "registry.example/p:2"],
                           ["registry.example/p:2"]), 60)
    # Drift, which the controller takes back.
    for kind, where in (("service", "/spec/ports/0/port"), ("configmap", "/metadata/labels/app.kubernetes.io~1name")):
        name = "pyroscope" if kind == "service" else "pyroscope-config"
        value = 4041 if kind == "service" else "other"
        before = world.kube.get(kind, name, "-n", "servers")["metadata"]["resourceVersion"]
        world.kube.run("patch", kind, name, "-n", "servers", "--type=json", "-p", json.dumps([{"op": "replace", "path": where, "value": value}]))

        def restored():
            now = world.kube.get(kind, name, "-n", "servers")
            for key in where.replace("~1", "\0").split("/")[1:]:
                now = now[int(key)] if isinstance(now, list) else now[key.replace("\0", "/")]
            return now != value
        wait_for(f"the {kind} changed after {before} to be restored", restored, 30)


def restart(world):
    for kind, name, version in (("Deployment", "web", "apps/v1"), ("StatefulSet", "db", "apps/v1"), ("DaemonSet", "node", "apps/v1"),
                                ("Rollout", "canary", "argoproj.io/v1alpha1")):
        world.workload(kind, name, "managed", [f"{name}-0", f"{name}-1"], version)
    job = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "registry.example/app:1"}]}}}
    run = world.create("batch/v1", "Job", "import", "managed", spec=job)
    world.pod("import-x", "managed", {"app": "import"}, run)
    policy(world, "managed", "RolloutRestart")
    for kind, name in (("deployment", "web"), ("statefulset", "db"), ("daemonset", "node"), ("rollout", "canary")):
        def restarted():
            owner = world.kube.get(kind, name, "-n", "managed")
            metadata = owner["metadata"] if kind == "rollout" else owner["spec"]["template"]["metadata"]
            if "profiling.dev/restarted-for" in metadata.get("annotations", {}):
                return True
            record = world.kube.get("workloadprofile", f"{kind}-{name}", "-n", "managed")
            raise AssertionError((record or {}).get("status", {}).get("rollout"))
        wait_for(f"the restart of {kind} {name}", restarted, 60)


def evict_and_undo(world):
    owner, labels = world.workload("Deployment", "web", "evicted", ["web-1-a", "web-1-b"])
    policy(world, "evicted", "Evict")
    wait_for("an eviction", lambda: not world.kube.get("pod", "web-1-a", "-n", "evicted") or not world.kube.get("pod", "web-1-b", "-n", "evicted"), 60)
    revision = world.kube.get("profilingpolicy", "team", "-n", "evicted")["status"]["targetRevision"]
    world.pod("web-1-c", "evicted", labels, owner, broken=True, revision=revision)
    world.kube.run("annotate", "profilingpolicy", "team", "-n", "evicted", f"profiling.dev/abort={revision}")
    wait_for("the broken pod to be deleted", lambda: not world.kube.get("pod", "web-1-c", "-n", "evicted"), 60)


def revise(world):
    """More revisions than are kept, and a condition that comes and goes."""
    wide = """{apiVersion: profiling.dev/v1alpha1, kind: ClusterProfilingPolicy, metadata: {name: wide},
      spec: {mode: Observe, namespaceSelector: {matchLabels: {none: such}}, serverRef: {name: %s, namespace: servers}}}"""
    for name in ("gone", "pyroscope", "gone", "pyroscope", "gone"):
        world.kube.apply(wide % name)
        wait_for("the policy's condition", lambda: (condition(world.kube.get("clusterprofilingpolicy", "wide"), "ServerAvailable").get(
            "reason") == "ServerNotFound") == (name == "gone"), 30)
    policy(world, "servers", "Evict", "many", tags={"n": "0"})
    for n in range(1, 8):
        policy(world, "servers", "Evict", "many", tags={"n": str(n)})
        wait_for("the revision", lambda: world.kube.get("profilingpolicy", "many", "-n", "servers")["status"]["observedGeneration"] == n + 1, 30)
    wait_for("old revisions to go", lambda: len(world.kube.items("controllerrevisions", "-n", "servers")) < 8, 60)


def test_a_normal_run_is_allowed_and_uses_every_right(world):
    rights = granted(world.objects)
    make_certificates(world.folder, "127.0.0.1")
    world.start("webhook", "--listen=127.0.0.1:0", f"--tls-dir={world.folder}")
    controller = world.start("controller")
    serve(world)
    restart(world)
    evict_and_undo(world)
    revise(world)
    world.kube.run("patch", "secret", f"{FULL}-tls", "-n", SYSTEM, "--type=merge", "-p", '{"data": {"tls.crt": ""}}')
    wait_for("the certificate to be issued anew", lambda: world.kube.get("secret", f"{FULL}-tls", "-n", SYSTEM)["data"]["tls.crt"], 30)
    world.kube.run("patch", "secret", f"{FULL}-tls-ca", "-n", SYSTEM, "--type=merge", "-p", '{"data": {"ca.crt": ""}}')
    wait_for("the authority to be made anew", lambda: world.kube.get("secret", f"{FULL}-tls-ca", "-n", SYSTEM)["data"]["ca.crt"], 30)
    world.workload("Deployment", "web", "measured", ["web-1-a", "web-1-b"])
    policy(world, "measured", "Evict", gates={"maxCPUOverheadPercent": 5})
    wait_for("a look at the metrics", lambda: any(e["objectRef"].get("apiGroup") == "metrics.k8s.io" for e in world.audited() if "objectRef" in e), 60)
    world.kube.run("delete", "profilingpolicy", "team", "-n", "managed")
    wait_for("records to go", lambda: not world.kube.get("workloadprofile", "job-import", "-n", "managed"), 60)
    wait_for("the DaemonSet of eBPF", lambda: world.kube.get("daemonset", f"{FULL}-ebpf", "-n", SYSTEM), 30)
    world.kube.run("patch", "daemonset", f"{FULL}-ebpf", "-n", SYSTEM, "--type=merge", "-p", '{"spec": {"template": {"spec": {"hostPID": false}}}}')
    wait_for("its drift", lambda: world.kube.get("daemonset", f"{FULL}-ebpf", "-n", SYSTEM)["spec"]["template"]["spec"].get("hostPID"), 30)
    assert controller.stop() == 0
    world.install()  # the defaults: neither eBPF nor restarts
    rights |= granted(world.objects)
    world.start("controller")
    wait_for("eBPF to be removed", lambda: not world.kube.get("daemonset", f"{FULL}-ebpf", "-n", SYSTEM), 30)
    wait_for("the policy to report what it lacks", lambda: condition(world.kube.get("profilingpolicy", "team", "-n", "measured"), "RestartsGranted").get(
        "reason") == "RestartsNotGranted", 30)
    world.workload("Deployment", "late", "measured", ["late-1-a", "late-1-b"])
    wait_for("a record of it", lambda: (world.kube.get("workloadprofile", "deployment-late", "-n", "measured") or {}).get("status", {}).get("phase"), 60)
    world.stop()

    events = list(world.audited())
    refused = [f"{e['verb']} {e['requestURI']}: {e['responseStatus'].get('message')}" for e in events
               if e.get("responseStatus", {}).get("code") == 403]
    assert not refused, "\n".join(refused)
    lines, unused = [], []
    requests = used(events)
    roles = {right[1:] for right in rights if right[1]}
    for right in sorted(rights - {ASKED_BY_ADMISSION}):
        account, namespace, group, resource, name, verb = right
        fitting = sorted({text for (a, n, g, r, o, v), text in requests.items()
                          if (a, g, r, v) == (account, group, resource, verb) and (not name or o == name) and (not namespace or n == namespace)
                          and (namespace or not {(n, g, r, o, v), (n, g, r, "", v)} & roles)})
        what = f"{account} {namespace or '*'} {verb} {resource}{'.' + group if group else ''}{' ' + name if name else ''}"
        lines.append(f"{what}: {fitting[0] if fitting else None}")
        if not fitting:
            unused.append(what)
    assert not unused, "no request of the run uses these rights:\n" + "\n".join(unused)
    text = "".join(f"{line}\n" for line in lines)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert GOLDEN.read_text() == text
