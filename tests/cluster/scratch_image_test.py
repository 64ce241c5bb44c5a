"""hack/images/scratch_image.py: the same bytes for the same content, and clear errors."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "hack/images/scratch_image.py"


def pack(*arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin/app").write_bytes(b"\x7fELF")
    (root / "bin/app").chmod(0o755)
    (root / "bin/link").symlink_to("app")
    os.link(root / "bin/app", root / "bin/other")
    (root / "etc").symlink_to("bin")
    return root


def test_the_archive_passes_the_checks_of_an_image_store(root, tmp_path):
    out = tmp_path / "image.tar"
    done = pack(root, "localhost/cluster/app:1", out, "--entrypoint", "/bin/app", "--entrypoint=-v", "--user", "1000",
                "--env", "A=b=c", "--workdir", "/bin", "--port", "80")
    assert done.returncode == 0, done.stderr
    with tarfile.open(out) as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))
        assert manifest["RepoTags"] == ["localhost/cluster/app:1"]
        config = archive.extractfile(manifest["Config"]).read()
        assert manifest["Config"] == hashlib.sha256(config).hexdigest() + ".json"
        layer = archive.extractfile(manifest["Layers"][0]).read()
        layer_file = tmp_path / "layer.tar"
        layer_file.write_bytes(layer)
    config = json.loads(config)
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
    assert config["config"] == {"Entrypoint": ["/bin/app", "-v"], "User": "1000", "Env": ["A=b=c"],
                                "WorkingDir": "/bin", "ExposedPorts": {"80/tcp": {}}}
    with tarfile.open(layer_file) as files:
        members = files.getmembers()
    assert [m.name for m in members] == ["bin", "bin/app", "bin/link", "bin/other", "etc"]
    assert {(m.uid, m.gid, m.mtime) for m in members} == {(0, 0, 0)}
    assert members[1].mode == 0o755 and members[3].islnk() and members[4].issym()


def test_times_and_order_of_creation_do_not_change_the_bytes(root, tmp_path):
    assert pack(root, "localhost/cluster/app:1", tmp_path / "a.tar").returncode == 0
    os.utime(root / "bin/app", (1, 1))
    (root / "bin/link").unlink()
    (root / "bin/link").symlink_to("app")
    assert pack(root, "localhost/cluster/app:1", tmp_path / "b.tar").returncode == 0
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_bad_input_is_named(root, tmp_path):
    out = tmp_path / "image.tar"
    assert "'app' is not HOST/PATH:TAG" in pack(root, "app", out).stderr
    assert f"ROOTFS_DIR {tmp_path}/none: not a folder" in pack(tmp_path / "none", "localhost/a:1", out).stderr
    assert "'A' is not NAME=VALUE" in pack(root, "localhost/a:1", out, "--env", "A").stderr
    os.mkfifo(root / "pipe")
    assert "only files, folders and links" in pack(root, "localhost/a:1", out).stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root"], "nothing is left of a failed run"
