"""The native part of the Node agent in a process without Node: whatever happens, SIGTERM ends the process as without it."""
import signal
import subprocess

import pytest

import injected

# What each case ends with; native_host.cc says what it means.
CASES = {"forked": 0, "computing": 0, "withoutTimers": 0, "others": 0, "unloaded": -signal.SIGTERM}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("native")
    subprocess.run([injected.ROOT / "webhooks/agents/node/build_native.sh", folder / "native.node"], check=True)
    subprocess.run(["c++", "-std=c++20", "-O1", "-rdynamic", "-o", folder / "host", injected.ROOT / "tests/agents/node/native_host.cc", "-ldl"], check=True)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_the_native_part(host, case):
    done = subprocess.run([host / "host", host / "native.node", case], capture_output=True, text=True, timeout=120)
    assert done.returncode == CASES[case], done.stdout + done.stderr
