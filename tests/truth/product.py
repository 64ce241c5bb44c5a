"""What the product gives a container: its agents' files, and the environment that `kubectl profiling inject` writes."""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/agents"))
import injected  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TRUTH_BUILD", ROOT / "build/release"))
COMMAND = BUILD / "operator/cli/kubectl-profiling"
SIDECAR = BUILD / "webhooks/agents/scrape/profiling-agent"
PROGRAMS = pathlib.Path(__file__).parent / "programs"
POLICY = """
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {{name: truth, namespace: shop}}
spec:
  endpoint: {{url: "http://pyroscope.example:4040"}}
  languages: [Java, Python, NodeJS, Go]
  sampling: {{cpuHz: {hz}, uploadInterval: {seconds}s}}
  profiles: {{{profiles}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  annotations: {{profiling.dev/inject: "{language}", profiling.dev/pprof-port: "6060"}}
spec: {{containers: [{{name: app, image: "example/app"}}]}}
"""
FIELDS = {"metadata.name": "web-1", "spec.nodeName": "node-1"}


class Product:
    """The agents as install-agent puts them into a pod's volume, below `folder`."""

    def __init__(self, folder, languages, python=injected.PYTHON):
        self.folder = folder
        self.agents = injected.install_agents(injected.build_contexts(folder / "contexts"), folder / "profiling-agent")
        self.commands = {"python": [python, PROGRAMS / "work.py"]}
        if "node" in languages:
            self.commands["node"] = [injected.find_node(), PROGRAMS / "work.js"]
        if "java" in languages:
            run("javac", "-d", folder / "classes", *sorted(PROGRAMS.glob("*.java")))
            self.commands["java"] = [shutil.which("java"), "-cp", folder / "classes", "Work"]
        if "go" in languages:
            run("go", "build", "-o", folder / "work", ".", cwd=PROGRAMS / "go", env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""})
            self.commands["go"] = [folder / "work"]

    def command(self, language, arguments):
        return [str(word) for word in [*self.commands[language], *arguments]]

    def environment(self, cell, url, service):
        """The environment of the profiled process, or of the sidecar, with this server and this name."""
        env = injected.plain_environment()
        for entry in written(cell.language, cell.hz, cell.upload_seconds, cell.profiles):
            value = entry.get("value")
            if value is None:
                value = FIELDS[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            value = re.sub(r"\$\((\w+)\)", lambda name: env.get(name[1], name[0]), value)
            env[entry["name"]] = value.replace("/profiling-agent/", f"{self.agents}/")
        env["PYROSCOPE_SERVER_ADDRESS"], env["PYROSCOPE_APPLICATION_NAME"] = url, service
        return env


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **{"env": injected.plain_environment(), **options})
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.lru_cache(maxsize=None)
def written(language, hz, seconds, profiles):
    """The entries of `env` that the operator writes for a pod of this language under such a policy."""
    with tempfile.TemporaryDirectory() as folder:
        policy, pod = pathlib.Path(folder, "policy.yaml"), pathlib.Path(folder, "pod.yaml")
        policy.write_text(POLICY.format(hz=hz, seconds=seconds, profiles=", ".join(f"{name}: true" for name in profiles)))
        pod.write_text(POD.format(language=language))
        answer = json.loads(run(COMMAND, "inject", "-f", pod, "-p", policy, "-o", "json"))
    spec = (answer["items"][0] if "items" in answer else answer)["spec"]
    containers = spec["initContainers"] if language == "go" else spec["containers"]
    entries = [entry for entry in containers[0].get("env", [])]
    assert any(entry["name"] == "PYROSCOPE_SERVER_ADDRESS" for entry in entries), f"{language} is not injected"
    return entries
