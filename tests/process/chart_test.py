"""The rendered chart against a real kube-apiserver: every object is valid, every pod passes Pod Security."""
import json
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, environment  # noqa: E402
from processes import install_crds  # noqa: E402

NAMESPACE = "chart-test"
EVERYTHING = ["--set=networkPolicy.enabled=true", "--set=webhook.excludedNamespaces={legacy,old}",
              "--set=webhook.failurePolicy=Fail", "--set=image.registry=mirror.example", "--set=ebpf.enabled=true"]


@pytest.fixture(scope="module")
def kube(control_plane):
    client = Kube(control_plane)
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    client.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}))
    yield client
    client.run("delete", "namespace", NAMESPACE, "--wait=false")


def apply(kube, objects, *arguments):
    """Server-side, as the CRDs may be there already."""
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    return kube.run("apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-", *arguments, stdin=listed)


def try_to_apply(kube, objects):
    return apply(kube, objects, "--dry-run=server")


def rendered(kube, values):
    version = json.loads(kube.run("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    subprocess.run([str(ROOT / "hack/cluster/cluster"), "build", "helm"], check=True, capture_output=True, timeout=540)
    done = subprocess.run(["helm", "template", "profiling-operator", str(ROOT / "charts/profiling-operator"), "--namespace",
                           NAMESPACE, "--kube-version", version, "--set=image.registry=registry.example", *values],
                          capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode == 0, done.stderr
    return [o for o in yaml.safe_load_all(done.stdout) if o]


@pytest.fixture(params=[[], EVERYTHING], ids=["defaults", "everything"])
def objects(request, kube):
    found = rendered(kube, request.param)
    default = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}
    accounts = [o for o in found if o["kind"] == "ServiceAccount"] + [default]  # pod admission requires them
    apply(kube, accounts)
    return found


def test_every_object_is_accepted_without_a_warning(kube, objects):
    done = try_to_apply(kube, objects)
    assert done.stdout.count("(server dry run)") == len(objects)
    assert "Warning" not in done.stderr, done.stderr


def test_every_pod_is_admitted_where_restricted_is_enforced(kube, objects):
    templates = [{"apiVersion": "v1", "kind": "Pod", "spec": o["spec"]["template"]["spec"],
                  "metadata": {"name": o["metadata"]["name"], "namespace": NAMESPACE}}
                 for o in objects if o["kind"] == "Deployment"]
    assert len(templates) == 2
    assert try_to_apply(kube, templates).stdout.count("(server dry run)") == 2
    broken = json.loads(json.dumps(templates[:1]))
    del broken[0]["spec"]["containers"][0]["securityContext"]["capabilities"]
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        try_to_apply(kube, broken)


def test_the_default_policy_is_accepted_with_each_of_its_values(kube):
    install_crds(kube)
    for more in ([], ["--set=defaultPolicy.mode=Observe", "--set=defaultPolicy.namespaceSelector.matchLabels.team=a"]):
        policies = [o for o in rendered(kube, ["--set=defaultPolicy.enabled=true", *more]) if o["kind"] == "ClusterProfilingPolicy"]
        assert "serverside-applied (server dry run)" in try_to_apply(kube, policies).stdout


def test_a_second_release_is_refused(kube, control_plane):
    webhook = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {
        "name": "first-profiling-operator", "labels": {"app.kubernetes.io/name": "profiling-operator", "app.kubernetes.io/instance": "first",
                                                       "app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "first", "meta.helm.sh/release-namespace": NAMESPACE}}}

    def install(release):
        return subprocess.run(["helm", "install", release, str(ROOT / "charts/profiling-operator"), "--namespace", NAMESPACE, "--dry-run=server",
                               "--set=image.registry=registry.example", "--set=crds.enabled=false", "--kubeconfig", control_plane],
                              capture_output=True, text=True, timeout=60, env=environment())

    kube.run("create", "-f", "-", stdin=json.dumps(webhook))
    try:
        done = install("second")
        assert done.returncode != 0
        assert "the cluster has profiling-operator already, as release 'first' (MutatingWebhookConfiguration 'first-profiling-operator')" in done.stderr
        done = install("first")
        assert done.returncode == 0, done.stderr
    finally:
        kube.run("delete", "mutatingwebhookconfiguration", "first-profiling-operator")
    assert install("second").returncode == 0
