"""The programs of the scenarios: our own, compiled, and real ones of others."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import injected

REQUIREMENTS = injected.PROGRAMS / "gunicorn.txt"


def run(*command):
    done = subprocess.run([str(w) for w in command], env=injected.plain_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def gunicorn():
    """The folder with gunicorn, downloaded once into the cache."""
    cache = pathlib.Path(os.environ.get("PROFILING_CACHE") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "profiling-operator") / "agents"
    folder = cache / f"gunicorn-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        work = pathlib.Path(tempfile.mkdtemp(prefix="work.", dir=cache))
        run(injected.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:",
            "--target", work / "tree", "-r", REQUIREMENTS)
        try:
            (work / "tree").rename(folder)
        except OSError:  # another process was faster
            assert folder.is_dir()
        shutil.rmtree(work)
    return folder


def node_for_musl():
    """Its folder, or None if apt's mirror lacks its packages."""
    done = subprocess.run([injected.ROOT / "tests/agents/musl/node.sh"], env=injected.plain_environment(), capture_output=True, text=True)
    assert done.returncode in (0, 75), done.stderr
    return done.stdout.strip() or None


def prepare(folder):
    """Fills `folder` and returns the values of the placeholders in commands."""
    shutil.copytree(injected.PROGRAMS, folder)
    run("javac", "-d", folder, *injected.PROGRAMS.glob("*.java"), injected.ROOT / "tests/e2e/apps/java/shop/Checkout.java")
    (folder / "manifest").write_text("Premain-Class: OtherAgent\n")
    run("jar", "cfm", folder / "other-agent.jar", folder / "manifest", "-C", folder, "OtherAgent.class")
    run(injected.PYTHON, "-m", "venv", "--without-pip", folder / "venv")
    packages = next((folder / "venv/lib").glob("python*/site-packages"))
    (packages / "sitecustomize.py").write_text('import sys\nprint("the sitecustomize of", sys.prefix.rsplit("/", 1)[1])\n')
    (folder / "temp").mkdir()
    node = injected.find_node()
    return {"programs": folder, "apps": injected.ROOT / "tests/e2e/apps", "python": injected.PYTHON, "java": shutil.which("java"),
            "node": node, "npm": pathlib.Path(node).parents[1] / "lib/node_modules/npm/bin/npm-cli.js",
            "gunicorn": gunicorn(), "venv_packages": packages, "musl": node_for_musl()}
