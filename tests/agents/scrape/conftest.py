import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import sidecar as parts  # noqa: E402

BINARY = pathlib.Path(os.environ.get("PROFILING_AGENT_BINARY", parts.ROOT / "build/dev/webhooks/agents/scrape/profiling-agent"))


@pytest.fixture(scope="session")
def go_binary(tmp_path_factory):
    out = tmp_path_factory.mktemp("goapp") / "goapp"
    subprocess.run(["go", "build", "-o", out, "."], cwd=pathlib.Path(__file__).parent / "goapp",
                   env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}, check=True)
    return out


@pytest.fixture(scope="session")
def rust_binary():
    """Cached by sources and compiler: the build takes half a minute on two cores."""
    sources = pathlib.Path(__file__).parent / "rustapp"
    files = [sources / name for name in ("Cargo.toml", "Cargo.lock", "src/main.rs")]
    version = subprocess.run(["cargo", "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(version + b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    cache = pathlib.Path(os.environ.get("PROFILING_CACHE") or pathlib.Path.home() / ".cache/profiling-operator") / "rustapp"
    kept = cache / key
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as target:
            subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--target-dir", target], cwd=sources, check=True)
            os.replace(pathlib.Path(target) / "release/rustapp", kept)
    return kept


@pytest.fixture
def go_app(go_binary, tmp_path):
    """go_app(port=0): a new process of the Go application."""
    made = []

    def start(port=0):
        made.append(parts.Application(go_binary, tmp_path, port))
        return made[-1]
    yield start
    for app in made:
        app.kill()


@pytest.fixture
def sidecar(tmp_path):
    """sidecar(server_url, application_address, …): a process that must exit cleanly and without sanitizer reports."""
    made = []

    def start(server, application=None, **options):
        made.append(parts.Sidecar(options.pop("binary", BINARY), tmp_path, server, application, **options))
        return made[-1]
    yield start
    for s in made:
        if s.process.poll() is None:
            assert s.end() == 0, s.log()
        assert not re.search(r"Sanitizer|runtime error", s.log()), s.log()


@pytest.fixture(scope="session")
def shipped():
    """The binary as in its image."""
    with tempfile.TemporaryDirectory() as folder:
        context = pathlib.Path(folder, "context")
        done = subprocess.run([parts.ROOT / "webhooks/agents/context.sh", "scrape", context], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield context
