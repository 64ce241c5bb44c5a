"""hack/cluster/cluster: two clusters side by side, repair, interruption, and that nothing is left behind."""
import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack/lib"))
from kube import Kube, wait_for  # noqa: E402

COMMAND = ROOT / "hack/cluster/cluster"
KERNEL_SETTINGS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
                   "kernel/keys/root_maxkeys", "net/ipv4/ip_forward")
DENY = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}


class Cluster:
    def __init__(self, name, state_root):
        self.name, self.state = f"{name}{os.getpid() % 100000}", state_root / f"{name}{os.getpid() % 100000}"
        self.environment = {**os.environ, "PROFILING_STATE": str(state_root)}
        self.environment.pop("KUBECONFIG", None)

    def start(self, *arguments):
        return subprocess.Popen([COMMAND, "--name", self.name, *arguments], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, check=True):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        assert not check or process.returncode == 0, f"{arguments}:\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out.strip(), err)

    def pids(self):
        return {path.name: int(path.read_text().split()[0]) for path in (self.state / "run").iterdir()}

    def kill_up_when(self, exists, *arguments):
        """Kills `up` with SIGKILL as soon as a file of its state is there."""
        process = self.start("up", *arguments)
        wait_for(f"{exists} to appear", (self.state / exists).exists, 60, interval=0.01)
        process.kill()
        process.communicate()

    @property
    def kube(self):
        return Kube(self.run("kubeconfig").stdout, ["env", f"PROFILING_STATE={self.environment['PROFILING_STATE']}",
                                                     str(COMMAND), "--name", self.name, "kubectl"])


def traces(cluster):
    """Everything of the cluster that can be found on the machine."""
    found = [p for p in (cluster.state, pathlib.Path(f"/run/netns/profiling-{cluster.name}"),
                         pathlib.Path(f"/sys/class/net/pc-{cluster.name}")) if p.exists()]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(cluster.state) in (process / "cmdline").read_text() and process.name != str(os.getpid()):
                found.append((process / "cmdline").read_text().replace("\0", " ")[:200])
            if str(cluster.state) in (process / "mountinfo").read_text():
                found.append(f"a mount in process {process.name}")
    return found + [p for p in pathlib.Path("/sys/fs/cgroup").glob(f"**/profiling-cluster/{cluster.name}")]


def machine(cluster):
    def output(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def routes():
        """Without those of the links of other clusters, which come and go beside this test."""
        lines = output("ip", "route", "show", "table", "all").splitlines()
        return [line for line in lines if (link := re.search(r" dev pc-(\S+)", line)) is None or link.group(1) == cluster.name]

    settings = {name: pathlib.Path("/proc/sys", name).read_text() for name in KERNEL_SETTINGS}
    return settings, output("nft", "list", "ruleset"), routes()


@pytest.fixture(scope="module")
def state_root():
    with tempfile.TemporaryDirectory(prefix="pc-") as folder:
        yield pathlib.Path(folder, "state")


@pytest.fixture(scope="module")
def pair(state_root):
    """A whole cluster and a control plane, started at the same time."""
    whole, small = Cluster("w", state_root), Cluster("s", state_root)
    try:
        starting = [whole.start("up"), small.start("up", "--control-plane-only")]
        for process in starting:
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, err
        yield whole, small
    finally:
        for cluster in (whole, small):
            cluster.run("down", check=False)


def test_parallel_clusters_are_reachable_and_isolated(pair):
    whole, small = pair
    assert whole.run("host-ip").stdout != small.run("host-ip").stdout
    small.kube.run("create", "namespace", "only-here")
    assert whole.kube.get("namespace", "only-here") is None
    assert small.kube.items("nodes") == []
    assert sorted(small.pids()) == ["apiserver", "etcd"]


def test_a_pod_with_a_volume_runs_restricted_and_everything_answers(pair):
    whole, _ = pair
    whole.kube.apply((pathlib.Path(__file__).parent / "pod.yaml").read_text())
    whole.kube.run("wait", "-n", "cluster-test", "pod/writer", "--for=condition=Ready", "--timeout=60s", timeout=70)
    assert whole.kube.run("logs", "-n", "cluster-test", "writer").stdout == "written\n"
    assert whole.kube.run("exec", "-n", "cluster-test", "writer", "--", "cat", "/data/file").stdout == "written\n"
    assert "node1" in whole.kube.run("top", "nodes").stdout
    summary = json.loads(whole.kube.run("get", "--raw", "/api/v1/nodes/node1/proxy/stats/summary").stdout)
    assert summary["node"]["fs"]["capacityBytes"] > 0, "the kubelet knows its disk"
    address = whole.kube.get("service", "-n", "profiling", "s3")["spec"]["clusterIP"]
    assert whole.run("exec", "curl", "-s", "--noproxy", "*", f"http://{address}:7070/healthz").stdout == "OK"
    unsigned = whole.run("exec", "curl", "-s", "--noproxy", "*", f"http://{address}:7070/profiles")
    assert "AccessDenied" in unsigned.stdout, "a bucket without a key must not open"
    used = [v for v in whole.kube.items("pv") if v["spec"].get("claimRef", {}).get("namespace") == "cluster-test"]
    assert len(used) == 1
    whole.kube.run("delete", "namespace", "cluster-test", "--timeout=60s", timeout=70)
    name = used[0]["metadata"]["name"]
    wait_for("the volume to be available again", lambda: whole.kube.get("pv", name)["status"]["phase"] == "Available", 60)
    assert list((whole.state / "volumes" / name.removeprefix("local-")).iterdir()) == []


def echo_image(folder, reference):
    """An archive with an image that prints its arguments."""
    (folder / "root/bin").mkdir(parents=True)
    (folder / "root/bin/busybox").write_bytes(pathlib.Path("/bin/busybox").read_bytes())
    (folder / "root/bin/busybox").chmod(0o755)
    subprocess.run([ROOT / "hack/images/scratch_image.py", folder / "root", reference, folder / "image.tar",
                    "--entrypoint", "/bin/busybox", "--entrypoint", "echo", "--user", "1000"], check=True)
    return folder / "image.tar"


def test_the_node_pulls_what_was_pushed_to_the_registry_on_loopback(pair, tmp_path):
    whole, _ = pair
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert whole.run("registry", str(port)).stdout == f"localhost:{port}"
    archive = echo_image(tmp_path, "localhost/cluster-test/pulled:1")
    pushed = subprocess.run([ROOT / "hack/images/push", f"localhost:{port}/team", archive], capture_output=True, text=True, timeout=60)
    assert pushed.stdout == f"localhost:{port}/team/cluster-test/pulled:1\n", pushed.stderr
    whole.kube.run("run", "pulled", f"--image={pushed.stdout.strip()}", "--image-pull-policy=Always", "--restart=Never", "--",
                   "from", "the", "registry")
    wait_for("the pod to end", lambda: whole.kube.get("pod", "pulled")["status"]["phase"] == "Succeeded", 60)
    assert whole.kube.run("logs", "pulled").stdout == "from the registry\n"


def test_an_image_can_be_loaded_and_run(pair, tmp_path):
    whole, _ = pair
    whole.run("load-image", str(echo_image(tmp_path, "localhost/cluster-test/echo:1")))
    whole.kube.run("run", "echo", "--image=localhost/cluster-test/echo:1", "--image-pull-policy=Never",
                   "--restart=Never", "--", "from", "the", "image")
    wait_for("the pod to end", lambda: whole.kube.get("pod", "echo")["status"]["phase"] == "Succeeded", 60)
    assert whole.kube.run("logs", "echo").stdout == "from the image\n"
    (tmp_path / "bad.tar").write_text("not an archive")
    refused = whole.run("load-image", str(tmp_path / "bad.tar"), check=False)
    assert refused.returncode != 0 and "not a docker-archive" in refused.stderr


class Deny(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        body = json.dumps({**DENY, "response": {"uid": request["uid"], "allowed": False,
                                                "status": {"message": "no, says the host"}}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_the_api_server_calls_a_webhook_on_the_host(pair, tmp_path):
    _, small = pair
    address = small.run("host-ip").stdout
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=host", "-addext", f"subjectAltName=IP:{address}", "-days", "2",
                    "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.crt"], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer((address, 0), Deny)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    small.kube.apply(json.dumps({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "host"}, "webhooks": [{
            "name": "deny.cluster.test", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
            "clientConfig": {"url": f"https://{address}:{server.server_port}/",
                             "caBundle": base64.b64encode((tmp_path / "tls.crt").read_bytes()).decode()}}]}))
    try:
        def answer():
            done = small.kube.run("create", "configmap", "x", "--dry-run=server", check=False)
            return done.stderr if done.returncode else None

        assert "no, says the host" in wait_for("the webhook to be called", answer, 30)
    finally:
        small.kube.run("delete", "validatingwebhookconfiguration", "host")
        server.shutdown()


def test_up_on_a_running_cluster_only_repairs_missing_parts(pair):
    whole, _ = pair
    before = whole.pids()
    os.kill(before["scheduler"], signal.SIGKILL)
    whole.kube.run("delete", "deployment", "-n", "kube-system", "coredns")
    assert whole.run("status", check=False).returncode != 0
    whole.run("up")
    after = whole.pids()
    assert {name for name in before if before[name] != after[name]} == {"scheduler"}
    assert whole.run("status").returncode == 0
    whole.run("up")
    assert whole.pids() == after


def test_the_whole_cluster_leaves_nothing_behind(pair):
    whole, small = pair
    whole.run("down")
    assert traces(whole) == []
    assert small.kube.run("get", "--raw", "/readyz").stdout == "ok", "the other cluster goes on"


@pytest.mark.parametrize("moment", ["subnet", "run/apiserver", "run/containerd", "run/kubelet"])
def test_a_killed_up_is_cleaned_up(state_root, moment):
    cluster = Cluster("k", state_root)
    before = machine(cluster)
    cluster.kill_up_when(moment)
    cluster.run("down")
    assert traces(cluster) == []
    assert machine(cluster) == before


def test_up_succeeds_after_a_killed_up(state_root):
    cluster = Cluster("k", state_root)
    try:
        cluster.kill_up_when("run/containerd")
        again = cluster.run("up", "--control-plane-only")
        assert "remove an incomplete cluster" in again.stderr
        assert cluster.kube.run("get", "--raw", "/readyz").stdout == "ok"
        assert sorted(cluster.pids()) == ["apiserver", "etcd"]
    finally:
        cluster.run("down")
    assert traces(cluster) == []


def test_a_reused_pid_is_not_signalled(state_root):
    cluster = Cluster("p", state_root)
    with subprocess.Popen(["sleep", "300"]) as stranger:
        try:
            (cluster.state / "run").mkdir(parents=True)
            (cluster.state / "run/etcd").write_text(f"{stranger.pid} 1 x\n")
            cluster.run("down")
            assert not cluster.state.exists()
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("arguments, message", [
    (["--name", "a_b", "up"], "--name 'a_b': must be 1 to 12 letters, digits and dashes"),
    (["--name", "thirteen-char", "up"], "--name 'thirteen-char'"),
    (["up", "--fast"], "up: unknown argument '--fast'; allowed is --control-plane-only"),
    (["start"], "unknown command 'start'"),
    (["--nane", "x"], "unknown option '--nane'"),
    (["registry", "0"], "registry: '0' must be one port, 1 to 65535"),
    (["build", "etdc"], "build: unknown part 'etdc'; parts are: etcd"),
    (["--name", "absent", "kubeconfig"], "cluster 'absent' is not up"),
    (["--name", "absent", "kubectl", "get", "pods"], "cluster 'absent' is not up and KUBECONFIG is not set"),
])
def test_bad_input_is_named(arguments, message):
    environment = {k: v for k, v in os.environ.items() if k != "KUBECONFIG"}
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, env=environment, timeout=30)
    assert done.returncode != 0 and message in done.stderr


def test_a_state_path_too_long_for_sockets_is_refused():
    done = subprocess.run([COMMAND, "status"], capture_output=True, text=True,
                          env={**os.environ, "PROFILING_STATE": "/tmp/" + "x" * 60})
    assert done.returncode != 0 and "longer than the 60 characters" in done.stderr
