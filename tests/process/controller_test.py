"""Controllers as real processes behind a real kube-apiserver: one leads, the other takes over."""
import pathlib
import signal
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, condition, wait_for  # noqa: E402
from processes import Operator, install_crds, kubeconfig_through  # noqa: E402

LEASE = ("lease", "profiling-operator-controller", "-n", "profiling-system")
# Fail-over by expiry would take half a minute with the defaults.
QUICK = ("--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=500ms")
SERVER = """
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {{name: {name}, namespace: profiling}}
spec:
  image: registry.example/pyroscope:1
  storage: {{type: S3, s3: {{endpoint: "s3.example:9000", bucket: profiles, credentials: {{secretRef: {{name: s3}}}}}}}}
"""


class World:
    def __init__(self, control_plane, folder):
        self.kube, self.kubeconfig, self.folder, self.running = Kube(control_plane), control_plane, folder, []

    def start(self, *flags, kubeconfig=None):
        process = Operator(self.folder, "controller", f"--kubeconfig={kubeconfig or self.kubeconfig}", *flags)
        self.running.append(process)
        return process

    def leader(self, *flags):
        process = self.start(*flags)
        process.wait_for_log("Became leader")
        return process

    def standby(self, *flags):
        process = self.start(*flags)
        process.wait_for_log("Leader seen")
        wait_for("the standby to be ready", process.ready, 30)
        return process

    def holder(self):
        return self.kube.get(*LEASE)["spec"]["holderIdentity"]

    def serve(self, name):
        """Applies a server and waits for a controller to have made its StatefulSet."""
        self.kube.apply(SERVER.format(name=name))
        return wait_for(f"the StatefulSet of {name}", lambda: self.kube.get("statefulset", name, "-n", "profiling"), 30)


@pytest.fixture(scope="module")
def cluster(control_plane, tmp_path_factory):
    world = World(control_plane, tmp_path_factory.mktemp("controller"))
    install_crds(world.kube)
    for namespace in ("profiling", "profiling-system"):
        world.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}")
    return world


@pytest.fixture
def world(cluster):
    cluster.kube.run("delete", *LEASE, "--ignore-not-found")
    yield cluster
    for process in cluster.running:
        if process.process.poll() is None:
            process.process.send_signal(signal.SIGCONT)
            process.process.kill()
            process.process.wait()
    cluster.running.clear()


def test_the_leader_writes_and_the_standby_does_not(world):
    leader = world.leader()
    standby = world.standby()
    world.serve("one")
    assert leader.metric("leader_election_master_status") == 1
    assert standby.metric("leader_election_master_status") == 0
    assert standby.metric("profiling_reconcile_total") == 0
    assert leader.metric("profiling_reconcile_total") > 0
    for begun, ended in (("workqueue_adds_total", "workqueue_work_duration_seconds_count"),
                         ("rest_client_requests_total", "rest_client_request_duration_seconds_count")):
        before = leader.metric(ended)  # read first, because the other only grows meanwhile
        assert leader.metric(begun) >= before > 0
    assert leader.metric("profiling_watch_streamed_lists_total") == 16


def test_condition_changes_emit_events(world):
    leader = world.leader()
    world.serve("seen")

    def events():
        # By kind as well: the API server's own allocator writes events of the Service of the same name.
        return [e for e in world.kube.items("events.events.k8s.io", "-n", "profiling")
                if (e["regarding"]["kind"], e["regarding"]["name"]) == ("ProfilingServer", "seen")]

    event = wait_for("an event of the server", events, 30)[0]
    assert event["reportingController"] == "profiling.dev/controller"
    assert event["reason"] and event["note"] and event["type"] in ("Normal", "Warning")
    assert leader.metric("profiling_events_total") > 0


def test_the_status_of_a_cluster_policy_counts_namespaces(world):
    world.leader()
    world.serve("everyones")
    world.kube.apply("""
apiVersion: profiling.dev/v1alpha1
kind: ClusterProfilingPolicy
metadata: {name: everywhere}
spec: {serverRef: {name: everyones, namespace: profiling}, namespaceSelector: {matchLabels: {tier: shop}}}
""")

    def ready(reason, said):
        found = condition(world.kube.get("clusterprofilingpolicy", "everywhere"), "Ready")
        return found.get("reason") == reason and said in found["message"]

    wait_for("the policy to wait for its server", lambda: ready("ServerNotReady", "'profiling/everyones'"), 30)
    for name in ("shop-a", "shop-b"):
        world.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{tier: shop}}}}}}")
    wait_for("the missing grant to be reported", lambda: ready("ServerNotGranted", "none of the 2 namespaces"), 30)
    status = world.kube.get("clusterprofilingpolicy", "everywhere")["status"]
    assert (status["phase"], status["pods"]["profiled"], len(status["targetRevision"])) == ("Degraded", 0, 10)

    def events():
        return [e for e in world.kube.items("events.events.k8s.io", "-n", "default")
                if e["regarding"]["kind"] == "ClusterProfilingPolicy" and e["reason"] == "ServerNotGranted"]

    wait_for("an event of the cluster policy", events, 30)
    world.kube.run("delete", "clusterprofilingpolicy", "everywhere")


def test_a_stopped_leader_hands_over_at_once(world):
    leader, standby = world.leader(), world.standby()
    assert leader.stop() == 0
    assert "Lease released" in leader.text()
    standby.wait_for_log("Became leader", deadline=20)  # by expiry it would take 30 s
    world.serve("two")


def test_a_killed_leader_is_replaced_when_its_lease_expires(world):
    leader, standby = world.leader(*QUICK), world.standby(*QUICK)
    leader.process.kill()
    standby.wait_for_log("Became leader", deadline=30)
    world.serve("three")
    assert world.kube.get(*LEASE)["spec"]["leaseTransitions"] == 1


def test_a_frozen_leader_does_no_harm_when_it_wakes(world):
    leader, standby = world.leader(*QUICK), world.standby(*QUICK)
    world.serve("four")
    leader.process.send_signal(signal.SIGSTOP)
    standby.wait_for_log("Became leader", deadline=30)
    holder = world.holder()
    # Both would have to act on this; the frozen process sees it when it wakes.
    stateful_set = world.serve("five")
    leader.process.send_signal(signal.SIGCONT)
    assert leader.process.wait(20) == 1
    assert "Leadership lost" in leader.text()
    after = world.kube.get("statefulset", "five", "-n", "profiling")
    assert after["metadata"]["uid"] == stateful_set["metadata"]["uid"]
    assert after["metadata"]["generation"] == 1
    assert world.holder() == holder


def test_a_leader_cut_off_from_the_api_server_exits(world):
    path, kubeconfig = kubeconfig_through(world.kubeconfig, world.folder)
    leader = world.start(*QUICK, kubeconfig=kubeconfig)
    leader.wait_for_log("Became leader")
    standby = world.standby(*QUICK)
    path.cut()
    assert leader.process.wait(30) == 1
    assert "not renewed within 3000 ms" in leader.text()
    standby.wait_for_log("Became leader", deadline=30)
    path.close()


def test_without_election_it_writes_at_once(world):
    process = world.start("--no-leader-elect")
    world.serve("six")
    assert process.metric("leader_election_master_status") == 1
    assert world.kube.get(*LEASE) is None
    assert process.stop() == 0


@pytest.mark.parametrize("flags, said", [
    (["--leader-elect-lease-duration=10s"], "--leader-elect-lease-duration 10s must be longer"),
    (["--leader-elect-retry-period=15s"], "--leader-elect-renew-deadline 20s must be more than twice"),
    (["--leader-elect-retry-period=4"], "--leader-elect-retry-period"),
    (["--leader-elect-retry-period=fast"], "--leader-elect-retry-period"),
])
def test_impossible_timings_are_refused(world, flags, said):
    process = world.start(*flags)
    assert process.process.wait(10) == 2
    assert said in process.text()

