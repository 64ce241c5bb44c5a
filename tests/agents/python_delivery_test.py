"""What Python's agent does with profiles that the server does not take."""
import importlib
import threading
import time

import pytest

import shims_test
from recorder import NoServer, Recorder, SilentServer, read_body


@pytest.fixture
def delivery(monkeypatch):
    module = importlib.import_module(shims_test.part("delivery").__name__)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    return module


def make(delivery, url, said=None):
    made = delivery.Delivery(delivery.Server(url, {"Content-Type": "application/proto"}), lambda *numbers: None,
                             lambda *words: (said if said is not None else []).append(words))
    return made


def bodies(recorder):
    return [upload.body for upload in recorder.uploads]


def await_(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


class Script(Recorder):
    """Answers with each of these in turn, then with 200."""

    def __init__(self, *statuses, headers=()):
        self.statuses, self.headers, self.times = list(statuses), headers, []
        super().__init__()
        handler = self._server.RequestHandlerClass
        script = self

        def do_POST(self):
            body = read_body(self)
            script.times.append(time.monotonic())
            status = script.statuses.pop(0) if script.statuses else 200
            if status == "no answer":
                script.uploads.append((status, body))
                self.close_connection = True
                return
            script.uploads.append((status, body))
            self.send_response(status)
            for name, value in script.headers if status != 200 else ():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
        handler.do_POST = do_POST


@pytest.fixture
def script():
    made = []

    def make_script(*statuses, **words):
        made.append(Script(*statuses, **words))
        return made[-1]
    yield make_script
    for server in made:
        server.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_the_server_did_not_take_is_sent_again_in_order(delivery, script, status):
    server = script(status, status)
    sender = make(delivery, server.url)
    sender.add(b"first")
    sender.add(b"second")
    await_(lambda: len(server.uploads) == 4)
    assert server.uploads == [(status, b"first"), (status, b"first"), (200, b"first"), (200, b"second")]
    sender.close()


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 413, "no answer"])
def test_what_is_refused_or_may_be_stored_is_not_sent_again(delivery, script, status):
    server, said = script(status), []
    sender = make(delivery, server.url, said)
    sender.add(b"first")
    sender.add(b"second")
    await_(lambda: len(server.uploads) == 2)
    time.sleep(0.3)
    assert server.uploads == [(status, b"first"), (200, b"second")] and len(said) == 1, said
    sender.close()


def test_the_server_says_when_to_come_back(delivery, script):
    """Not where what it says is no number."""
    seconds = delivery.seconds
    assert [seconds(text) for text in ("7", "9999", "nan", "-3", "Wed, 21 Oct 2026 07:28:00 GMT", None)] == [7, 300, None, None, None, None]
    server = script(429, headers=[("Retry-After", "1")])
    sender = make(delivery, server.url)
    sender.add(b"first")
    await_(lambda: len(server.uploads) == 2)
    assert 0.9 < server.times[1] - server.times[0] < 5
    sender.close()


def test_what_is_kept_is_bounded(delivery):
    server = NoServer()
    sender = make(delivery, server.url)
    for number in range(30):
        sender.add(b"%d" % number)
    await_(lambda: not sender._sending and len(sender._queue) <= delivery.PROFILES)
    for _ in range(5):
        sender.add(bytes(delivery.BYTES // 2))
    await_(lambda: not sender._sending and sum(map(len, sender._queue)) <= delivery.BYTES)
    sender.close()
    server.close()


def test_a_server_that_comes_back_gets_what_was_kept(delivery):
    recorder = Recorder()
    sender = make(delivery, recorder.url)
    client = sender._server._client
    port, client.port = client.port, 1
    for number in range(3):
        sender.add(b"%d" % number)
    time.sleep(0.5)
    client.port = port
    await_(lambda: bodies(recorder) == [b"0", b"1", b"2"])
    sender.close()
    recorder.close()


def test_the_end_waits_no_longer_than_it_may(delivery):
    server = SilentServer()
    sender = make(delivery, server.url)
    sender.close()
    sender.add(b"last")
    began = time.monotonic()
    sender.finish(0.5)
    assert time.monotonic() - began < 2
    server.close()


def test_the_last_profile_needs_no_thread(delivery, monkeypatch):
    recorder = Recorder()
    sender = make(delivery, recorder.url)
    monkeypatch.setattr(delivery, "start_new_thread", lambda *words: pytest.fail("since Python 3.12 an exiting process cannot"))
    sender.close()
    sender.add(b"last")
    before = threading.active_count()
    sender.finish(1)
    assert bodies(recorder) == [b"last"] and threading.active_count() >= before
    recorder.close()


def test_without_a_thread_a_profile_waits_for_the_next_one(delivery, monkeypatch):
    recorder = Recorder()
    sender = make(delivery, recorder.url)

    def none_left(*words):
        raise RuntimeError("can't start new thread")
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "start_new_thread", none_left)
        sender.add(b"first")
    sender.add(b"second")
    await_(lambda: bodies(recorder) == [b"first", b"second"])
    sender.close()
    recorder.close()


def test_a_redirection_gets_no_credentials(delivery, script):
    elsewhere = Recorder()
    server = script(302, 307, headers=[("Location", elsewhere.url)])
    sender = make(delivery, server.url)
    sender.add(b"first")
    sender.add(b"second")
    sender.add(b"third")
    await_(lambda: len(server.uploads) == 3)
    assert elsewhere.uploads == []
    sender.close()
    elsewhere.close()
