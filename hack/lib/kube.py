"""Thin helpers around kubectl for the demo and the tests: one place that knows how to call it."""
import contextlib
import json
import os
import pathlib
import re
import select
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Kube:
    """kubectl bound to one kubeconfig. `kubectl` is a command line prefix, as a list."""

    def __init__(self, kubeconfig=None, kubectl=("kubectl",)):
        self.prefix = list(kubectl) + (["--kubeconfig", str(kubeconfig)] if kubeconfig else [])

    def run(self, *args, stdin=None, check=True, timeout=60):
        done = subprocess.run([*self.prefix, *args], input=stdin, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def apply(self, manifest, *args):
        # kubectl takes text that begins with a brace for JSON; YAML's flow style may begin so, too.
        return self.run("apply", "-f", "-", *args, stdin="---\n" + manifest).stdout

    def get(self, *args):
        """The object or list as JSON; None when it is not there."""
        done = self.run("get", *args, "-o", "json", "--ignore-not-found")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def items(self, *args):
        return (self.get(*args) or {}).get("items", [])

    @contextlib.contextmanager
    def forward(self, namespace, target, port):
        """Yields http://127.0.0.1:PORT, forwarded to `target` (svc/NAME or pod/NAME)."""
        process = subprocess.Popen([*self.prefix, "port-forward", "-n", namespace, target, f":{port}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said, local, deadline = "", None, time.monotonic() + 30
            while local is None:
                if not select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise TimeoutError(f"kubectl port-forward {namespace} {target} {port}: no answer in 30 s")
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"kubectl port-forward {namespace} {target} {port}: {said.strip()}")
                said += line
                found = re.search(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
                local = found and found.group(1)
            yield f"http://127.0.0.1:{local}"
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def wait_for(what, condition, deadline, interval=0.5):
    """Calls `condition` until it returns something true; its last value or error is in the message."""
    end, last = time.monotonic() + deadline, None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (RuntimeError, OSError, AssertionError, KeyError) as error:
            last = error
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline} s; last seen: {last!r}")
        time.sleep(interval)


def substitute(path, **values):
    """A manifest with ${NAME} replaced; an unknown or missing name is an error."""
    text = pathlib.Path(path).read_text()

    def value(match):
        if match.group(1) not in values:
            raise KeyError(f"{path}: ${{{match.group(1)}}} has no value")
        return str(values[match.group(1)])

    return re.sub(r"\$\{(\w+)\}", value, text)


def condition(obj, type_):
    return next((c for c in (obj or {}).get("status", {}).get("conditions", []) if c["type"] == type_), {})


def environment():
    return {**os.environ, "PATH": f"{cache()}/tools/bin:{os.environ['PATH']}"}


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("PROFILING_CACHE") or os.path.join(base, "profiling-operator")
