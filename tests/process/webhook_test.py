"""The webhook's real process behind a real kube-apiserver: admission, bad input, an absent API server, shutdown."""
import base64
import json
import pathlib
import re
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, wait_for  # noqa: E402
from processes import Operator, Path, install_crds, kubeconfig_through, make_certificates, post  # noqa: E402

POLICY = """
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {{name: {name}, namespace: web}}
spec: {{endpoint: {{url: "http://pyroscope.example:4040"}}, languages: [Python], selector: {{matchLabels: {{app: {app}}}}}}}
"""


CLUSTER_POLICY = """
apiVersion: profiling.dev/v1alpha1
kind: ClusterProfilingPolicy
metadata: {{name: everywhere}}
spec: {{endpoint: {{url: "http://everywhere.example:4040"}}, languages: [Python], mode: {mode}}}
"""


def pod(app="shop", annotations=None, name="p", namespace="web"):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": app},
                         "annotations": {"profiling.dev/inject": "true"} if annotations is None else annotations},
            "spec": {"containers": [{"name": "app", "image": "example/app:1"}], "futureField": {"kept": True}}}


def review(obj, **extra):
    request = {"uid": "0d1e2f30-0000-4000-8000-000000000001", "kind": {"group": "", "version": "v1", "kind": "Pod"},
               "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": obj["metadata"]["name"],
               "namespace": obj["metadata"]["namespace"], "operation": "CREATE", "userInfo": {"username": "test"}, "object": obj,
               "oldObject": None, "dryRun": True, "options": None, **extra}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})


def patch_of(answer):
    status, body = answer
    assert status == 200 and body["response"]["allowed"] is True, answer
    assert body["response"]["uid"] == "0d1e2f30-0000-4000-8000-000000000001"
    return json.loads(base64.b64decode(body["response"].get("patch", ""))) if "patch" in body["response"] else []


class World:
    pass


@pytest.fixture(scope="module")
def world(control_plane, tmp_path_factory):
    w = World()
    folder = tmp_path_factory.mktemp("webhook")
    w.kube = Kube(control_plane)
    install_crds(w.kube)
    for namespace in ("web", "plain"):
        w.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}")
        w.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {namespace}}}}}")
    wait_for("the policy's kind to be served", lambda: w.kube.apply(POLICY.format(name="shop", app="shop")), 30)

    w.path, through_path = kubeconfig_through(control_plane, folder)
    host_ip = subprocess.run(["ip", "-json", "route", "get", w.path.target[0]], capture_output=True, text=True, check=True)
    w.host_ip = json.loads(host_ip.stdout)[0].get("prefsrc", "127.0.0.1")
    w.ca = make_certificates(folder, "127.0.0.1", w.host_ip)
    w.start = lambda *more: Operator(folder, "webhook", f"--kubeconfig={through_path}", "--listen=0.0.0.0:0",
                                     f"--tls-dir={folder}", "--operator-namespace=profiling-system", *more)
    w.process = w.start()
    w.port = int(w.process.wait_for_log(r"Webhook served port=(\d+)").group(1))
    wait_for("the webhook to be ready", w.process.ready, 30)
    yield w
    w.process.stop()
    w.path.close()


@pytest.fixture
def registered(world):
    """The webhook is known to the API server, which calls it for pods of two namespaces."""
    bundle = base64.b64encode(world.ca.read_bytes()).decode()
    world.kube.apply(f"""
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {{name: process-test}}
webhooks:
- name: pods.profiling.dev
  clientConfig: {{url: "https://{world.host_ip}:{world.port}/mutate-pods", caBundle: {bundle}}}
  rules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  sideEffects: None
  timeoutSeconds: 3
  admissionReviewVersions: [v1]
  namespaceSelector: {{matchExpressions: [{{key: kubernetes.io/metadata.name, operator: In, values: [web, plain]}}]}}
""")
    yield
    world.kube.run("delete", "mutatingwebhookconfiguration", "process-test")


def created(world, obj):
    """The pod as the API server would store it."""
    obj["spec"].pop("futureField", None)
    return json.loads(world.kube.run("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=json.dumps(obj)).stdout)


def profiled(world, obj):
    result = created(world, obj)
    return result if "profiling.dev/profiled" in result["metadata"]["labels"] else None


def server_and_decision(obj):
    env = {e["name"]: e.get("value") for e in obj["spec"]["containers"][0]["env"]}
    return env["PYROSCOPE_SERVER_ADDRESS"], json.loads(obj["metadata"]["annotations"]["profiling.dev/decision"])


def test_pods_created_through_the_api_server_are_patched(world, registered):
    result = wait_for("the API server to use the new webhook", lambda: profiled(world, pod()), 30)
    assert [c["name"] for c in result["spec"]["initContainers"]] == ["profiling-agent-python"]
    env = {e["name"]: e.get("value") for e in result["spec"]["containers"][0]["env"]}
    assert env["PYTHONPATH"].startswith("/profiling-agent/python")
    server, decision = server_and_decision(result)
    assert server == "http://pyroscope.example:4040"
    assert decision["policy"] == "shop" and "policyKind" not in decision


def test_a_cluster_policy_serves_namespaces_without_one_of_their_own(world, registered):
    in_plain = pod(namespace="plain")
    world.kube.apply(CLUSTER_POLICY.format(mode="Enforce"))
    try:
        result = wait_for("a pod to be profiled by the cluster policy", lambda: profiled(world, in_plain), 30)
        server, decision = server_and_decision(result)
        assert server == "http://everywhere.example:4040"
        assert (decision["policy"], decision["policyKind"]) == ("everywhere", "ClusterProfilingPolicy")
        assert server_and_decision(created(world, pod()))[0] == "http://pyroscope.example:4040", "the namespace's own comes first"
        named = pod(namespace="plain", annotations={"profiling.dev/inject": "true", "profiling.dev/policy": "everywhere"})
        assert json.loads(created(world, named)["metadata"]["annotations"]["profiling.dev/decision"])["reason"] == "UnknownPolicy"

        world.kube.apply(CLUSTER_POLICY.format(mode="Observe"))
        observed = wait_for("the pod to be only observed", lambda: not profiled(world, in_plain) and created(world, in_plain), 30)
        assert observed["metadata"]["annotations"] == in_plain["metadata"]["annotations"]
        assert observed["metadata"]["labels"] == in_plain["metadata"]["labels"]
        assert "initContainers" not in observed["spec"] and "env" not in observed["spec"]["containers"][0]

        injected = {"mode": "observe", "reason": "Injected"}
        before = world.process.metric("profiling_admission_decisions_total", **injected)
        assert patch_of(post(world.port, world.ca, review(in_plain, dryRun=False))) == []
        assert world.process.metric("profiling_admission_decisions_total", **injected) == before + 1
    finally:
        world.kube.run("delete", "clusterprofilingpolicy", "everywhere")
    wait_for("the cluster policy to be forgotten",
             lambda: "NoPolicy" in json.dumps(patch_of(post(world.port, world.ca, review(in_plain)))), 30)


def test_a_pod_that_did_not_opt_in_gets_no_patch(world):
    assert patch_of(post(world.port, world.ca, review(pod(annotations={})))) == []


@pytest.mark.parametrize("what, arguments, status", [
    ("malformed JSON", {"body": "{"}, 400),
    ("an empty body", {"body": ""}, 400),
    ("a list", {"body": "[]"}, 400),
    ("no request", {"body": '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'}, 400),
    ("another kind", {"body": review(pod()).replace('"AdmissionReview"', '"ConversionReview"')}, 400),
    ("another version", {"body": review(pod()).replace("admission.k8s.io/v1", "admission.k8s.io/v2")}, 400),
    ("a byte order mark", {"body": b"\xef\xbb\xbf" + review(pod()).encode()}, 400),
    ("invalid UTF-8", {"body": review(pod()).encode().replace(b"example/app", b"ex\xff\xfeample")}, 400),
    ("a pod that is a string", {"body": review(pod()).replace('"object": {', '"object": "x", "other": {')}, 400),
    ("deep nesting", {"body": '{"request":' + "[" * 5000 + "]" * 5000 + "}"}, 400),
    ("four mebibytes", {"body": " " * (4 << 20)}, 413),
    ("an unknown path", {"body": review(pod()), "path": "/nowhere"}, 404),
    ("another method", {"body": None, "method": "GET"}, 405),
    ("another content type", {"body": review(pod()), "content_type": "text/plain"}, 415),
    ("no content type", {"body": review(pod()), "content_type": None}, 415),
])
def test_bad_input_gets_its_status_and_the_process_lives(world, what, arguments, status):
    try:
        got = post(world.port, world.ca, **arguments)[0]
    except (ConnectionResetError, BrokenPipeError):
        # The server answers 413 and closes while the client still sends; the client may see only the reset.
        assert status == 413
        got = 413
    assert got == status, what
    assert patch_of(post(world.port, world.ca, review(pod())))
    assert world.process.process.poll() is None


def test_it_keeps_answering_while_the_api_server_is_away_and_catches_up(world):
    errors = world.process.metric("profiling_watch_errors_total")
    world.path.cut()
    try:
        wait_for("the watches to fail", lambda: world.process.metric("profiling_watch_errors_total") >= errors + 3, 60)
        assert patch_of(post(world.port, world.ca, review(pod()))), "from its snapshot"
        assert world.process.ready(), "liveness and readiness do not depend on the API server"
        world.kube.apply(POLICY.format(name="late", app="late"))
    finally:
        world.path.mend()
    wait_for("a policy made meanwhile to take effect", lambda: has_label(patch_of(post(world.port, world.ca, review(pod(app="late"))))), 60)
    world.kube.run("delete", "profilingpolicy", "-n", "web", "late")
    wait_for("its deletion to take effect", lambda: not has_label(patch_of(post(world.port, world.ca, review(pod(app="late"))))), 30)


def has_label(patch):
    return any("profiling.dev~1profiled" in json.dumps(op) or "profiling.dev/profiled" in json.dumps(op) for op in patch)


def test_metrics_count_admissions_by_reason(world):
    before = world.process.metric("profiling_admission_decisions_total")
    body = json.loads(review(pod()))
    body["request"]["dryRun"] = False
    patch_of(post(world.port, world.ca, json.dumps(body)))
    assert world.process.metric("profiling_admission_decisions_total") == before + 1


def test_the_log_holds_no_token_and_no_environment(world):
    secret = pod(name="canary")
    secret["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "canary-4711"}]
    patch_of(post(world.port, world.ca, review(secret)))
    assert "canary-4711" not in world.process.text()


def test_sigterm_drains_without_a_failed_admission(world):
    process = world.start("--shutdown-delay-ms=1500")
    port = int(process.wait_for_log(r"Webhook served port=(\d+)").group(1))
    wait_for("ready", process.ready, 30)
    failures, answers, stop = [], [], threading.Event()

    def poll():
        while not stop.is_set():
            try:
                answers.append(post(port, world.ca, review(pod()))[0])
            except OSError as error:
                if not re.search(r"Webhook draining", process.text()):
                    failures.append(error)
                return

    poller = threading.Thread(target=poll)
    poller.start()
    wait_for("some answers", lambda: len(answers) > 3, 20)
    process.process.terminate()
    process.wait_for_log("Readiness withdrawn")
    seen = len(answers)
    wait_for("answers after the readiness was taken back", lambda: len(answers) > seen, 10)
    assert process.stop() == 0, process.text()[-2000:]
    stop.set()
    poller.join()
    assert not failures and set(answers) == {200}
