"""Every golden pod and the whole corpus, before and after injection, to a real API server as a dry run.

Whatever it takes without an agent it takes with one: in a namespace that enforces nothing, in one that enforces the baseline
and in one that enforces the restricted Pod Security Standard. The class of service that it computes stays the same.
"""
import base64
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import tempfile

import pytest
import yaml
from kube import Kube, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LEVELS = ("privileged", "baseline", "restricted")
LANGUAGES = ("Java", "Python", "NodeJS", "DotNet", "Ruby", "Go", "Native")


class Api:
    """One kept-alive connection of an administrator: thousands of requests, which kubectl would take minutes for."""

    def __init__(self, kubeconfig, folder):
        config = yaml.safe_load(pathlib.Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cafile=self.file(cluster, "certificate-authority", folder))
        context.load_cert_chain(self.file(user, "client-certificate", folder), self.file(user, "client-key", folder))
        host = cluster["server"].split("//")[1].rstrip("/")
        self.connection = http.client.HTTPSConnection(host, context=context, timeout=30)

    @staticmethod
    def file(holder, key, folder):
        if key in holder:
            return holder[key]
        path = pathlib.Path(folder) / key
        path.write_bytes(base64.b64decode(holder[key + "-data"]))
        return str(path)

    def dry_run(self, namespace, pod):
        """(stored pod, None), or (None, what is wrong)."""
        self.connection.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldValidation=Strict", json.dumps(pod),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        return (body, None) if answer.status == 201 else (None, body.get("message", str(answer.status)))


    def patch_status(self, namespace, quota, status):
        self.connection.request("PATCH", f"/api/v1/namespaces/{namespace}/resourcequotas/{quota}/status", json.dumps({"status": status}),
                                {"Content-Type": "application/merge-patch+json"})
        answer = self.connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()


@pytest.fixture(scope="module")
def api(control_plane):
    kube = Kube(control_plane)
    for level in LEVELS:
        kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: pods-{level}, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}}}")
        # Without its controller a namespace has no account, and the API server refuses pods.
        kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: pods-{level}}}}}")
    with tempfile.TemporaryDirectory() as folder:
        api = Api(control_plane, folder)
        api.kube = kube
        plain = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x", "image": "x"}]}}
        wait_for("the API server to take a pod", lambda: api.dry_run("pods-privileged", plain)[0], 30)
        yield api


def as_pod(document):
    pod = json.loads(json.dumps(document, default=str))
    pod.update({"apiVersion": "v1", "kind": "Pod"})
    pod.pop("status", None)
    pod["metadata"].pop("namespace", None)
    if "name" not in pod["metadata"] and "generateName" not in pod["metadata"]:
        pod["metadata"]["name"] = "pod"
    for owner in pod["metadata"].get("ownerReferences", []):
        owner.setdefault("uid", "1b1f2a60-6b1e-4a43-8c1e-6e5f6b7a8c9d")
    return pod


def compare(api, name, before, after, problems):
    """How many of the levels took the pod without an agent."""
    taken = 0
    for level in LEVELS:
        stored, _ = api.dry_run(f"pods-{level}", before)
        if stored is None:
            continue
        taken += 1
        with_agent, wrong = api.dry_run(f"pods-{level}", after)
        if with_agent is None:
            problems.append(f"{name}, {level}: {wrong}")
        elif with_agent["status"]["qosClass"] != stored["status"]["qosClass"]:
            problems.append(f"{name}: {stored['status']['qosClass']} becomes {with_agent['status']['qosClass']}")
    return taken


def test_pods_accepted_without_an_agent_are_accepted_with_one(api):
    problems, compared = [], 0
    for patched in sorted((ROOT / "tests/golden").glob("*/*/patched.yaml")):
        before = as_pod(yaml.safe_load((patched.parent / "pod.yaml").read_text()))
        after = as_pod(yaml.safe_load(patched.read_text()))
        name = "/".join(patched.parent.parts[-2:])
        compared += compare(api, name, before, after, problems) > 0
    assert not problems, "\n".join(problems)
    assert compared > 150, f"{compared} golden pods were taken at all"


def bounded_cases():
    """The golden pods with LimitRanges or ResourceQuotas around them."""
    for file in sorted((ROOT / "tests/golden").glob("*/*/cluster.yaml")):
        objects = [d for d in yaml.safe_load_all(file.read_text()) if d["kind"] != "Node"]
        if objects:
            yield pytest.param(file.parent, objects, id="/".join(file.parent.parts[-2:]))


@pytest.mark.parametrize("folder, objects", list(bounded_cases()))
def test_pods_fit_into_the_bounds_of_their_namespace(api, folder, objects):
    namespace = f"fit-{folder.parent.name}-{folder.name}"[:63].rstrip("-")
    api.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}")
    api.kube.apply(f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {namespace}}}}}")
    for document in objects:
        document["metadata"]["namespace"] = namespace
        api.kube.apply(json.dumps(document))
        if document["kind"] == "ResourceQuota":
            hard = document["spec"]["hard"]  # no controller computes the status here
            api.patch_status(namespace, document["metadata"]["name"], {"hard": hard, "used": dict.fromkeys(hard, "0")})
    huge = {"limits": {"cpu": "1k", "memory": "1Ti", "ephemeral-storage": "1Ti"}, "requests": {"cpu": "1m", "memory": "1Mi", "ephemeral-storage": "1Mi"}}
    beyond = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x", "image": "x", "resources": huge}]}}
    wait_for("the API server to enforce the bounds", lambda: api.dry_run(namespace, beyond)[1], 30)
    before = as_pod(yaml.safe_load((folder / "pod.yaml").read_text()))
    stored = wait_for("the API server to take the pod without an agent", lambda: api.dry_run(namespace, before)[0], 30)
    if not (folder / "patched.yaml").exists():
        return  # the pod stays as it is
    after, wrong = api.dry_run(namespace, as_pod(yaml.safe_load((folder / "patched.yaml").read_text())))
    assert after is not None, wrong
    assert after["status"]["qosClass"] == stored["status"]["qosClass"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_corpus_is_accepted_with_every_agent(api, language, tmp_path):
    pods = []
    for file in sorted((ROOT / "tests/corpus").glob("*.yaml")):
        pods += [as_pod(d) for d in yaml.safe_load_all(file.read_text()) if d]
    for pod in pods if language in ("Go", "Native") else ():
        pod["metadata"].setdefault("annotations", {})["profiling.dev/pprof-port"] = "6060"
    policy = {"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy", "metadata": {"name": "all", "namespace": "default"},
              "spec": {"activation": "Selected", "languages": [language], "endpoint": {"url": "http://pyroscope.example:4040"}}}
    (tmp_path / "pods.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    token = {"NodeJS": "node"}.get(language, language.lower())
    done = subprocess.run([os.environ["CLI_BINARY"], "inject", "-f", str(tmp_path / "pods.json"), "-p", str(tmp_path / "policy.json"),
                           "--agent-image", f"{token}=registry.example/agent-{token}:1", "-o", "json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    injected = json.loads(done.stdout)["items"]
    assert len(injected) == len(pods) >= 100
    problems, compared, changed = [], 0, 0
    for before, after in zip(pods, injected):
        changed += before != after
        compared += compare(api, before["metadata"]["name"], before, after, problems) > 0
    assert not problems, "\n".join(problems)
    assert compared > 80 and changed > 50, f"{compared} pods of the corpus were taken at all, {changed} got an agent"
