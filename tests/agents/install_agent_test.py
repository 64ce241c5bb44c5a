"""install-agent: installs an agent completely and verified, or not at all."""
import hashlib
import os
import subprocess

import pytest

MANIFEST = "MANIFEST.sha256"


@pytest.fixture
def binary(contexts):
    return contexts / "java" / "install-agent"


@pytest.fixture
def source(tmp_path):
    tree = tmp_path / "agent"
    (tree / "native/deep").mkdir(parents=True)
    (tree / "run").write_bytes(b"#!/bin/true\n")
    (tree / "run").chmod(0o700)
    (tree / "native/deep/big.so").write_bytes(os.urandom(700_001))
    (tree / "native/deep/big.so").chmod(0o600)
    (tree / "empty").write_bytes(b"")
    write_manifest(tree)
    return tree


def write_manifest(tree):
    files = sorted(p for p in tree.rglob("*") if p.is_file() and p.name != MANIFEST)
    (tree / MANIFEST).write_text("".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(tree)}\n" for p in files))


@pytest.fixture
def volume(tmp_path):
    path = tmp_path / "volume"
    path.mkdir()
    return path


@pytest.fixture
def install(binary, source, volume):
    def run(*options, to=None, prefix=(), **popen):
        return subprocess.run([*prefix, binary, *options, "--from", source, to or volume / "java"],
                              capture_output=True, text=True, **popen)
    return run


def tree_of(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.mark.parametrize("options", [(), ("--flush",)])
def test_installs_everything_readable_by_all(install, source, volume, options):
    done = install(*options, umask=0o077)
    assert done.returncode == 0, done.stderr
    assert f"installed in {volume}/java: 700013 bytes, 3 files" in done.stdout
    assert tree_of(volume / "java") == tree_of(source)
    assert [p.name for p in volume.iterdir()] == ["java"]
    for path in (volume / "java", *(volume / "java").rglob("*")):
        wanted = 0o755 if path.is_dir() or path.name == "run" else 0o644
        assert path.stat().st_mode & 0o777 == wanted, path


def test_second_run_changes_nothing(install, volume):
    assert install().returncode == 0
    before = {p: p.stat().st_ino for p in (volume / "java").rglob("*")}
    again = install()
    assert again.returncode == 0 and again.stdout.startswith("install-agent: already in"), again
    assert {p: p.stat().st_ino for p in (volume / "java").rglob("*")} == before


@pytest.mark.parametrize("damage", ["changed", "missing", "other agent"])
def test_installs_anew_over_anything_else(install, source, volume, damage):
    assert install().returncode == 0
    big = volume / "java/native/deep/big.so"
    if damage == "changed":
        with open(big, "r+b") as f:
            f.seek(1000)
            f.write(b"damaged")
    elif damage == "missing":
        big.unlink()
    else:
        (source / "added").write_text("new")
        write_manifest(source)
    done = install()
    assert done.returncode == 0 and "installed in" in done.stdout, done
    assert tree_of(volume / "java") == tree_of(source)
    assert [p.name for p in volume.iterdir()] == ["java"]


def test_removes_leftovers_of_a_killed_run(install, volume):
    (volume / ".java.installing-99/native").mkdir(parents=True)
    (volume / ".python.installing-99").mkdir()  # must not remove another agent's
    assert install().returncode == 0
    assert sorted(p.name for p in volume.iterdir()) == [".python.installing-99", "java"]


def test_works_as_any_user(install, source, volume):
    if os.getuid() != 0:
        pytest.fail("this test changes its user and needs root, as the cluster's tests do")
    for path in (source, *source.rglob("*")):
        path.chmod(0o755)
    for path in source.parents:
        if str(path).startswith("/tmp/"):
            path.chmod(0o755)
    volume.chmod(0o777)
    done = install(user=65532, group=65532, extra_groups=[])
    assert done.returncode == 0, done.stderr
    assert (volume / "java/empty").stat().st_uid == 65532
    volume.chmod(0o755)
    denied = install(to=volume / "node", user=65532, group=65532, extra_groups=[])
    assert denied.returncode == 4
    assert f"making folder {volume}/.node.installing-" in denied.stderr
    assert "Permission denied: the volume must be writable for user 65532" in denied.stderr


def test_full_volume(install, volume):
    script = 'mount -t tmpfs -o size=300k tmpfs "$0" && "$@"; code=$?; ls -A "$0"; exit $code'
    done = install(prefix=("unshare", "-rm", "sh", "-c", script, str(volume)))
    assert done.returncode == 4, done
    assert "No space left on device: the volume is too small for the agent" in done.stderr
    assert done.stdout == "", "a failed installation must leave nothing behind"


def test_missing_volume(install, tmp_path):
    done = install(to=tmp_path / "nowhere/java")
    assert done.returncode == 4 and "is the volume mounted?" in done.stderr, done


@pytest.mark.parametrize("damage, message", [
    (lambda t: (t / "empty").write_bytes(b"x"), "empty is damaged: its SHA-256 is not the one in the manifest"),
    (lambda t: (t / "native/deep/big.so").write_bytes(b"short"), "big.so is damaged"),
    (lambda t: (t / "empty").unlink(), "No such file or directory"),
    (lambda t: ((t / "empty").unlink(), (t / "empty").symlink_to("run")), "opening"),
    (lambda t: (t / MANIFEST).unlink(), f"{MANIFEST}: No such file or directory"),
    (lambda t: (t / MANIFEST).write_text(""), "is empty or cut short"),
    (lambda t: (t / MANIFEST).write_text((t / MANIFEST).read_text()[:-3]), "is empty or cut short"),
    (lambda t: (t / MANIFEST).write_text("xyz\n"), "line 1: want 64 hex digits"),
    (lambda t: (t / MANIFEST).write_text("G" * 64 + "  run\n"), "line 1: the checksum is not 64 lower-case hex digits"),
    (lambda t: (t / MANIFEST).write_text("0" * 64 + "  ../run\n"), "path '../run' is not a plain relative path"),
    (lambda t: (t / MANIFEST).write_text("0" * 64 + "  /etc/passwd\n"), "path '/etc/passwd' is not a plain relative path"),
    (lambda t: (t / MANIFEST).write_text((t / MANIFEST).read_text() * 2), "is listed twice"),
])
def test_damaged_image(install, source, volume, damage, message):
    damage(source)
    done = install()
    assert done.returncode == 3 and message in done.stderr, done
    assert list(volume.iterdir()) == [], "nothing may be left behind"


@pytest.mark.parametrize("arguments, message", [
    ([], "the destination must be an absolute path, got none"), (["relative"], "got relative"), (["/"], "got /"),
    (["--odd", "/x"], "unknown option --odd"), (["/x", "/y"], "more than one destination: /y"), (["--from"], "--from needs a folder")])
def test_usage(binary, arguments, message):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr and "usage:" in done.stderr
