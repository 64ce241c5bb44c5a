"""A real one-node cluster with the chart installed, shared by all end-to-end tests of a run."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, environment, substitute, wait_for  # noqa: E402

CLUSTER = [str(ROOT / "hack/cluster/cluster"), "--name", "e2e"]
VALUES = {"REGISTRY": "localhost", "TAG": "dev"}


def run(*command, timeout=600):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment(), cwd=ROOT)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="session")
def pyroscope_image():
    import os
    return os.environ.get("PYROSCOPE_IMAGE") or "localhost/profiling-operator/profilestore:dev"


@pytest.fixture(scope="session")
def cluster():
    """Kube client of a cluster with all images loaded; taken down at the end."""
    run(*CLUSTER, "up")
    try:
        tars = run(str(ROOT / "hack/images/build"), "--list", "--tag", "dev").split()
        run(*CLUSTER, "load-image", *tars)
        yield Kube(run(*CLUSTER, "kubeconfig"))
    finally:
        subprocess.run([*CLUSTER, "down"], capture_output=True, timeout=300, env=environment(), cwd=ROOT)


def helm(*arguments):
    return run(*CLUSTER, "helm", *arguments)


def install():
    helm("upgrade", "--install", "profiling-operator", "charts/profiling-operator",
         "--namespace", "profiling-system", "--create-namespace", "--wait", "--timeout", "180s",
         "--set", "image.registry=localhost", "--set", "image.tag=dev", "--set", "agents.registry=localhost",
         "--set", "logging.level=debug", "--set", "webhook.refusalHold=20s", "--set", "controller.restarts.enabled=true")


@pytest.fixture(scope="session")
def operator(cluster):
    install()
    return cluster


@pytest.fixture(scope="session")
def shop(operator, pyroscope_image):
    """The demo's server, policy and applications, ready; the server keeps its profiles in S3."""
    kube = operator
    kube.apply(substitute(ROOT / "hack/demo/server.yaml", PYROSCOPE_IMAGE=pyroscope_image, **VALUES))
    kube.run("wait", "-n", "profiling", "profilingserver/pyroscope", "--for=condition=Ready", "--timeout=180s", timeout=200)
    applications = substitute(ROOT / "hack/demo/applications.yaml", **VALUES)
    kube.apply(applications.split("\n---\n")[0])
    kube.apply((ROOT / "hack/demo/policy.yaml").read_text())
    kube.run("wait", "-n", "shop", "profilingpolicy/shop", "--for=condition=Ready", "--timeout=60s", timeout=90)
    wait_until_injecting(kube)
    kube.apply(applications)
    for language in ("java", "python", "node"):
        kube.run("rollout", "status", "-n", "shop", f"deployment/checkout-{language}", "--timeout=120s", timeout=150)
    return kube


POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: probe}}, annotations: {annotations}}}
spec:
  automountServiceAccountToken: false
  securityContext: {{runAsNonRoot: true, runAsUser: 1000, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
  - name: app
    image: localhost/profiling-operator/example-python:dev
    imagePullPolicy: IfNotPresent
    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""


def probe_pod(kube, namespace, annotations="{profiling.dev/inject: python}", name="probe"):
    """The pod as the API server would store it after admission, without creating it."""
    import json
    done = kube.run("create", "-f", "-", "--dry-run=server", "-o", "json",
                    stdin=POD.format(name=name, namespace=namespace, annotations=annotations))
    return json.loads(done.stdout)


def command_line(kube, *arguments, stdin=None):
    """Runs kubectl-profiling against the cluster; returns its exit code, output and errors."""
    binaries = [ROOT / "build" / preset / "operator" / "cli" / "kubectl-profiling" for preset in ("release", "dev", "ci")]
    binary = next((str(b) for b in binaries if b.exists()), None)
    assert binary, "kubectl-profiling is not built"
    kubeconfig = kube.prefix[kube.prefix.index("--kubeconfig") + 1]
    return subprocess.run([binary, "--kubeconfig", kubeconfig, *arguments], capture_output=True, text=True, input=stdin, timeout=60)


def is_injected(pod):
    names = [c["name"] for c in pod["spec"].get("initContainers", [])]
    return "profiling.dev/profiled" in pod["metadata"].get("labels", {}) and any(n.startswith("profiling-agent") for n in names)


def wait_until_injecting(kube, namespace="shop", expected=True, **pod):
    wait_for(f"pods of {namespace} {'to be' if expected else 'not to be'} injected",
             lambda: is_injected(probe_pod(kube, namespace, **pod)) == expected, 30)
