"""A real kube-apiserver, shared by all tests of a run."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import environment  # noqa: E402

CLUSTER = [str(ROOT / "hack/cluster/cluster"), "--name", "process"]


def cluster(*arguments):
    done = subprocess.run([*CLUSTER, *arguments], capture_output=True, text=True, timeout=540, env=environment())
    assert done.returncode == 0, f"cluster {' '.join(arguments)}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def no_sanitizer_speaks():
    """A report does not always end the process, and some tests end it themselves."""
    from processes import Operator
    yield
    reports = [report for process in Operator.made if (report := process.sanitizer_report())]
    Operator.made = [process for process in Operator.made if process.process.poll() is None]
    assert not reports, reports[0]


@pytest.fixture(scope="session")
def control_plane():
    """Path of an administrator's kubeconfig: $KUBECONFIG, or that of a control plane made for this run."""
    given = os.environ.get("KUBECONFIG")
    if given:
        yield given
        return
    try:
        cluster("up", "--control-plane-only")
        path = cluster("kubeconfig")
        os.environ["PATH"] = environment()["PATH"]  # the cluster's kubectl
        yield path
    finally:
        cluster("down")
