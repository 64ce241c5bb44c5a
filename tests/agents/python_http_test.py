"""The client of HTTP that Python's agent sends with."""
import importlib
import os
import socket
import ssl
import subprocess
import threading

import pytest

import shims_test
from recorder import Recorder


@pytest.fixture
def delivery():
    return importlib.import_module(shims_test.part("delivery").__name__)


@pytest.fixture
def stream(delivery):
    return importlib.import_module(delivery.__name__.rpartition(".")[0] + ".stream")


def test_an_answer_without_end_ends(delivery):
    """It comes byte by byte, each in time."""
    listener, sent = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip():
        peer, _ = listener.accept()
        try:
            while not sent.wait(0.05):
                peer.sendall(b"x")
        except OSError:
            sent.set()
    threading.Thread(target=drip, daemon=True).start()
    server = delivery.Server("http://127.0.0.1:%d" % listener.getsockname()[1], {})
    with pytest.raises(OSError) as error:
        server.post(b"first", 0.5)
    assert not isinstance(error.value, delivery.Unsent), "it may be stored"
    assert sent.wait(10)
    listener.close()


def test_the_proxies_of_the_environment_are_used(stream, monkeypatch):
    proxy = Recorder()
    monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://who:secret@"))
    monkeypatch.setenv("no_proxy", "inside.example")
    client = shims_test.part("http").Client
    assert client("http://server.example/path").post(b"body", {}, 5)[0] == 200
    assert proxy.uploads[0].body == b"body" and proxy.uploads[0].headers["proxy-authorization"] == "Basic d2hvOnNlY3JldA=="
    assert proxy.uploads[0].headers["host"] == "server.example:80"
    assert client("http://inside.example/path")._proxy is None and client("http://server.example/path")._proxy is not None
    proxy.close()


def test_a_fork_waits_until_a_name_is_found_but_not_for_ever(stream, monkeypatch):
    """A child may inherit locks of the C library that nobody releases."""
    begun, may_end, events = threading.Event(), threading.Event(), []

    def slow(*words):
        begun.set()
        may_end.wait(20)
        events.append("found")
        return []
    monkeypatch.setattr(stream._socket, "getaddrinfo", slow)
    thread = threading.Thread(target=stream.libraries.addresses, args=("host.example", 80))
    thread.start()
    assert begun.wait(10)
    for patience, seen in ((0.01, []), (20, ["found"])):
        assert stream.libraries._slow is False
        monkeypatch.setattr(stream, "FORK_PATIENCE", patience)
        if seen:
            threading.Timer(0.05, may_end.set).start()
        child = os.fork()
        if not child:
            os._exit(0 if events == seen and stream.libraries.lock.acquire(False) else 1)
        assert os.waitpid(child, 0)[1] == 0, "the child can look up names"
        if not seen:
            assert stream.libraries._slow, "the next fork would not wait"
            stream.libraries._slow = False
    thread.join()
    assert stream.libraries.lock.acquire(False) and not stream.libraries._forking
    stream.libraries.lock.release()


def test_an_address_that_does_not_answer_leaves_time_for_the_next(delivery, stream, monkeypatch):
    recorder, full = Recorder(), socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(3):  # more than the queue of the one that accepts none
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(full.getsockname())
    made = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", int(port))) for port in (full.getsockname()[1], recorder.url.rpartition(":")[2])]
    monkeypatch.setattr(stream.libraries, "addresses", lambda host, port: made)
    delivery.Server("http://two.example", {}).post(b"body", 4)
    assert [upload.body for upload in recorder.uploads] == [b"body"]
    for each in (*waiting, full):
        each.close()
    recorder.close()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """The files of a server's key and certificate, which the client trusts."""
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made, key


def test_a_server_with_tls_gets_all_and_must_be_the_one_that_is_named(delivery, stream, certificate):
    recorder = Recorder()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    recorder._server.socket = context.wrap_socket(recorder._server.socket, server_side=True)
    address = recorder.url.replace("http://127.0.0.1", "https://localhost")
    delivery.Server(address, {}).post(b"x" * 300_000, 20)
    assert len(recorder.uploads[0].body) == 300_000 and not stream.libraries.lock.locked()
    with pytest.raises(delivery.Unsent, match="certificate"):
        delivery.Server(address.replace("localhost", "127.0.0.1"), {}).post(b"x", 20)
    recorder.close()
