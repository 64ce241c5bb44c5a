"""helm, and the chart rendered by it."""
import json
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "charts" / "profiling-operator"
REGISTRY = "registry.example/team"
OLDEST_KUBERNETES = "1.30.0"  # helm asks no cluster here: it would assume a version of its own
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import environment  # noqa: E402


class Rendered(list):
    """The objects of one rendering."""

    def of(self, kind):
        return [o for o in self if o["kind"] == kind]

    def one(self, kind, ending=""):
        found = [o for o in self.of(kind) if o["metadata"]["name"].endswith(ending)]
        assert len(found) == 1, f"{len(found)} objects of kind {kind} whose name ends with '{ending}'"
        return found[0]

    def deployments(self):
        return {component: self.one("Deployment", component) for component in ("webhook", "controller")}


class Helm:
    def run(self, *arguments, check=True):
        done = subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=60, env=environment())
        assert not check or done.returncode == 0, f"helm {' '.join(arguments)}:\n{done.stderr}"
        return done

    def template(self, values=None, release="profiling-operator", namespace="profiling-system", kubernetes=OLDEST_KUBERNETES,
                 check=True):
        values = {"image.registry": REGISTRY, **(values or {})}
        arguments = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
        return self.run("template", release, str(CHART), "--namespace", namespace, "--kube-version", kubernetes,
                        *arguments, check=check)

    def render(self, values=None, **where):
        return Rendered(o for o in yaml.safe_load_all(self.template(values, **where).stdout) if o)


@pytest.fixture(scope="session")
def helm():
    done = subprocess.run([str(ROOT / "hack/cluster/cluster"), "build", "helm"], capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stderr
    return Helm()


@pytest.fixture(scope="session")
def default(helm):
    return helm.render()
