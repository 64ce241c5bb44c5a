"""The profile store gives the answers that a real Pyroscope 2.2 gave, on disk and on S3, and behaves like it
when its storage does not work. `run.sh --url` holds any other server to the same answers."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import cases
import compare
import replay
import servers

COUNT = 48


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    return servers.rootfs(tmp_path_factory.mktemp("image") / "rootfs")


@pytest.fixture(scope="session")
def recorded():
    return replay.transcript()


def differences(url, recorded):
    found, asked = [], 0
    for case, status, content_type, body in replay.run(url):
        asked += 1
        try:
            compare.check(case.name, recorded[case.name], status, content_type, body)
        except compare.Difference as difference:
            found.append(f"{case.name}: {difference}")
    assert asked == len(recorded) == COUNT
    return found


def graph(url, selector):
    now = cases.clock()
    body = {"start": (now - 600) * 1000, "end": (now + 60) * 1000, "profileTypeID": cases.CPU, "labelSelector": selector}
    status, _, raw = replay.send(url, cases.Case("", "POST", cases.QUERIER + "SelectMergeStacktraces", body, "json"))
    assert status == 200, raw
    return json.loads(raw)["flamegraph"]


def push(url, service="c.push"):
    case = next(c for c in cases.writes(cases.clock()) if c.name == "push json cpu")
    case.body = case.body.replace(b'"c.push"', json.dumps(service).encode())
    status, _, raw = replay.send(url, case)
    return status, raw.decode()


def test_answers_with_files(image, tmp_path, recorded):
    with servers.ProfileStore(image, tmp_path, servers.FILES.format(folder=tmp_path)) as store:
        assert differences(store.url, recorded) == []
        # Amounts, once, on a database that holds each input once: `go tool pprof` and `jfr summary` say the same.
        assert graph(store.url, '{service_name="c.push"}')["total"] == "3900000000"
        assert graph(store.url, '{service_name="c.java"}')["total"] == "4670000000"


def test_answers_with_s3(image, tmp_path, recorded):
    port = servers.free_port()
    with servers.s3(tmp_path, port), servers.ProfileStore(
            image, tmp_path, servers.S3.format(s3_port=port, bucket=servers.BUCKET)) as store:
        assert differences(store.url, recorded) == []
        bucket = tmp_path / "buckets" / servers.BUCKET
        blocks = list(bucket.rglob("block.bin"))
        assert blocks
        for block in blocks:
            assert re.fullmatch(r"profiles/segments/\d+/anonymous/[0-9A-HJKMNP-TV-Z]{26}/block\.bin",
                                str(block.relative_to(bucket)))
        assert any(b'"service_name","value":"c.push"' in block.read_bytes() for block in blocks)


def test_data_survives_a_restart(image, tmp_path):
    storage = servers.FILES.format(folder=tmp_path)
    with servers.ProfileStore(image, tmp_path, storage) as store:
        assert push(store.url) == (200, "{}")
        assert store.stop() == 0
    with servers.ProfileStore(image, tmp_path, storage) as store:
        assert graph(store.url, '{service_name="c.push"}')["total"] == "3900000000"


@pytest.mark.parametrize("secret, bucket, words", [
    ("wrong", servers.BUCKET, "signature"),
    (servers.SECRET, "no-such-bucket", "bucket does not exist"),
])
def test_an_unusable_bucket_is_only_a_warning(image, tmp_path, secret, bucket, words):
    port = servers.free_port()
    with servers.s3(tmp_path, port), servers.ProfileStore(
            image, tmp_path, servers.S3.format(s3_port=port, bucket=bucket), secret) as store:
        store.await_(lambda: store.said(r'level=warn msg="bucket health check failed" component=segment-writer err='),
                     "no warning")
        store.await_(lambda: store.said(r'component=metastore'), "no second warning")
        assert store.said(f"(?i){words}"), store.log.read_text()
        status, body = push(store.url)
        assert status == 503 and "failed to upload segment" in body
        assert servers.get(store.url + "/ready") == (200, "ready")


def test_pushes_recover_with_s3(image, tmp_path):
    port = servers.free_port()
    with servers.ProfileStore(image, tmp_path, servers.S3.format(s3_port=port, bucket=servers.BUCKET)) as store:
        assert push(store.url)[0] == 503
        with servers.s3(tmp_path, port):
            assert push(store.url) == (200, "{}")
            assert graph(store.url, '{service_name="c.push"}')["total"] == "3900000000"


def test_the_image_runs_as_in_a_pod(image, tmp_path):
    """User 10001, the root file system read-only, /data and /tmp writable, nothing of the host's libraries."""
    port = servers.free_port()
    root = tmp_path / "root"
    shutil.copytree(image, root, symlinks=True)
    (root / "proc").mkdir()
    data = pathlib.Path("/data")
    servers.configuration(root / "etc/pyroscope", "  backend: filesystem\n  filesystem: {dir: /data/shared}\n", port)
    config = root / "etc/pyroscope/config.yaml"
    config.write_text(config.read_text().replace(f"{root}/etc/pyroscope/metastore", f"{data}/metastore"))
    script = ('set -e; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; mount -t proc proc "$1/proc"; '
              'mount -t tmpfs -o mode=1777 data "$1/data"; mount -t tmpfs -o mode=1777 tmp "$1/tmp"; '
              'exec chroot --userspec=10001:10001 "$1" /usr/bin/pyroscope -config.file=/etc/pyroscope/config.yaml')
    with servers.Server(["unshare", "--mount", "sh", "-c", script, "sh", root], tmp_path / "image.log",
                        {"PATH": os.environ["PATH"], "PROFILESTORE_READY_DELAY": "0s"}) as server:
        url = f"http://127.0.0.1:{port}"
        server.await_(lambda: servers.get(url + "/ready") == (200, "ready"), "the image does not start")
        java = next(c for c in cases.writes(cases.clock()) if c.name == "ingest java jfr")
        status, _, raw = replay.send(url, java)
        assert status == 200, raw
        assert "App.fib" in graph(url, '{service_name="c.java"}')["names"]
        owner = subprocess.run(["ps", "-o", "uid=", "-p", str(server.process.pid)], capture_output=True, text=True,
                               check=True)
        assert owner.stdout.split() == ["10001"]
        assert server.stop() == 0


def broken(value):
    """Copies of an answer, each with one defect."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            for worse in broken(value[key]):
                yield {**value, key: worse}
    elif isinstance(value, list) and value:
        for worse in broken(value[0]):
            yield [worse, *value[1:]]
        yield value[1:]
    elif isinstance(value, str):
        yield 7
        yield "7" + value
    elif isinstance(value, (int, float)):
        yield str(value)


@pytest.mark.parametrize("name", sorted(replay.transcript()))
def test_the_comparison_detects_differences(recorded, name):
    """Each answer equals itself, and every single defect is detected."""
    right = recorded[name]
    body = b"" if name == "push python's own body" else right["body"]
    compare.check(name, right, right["status"], right["content_type"], copy.deepcopy(body))
    for status, content_type, wrong in [(right["status"] + 1, right["content_type"], body),
                                        (right["status"], "text/html", body), (right["status"], right["content_type"], 7)]:
        with pytest.raises((compare.Difference, TypeError)):
            compare.check(name, right, status, content_type, wrong)
    if not isinstance(body, dict) or name in FREE:
        return
    for wrong in broken(body):
        try:
            compare.check(name, right, right["status"], right["content_type"], wrong)
        except (compare.Difference, ValueError, KeyError, IndexError):
            continue
        pytest.fail(f"went through: {json.dumps(wrong)[:400]}")


# Answers with amounts that differ from one recording to the next: see the rules in compare.py.
FREE = {"diff of different types", "flame graph of java", "flame graph over 30 days", "time series"}
