"""`make push` and `make demo` state what is wrong before they build, and take nothing from the shell by accident."""
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading

import pytest

from conftest import ROOT
from kube import environment


# Variables of the shell, or of the make that runs this test.
NOT_PASSED_ON = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "KUBECONFIG", "REGISTRY", "TAG", "PLAIN_HTTP")


def run(*command, **variables):
    inherited = {name: value for name, value in environment().items() if name not in NOT_PASSED_ON}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, cwd=ROOT,
                          env={**inherited, **variables})


def push(*arguments, **variables):
    return run(ROOT / "hack/images/push", *arguments, **variables)


@pytest.fixture
def registry():
    """Serves the status that the test sets; yields the server and its HOST:PORT."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(self.server.status if self.path == "/v2/" else 500)
            self.end_headers()

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status, accepted", [(200, True), (401, True), (403, True), (404, False), (500, False)])
def test_a_registry_is_what_answers_as_one(registry, status, accepted):
    server, address = registry
    server.status = status
    done = push(f"{address}/team", "--check")
    assert (done.returncode == 0) == accepted, done.stderr
    assert accepted or f"'{address}' is no image registry" in done.stderr and f"HTTP status {status}" in done.stderr


def test_only_addresses_of_loopback_imply_plain_http():
    for host, scheme in (("127.0.0.1:1", "http"), ("localhost:1", "http"), ("[::1]:1", "http"), ("127.evil.invalid", "https"), ("127.0.0.1.invalid", "https")):
        done = push(f"{host}/x", "--check")
        assert done.returncode == 1 and f"the registry '{host}' does not answer at {scheme}://{host}/v2/" in done.stderr, done.stderr
    assert "http://127.evil.invalid/v2/" in push("127.evil.invalid/x", "--check", "--plain-http").stderr


@pytest.mark.parametrize("registry", ["docker.io/me", "index.docker.io/me/x"])
def test_docker_hub_has_no_nested_repositories(registry):
    done = push(registry, "--list")
    assert done.returncode == 1 and f"REGISTRY '{registry}': Docker Hub has no nested repositories" in done.stderr


def test_a_slash_at_the_end_is_not_part_of_the_registry():
    listed = push("localhost:5000/p/", "--list")
    assert listed.stdout and listed.stdout == push("localhost:5000/p", "--list").stdout


def test_a_tag_that_no_image_can_have_is_refused():
    done = push("r.io/x", "--list", "--tag", "a:b")
    assert done.returncode == 1 and "tag 'a:b' must be" in done.stderr


def test_a_refused_push_names_the_registry_and_the_login(registry, tmp_path):
    server, address = registry
    server.status = 401
    archive, manifest = tmp_path / "a.tar", json.dumps([{"RepoTags": ["localhost/profiling-operator/operator:1"]}]).encode()
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        tar.addfile(member, io.BytesIO(manifest))
    programs, work = tmp_path / "cache/tools/bin", tmp_path / "work"
    programs.mkdir(parents=True)
    work.mkdir()
    buildah = programs / "buildah"
    # Stores a read-only folder, as layers hold, and is refused by the registry.
    buildah.write_text('#!/bin/sh\ncase "$*" in *" push "*) exit 125 ;; esac\nmkdir -p "$4/layer/read-only" && chmod -R a-w "$4/layer"\n')
    buildah.chmod(0o755)
    done = push(f"{address}/team", archive, PROFILING_CACHE=str(tmp_path / "cache"), TMPDIR=str(work))
    assert done.returncode == 1
    assert f"cannot push {address}/team/profiling-operator/operator:1" in done.stderr and f"buildah login {address}" in done.stderr
    assert os.listdir(work) == []


@pytest.mark.parametrize("registry, said", [("", "REGISTRY is not set"), ("R.io/x", "REGISTRY 'R.io/x' must be"), ("127.0.0.1:1/x", "does not answer")])
def test_make_push_checks_the_registry_before_it_builds(registry, said):
    done = run("make", "push", f"REGISTRY={registry}")
    assert done.returncode == 2 and said in done.stderr
    assert done.stdout == ""


def test_make_push_passes_tag_and_plain_http_on():
    *_, last = run("make", "-n", "push", "REGISTRY=r.io/x", "TAG=v1", "PLAIN_HTTP=1").stdout.splitlines()
    assert last == 'hack/images/push "r.io/x" --tag "v1" --plain-http'
    *_, last = run("make", "-n", "push", "REGISTRY=r.io/x").stdout.splitlines()
    assert last.split() == ["hack/images/push", '"r.io/x"']


def test_make_demo_takes_a_cluster_from_its_command_line_only():
    shell = {"KUBECONFIG": "/production", "REGISTRY": "production.example"}
    assert run("make", "-n", "demo", **shell).stdout == 'DEMO_KUBECONFIG="" DEMO_REGISTRY="" hack/demo/run\n'
    assert run("make", "-n", "demo", "KUBECONFIG=/a", "REGISTRY=r.io/x", **shell).stdout == 'DEMO_KUBECONFIG="/a" DEMO_REGISTRY="r.io/x" hack/demo/run\n'


@pytest.mark.parametrize("given, said", [
    ({"DEMO_REGISTRY": "r.io/x"}, "REGISTRY is set without KUBECONFIG"),
    ({"DEMO_KUBECONFIG": "/nowhere"}, "REGISTRY must name a registry"),
    ({"DEMO_KUBECONFIG": "/nowhere", "DEMO_REGISTRY": "r.io/x"}, "KUBECONFIG '/nowhere' is not a readable file")])
def test_the_demo_needs_both_a_cluster_and_its_registry(given, said):
    done = run(ROOT / "hack/demo/run", **given)
    assert done.returncode == 1 and said in done.stderr
