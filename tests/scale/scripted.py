"""The scripted API server (server/) as a process, and the sizes of cluster that figures are given for."""
import json
import pathlib
import subprocess
import urllib.parse
import urllib.request

from kube import environment

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# pods: (workloads, namespaces). The largest is Kubernetes' own limit.
SIZES = {500: (60, 10), 8_000: (1_600, 50), 150_000: (10_000, 500)}


def build(operator):
    """Builds the server, and what ships of the operator when that is to be measured as it stands."""
    (ROOT / "build/scale").mkdir(parents=True, exist_ok=True)
    commands = [["go", "build", "-C", str(HERE), "-o", str(ROOT / "build/scale/server"), "./server"]]
    if operator:
        commands += [["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--target", "profiling-operator"]]
    for command in commands:
        subprocess.run(command, check=True, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)


class Scripted:
    """A cluster of that many pods. `profiled` is the share of workloads in per cent; every namespace has a policy."""

    def __init__(self, folder, pods, profiled=20, **flags):
        workloads, namespaces = SIZES[pods]
        self.pods = pods
        self.kubeconfig = pathlib.Path(folder) / "kubeconfig"
        arguments = {"pods": pods, "workloads": workloads, "namespaces": namespaces, "policies": namespaces,
                     "profiled": profiled, "kubeconfig": self.kubeconfig, **flags}
        self.process = subprocess.Popen([str(ROOT / "build/scale/server"),
                                         *(f"--{k.replace('_', '-')}={v}" for k, v in arguments.items())],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the scripted server ended with {self.process.wait()}")
        self.control = "http://" + json.loads(line)["control"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def get(self, path):
        return json.load(urllib.request.urlopen(self.control + path, timeout=60))

    def post(self, path, **query):
        """Steers the server: see server/control.go."""
        url = f"{self.control}{path}?{urllib.parse.urlencode(query)}"
        return json.load(urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=300))

    def requests(self):
        """{"list pods": 3, …} since the last reset."""
        return self.get("/counters")["requests"]

    def writes(self):
        """Requests since the last reset that write something else than the Lease."""
        return sum(n for what, n in self.requests().items()
                   if what.split()[0] in ("create", "update", "patch", "apply", "delete") and not what.endswith(" leases"))
