"""What the Java agent sends: early, to the end, once, and with methods that were compiled into others."""
import contextlib
import signal
import subprocess
import time

import pytest

import injected
from recorder import NoServer, Recorder, SilentServer


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    done = subprocess.run(["javac", "-d", folder, injected.PROGRAMS / "Burn.java", injected.PROGRAMS / "Inlined.java"],
                          env=injected.plain_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@contextlib.contextmanager
def running(agents, classes, server, *words, interval=60):
    env = injected.agent_environment(agents, "java", server.url, interval) | {"PROFILING_START_DELAY_MS": "200"}
    with subprocess.Popen(["java", "-cp", classes, *words], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
            server.close()


@pytest.mark.parametrize("end", ["by itself", "SIGTERM"])
def test_an_early_and_a_last_window_arrive(agents, classes, end):
    """The interval is a minute, so that neither is one of its rounds."""
    server = Recorder()
    with running(agents, classes, server, "Burn", "stdin", "5") as process:
        assert server.wait_for(lambda upload: b"priceBasket" in upload.content(), 60), "an early one"
        time.sleep(3)
        before = len(server.uploads)
        if end == "SIGTERM":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(30) == {"SIGTERM": 143, "by itself": 5}[end]
        ended = time.time()
        assert len(server.uploads) == before + 1, "the last one"
        last = server.uploads[-1]
        assert b"priceBasket" in last.content() and int(last.query["until"]) > ended - 15
        assert int(last.query["from"]) == int(server.uploads[-2].query["until"]), "nothing between them"


@pytest.mark.parametrize("trouble", [SilentServer, NoServer, lambda: Recorder(after=60)])
def test_a_server_that_does_not_answer_holds_the_end_up_for_a_second(agents, classes, trouble):
    with running(agents, classes, trouble(), "Burn", "8", "5") as process:
        begin = time.monotonic()
        assert process.wait(60) == 5
        assert time.monotonic() - begin < 20


def test_methods_that_were_compiled_into_others_are_shown(agents, classes):
    """Not in the first windows: there the interpreter still shows them."""
    server = Recorder()
    with running(agents, classes, server, "Inlined", interval=3):
        assert server.wait_for(lambda upload: len(server.uploads) >= 4, 90)
        later = [upload.content() for upload in server.uploads[3:]]
        assert all(b"caller" in content and b"tiny" in content for content in later)
