"""Workload records and the numbers of policies, from pods in a real kube-apiserver (there is no kubelet: pods are objects)."""
import json
import pathlib
import re
import sys
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, wait_for  # noqa: E402
from processes import Operator, install_crds  # noqa: E402

NAMESPACE = "workloads"
ENDPOINT = "endpoint: {url: 'https://pyroscope.example'}, languages: [Java, Python, NodeJS]"


def owner(api_version, kind, name, uid):
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": True}


class World:
    def __init__(self, control_plane, folder):
        self.kube, self.kubeconfig, self.folder = Kube(control_plane), control_plane, folder
        self.process = None

    def start(self):
        self.process = Operator(self.folder, "controller", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false")
        wait_for("the controller to be ready", self.process.ready, 30)
        return self.process

    def create(self, api_version, kind, name, spec, labels=None, owners=(), annotations=None):
        made = {"apiVersion": api_version, "kind": kind, "spec": spec,
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels or {}, "annotations": annotations or {},
                             "ownerReferences": list(owners)}}
        return json.loads(self.kube.run("create", "-o", "json", "-f", "-", stdin=json.dumps(made)).stdout)["metadata"]["uid"]

    def pod(self, name, labels, owners, image="example/app:1", annotations=None):
        spec = {"containers": [{"name": "app", "image": image}], "terminationGracePeriodSeconds": 0}
        self.create("v1", "Pod", name, spec, labels, owners, annotations)

    def template(self, labels):
        return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "example/app:1"}]}}

    def policy(self, name, text=ENDPOINT, kind="ProfilingPolicy", activation="Selected"):
        metadata = f"name: {name}" + ("" if kind.startswith("Cluster") else f", namespace: {NAMESPACE}")
        self.kube.apply(f"{{apiVersion: profiling.dev/v1alpha1, kind: {kind}, metadata: {{{metadata}}}, "
                        f"spec: {{activation: {activation}, {text}}}}}")

    def record(self, name):
        return self.kube.get("workloadprofile", name, "-n", NAMESPACE)

    def phase(self, name, wanted):
        def reached():
            found = self.record(name)
            return found if found and found.get("status", {}).get("phase") == wanted else None
        return wait_for(f"{name} to be {wanted}", reached, 30)

    def requests(self, method):
        text = urllib.request.urlopen(f"{self.process.health}/metrics", timeout=5).read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith("rest_client_requests_total{") and re.search(rf'method="{method}"', line))


@pytest.fixture(scope="module")
def world(control_plane, tmp_path_factory):
    made = World(control_plane, tmp_path_factory.mktemp("workloads"))
    install_crds(made.kube)
    for name in (NAMESPACE, "profiling-system"):
        made.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}")
    made.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {NAMESPACE}}}}}")
    made.start()
    yield made
    made.process.stop()


def test_each_kind_of_workload_is_found_by_its_pods(world):
    selector = {"matchLabels": {"app": "x"}}
    deployment = world.create("apps/v1", "Deployment", "web", {"selector": selector, "template": world.template({"app": "x"})})
    labels = {"app": "x", "pod-template-hash": "5d8f"}
    replica_set = world.create("apps/v1", "ReplicaSet", "web-5d8f", {"selector": {"matchLabels": labels}, "template": world.template(labels)},
                               owners=[owner("apps/v1", "Deployment", "web", deployment)])
    for i in range(3):
        world.pod(f"web-5d8f-{i}", labels, [owner("apps/v1", "ReplicaSet", "web-5d8f", replica_set)])
    labels = {"app": "r", "rollouts-pod-template-hash": "7c9b"}
    rollout_set = world.create("apps/v1", "ReplicaSet", "canary-7c9b", {"selector": {"matchLabels": labels}, "template": world.template(labels)},
                               owners=[owner("argoproj.io/v1alpha1", "Rollout", "canary", "00000000-0000-0000-0000-000000000001")])
    world.pod("canary-7c9b-0", labels, [owner("apps/v1", "ReplicaSet", "canary-7c9b", rollout_set)])
    lone = world.create("apps/v1", "ReplicaSet", "lone", {"selector": selector, "template": world.template({"app": "x"})})
    world.pod("lone-0", {"app": "l"}, [owner("apps/v1", "ReplicaSet", "lone", lone)])
    stateful = world.create("apps/v1", "StatefulSet", "db", {"serviceName": "db", "selector": selector, "template": world.template({"app": "x"})})
    world.pod("db-0", {"controller-revision-hash": "db-1"}, [owner("apps/v1", "StatefulSet", "db", stateful)])
    job_spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "example/app:1"}]}}}
    cron = world.create("batch/v1", "CronJob", "nightly", {"schedule": "0 3 * * *", "jobTemplate": {"spec": job_spec}})
    run = world.create("batch/v1", "Job", "nightly-29000000", job_spec, owners=[owner("batch/v1", "CronJob", "nightly", cron)])
    world.pod("nightly-29000000-x", {"app": "j"}, [owner("batch/v1", "Job", "nightly-29000000", run)])
    alone = world.create("batch/v1", "Job", "import-20260801", job_spec)
    world.pod("import-20260801-x", {"app": "j"}, [owner("batch/v1", "Job", "import-20260801", alone)])
    world.pod("bare", {"app": "b"}, [])

    world.policy("all")
    wanted = {"deployment-web": ("Deployment", 3), "rollout-canary": ("Rollout", 1), "replicaset-lone": ("ReplicaSet", 1),
              "statefulset-db": ("StatefulSet", 1), "cronjob-nightly": ("CronJob", 1), "job-import-20260801": ("Job", 1)}
    for name, (kind, pods) in wanted.items():
        record = world.phase(name, "Missed")
        assert record["status"]["workloadRef"]["kind"] == kind, "a name that looks like a CronJob's run need not be one"
        assert (record["status"]["pods"]["missed"], record["status"]["pods"]["total"]) == (pods, pods)
        assert record["metadata"]["ownerReferences"][0]["uid"] == record["status"]["workloadRef"]["uid"]
        assert record["status"]["preflight"]["reason"] == "Injected"
        assert record["status"]["preflight"]["languages"] == ["Java", "Python", "NodeJS"]
    assert world.record("deployment-web")["status"]["ownerUIDs"] == [replica_set]
    assert {r["metadata"]["name"] for r in world.kube.items("workloadprofiles", "-n", NAMESPACE)} == set(wanted), "none for a bare pod"

    def counted():
        status = world.kube.get("profilingpolicy", "all", "-n", NAMESPACE)["status"]
        return (status["workloads"]["matched"], status["pods"]["matched"], status["pods"]["missed"]) == (7, 9, 9)
    wait_for("the policy to count bare pods, too", counted, 30)
    table = world.kube.run("get", "workloadprofiles", "-n", NAMESPACE).stdout
    assert re.search(r"deployment-web +Missed +3 +0 +3 +0 +all +PodsMissed", table), table


def test_a_pod_that_gets_an_agent_is_counted_and_its_language_named(world):
    revision = world.record("deployment-web")["status"]["targetRevision"]
    decision = json.dumps({"policy": "all", "revision": revision, "action": "injected", "reason": "Injected",
                           "containers": [{"name": "app", "languages": [{"language": "python", "version": "1"}]}]})
    for i in range(3):
        world.kube.run("label", "pod", f"web-5d8f-{i}", "-n", NAMESPACE, f"profiling.dev/profiled={revision if i else 'older'}")
        world.kube.run("annotate", "pod", f"web-5d8f-{i}", "-n", NAMESPACE, f"profiling.dev/decision={decision}")
    wait_for("all three to be counted", lambda: world.record("deployment-web")["status"]["pods"]["profiled"] == 3, 30)
    record = world.phase("deployment-web", "Partial")
    assert (record["status"]["pods"]["outdated"], record["status"]["languages"]) == (1, ["Python"])
    world.kube.run("label", "pod", "web-5d8f-0", "-n", NAMESPACE, f"profiling.dev/profiled={revision}", "--overwrite")
    assert world.phase("deployment-web", "Profiled")["status"]["conditions"][0]["status"] == "True"


def test_a_refused_injection_states_its_reason(world):
    uid = world.kube.get("statefulset", "db", "-n", NAMESPACE)["metadata"]["uid"]
    world.kube.run("delete", "pod", "db-0", "-n", NAMESPACE)
    world.pod("db-0", {"controller-revision-hash": "db-2"}, [owner("apps/v1", "StatefulSet", "db", uid)],
              annotations={"profiling.dev/containers": "no-such-container"})
    record = world.phase("statefulset-db", "Skipped")
    assert record["status"]["skippedReasons"] == [{"reason": "UnknownContainer", "pods": 1}]
    assert "profiling.dev/containers" in record["status"]["conditions"][0]["message"]

    def reported():
        reasons = world.kube.get("profilingpolicy", "all", "-n", NAMESPACE)["status"].get("skippedReasons", [])
        return {"reason": "UnknownContainer", "pods": 1} in reasons
    wait_for("the policy to report it, too", reported, 30)


def test_precedence_and_observe(world):
    world.policy("preferred", f"priority: 5, mode: Observe, selector: {{matchLabels: {{app: l}}}}, {ENDPOINT}")
    record = world.phase("replicaset-lone", "Observed")
    assert record["status"]["policyRef"] == {"kind": "ProfilingPolicy", "name": "preferred"}
    assert (record["status"]["mode"], record["status"]["pods"]["missed"]) == ("Observe", 1)

    def shadowed():
        status = world.kube.get("profilingpolicy", "all", "-n", NAMESPACE)["status"]
        return status.get("shadowedBy") == [{"kind": "ProfilingPolicy", "name": "preferred", "workloads": 1}]
    wait_for("the loser to name the winner", shadowed, 30)
    world.kube.run("delete", "profilingpolicy", "preferred", "-n", NAMESPACE)
    world.phase("replicaset-lone", "Missed")


def test_a_restarted_controller_changes_nothing(world):
    versions = {r["metadata"]["name"]: r["metadata"]["resourceVersion"] for r in world.kube.items("workloadprofiles", "-n", NAMESPACE)}
    assert world.process.stop() == 0
    world.start()
    def settled():  # every workload is evaluated and the queue is empty
        return world.process.metric("profiling_reconcile_total") >= len(versions) and \
            world.process.metric("workqueue_depth") == 0 and world.process.metric("workqueue_unfinished_work_seconds") == 0
    wait_for("the queues to be empty", settled, 30)
    after = {r["metadata"]["name"]: r["metadata"]["resourceVersion"] for r in world.kube.items("workloadprofiles", "-n", NAMESPACE)}
    assert after == versions, "nothing is written again"


def test_records_outlive_their_policy_while_pods_carry_an_agent(world):
    world.kube.run("delete", "profilingpolicy", "all", "-n", NAMESPACE)
    def left():
        return {r["metadata"]["name"] for r in world.kube.items("workloadprofiles", "-n", NAMESPACE)}
    wait_for("the records to go", lambda: left() == {"deployment-web"}, 30)
    assert world.phase("deployment-web", "Unmatched")["status"]["pods"]["profiled"] == 3
    world.kube.run("delete", "pods", "-l", "app=x", "-n", NAMESPACE)
    wait_for("the last one to go", lambda: not left(), 30)


def test_a_record_has_no_unknown_field(world):
    refused = world.kube.run("create", "-f", "-", check=False, stdin=json.dumps(
        {"apiVersion": "profiling.dev/v1alpha1", "kind": "WorkloadProfile", "metadata": {"name": "mine", "namespace": NAMESPACE},
         "spec": {"paused": True, "revision": "x"}}))
    assert refused.returncode != 0 and 'unknown field "spec.revision"' in refused.stderr
