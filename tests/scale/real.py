"""The same figures against a real kube-apiserver with 8 000 pods: the shape of a cluster, without nodes."""
import concurrent.futures
import copy
import pathlib
import subprocess
import tempfile
import time

from api import Api
from kube import Kube, environment, wait_for
from processes import install_crds
from report import PEAK, thousands
from scripted import Scripted
from watched import Watched

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLUSTER = [str(ROOT / "hack/cluster/cluster"), "--name", "scale"]
CONNECTIONS = 6
# Collections of the scripted server that are copied, owners first. The API server checks no owner's uid.
COPIED = ["/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets",
          "/apis/apps/v1/daemonsets", "/apis/batch/v1/cronjobs", "/apis/batch/v1/jobs", "/api/v1/pods"]


def place(obj, plural):
    version = obj["apiVersion"]
    prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{prefix}/namespaces/{obj['metadata']['namespace']}/{plural}"


def cleaned(obj):
    """An object as a user would create it."""
    obj = copy.deepcopy(obj)
    for key in ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"):
        obj["metadata"].pop(key, None)
    status = obj.pop("status", None)
    if obj["kind"] == "Job":  # its own controller makes selector and labels
        obj["spec"]["template"]["metadata"].get("labels", {}).clear()
    pod = obj["spec"] if obj["kind"] == "Pod" else obj["spec"].get("template", {}).get("spec", obj["spec"].get("jobTemplate", {}).get("spec", {}).get("template", {}).get("spec", {}))
    for key in ("serviceAccountName", "serviceAccount", "priority", "preemptionPolicy"):
        pod.pop(key, None)
    if obj["kind"] == "CronJob":
        pod["restartPolicy"] = "Never"
    if obj["kind"] == "StatefulSet":
        obj["spec"]["serviceName"] = obj["metadata"]["name"]
    return obj, status


def fill(source, real, namespaces):
    """Copies the scripted cluster into the real one; returns seconds and pods."""
    begin = time.monotonic()
    manifests = []
    for name in namespaces:
        manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        manifests.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}})
    manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "profiling-system"}})
    for m in manifests:
        path = "/api/v1/namespaces" + (f"/{m['metadata']['namespace']}/serviceaccounts" if m["kind"] == "ServiceAccount" else "")
        real.call("POST", path, m)

    def create(obj, plural):
        wanted, status = cleaned(obj)
        real.call("POST", place(wanted, plural), wanted)
        if plural == "pods":
            real.call("PATCH", f"{place(wanted, plural)}/{wanted['metadata']['name']}/status", {"status": status}, "application/merge-patch+json")

    count = 0
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for collection in COPIED:
            after = ""
            while True:
                page = source.call("GET", f"{collection}?limit=500&continue={after}")
                list(pool.map(lambda o, c=collection: create(o, c.rsplit("/", 1)[1]), page["items"]))
                count += len(page["items"]) if collection.endswith("/pods") else 0
                after = page["metadata"].get("continue", "")
                if not after:
                    break
    for name in namespaces:
        real.call("POST", f"/apis/profiling.dev/v1alpha1/namespaces/{name}/profilingpolicies", {
            "apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy", "metadata": {"name": "shop", "namespace": name},
            "spec": {"endpoint": {"url": "http://pyroscope.example:4040"}, "languages": ["Java"],
                     "selector": {"matchLabels": {"app.kubernetes.io/part-of": "shop"}}}})
    return time.monotonic() - begin, count


def cluster(*arguments):
    return subprocess.run([*CLUSTER, *arguments], check=True, capture_output=True, text=True, env=environment()).stdout.strip()


def measure(report, pods=8_000):
    size = f"{thousands(pods)} pods, real API server"
    cluster("up", "--control-plane-only")
    try:
        kubeconfig = cluster("kubeconfig")
        kube = Kube(kubeconfig)
        install_crds(kube)
        with tempfile.TemporaryDirectory() as folder:
            with Scripted(folder, pods) as source:
                names = [o["metadata"]["name"] for o in Api(source.kubeconfig).call("GET", "/api/v1/namespaces")["items"]]
                took, made = fill(Api(source.kubeconfig), Api(kubeconfig), [n for n in names if n.startswith("team-")])
            report.add(f"made {thousands(made)} pods", round(took), "s")
            process = Watched(folder, "controller", kubeconfig)
            try:
                figures(report, size, process, kube, Api(kubeconfig))
            finally:
                process.stop()
    finally:
        cluster("down")


def figures(report, size, process, kube, api):
    report.add(f"cold start to ready, {size}", round(process.until_ready(), 2), "s")
    wait_for("the status of the policies", lambda: all(
        p.get("status", {}).get("phase") == "Active" for p in kube.items("profilingpolicies", "-A")), 120)
    last = -1
    while process.total("profiling_reconcile_total") != last:
        last = process.total("profiling_reconcile_total")
        time.sleep(5)
    m = process.memory()
    report.add(f"controller RSS, {size}", m["rss"], "MiB", 25, note=f"{m['anonymous']} anonymous, {m['file']} mapped files")
    report.add(f"controller peak over steady, {size}", round(m["peak"] / m["rss"], 2), "", PEAK)
    counted = sum(p.get("status", {}).get("pods", {}).get("profiled", 0) for p in kube.items("profilingpolicies", "-A"))
    profiled = len(api.call("GET", "/api/v1/pods?labelSelector=profiling.dev/profiled&limit=20000")["items"])
    report.add("profiled pods in the policies' status, and in the cluster", f"{counted}, {profiled}")
    # What the controller itself counts, so that kubectl and the API server's own loops are left out.
    before = client_requests(process)
    time.sleep(60)
    asked = {k: n - before.get(k, 0) for k, n in client_requests(process).items() if n != before.get(k, 0)}
    report.add(f"requests in 60 s of calm, {size}", int(sum(asked.values())), "", note=", ".join(f"{n:.0f} {k}" for k, n in asked.items()))


def client_requests(process):
    counts = {}
    for (name, labels), value in process.series().items():
        if name == "rest_client_requests_total":
            method = next(part.split("=")[1].strip('"') for part in labels.split(",") if part.startswith("method="))
            counts[method] = counts.get(method, 0) + value
    return counts
