"""Runs the real binary as a process, and a TCP path to the API server that a test can cut."""
import http.client
import json
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("OPERATOR_BINARY", str(ROOT / "build/dev/operator/profiling-operator"))
AGENTS = [a for t in ("java", "python", "node") for a in
          (f"--agent-image-{t}=localhost/profiling-operator/agent-{t}:test", f"--agent-version-{t}=1.0")]


class Operator:
    """One sub-command of the binary. Ports are free ones, read from its log."""
    made = []  # all processes of the run, to find sanitizer reports of any of them (see conftest.py)

    def __init__(self, folder, *arguments):
        Operator.made.append(self)
        self.log_path = pathlib.Path(folder) / f"{arguments[0]}-{time.monotonic_ns()}.log"
        self.log = self.log_path.open("w")
        self.process = subprocess.Popen([BINARY, *arguments, "--health-address=127.0.0.1:0", *AGENTS],
                                        stderr=self.log, stdout=self.log)

    def text(self):
        return self.log_path.read_text()

    def wait_for_log(self, pattern, deadline=60):
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            found = re.search(pattern, self.text())
            if found:
                return found
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text()[-3000:]}"
            time.sleep(0.05)
        raise TimeoutError(f"'{pattern}' not in the log within {deadline} s:\n{self.text()[-3000:]}")

    @property
    def health(self):
        port = self.wait_for_log(r"Health endpoints served port=(\d+)").group(1)
        return f"http://127.0.0.1:{port}"

    def metric(self, name, **labels):
        """The sum of all series of that name with those labels."""
        text = urllib.request.urlopen(f"{self.health}/metrics", timeout=5).read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if re.match(rf"{name}(\{{|\s)", line) and all(f'{key}="{value}"' in line for key, value in labels.items()))

    def sanitizer_report(self):
        found = re.search(r"(==\d+==ERROR|WARNING): \w+Sanitizer|runtime error:", self.text())
        return self.text()[found.start():found.start() + 4000] if found else None

    def ready(self):
        try:
            return urllib.request.urlopen(f"{self.health}/readyz", timeout=5).status == 200
        except OSError:
            return False

    def stop(self, deadline=30):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(deadline)
        self.log.close()
        return code


def install_crds(kube):
    for crd in sorted((ROOT / "crds").glob("*.yaml")):
        kube.run("apply", "--server-side", "-f", str(crd))
    for plural in ("clusterprofilingpolicies", "profilingpolicies", "profilingservers", "workloadprofiles"):
        kube.run("wait", "--for=condition=Established", f"crd/{plural}.profiling.dev", "--timeout=30s")


def kubeconfig_through(kubeconfig, folder):
    """(a Path to its API server, a kubeconfig in `folder` that goes through it)"""
    config = yaml.safe_load(pathlib.Path(kubeconfig).read_text())
    cluster = config["clusters"][0]["cluster"]
    server = urllib.parse.urlparse(cluster["server"])
    path = Path(server.hostname, server.port)
    cluster["server"], cluster["tls-server-name"] = f"https://127.0.0.1:{path.port}", server.hostname
    through = pathlib.Path(folder) / "kubeconfig"
    through.write_text(yaml.safe_dump(config))
    return path, through


def make_certificates(folder, *addresses):
    """A CA and a serving pair for the addresses, by openssl; returns the CA's path."""
    folder = pathlib.Path(folder)
    names = ",".join(f"IP:{a}" for a in addresses) + ",DNS:webhook.test.svc"

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key",
            "-out", "ca.crt", "-subj", "/CN=test-ca", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "tls.key",
            "-out", "tls.csr", "-subj", "/CN=webhook")
    (folder / "ext").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", "tls.crt", "-extfile", "ext")
    return folder / "ca.crt"


def post(port, ca, body, path="/mutate-pods?timeout=3s", method="POST", content_type="application/json"):
    """(status, parsed body or None)"""
    context = ssl.create_default_context(cafile=str(ca))
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=15, context=context)
    try:
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None
    finally:
        connection.close()


class Path:
    """Forwards TCP connections to HOST:PORT until it is cut; then it refuses and resets."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.connections, self.lock, self.open = set(), threading.Lock(), True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            try:
                server = socket.create_connection(self.target, 5)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.connections |= {client, server}
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()

    def _pump(self, a, b):
        try:
            while True:
                for source in select.select([a, b], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    (b if source is a else a).sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.connections -= {a, b}
            a.close()
            b.close()

    def cut(self):
        self.open = False
        with self.lock:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def mend(self):
        self.open = True

    def close(self):
        self.cut()
        self.listener.close()
