"""What the Java agent sends: early, to the end, once, and with methods that were compiled into others; and when it sends nothing."""
import contextlib
import shutil
import signal
import subprocess
import time

import pytest

import injected
from recorder import NoServer, Recorder, SilentServer


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    done = subprocess.run(["javac", "-d", folder, *(injected.PROGRAMS / f"{name}.java" for name in ("Burn", "Inlined", "Stranger"))],
                          env=injected.plain_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@contextlib.contextmanager
def running(agents, classes, server, *words, interval=60, before=(), delay=200, **pipes):
    env = injected.agent_environment(agents, "java", server.url, interval) | {"PROFILING_START_DELAY_MS": str(delay), "PROFILING_DEBUG": "1"}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **pipes}
    with subprocess.Popen([*before, "java", "-cp", classes, *words], env=env, text=True, stdin=subprocess.PIPE, **pipes) as process:
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


def another_profiler(agents, folder):
    """A second copy of the library, as an application unpacks it from a jar."""
    return shutil.copy(agents / "java/lib/libasyncProfiler-x64.so", folder / "libasyncProfiler-linux-x64-4711.so")


def test_beside_a_profiler_of_the_application_ours_does_not_start(agents, classes, tmp_path):
    server = Recorder()
    with running(agents, classes, server, "Stranger", another_profiler(agents, tmp_path), "0", interval=1, delay=3000,
                 stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "loaded\n"
        time.sleep(6)  # the delay and three intervals, in which nothing may come
        process.communicate("end\n", timeout=30)
        assert (process.returncode, server.uploads) == (3, [])


def test_a_profiler_that_the_application_starts_later_ends_ours(agents, classes, tmp_path):
    server = Recorder()
    with running(agents, classes, server, "Stranger", another_profiler(agents, tmp_path), "4000", interval=1, stderr=subprocess.PIPE) as process:
        for line in process.stderr:
            if "a profiler of its own" in line:
                break
        ended = time.time()
        time.sleep(3)
        process.communicate("end\n", timeout=30)
        assert process.returncode == 3 and server.uploads
        assert all(int(upload.query["until"]) <= ended + 1 for upload in server.uploads)


def test_where_threads_get_no_timers_the_process_has_one(agents, classes):
    server = Recorder()
    with running(agents, classes, server, "Burn", "stdin", "5", interval=2, before=("prlimit", "--sigpending=0")):
        assert server.wait_for(lambda upload: b"priceBasket" in upload.content(), 60)


def test_what_the_server_refuses_for_a_moment_is_sent_again_once(agents, classes):
    """Two answers of 503, then all is taken: no window is missing, and none is stored twice."""
    server = Recorder(lambda before: 503 if before < 2 else 200)
    with running(agents, classes, server, "Burn", "stdin", "5", interval=2) as process:
        assert server.wait_for(lambda upload: len(server.uploads) >= 6, 90)
        process.stdin.close()
        assert process.wait(30) == 5
        stored = sorted((int(u.query["from"]), int(u.query["until"])) for u in server.uploads[2:])
        assert all(until == begin for (_, until), (begin, _) in zip(stored, stored[1:])), stored
        assert stored[0] == (int(server.uploads[0].query["from"]), int(server.uploads[0].query["until"]))


def test_what_the_server_may_have_stored_is_not_sent_again(agents, classes):
    """It takes the whole request, and closes the connection without an answer."""
    server = Recorder("close")
    with running(agents, classes, server, "Burn", "8", "5", interval=2) as process:
        assert process.wait(60) == 5
        begins = [upload.query["from"] for upload in server.uploads]
        assert len(begins) >= 3 and len(set(begins)) == len(begins), begins
