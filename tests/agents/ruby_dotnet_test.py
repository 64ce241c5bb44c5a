"""Tests of the agents that are in no registry of the build: the Ruby preload with a stand-in for the
gem, and the build of the images from given files."""
import pathlib
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GEM = """
module Pyroscope
  Config = Struct.new(:application_name, :server_address, :sample_rate, :tags, :tenant_id, :basic_auth_username, :basic_auth_password)
  def self.configure
    config = Config.new
    yield config
    STDOUT.puts "#{Process.pid == $master ? 'master' : 'child'}: #{config.application_name} #{config.server_address} #{config.tags}"
    STDOUT.flush
  end
end
"""
WANTED = {"PYROSCOPE_APPLICATION_NAME": "shop", "PYROSCOPE_SERVER_ADDRESS": "http://s:4040/",
          "PYROSCOPE_LABELS": "a=b,bad,c={", "PROFILING_START_DELAY_MS": "50"}


def context(language, files, folder):
    stub = folder / "install-agent"
    stub.write_text("")
    return subprocess.run([ROOT / "webhooks/agents/context.sh", language, folder / "context"], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "AGENT_FILES": str(files), "INSTALL_AGENT_BINARY": str(stub)})


@pytest.fixture
def files(tmp_path):
    version = subprocess.run(["ruby", "-e", "print RUBY_VERSION[/\\A\\d+\\.\\d+/]"], capture_output=True, text=True, check=True).stdout
    gem = tmp_path / "files" / version / "pyroscope-1.0.7" / "lib" / "pyroscope.rb"
    gem.parent.mkdir(parents=True)
    gem.write_text(GEM)
    return tmp_path / "files"


@pytest.fixture
def ruby(tmp_path, files):
    done = context("ruby", files, tmp_path)
    assert done.returncode == 0, done.stderr

    def run(script, name=None, **env):
        program = ["-e", script]
        if name:
            (tmp_path / name).write_text(script)
            program = [str(tmp_path / name)]
        return subprocess.run(["ruby", *program], capture_output=True, text=True, timeout=60,
                              env={"PATH": "/usr/bin:/bin", "RUBYOPT": f"-r{tmp_path}/context/agent/preload.rb", **WANTED, **env})
    return run


def test_a_process_is_profiled_under_its_name_and_tags(ruby):
    done = ruby("$master = Process.pid; sleep 1")
    assert done.stdout == 'master: shop http://s:4040 {"a"=>"b"}\n', done.stderr


def test_a_short_script_keeps_its_exit_code_and_loads_nothing(ruby):
    done = ruby("puts 1; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "1\n", "")


def test_children_of_a_forking_program_are_profiled(ruby):
    done = ruby("$master = Process.pid; fork { sleep 1 }; Process.wait", name="puma")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["child"], done.stderr


@pytest.mark.parametrize("env, name", [({"PYROSCOPE_AGENT_ENABLED": "false"}, None), ({"PYROSCOPE_SERVER_ADDRESS": ""}, None), ({}, "rake")])
def test_nothing_is_loaded_where_profiling_is_off(ruby, env, name):
    assert ruby("$master = Process.pid; sleep 0.3; puts defined?(Pyroscope).inspect", name=name, **env).stdout == "nil\n"


def test_an_unloadable_gem_does_not_affect_the_application(tmp_path, ruby):
    for gem in (tmp_path / "context/agent/native").rglob("pyroscope.rb"):
        gem.write_text("raise LoadError, 'libffi'")
    done = ruby("sleep 0.3; puts :fine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_the_dotnet_image_has_a_tree_for_each_libc(tmp_path):
    brought = tmp_path / "files"
    brought.mkdir()
    for libc in ("glibc", "musl"):
        with tarfile.open(brought / f"pyroscope.1.4.0-{libc}-x86_64.tar.gz", "w:gz") as archive:
            for name in ("Pyroscope.Profiler.Native.so", "Pyroscope.Linux.ApiWrapper.x64.so"):
                (tmp_path / name).write_text(libc)
                archive.add(tmp_path / name, name)
    done = context("dotnet", brought, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "context/agent/musl/Pyroscope.Linux.ApiWrapper.x64.so").read_text() == "musl"
    assert len((tmp_path / "context/agent/MANIFEST.sha256").read_text().splitlines()) == 4


@pytest.mark.parametrize("language, said", [("dotnet", "glibc-x86_64.tar.gz is missing"), ("ruby", "holds no RUBY-MINOR/GEM/lib/pyroscope.rb"), ("cobol", "unknown language 'cobol'")])
def test_missing_files_are_named(tmp_path, language, said):
    (tmp_path / "files").mkdir()
    done = context(language, tmp_path / "files", tmp_path)
    assert done.returncode == 1 and said in done.stderr
