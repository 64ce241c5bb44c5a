"""Fixtures of the sidecar's tests: the sidecar, applications and servers as processes or threads on
loopback, each of which a test can stop and restart."""
import gzip
import http.server
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/conformance"))
sys.path.insert(0, str(ROOT / "hack/lib"))
import cases  # noqa: E402

PATIENCE = 60
PUSH = "/push.v1.PusherService/Push"


def until(condition, what, seconds=PATIENCE):
    """The first truthy value of `condition()`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    def __init__(self, command, log, env=None):
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "wb") as output:
            self.process = subprocess.Popen([str(w) for w in command], stdout=output, stderr=output, env=env)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def expect_log(self, pattern, seconds=PATIENCE):
        def found():
            match = re.search(pattern, self.log())
            assert match or self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
            return match
        return until(found, lambda: f"'{pattern}' in\n{self.log()}", seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def status(self, field):
        """A figure of /proc/PID/status in KiB."""
        return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))


class Sidecar(Process):
    def __init__(self, binary, folder, server, application=None, prefix=(), environment=None, options=(), interval="1s"):
        env = {"PYROSCOPE_SERVER_ADDRESS": server, "PYROSCOPE_APPLICATION_NAME": "go.app",
               "PYROSCOPE_LABELS": "namespace=shop,pod=checkout-1", "PYROSCOPE_TENANT_ID": "team-a",
               "PYROSCOPE_UPLOAD_INTERVAL": interval, **(environment or {})}
        if application:
            env["PROFILING_PPROF_URL"] = f"http://{application}/debug/pprof/"
        super().__init__([*prefix, binary, "scrape", *options], folder / f"sidecar-{time.monotonic_ns()}.log", env)

    def end(self, seconds=20):
        """Sends SIGTERM and returns the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)


class Application(Process):
    def __init__(self, binary, folder, port=0):
        super().__init__([binary, f"127.0.0.1:{port}"], folder / f"goapp-{time.monotonic_ns()}.log")
        self.address = self.expect_log(r"listening (\S+)").group(1)


class Threaded:
    """An HTTP server on a thread."""

    def __init__(self, handler, port=0):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler, bind_and_activate=False)
        self._server.allow_reuse_address = True
        self._server.server_bind()
        self._server.server_activate()
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, address: None
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.address}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Push:
    def __init__(self, headers, body):
        self.headers, self.status, self.time = headers, None, time.monotonic()
        self.series = [Series(payload) for number, _, payload in cases.fields(body) if number == 1]
        self.names = [s.labels["__name__"] for s in self.series]


class Series:
    """One series of a push: its labels, and the profile's types and values."""

    def __init__(self, message):
        self.labels, self.raw = {}, b""
        for number, _, payload in cases.fields(message):
            if number == 1:
                pair = dict((n, p.decode()) for n, _, p in cases.fields(payload))
                assert pair[1] not in self.labels, f"{pair[1]} twice"
                self.labels[pair[1]] = pair[2]
            elif number == 2:
                self.raw = gzip.decompress(next(p for n, _, p in cases.fields(payload) if n == 1))
        self.values = values_of(self.raw)


def values_of(profile):
    """The values of each sample of an unpacked profile."""
    return [[v for n, _, p in cases.fields(sample) if n == 2 for v in varints(p)]
            for number, _, sample in cases.fields(profile) if number == 2]


def sums(values):
    return [sum(column) for column in zip(*values)]


def varints(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value - (1 << 64) if value >> 63 else value
            value = shift = 0


def number(raw, field):
    """A number of an unpacked profile: 9 is its begin, 10 its length, both in nanoseconds."""
    return next((value for n, _, payload in cases.fields(raw) if n == field for value in varints(payload)), 0)


class PushServer(Threaded):
    """Records pushes and answers as the test says: `answer(n, names) -> (status, headers)` for the n-th
    push, with profiles of these names; a status of None closes the connection instead."""

    def __init__(self, answer=None, port=0):
        self.pushes, self.answer = [], answer or (lambda n, names: (200, {}))
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                push = Push({k.lower(): v for k, v in self.headers.items()}, body)
                push.status, headers = server.answer(len(server.pushes), push.names) if self.path == PUSH else (404, {})
                server.pushes.append(push)
                if push.status is None:
                    self.close_connection = True
                    return
                self.send_response(push.status)
                for name, value in {**headers, "Content-Length": "2"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args):
                pass

        super().__init__(Handler, port)

    def stored(self):
        return [p for p in self.pushes if p.status == 200]

    def stored_names(self):
        return {name for p in self.stored() for name in p.names}

    def has(self, *names, since=0):
        return set(names) <= {name for p in self.stored() if p.time > since for name in p.names}


class Pages(Threaded):
    """An application that answers each path below /debug/pprof/ as `answer(path) -> (status, body)` says."""

    def __init__(self, answer, port=0):
        self.asked = []
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/debug/pprof/").split("?")[0]
                application.asked.append(name)
                status, body = answer(name)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        super().__init__(Handler, port)
