"""Languages: a Go application with its sidecar, and three applications whose language is not configured."""
import io
import json
import pathlib
import tarfile

import pytest
from conftest import CLUSTER, ROOT, run
from kube import wait_for
from pyroscope import Pyroscope

# Its images are named by nothing that hints at a language, and their entry points are not in the pods.
UNLABELLED = {"one": ("java", "Java"), "two": ("python", "Python"), "three": ("node", "NodeJS")}
IMAGE = "localhost/profiling-operator/unlabelled-{name}:dev"


def deployment(name, image, annotations, **pod):
    container = {"name": "app", "image": image, "imagePullPolicy": "IfNotPresent",
                 "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "300m", "memory": "256Mi"}},
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}, "annotations": annotations},
                                  "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 5,
                                           "securityContext": {"runAsNonRoot": True, "runAsUser": 1000,
                                                               "seccompProfile": {"type": "RuntimeDefault"}},
                                           "containers": [container], **pod}}}}


def apply(kube, *objects):
    kube.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def renamed(archive, reference, out):
    """The image of a docker-archive under another name."""
    with tarfile.open(archive) as source, tarfile.open(out, "w") as target:
        for member in source.getmembers():
            data = source.extractfile(member).read() if member.isfile() else b""
            if member.name == "manifest.json":
                manifest = json.loads(data)
                manifest[0]["RepoTags"] = [reference]
                data = json.dumps(manifest).encode()
                member.size = len(data)
            if member.name != "repositories":
                target.addfile(member, io.BytesIO(data) if member.isfile() else None)


def pods_of(kube, name):
    pods = kube.items("pods", "-n", "shop", "-l", f"app={name}")
    return [p for p in pods if "deletionTimestamp" not in p["metadata"]]


def agents_of(pod):
    return sorted(c["name"] for c in pod["spec"].get("initContainers", []) if c["name"].startswith("profiling-agent-"))


@pytest.fixture(scope="module")
def go_app(shop):
    apply(shop, deployment("ledger", "localhost/profiling-operator/example-go:dev",
                           {"profiling.dev/inject": "true", "profiling.dev/pprof-port": "6060"}))
    shop.run("rollout", "status", "-n", "shop", "deployment/ledger", "--timeout=120s", timeout=150)
    yield shop
    shop.run("delete", "deployment", "-n", "shop", "ledger")


def test_a_go_application_is_profiled_by_a_sidecar(go_app):
    with go_app.forward("profiling", "svc/pyroscope", 4040) as address:
        store = Pyroscope(address)
        wait_for("main.compute in the profiles of ledger", lambda: any("main.compute" in f for f in store.functions("ledger")), 120, interval=2)
        [pod] = [p["metadata"]["name"] for p in pods_of(go_app, "ledger")]
        assert pod in store.label_values("pod", '{service_name="ledger"}')
        assert store.label_values("container", '{service_name="ledger"}') == ["app"], "the application's, not the sidecar's"
        types = store.label_values("__profile_type__", '{service_name="ledger"}')
        assert any(t.startswith("process_cpu") for t in types)
        assert not any(t.startswith("goroutine") for t in types), "a state: nobody asked for it"


def test_the_sidecar_is_native_and_small_and_leaves_the_pod_restricted(go_app):
    [pod] = pods_of(go_app, "ledger")
    [sidecar] = [c for c in pod["spec"]["initContainers"] if c["name"] == "profiling-agent-go"]
    assert sidecar["restartPolicy"] == "Always"
    assert pod["status"]["qosClass"] == "Burstable" and len(pod["spec"]["containers"]) == 1
    status = next(c for c in pod["status"]["initContainerStatuses"] if c["name"] == "profiling-agent-go")
    assert status["ready"] and status["restartCount"] == 0, status
    assert go_app.get("workloadprofile", "-n", "shop", "deployment-ledger")["status"]["languages"] == ["Go"]


def test_a_job_completes_beside_its_sidecar(go_app):
    job = deployment("batch", "localhost/profiling-operator/example-python:dev",
                     {"profiling.dev/inject": "go"}, restartPolicy="Never")
    template = job["spec"]["template"]
    template["spec"]["containers"][0]["command"] = ["/usr/bin/python3", "-c", "import time; time.sleep(3)"]
    apply(go_app, {"apiVersion": "batch/v1", "kind": "Job", "metadata": job["metadata"],
                   "spec": {"backoffLimit": 0, "template": template}})
    try:
        go_app.run("wait", "-n", "shop", "job/batch", "--for=condition=Complete", "--timeout=90s", timeout=120)
        [pod] = go_app.items("pods", "-n", "shop", "-l", "app=batch")
        assert agents_of(pod) == ["profiling-agent-go"]
    finally:
        go_app.run("delete", "job", "-n", "shop", "batch", "--cascade=foreground")


@pytest.fixture(scope="module")
def unlabelled(shop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for name, (language, _) in UNLABELLED.items():
        archive = pathlib.Path(folder) / f"{name}.tar"
        renamed(ROOT / f"build/images/example-{language}.tar", IMAGE.format(name=name), archive)
        run(*CLUSTER, "load-image", str(archive))
        archive.unlink()
    apply(shop, *(deployment(name, IMAGE.format(name=name), {"profiling.dev/inject": "true"}) for name in UNLABELLED))
    for name in UNLABELLED:
        shop.run("rollout", "status", "-n", "shop", f"deployment/{name}", "--timeout=180s", timeout=200)
    yield shop
    shop.run("delete", "deployment", "-n", "shop", *UNLABELLED)


def test_the_language_is_learned_from_profiles_and_later_pods_carry_one_agent(unlabelled):
    every = ["profiling-agent-java", "profiling-agent-node", "profiling-agent-python"]
    for name in UNLABELLED:
        [pod] = pods_of(unlabelled, name)
        assert agents_of(pod) == every, "nothing is known of it"

    def detected(name):
        record = unlabelled.get("workloadprofile", "-n", "shop", f"deployment-{name}") or {}
        return record.get("status", {}).get("detected")
    for name, (_, kind) in UNLABELLED.items():
        found = wait_for(f"the language of {name}", lambda n=name: detected(n), 240, interval=2)
        assert [(d["container"], d["languages"]) for d in found] == [("app", [kind])]

    unlabelled.run("rollout", "restart", "-n", "shop", *(f"deployment/{name}" for name in UNLABELLED))
    with unlabelled.forward("profiling", "svc/pyroscope", 4040) as address:
        store = Pyroscope(address)
        for name, (language, kind) in UNLABELLED.items():
            unlabelled.run("rollout", "status", "-n", "shop", f"deployment/{name}", "--timeout=180s", timeout=200)
            pod = wait_for(f"one new pod of {name}", lambda n=name: (p := pods_of(unlabelled, n)) and len(p) == 1 and p[0], 60)
            assert agents_of(pod) == [f"profiling-agent-{language}"]
            wait_for(f"profiles of the new pod of {name}",
                     lambda: pod["metadata"]["name"] in store.label_values("pod", f'{{service_name="{name}"}}'), 120, interval=2)
            wait_for(f"the record of {name} to say what its pods carry",
                     lambda n=name, k=kind: unlabelled.get("workloadprofile", "-n", "shop", f"deployment-{n}")["status"]["languages"] == [k], 30)
