"""Which records the controller believes, in a real kube-apiserver without the chart's admission policies (there is no kubelet and no garbage collector)."""
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
import rights_world  # noqa: E402
from kube import Kube, wait_for  # noqa: E402
from processes import Operator, install_crds  # noqa: E402

DIGEST = "sha256:" + "c" * 64
SLOTS = 20  # of the whole cluster, unless a flag says otherwise
NAMESPACES = ("forger", "victim", "orphaned", "profiling-system")


class World(rights_world.World):
    def __init__(self, control_plane, folder):
        self.kube, self.kubeconfig, self.folder = Kube(control_plane), control_plane, folder

    def policy(self, namespace, soak="0s"):
        self.kube.apply(f"""
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {{name: team, namespace: {namespace}}}
spec:
  endpoint: {{url: 'https://pyroscope.example'}}
  languages: [Python]
  activation: Selected
  rollout: {{pods: {{steps: [100], soak: {soak}}}, restart: {{mode: Managed, method: Evict, cooldown: 0s}}}}
""")

    def record(self, name, namespace):
        return self.kube.get("workloadprofile", name, "-n", namespace)

    def forge(self, name, status, marks, owners):
        self.create("profiling.dev/v1alpha1", "WorkloadProfile", f"deployment-{name}", "forger", status, owners, spec={})
        if marks:  # last: from now on the controller looks at it
            self.kube.run("annotate", "workloadprofile", f"deployment-{name}", "-n", "forger", f"profiling.dev/pod-group={marks}")


@pytest.fixture(scope="module")
def world(control_plane, tmp_path_factory):
    made = World(control_plane, tmp_path_factory.mktemp("records"))
    install_crds(made.kube)
    for name in NAMESPACES:
        made.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}")
        made.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {name}}}}}")
    process = Operator(made.folder, "controller", f"--kubeconfig={control_plane}", "--leader-elect=false", "--restarts")
    wait_for("the controller to be ready", process.ready, 30)
    yield made
    process.stop()
    for name in NAMESPACES:
        made.kube.run("delete", "profilingpolicies,workloadprofiles,deployments,replicasets", "--all", "-n", name)
        made.kube.run("delete", "pods", "--all", "-n", name, "--force", "--grace-period=0", check=False)


def test_forged_records_hold_no_slot_and_quarantine_nothing(world):
    world.policy("forger")
    broken = [{"image": DIGEST, "agent": "python 1.0", "policy": "x", "revision": "c1149b4f99", "time": "2026-11-29T00:00:00Z"}]
    for i in range(SLOTS):
        workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"z{i}", "uid": f"u-{i}"}
        # A policy that does not exist; in the second half one that does, and the marks of a record of ours.
        policy = {"kind": "ProfilingPolicy", "name": "team"} if i >= SLOTS / 2 else {"kind": "ClusterProfilingPolicy", "name": "any"}
        status = {"workloadRef": workload, "policyRef": policy, "rollout": {
            "state": "Stepping", "restartMode": "Managed", "quarantine": broken, "targetRevision": "c1149b4f99", "probe": True}}
        marked = i >= SLOTS / 2
        world.forge(f"z{i}", status, f"Deployment/z{i}" if marked else "", [{**workload, "controller": True}] if marked else [])
    wait_for("the marked records, of workloads that do not exist, to be deleted",
             lambda: len(world.kube.items("workloadprofiles", "-n", "forger")) == SLOTS / 2, 60)
    world.workload("Deployment", "shop", "victim", ["shop-1-a", "shop-1-b"])
    for pod in ("shop-1-a", "shop-1-b"):
        world.kube.run("patch", "pod", pod, "-n", "victim", "--subresource=status", "--type=merge", "-p", json.dumps({"status": {"containerStatuses": [
            {"name": "app", "image": "registry.example/shop:22", "imageID": f"registry.example/shop@{DIGEST}", "ready": True, "restartCount": 0, "state": {"running": {}}}]}}))
    world.policy("victim")

    def evicted():
        left = world.kube.items("pods", "-n", "victim")
        assert len(left) < 2, (world.record("deployment-shop", "victim") or {}).get("status", {}).get("rollout")
        return True
    wait_for("the victim's turn", evicted, 60)


def test_the_record_follows_the_deployment_that_adopts_the_pods(world):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "registry.example/web:22"}]}}
    world.workload("Deployment", "web", "orphaned", ["web-1-a", "web-1-b"])
    world.policy("orphaned", soak="24h")
    wait_for("the record", lambda: world.record("deployment-web", "orphaned"), 30)
    world.kube.run("delete", "deployment", "web", "-n", "orphaned", "--cascade=background")  # nothing collects what it leaves
    counts = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    made = world.create("apps/v1", "Deployment", "web", "orphaned", counts, spec={"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template})
    world.kube.run("patch", "replicaset", "web-1", "-n", "orphaned", "--type=merge", "-p", json.dumps({"metadata": {"ownerReferences": [made]}}))

    def followed():
        record = world.record("deployment-web", "orphaned")
        assert record, "deleted, and not yet made anew"
        assert record["metadata"]["ownerReferences"][0]["uid"] == made["uid"], record["status"].get("rollout")
        return True
    wait_for("the record to name the new Deployment", followed, 120)
