"""What the measurements of the webhook share: the bodies that are posted, and what a process shows of itself."""
import json
import pathlib
import subprocess
import urllib.request


def review(kilobytes, opted_in):
    """A review of about that size: a Deployment's pod with as much env as it takes."""
    container = {"name": "app", "image": "registry.example/shop/checkout:1.4.2", "ports": [{"containerPort": 8080}],
                 "command": ["java", "-jar", "/app.jar"], "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                 "volumeMounts": [{"name": "kube-api-access-x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}],
                 "env": []}
    pod = {"apiVersion": "v1", "kind": "Pod",
           "metadata": {"generateName": "checkout-7d9c5b8f6d-", "namespace": "bench", "creationTimestamp": None,
                        "labels": {"app": "checkout", "pod-template-hash": "7d9c5b8f6d"},
                        "annotations": {"profiling.dev/inject": "true"} if opted_in else {"note": "none"},
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "checkout-7d9c5b8f6d",
                                             "uid": "1b1f2a60-6b1e-4a43-8c1e-6e5f6b7a8c9d", "controller": True,
                                             "blockOwnerDeletion": True}]},
           "spec": {"containers": [container], "serviceAccountName": "default", "schedulerName": "default-scheduler",
                    "volumes": [{"name": "kube-api-access-x", "projected": {"defaultMode": 420, "sources": []}}],
                    "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
           "status": {}}
    body = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"}, "namespace": "bench", "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller", "groups": ["system:serviceaccounts"]},
        "object": pod, "oldObject": None, "dryRun": False, "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}
    while len(json.dumps(body)) < kilobytes * 1000:
        n = len(container["env"])
        container["env"].append({"name": f"SETTING_{n}", "value": f"value-{n}-" + "x" * 40})
    return json.dumps(body)


def ports(process):
    """Listening ports of the process, from /proc."""
    out = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[3].rsplit(":", 1)[1]) for line in out.splitlines() if f"pid={process.process.pid}," in line]


def ready(process):
    for port in ports(process):
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).status == 200:
                process.health_port = port
                return True
        except (OSError, ValueError):
            continue
    return False


def rss(process):
    status = pathlib.Path(f"/proc/{process.process.pid}/status").read_text()
    return round(int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024, 1)
