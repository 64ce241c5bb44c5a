"""Starts what the conformance tests talk to, on loopback: the profile store and an S3 server."""
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("PROFILING_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "profiling-operator")
ACCESS, SECRET, BUCKET = "conformance-key", "conformance-secret", "my-profiles"
PATIENCE = 60


def rootfs(folder):
    """The image's root file system, unpacked into a folder: what is tested is what ships."""
    subprocess.run([ROOT / "tests/e2e/profilestore/rootfs.sh", folder], check=True)
    return folder


def s3_program():
    """The S3 server of the test cluster, built once for each version that hack/cluster pins."""
    module = ROOT / "hack/cluster/go/s3"
    key = hashlib.sha256((module / "go.sum").read_bytes()).hexdigest()[:16]
    program = CACHE / "conformance" / f"versitygw-{key}"
    if not program.exists():
        print("building the S3 server", flush=True)
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", fresh,
                        "github.com/versity/versitygw/cmd/versitygw"],
                       cwd=module, env={**os.environ, "CGO_ENABLED": "0"}, check=True)
        fresh.rename(program)
    return program


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    """Status and text; status 0 without an answer."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Server:
    """A child process whose output goes to a file."""

    def __init__(self, command, log, environment=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output,
                                            env=environment)

    def await_(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            code = self.process.poll()
            if code is not None or time.monotonic() > deadline:
                raise AssertionError(f"{what}: exit code {code}; log:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    def said(self, pattern):
        return re.search(pattern, self.log.read_text()) is not None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def s3(folder, port):
    data = folder / "buckets"
    (data / BUCKET).mkdir(parents=True, exist_ok=True)
    (folder / "sidecar").mkdir(exist_ok=True)
    server = Server([s3_program(), "--port", f"127.0.0.1:{port}", "--access", ACCESS, "--secret", SECRET, "--quiet",
                     "posix", "--sidecar", folder / "sidecar", data], folder / "s3.log")
    return server.await_(lambda: get(f"http://127.0.0.1:{port}/")[0] != 0, "the S3 server does not answer")


FILES = "  backend: filesystem\n  prefix: profiles\n  filesystem: {{dir: {folder}/shared}}\n"
S3 = ("  backend: s3\n  prefix: profiles\n  s3: {{endpoint: '127.0.0.1:{s3_port}', region: us-east-1, "
      "bucket_name: {bucket}, bucket_lookup_type: path-style, insecure: true}}\n")


def configuration(folder, storage, port):
    """The file as the operator writes it."""
    path = folder / "config.yaml"
    path.write_text(f"target: all\narchitecture_storage: v2\nanalytics: {{reporting_enabled: false}}\n"
                    f"server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}}}\nstorage:\n{storage}"
                    f"metastore:\n  data_dir: {folder}/metastore/data\n  raft: {{dir: {folder}/metastore/raft}}\n")
    return path


class ProfileStore(Server):
    def __init__(self, image, folder, storage, secret=SECRET):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__([image / "usr/bin/pyroscope", f"-config.file={configuration(folder, storage, port)}",
                          "-self-profiling.disable-push=true"], folder / "store.log", {
            **os.environ, "PROFILESTORE_READY_DELAY": "0s", "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": secret,
            "PROFILESTORE_JAVA": str(image / "usr/lib/jvm/bin/java"),
            "PROFILESTORE_JFR_READER": str(image / "usr/lib/profilestore/jfr-reader.jar")})
        self.await_(lambda: get(self.url + "/ready") == (200, "ready"), "the profile store is not ready")
