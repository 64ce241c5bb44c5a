"""Profiling of nodes: the chart's values and rights, the real binary under its own account, a real kube-apiserver."""
import json
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, environment, wait_for  # noqa: E402
from processes import Operator, install_crds  # noqa: E402

NAMESPACE, CONTROLLER, NAME = "nodes", "profiling-operator-controller", "profiling-operator-ebpf"
ON = ("--set=ebpf.enabled=true", "--set=ebpf.optIn=All", "--set=ebpf.tolerations[0].operator=Exists",
      "--set=ebpf.nodeSelector.disk=ssd", "--set=ebpf.priorityClassName=system-node-critical")
# The test's own additions.
OURS = ("--health-address", "--agent-", "--log-format", "--leader-elect")


class World:
    def __init__(self, control_plane, folder):
        self.kube, self.folder, self.process = Kube(control_plane), folder, None
        self.config = yaml.safe_load(pathlib.Path(control_plane).read_text())

    def install(self, *values):
        """Installs as helm would; returns the controller's arguments as kubelet would pass them."""
        version = json.loads(self.kube.run("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
        done = subprocess.run(["helm", "template", "profiling-operator", str(ROOT / "charts/profiling-operator"), "--namespace",
                               NAMESPACE, "--kube-version", version, "--set=image.registry=registry.example", *values],
                              capture_output=True, text=True, timeout=60, env=environment())
        assert done.returncode == 0, done.stderr
        objects = [o for o in yaml.safe_load_all(done.stdout) if o]
        kinds = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
        used = [o for o in objects if o["kind"] in kinds or o["metadata"]["name"] == CONTROLLER]
        self.kube.run("apply", "--server-side", "--force-conflicts", "-f", "-",
                      stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": used}))
        args = next(o for o in used if o["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
        return [a.replace("$$", "$") for a in args if not a.startswith(OURS)]

    def start(self, *values):
        """The controller with the rights that the chart gives it, and no more."""
        arguments = self.install(*values)
        token = self.kube.run("create", "token", CONTROLLER, "-n", NAMESPACE).stdout.strip()
        mine = json.loads(json.dumps(self.config))
        mine["users"] = [{"name": mine["users"][0]["name"], "user": {"token": token}}]
        kubeconfig = pathlib.Path(self.folder) / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(mine))
        self.process = Operator(self.folder, *arguments, f"--kubeconfig={kubeconfig}", "--no-leader-elect")
        return self.process

    def stop(self):
        assert self.process.stop() == 0
        assert "HTTP 403" not in self.process.text() and "forbidden" not in self.process.text().lower()

    def live(self, kind):
        return self.kube.get(kind, NAME, "-n", NAMESPACE)

    def template(self):
        return self.live("daemonset")["spec"]["template"]

    def config_text(self):
        return self.live("configmap")["data"]["config.alloy"]


@pytest.fixture(scope="module")
def module_world(control_plane, tmp_path_factory):
    world = World(control_plane, tmp_path_factory.mktemp("ebpf"))
    subprocess.run([str(ROOT / "hack/cluster/cluster"), "build", "helm"], check=True, capture_output=True, timeout=540)
    install_crds(world.kube)
    world.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}")
    return world


@pytest.fixture
def world(module_world):
    yield module_world
    if module_world.process and module_world.process.process.poll() is None:
        module_world.process.process.kill()
        module_world.process.process.wait()
    module_world.kube.run("delete", "daemonset,configmap", NAME, "-n", NAMESPACE, "--ignore-not-found")


def test_the_objects_are_created_restored_updated_and_deleted(world):
    process = world.start(*ON)
    wait_for("the DaemonSet", lambda: world.live("daemonset"), 60)
    owner = world.kube.get("deployment", CONTROLLER, "-n", NAMESPACE)["metadata"]["uid"]
    for kind in ("daemonset", "configmap"):
        assert [o["uid"] for o in world.live(kind)["metadata"]["ownerReferences"]] == [owner]
    spec = world.template()["spec"]
    assert spec["hostPID"] and spec["nodeSelector"] == {"disk": "ssd"} and spec["priorityClassName"] == "system-node-critical"
    assert spec["containers"][0]["image"] == "grafana/alloy:v1.18.1"
    assert 'url = "http://pyroscope.profiling.svc:4040"' in world.config_text()

    world.kube.run("patch", "daemonset", NAME, "-n", NAMESPACE, "--type=json", "-p", json.dumps([
        {"op": "replace", "path": "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", "value": False},
        {"op": "remove", "path": "/spec/template/spec/containers/0/resources"}]))
    wait_for("the DaemonSet to be put back", lambda: world.template()["spec"] == spec, 30)
    world.kube.run("delete", "configmap", NAME, "-n", NAMESPACE)
    wait_for("the configuration to be put back", lambda: world.live("configmap"), 30)
    world.kube.run("delete", "daemonset", NAME, "-n", NAMESPACE)
    wait_for("the DaemonSet to be made again", lambda: world.live("daemonset"), 30)

    before = (world.live("daemonset")["metadata"]["generation"], process.metric("profiling_reconcile_total", controller="ebpf"))
    world.kube.run("annotate", "daemonset", NAME, "-n", NAMESPACE, "somebody/else=was here")
    wait_for("another look", lambda: process.metric("profiling_reconcile_total", controller="ebpf") > before[1], 30)
    assert world.live("daemonset")["metadata"]["generation"] == before[0], "what others add is no business of ours"
    world.stop()

    hash_before = world.template()["metadata"]["annotations"]["profiling.dev/config-hash"]
    world.start(*ON, "--set=ebpf.sampleHz=97")
    wait_for("the new rate", lambda: "sample_rate = 97" in world.config_text(), 30)
    wait_for("a restart", lambda: world.template()["metadata"]["annotations"]["profiling.dev/config-hash"] != hash_before, 30)
    world.stop()

    world.start()
    wait_for("both to vanish", lambda: not world.live("daemonset") and not world.live("configmap"), 30)
    world.stop()


def test_alloys_pod_can_be_created_and_has_read_only_access(world):
    world.start(*ON)
    template = wait_for("the DaemonSet", lambda: world.live("daemonset"), 60)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alloy", "namespace": NAMESPACE, **template["metadata"]},
           "spec": template["spec"]}
    done = world.kube.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
    assert "created (server dry run)" in done.stdout
    account = f"--as=system:serviceaccount:{NAMESPACE}:{NAME}"

    def may(*what):
        return world.kube.run("auth", "can-i", *what, "-A", account, check=False).stdout.strip() == "yes"

    assert all(may(verb, kind) for verb in ("get", "list", "watch") for kind in ("pods", "namespaces"))
    assert not any(may(*what) for what in (("create", "pods"), ("get", "secrets"), ("get", "configmaps"),
                                             ("create", "pods", "--subresource=exec")))
    world.stop()


def test_foreign_objects_are_not_touched(world):
    world.kube.apply(f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: {NAME}, namespace: {NAMESPACE}}}
spec:
  selector: {{matchLabels: {{app: theirs}}}}
  template: {{metadata: {{labels: {{app: theirs}}}}, spec: {{containers: [{{name: a, image: registry.example/a}}]}}}}
""")
    theirs = world.live("daemonset")["metadata"]
    world.start(*ON).wait_for_log("exists and does not belong to this operator")
    assert world.live("configmap") is None
    world.stop()
    process = world.start()
    wait_for("the look at it", lambda: process.metric("profiling_reconcile_total", controller="ebpf") > 0, 30)
    after = world.live("daemonset")["metadata"]
    assert (after["uid"], after["resourceVersion"]) == (theirs["uid"], theirs["resourceVersion"])
    world.stop()


def test_an_invalid_value_ends_the_process_and_is_named(world):
    process = Operator(world.folder, "controller", '--ebpf={"image":"a","server":{"namespace":"a","name":"b"},"sampleHz":0}')
    assert process.process.wait(20) == 2
    assert "--ebpf: at /sampleHz: 0 must be between 1 and 100" in process.text()
