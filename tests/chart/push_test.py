"""What `make push` puts into a registry on loopback is what an installed chart pulls from it."""
import os
import pathlib
import re
import subprocess
import urllib.request

import pytest

from chart_test import FOREIGN_OWNERS, images
from conftest import ROOT
from kube import environment

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """HOST:PORT of an empty registry."""
    subprocess.run([str(ROOT / "hack/cluster/cluster"), "build", "registry"], check=True, capture_output=True, timeout=540)
    cache = os.environ.get("PROFILING_CACHE") or os.environ.get("XDG_CACHE_HOME", str(pathlib.Path.home() / ".cache")) + "/profiling-operator"
    process = subprocess.Popen([f"{cache}/tools/bin/registry", "--root", str(tmp_path_factory.mktemp("blobs")), "127.0.0.1:0"],
                               stderr=subprocess.PIPE, text=True)
    serving = re.search(r"serving on (\S+)", process.stderr.readline())
    assert serving, process.stderr.read()
    yield serving[1]
    process.kill()
    process.wait()


def status_of(reference, registry):
    name, tag = reference.removeprefix(f"{registry}/").rsplit(":", 1)
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", method="HEAD", headers={"Accept": MANIFESTS})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return answer.status


def test_every_image_of_the_chart_can_be_pulled_after_a_push(helm, registry):
    target = f"{registry}/team"
    done = subprocess.run([str(ROOT / "hack/images/push"), target, "--tag", "dev"], capture_output=True, text=True, timeout=900,
                          env=environment())
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == f"Install the chart with: --set image.registry={target} --set image.tag=dev"
    rendered = helm.render({"image.registry": target, "image.tag": "dev", "ebpf.enabled": True})
    own = {i for i in images(rendered) if not i.startswith(FOREIGN_OWNERS)}
    assert own == set(done.stdout.split()) and len(own) == 5
    for reference in own:
        assert status_of(reference, registry) == 200, reference
