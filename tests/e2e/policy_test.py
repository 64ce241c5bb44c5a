"""Conditions that name field, value and remedy; drift that is put back; failing open."""
import json

from conftest import POD, ROOT, command_line, is_injected, probe_pod, wait_until_injecting
from kube import condition, wait_for


def wait_for_condition(kube, kind, namespace, name, type_, status, *words):
    def check():
        found = condition(kube.get(kind, "-n", namespace, name), type_)
        return found if found.get("status") == status and all(w in found.get("message", "") for w in words) else None
    return wait_for(f"{kind} {namespace}/{name} {type_}={status} with {words}", check, 60)


def test_a_server_that_did_not_grant_the_namespace_is_named_with_the_remedy(shop):
    shop.apply("""
apiVersion: v1
kind: Namespace
metadata: {name: stranger}
---
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: wants, namespace: stranger}
spec: {serverRef: {name: pyroscope, namespace: profiling}}
""")
    found = wait_for_condition(shop, "profilingpolicy", "stranger", "wants", "ServerAvailable", "False",
                               "spec.serverRef", "profiling/pyroscope", "stranger", "allowedNamespaces")
    assert found["reason"] == "ServerNotGranted"
    assert not is_injected(probe_pod(shop, "stranger"))
    # The owner grants it: the policy becomes ready without a touch.
    shop.run("label", "namespace", "stranger", "team=shop")
    wait_for_condition(shop, "profilingpolicy", "stranger", "wants", "Ready", "True")
    wait_until_injecting(shop, namespace="stranger")


def test_a_policy_whose_server_is_not_there_says_so(shop):
    applied = shop.run("apply", "-f", "-", stdin="""
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: lost, namespace: stranger}
spec: {serverRef: {name: nowhere}, priority: -1}
""")
    assert "Warning: spec.serverRef: there is no ProfilingServer 'stranger/nowhere'; create it" in applied.stderr, applied.stderr
    found = wait_for_condition(shop, "profilingpolicy", "stranger", "lost", "ServerAvailable", "False", "nowhere", "spec.serverRef")
    assert found["reason"] == "ServerNotFound"


def test_a_missing_secret_is_named_with_the_remedy(shop, pyroscope_image):
    shop.apply(f"""
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {{name: keyless, namespace: profiling}}
spec:
  image: {pyroscope_image}
  storage:
    type: S3
    s3: {{endpoint: "s3.profiling.svc:7070", bucket: profiles, credentials: {{secretRef: {{name: not-there}}}}}}
  persistence: {{size: 1Gi}}
""")
    found = wait_for_condition(shop, "profilingserver", "profiling", "keyless", "StorageConfigured", "False",
                               "spec.storage.s3.credentials.secretRef.name", "not-there", "AWS_ACCESS_KEY_ID")
    assert found["reason"] == "SecretNotFound"
    shop.run("delete", "profilingserver", "-n", "profiling", "keyless")
    wait_for("its StatefulSet to be gone", lambda: shop.get("statefulset", "-n", "profiling", "keyless") is None, 60)


def test_drift_of_the_servers_objects_is_put_back(shop):
    shop.run("patch", "service", "-n", "profiling", "pyroscope", "--type=json",
             "-p", '[{"op": "replace", "path": "/spec/ports/0/port", "value": 4041}]')
    wait_for("the Service's port to be put back",
             lambda: 4040 in [p["port"] for p in shop.get("service", "-n", "profiling", "pyroscope")["spec"]["ports"]], 30)
    names = [c["metadata"]["name"] for c in shop.items("configmaps", "-n", "profiling", "-l", "app.kubernetes.io/managed-by=profiling-operator")]
    name = next(n for n in names if n.startswith("pyroscope"))
    shop.run("delete", "configmap", "-n", "profiling", name)
    wait_for("the ConfigMap to be made again", lambda: shop.get("configmap", "-n", "profiling", name), 30)


def test_a_workloads_record_goes_away_with_it(shop):
    shop.apply("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: brief, namespace: shop}
spec:
  selector: {matchLabels: {app: brief}}
  template:
    metadata: {labels: {app: brief}, annotations: {profiling.dev/inject: python}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: app
        image: localhost/profiling-operator/example-python:dev
        imagePullPolicy: IfNotPresent
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
""")

    def record():
        return shop.get("workloadprofile", "-n", "shop", "deployment-brief")
    wait_for("its record", lambda: (r := record()) and r["status"]["phase"] == "Profiled", 60)
    shop.run("scale", "deployment", "-n", "shop", "brief", "--replicas=0")
    wait_for("the record to say that there is no pod", lambda: record()["status"]["phase"] == "Idle", 60)
    shop.run("delete", "deployment", "-n", "shop", "brief")
    wait_for("its record to be gone", lambda: record() is None, 60)


def test_deleting_the_policy_stops_injection_for_new_pods_only(shop):
    before = {p["metadata"]["uid"] for p in shop.items("pods", "-n", "shop", "-l", "profiling.dev/profiled")}
    shop.run("delete", "profilingpolicy", "-n", "shop", "shop")
    try:
        wait_until_injecting(shop, expected=False)
        after = {p["metadata"]["uid"] for p in shop.items("pods", "-n", "shop", "-l", "profiling.dev/profiled")}
        assert before <= after, "running pods are left alone"
    finally:
        shop.apply((ROOT / "hack/demo/policy.yaml").read_text())
    wait_until_injecting(shop)


def test_explain_tells_of_a_pod_what_the_webhook_has_decided(shop):
    profiled = shop.items("pods", "-n", "shop", "-l", "profiling.dev/profiled")[0]["metadata"]["name"]
    done = command_line(shop, "explain", f"pod/{profiled}", "-n", "shop")
    assert done.returncode == 0 and "at start: injected" in done.stdout and "policy/" in done.stdout, done
    # The same words for a manifest that nobody has applied, decided by the cluster's policies.
    manifest = POD.format(name="asks", namespace="stranger", annotations="{profiling.dev/inject: python}")
    done = command_line(shop, "explain", "-f", "-", "--live", "-n", "stranger", stdin=manifest)
    assert done.returncode == 0 and "container app: python " in done.stdout, done
    patched = command_line(shop, "inject", "-f", "-", "--live", "-n", "stranger", stdin=manifest)
    stored = shop.run("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=patched.stdout)
    assert is_injected(json.loads(stored.stdout)), "the API server takes what inject prints"
    refused = command_line(shop, "explain", "-f", "-", "--live", "-n", "default", stdin=manifest.replace("stranger", "default"))
    assert refused.returncode == 1 and "NoPolicy" in refused.stdout, refused
