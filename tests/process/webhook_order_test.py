"""Our webhook with two other mutating webhooks, named before and after it: in any order, each applies its changes once."""
import base64
import copy
import http.server
import json
import ssl
import subprocess
import threading

import pytest
from kube import Kube, wait_for
from processes import Operator, install_crds, kubeconfig_through, make_certificates

POLICY = """
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: shop, namespace: order}
spec: {endpoint: {url: "http://pyroscope.example:4040"}, languages: [Python]}
"""


def add_container(pod):
    """As a service mesh does."""
    spec = pod["spec"]
    if all(c["name"] != "mesh" for c in spec["containers"]):
        spec["containers"].append({"name": "mesh", "image": "registry.example/mesh/envoy:1", "command": ["/usr/local/bin/envoy"]})


def add_settings(pod):
    """As an injector of secrets does: a volume, and in every container of the pod its mount and a variable."""
    spec = pod["spec"]
    if all(v["name"] != "settings" for v in spec.get("volumes", [])):
        spec.setdefault("volumes", []).append({"name": "settings", "emptyDir": {}})
    for container in spec["containers"] + spec.get("initContainers", []):
        if all(e["name"] != "SETTINGS" for e in container.get("env", [])):
            container.setdefault("env", []).append({"name": "SETTINGS", "value": "/settings/app.yaml"})
        if all(m["name"] != "settings" for m in container.get("volumeMounts", [])):
            container.setdefault("volumeMounts", []).append({"name": "settings", "mountPath": "/settings"})


OTHERS = {"/container": add_container, "/settings": add_settings}


class Others(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["content-length"])))
        before = review["request"]["object"]
        after = copy.deepcopy(before)
        OTHERS[self.path.split("?")[0]](after)
        response = {"uid": review["request"]["uid"], "allowed": True}
        if after != before:
            patch = json.dumps([{"op": "replace", "path": "/spec", "value": after["spec"]}])
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch.encode()).decode()}
        body = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class World:
    def __init__(self, kube, host, port, others, ca):
        self.kube, self.host, self.port, self.others = kube, host, port, others
        self.bundle = base64.b64encode(ca.read_bytes()).decode()

    def register(self, name, port, path):
        self.kube.apply(f"""
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {{name: {name}}}
webhooks:
- name: {name}.test.example
  clientConfig: {{url: "https://{self.host}:{port}{path}", caBundle: {self.bundle}}}
  rules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  sideEffects: None
  timeoutSeconds: 10
  admissionReviewVersions: [v1]
  namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: order}}}}
""")

    def created(self, pod):
        return json.loads(self.kube.run("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=json.dumps(pod)).stdout)


@pytest.fixture(scope="module")
def world(control_plane, tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    kube = Kube(control_plane)
    install_crds(kube)
    kube.apply("{apiVersion: v1, kind: Namespace, metadata: {name: order}}")
    kube.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: order}}")
    wait_for("the policy's kind to be served", lambda: kube.apply(POLICY), 30)
    path, through = kubeconfig_through(control_plane, folder)
    route = subprocess.run(["ip", "-json", "route", "get", path.target[0]], capture_output=True, text=True, check=True)
    host = json.loads(route.stdout)[0].get("prefsrc", "127.0.0.1")
    ca = make_certificates(folder, "127.0.0.1", host)
    others = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Others)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    others.socket = context.wrap_socket(others.socket, server_side=True)
    threading.Thread(target=others.serve_forever, args=(0.05,), daemon=True).start()
    ours = Operator(folder, "webhook", f"--kubeconfig={through}", "--listen=0.0.0.0:0", f"--tls-dir={folder}",
                    "--operator-namespace=profiling-system")
    try:
        port = int(ours.wait_for_log(r"Webhook served port=(\d+)").group(1))
        wait_for("the webhook to be ready", ours.ready, 30)
        yield World(kube, host, port, others.server_address[1], ca)
    finally:
        ours.stop()
        others.shutdown()
        others.server_close()
        path.close()


def pod():
    app = {"name": "app", "image": "registry.example/shop:1", "command": ["python3", "/app.py"],
           "env": [{"name": "PYTHONPATH", "value": "/srv"}]}
    # Without the token volume, whose name differs each time.
    return {"apiVersion": "v1", "kind": "Pod",
            "spec": {"containers": [app], "initContainers": [{"name": "migrate", "image": "registry.example/sql:1"}], "automountServiceAccountToken": False},
            "metadata": {"name": "p", "namespace": "order", "annotations": {"profiling.dev/inject": "true"}}}


def names(objects):
    return sorted(o["name"] for o in objects)


def without_order(value):
    """Sorts lists of named items, unpacks the decision (JSON in an annotation), and leaves out values that differ per request."""
    if isinstance(value, dict):
        return {k: without_order(json.loads(v) if k == "profiling.dev/decision" else v) for k, v in value.items()
                if k not in ("uid", "creationTimestamp", "managedFields")}
    if isinstance(value, list):
        return sorted((without_order(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


@pytest.fixture(scope="module")
def outcomes(world):
    """The resulting pods for both orders of the names."""
    made = {}
    for first, last in (("container", "settings"), ("settings", "container")):
        configurations = {f"a-{first}": (world.others, f"/{first}"), "m-profiling": (world.port, "/mutate-pods"), f"z-{last}": (world.others, f"/{last}")}
        for name, (port, path) in configurations.items():
            world.register(name, port, path)

        def all_called():
            result = world.created(pod())
            spec = result["spec"]
            return "mesh" in names(spec["containers"]) and "settings" in names(spec["volumes"]) and \
                "profiling.dev/profiled" in result["metadata"].get("labels", {}) and result
        try:
            made[first] = wait_for("the API server to call all three", all_called, 60)
        finally:
            world.kube.run("delete", "mutatingwebhookconfiguration", *configurations)
    return made


@pytest.mark.parametrize("first", ["container", "settings"])
def test_each_webhook_applies_its_changes_once(outcomes, first):
    result = outcomes[first]
    spec = result["spec"]
    assert names(spec["containers"]) == ["app", "mesh"]
    assert names(spec["initContainers"]) == ["migrate", "profiling-agent-python"]
    app = next(c for c in spec["containers"] if c["name"] == "app")
    assert len(names(app["env"])) == len(set(names(app["env"])))
    env = {e["name"]: e.get("value") for e in app["env"]}
    assert env["PYTHONPATH"] == "/profiling-agent/python:/srv" and env["PYROSCOPE_SERVER_ADDRESS"] == "http://pyroscope.example:4040"
    assert names(app["volumeMounts"]).count("profiling-agent") == 1 and names(spec["volumes"]).count("profiling-agent") == 1
    for container in spec["containers"] + spec["initContainers"]:
        assert names(container["env"]).count("SETTINGS") == 1, container["name"]
        assert names(container["volumeMounts"]).count("settings") == 1, container["name"]


def test_the_order_of_names_makes_no_difference(outcomes):
    assert without_order(outcomes["container"]) == without_order(outcomes["settings"])
