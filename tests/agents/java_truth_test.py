"""What the Java agent sends: early, to the end, once, and with methods that were compiled into others; and when it sends nothing."""
import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import injected
from recorder import NoServer, Recorder, SilentServer


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    done = subprocess.run(["javac", "-d", folder, *(injected.PROGRAMS / f"{name}.java" for name in ("Burn", "Inlined", "Meddler", "Stranger"))],
                          env=injected.plain_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@contextlib.contextmanager
def running(agents, classes, server, *words, interval=60, before=(), delay=200, more=None, **pipes):
    env = injected.agent_environment(agents, "java", server.url, interval) | {"PROFILING_START_DELAY_MS": str(delay), "PROFILING_DEBUG": "1"} | (more or {})
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


def meddle(process):
    process.stdin.write("now\n")
    process.stdin.flush()
    assert process.stdout.readline() == "meddled\n"


def goes_on(server):
    """Whether a window arrives that begins after now."""
    now = time.time()
    return server.wait_for(lambda upload: int(upload.query["from"]) > now and b"priceBasket" in upload.content(), 60)


def test_a_process_that_ran_out_of_descriptors_is_profiled_again(agents, classes):
    """The recording ends meanwhile; it would fill the disk unseen."""
    server = Recorder()
    with running(agents, classes, server, "Meddler", "descriptors", interval=1, before=("prlimit", "--nofile=60"),
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert server.wait_for(lambda upload: True, 60)
        meddle(process)
        for line in process.stderr:
            if "createFileExclusively" in line:
                break
        threading.Thread(target=process.stderr.read, daemon=True).start()
        meddle(process)
        assert goes_on(server)


def test_an_interrupt_of_all_threads_does_not_end_it(agents, classes):
    server = Recorder()
    with running(agents, classes, server, "Meddler", "interrupts", interval=1, stdout=subprocess.PIPE) as process:
        assert server.wait_for(lambda upload: True, 60)
        meddle(process)
        assert goes_on(server)


@pytest.mark.parametrize("socks", [False, True])
def test_what_the_application_puts_into_the_jdk_neither_stops_it_nor_ends_the_process(agents, classes, socks):
    """A selector of proxies that throws, and a handler that ends the process. Only where SOCKS is asked for, the selector is."""
    server = Recorder()
    options = ("-DsocksProxyHost=127.0.0.1",) if socks else ()
    with running(agents, classes, server, *options, "Meddler", "selector", interval=1, stderr=subprocess.PIPE) as process:
        if socks:
            assert any("AssertionError: socket://" in line for line in process.stderr)
        else:
            assert server.wait_for(lambda upload: b"priceBasket" in upload.content(), 60)
        process.communicate(timeout=30)
        assert process.returncode == 5


def test_passwords_among_the_options_stay_in_the_process(agents, classes):
    server = Recorder()
    with running(agents, classes, server, "-Ddb.password=hunter2", "Burn", "stdin", "hunter2", interval=1):
        assert server.wait_for(lambda upload: len(server.uploads) >= 3 and b"priceBasket" in upload.content(), 60)
        assert not any(b"hunter2" in upload.content() for upload in server.uploads)


@pytest.mark.parametrize("name", ["data,", "data,x", "data%p"])
def test_a_folder_that_the_profiler_cannot_name_gets_no_file(agents, classes, tmp_path, name):
    """It took what stands before the comma for the file's name, and wrote over it."""
    (tmp_path / name).mkdir()
    (tmp_path / "data").write_text("the application's")
    server = Recorder()
    with running(agents, classes, server, f"-Djava.io.tmpdir={tmp_path / name}", "Burn", "stdin", "5", interval=1, stderr=subprocess.PIPE) as process:
        assert any("no folder for the profiler" in line for line in process.stderr)
        assert (tmp_path / "data").read_text() == "the application's"
        process.communicate(timeout=30)
        assert (process.returncode, server.uploads) == (5, [])


class Server:
    """Calls `answer` with each connection, by TLS where there is a context."""

    def __init__(self, answer, context=None):
        self.uploads = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if context else ''}://localhost:{self._socket.getsockname()[1]}"
        self._answer, self._context = answer, context
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._socket.accept()[:1], daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._answer(self, connection)

    def close(self):
        self._socket.close()


def test_a_refusal_before_the_body_is_read_is_heard(agents, classes):
    """As proxies answer that take no large bodies. It was a broken connection, and the profile was tried for ever."""
    def refuse(server, connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    with running(agents, classes, Server(refuse), "Burn", "stdin", "5", interval=1, stderr=subprocess.PIPE) as process:
        assert any("dropped: status 413" in line for line in process.stderr)


def test_an_answer_before_the_answer_is_passed_over(agents, classes):
    def continued(server, connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Away\r\n\r\n")
        while connection.recv(1 << 16):
            pass
    with running(agents, classes, Server(continued), "Burn", "stdin", "5", interval=1, stderr=subprocess.PIPE) as process:
        assert any("will be sent again: status 503" in line for line in process.stderr)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A server's context, and the trust store that knows it."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key", "-out", folder / "certificate", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    subprocess.run(["keytool", "-importcert", "-noprompt", "-file", folder / "certificate", "-keystore", folder / "trusted", "-storepass", "changeit"],
                   check=True, capture_output=True, env=injected.plain_environment())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context, folder / "trusted"


def welcome(server, connection):
    connection.recv(100)
    server.uploads.append("begun")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_a_server_that_the_trust_store_knows_gets_profiles(agents, classes, tls):
    server = Server(welcome, tls[0])
    with running(agents, classes, server, f"-Djavax.net.ssl.trustStore={tls[1]}", "-Djavax.net.ssl.trustStorePassword=changeit", "Burn", "stdin", "5",
                 interval=1):
        deadline = time.monotonic() + 90
        while len(server.uploads) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_application_may_name_its_trust_store_after_the_first_upload(agents, classes, tls):
    """The JDK makes its default once, from the properties of that moment."""
    server = Server(welcome, tls[0])
    with running(agents, classes, server, "Meddler", "trust", tls[1], server.url, interval=1, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert any("PKIX path building failed" in line for line in process.stderr), "the agent does not know it"
        process.stdin.write("now\n")
        process.stdin.flush()
        assert process.stdout.readline() == "trusted\n"


@pytest.mark.parametrize("secured", [False, True])
def test_a_server_that_stops_reading_does_not_hold_up_who_ends_the_request(agents, classes, tls, secured):
    """By TLS, closing waits for who writes; the thread that starts and ends the recordings would stand still."""
    ended = threading.Event()
    server = Server(lambda server, connection: ended.wait(120), tls[0] if secured else None)
    options = (f"-Djavax.net.ssl.trustStore={tls[1]}", "-Djavax.net.ssl.trustStorePassword=changeit")
    with running(agents, classes, server, *options, "Meddler", "blocked", server.url, more={"PYROSCOPE_AGENT_ENABLED": "false"},
                 stdout=subprocess.PIPE) as process:
        out, _ = process.communicate("now\n", timeout=90)
        ended.set()
        assert "Unsent" in out and process.returncode == 5
