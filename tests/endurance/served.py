"""The webhook's process for tests of endurance: its certificates, and clients that count what they get.

Everything is on loopback. The API server is a port that nobody serves: the webhook answers all the same.
"""
import http.client
import json
import os
import pathlib
import socket
import ssl
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/process"), str(ROOT / "hack/lib")]
from kube import wait_for  # noqa: E402
from processes import Operator, make_certificates  # noqa: E402

REVIEW = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
    "uid": "0d1e2f30-0000-4000-8000-000000000001", "kind": {"group": "", "version": "v1", "kind": "Pod"},
    "resource": {"group": "", "version": "v1", "resource": "pods"}, "namespace": "web", "operation": "CREATE", "dryRun": True,
    "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": {"profiling.dev/inject": "true"}},
               "spec": {"containers": [{"name": "app", "image": "example/app:1"}]}}}})


def dead_kubeconfig(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    folder = pathlib.Path(folder) / "api"
    folder.mkdir()
    ca = make_certificates(folder, "127.0.0.1")
    path = folder / "kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(ca)}}],
        "users": [{"name": "u", "user": {"token": "t"}}]}))
    return path


class Certificates:
    """A folder as kubelet projects a Secret: a link that is replaced. Clients trust the last two CAs."""

    def __init__(self, folder):
        self.folder, self.number, self.cas = pathlib.Path(folder), 0, []
        self.live = self.folder / "live"
        self.bundle = self.folder / "bundle.crt"
        self.renew()

    def renew(self):
        """A new CA, then a leaf of it. The bundle comes first, as in the controller."""
        self.number += 1
        version = self.folder / f"v{self.number}"
        version.mkdir()
        self.cas = [*self.cas, make_certificates(version, "127.0.0.1").read_text()][-2:]
        self.bundle.write_text("".join(self.cas))
        self.context = ssl.create_default_context(cadata="".join(self.cas))
        link = self.folder / "next"
        link.symlink_to(version)
        os.replace(link, self.live)


class Served:
    """One webhook process."""

    def __init__(self, folder, *more):
        self.folder = pathlib.Path(folder)
        (self.folder / "tls").mkdir()
        self.certificates = Certificates(self.folder / "tls")
        self.process = Operator(folder, "webhook", f"--kubeconfig={dead_kubeconfig(folder)}", "--listen=127.0.0.1:0",
                                f"--tls-dir={self.certificates.live}", "--native-sidecars=Always", "--shutdown-delay-ms=0", *more)
        self.port = int(self.process.wait_for_log(r"Webhook served port=(\d+)").group(1))
        self.health_port = int(self.process.health.rsplit(":", 1)[1])

    def admit(self, context=None, source="127.0.0.1"):
        """One admission on a connection of its own; anything but an answer that allows raises."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context or self.certificates.context,
                                                 source_address=(source, 0))
        try:
            connection.request("POST", "/mutate-pods?timeout=3s", REVIEW, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200 and json.loads(text)["response"]["allowed"] is True, (answer.status, text[:200])
        finally:
            connection.close()

    def alive(self):
        """A probe as the kubelet sends it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=5)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def stop(self):
        return self.process.stop()


class Steady:
    """Admissions at a fixed rate from a few threads, for as long as the block lasts. Counts failures."""

    def __init__(self, served, per_second, threads=4):
        self.served, self.gap = served, threads / per_second
        self.good, self.failures, self.stop = 0, [], threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(i * self.gap / threads,)) for i in range(threads)]

    def run(self, delay):
        due = time.monotonic() + delay
        while not self.stop.wait(max(0, due - time.monotonic())):
            due += self.gap
            try:
                self.served.admit()
                with self.lock:
                    self.good += 1
            except (OSError, AssertionError, http.client.HTTPException) as error:
                with self.lock:
                    self.failures.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def rotate(served, times):
    """Replaces CA and certificate that often, each time once the process has taken the last pair."""
    taken = served.process.metric("profiling_certificate_reloads_total")
    for i in range(times):
        served.certificates.renew()
        wait_for("the new certificate to be loaded",
                 lambda: served.process.metric("profiling_certificate_reloads_total") > taken, 60)
        taken = served.process.metric("profiling_certificate_reloads_total")
