"""The sidecar beside real and bad applications, in front of good, bad and absent servers."""
import gzip
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.request

import pytest

import cases
import servers
import sidecar as parts
from pyroscope import Pyroscope
from sidecar import PATIENCE, Pages, PushServer, free_port, until

ALL = ("process_cpu", "memory", "goroutine", "block", "mutex")
# Expected contents of each kind of profile of the Go application.
TYPES = {
    "process_cpu:cpu:nanoseconds:cpu:nanoseconds": "main.compute",
    "memory:alloc_objects:count:space:bytes": "main.allocate",
    "memory:alloc_space:bytes:space:bytes": "main.allocate",
    "memory:inuse_objects:count:space:bytes": "main.allocate",
    "memory:inuse_space:bytes:space:bytes": "main.allocate",
    "goroutine:goroutine:count:goroutine:count": "main.wait",
    "block:contentions:count:contentions:count": "main.wait",
    "block:delay:nanoseconds:contentions:count": "main.contend",
    "mutex:contentions:count:contentions:count": "sync.(*Mutex).Unlock",
    "mutex:delay:nanoseconds:contentions:count": "main.contend",
}
PPROF = {name: (parts.ROOT / f"tests/conformance/inputs/{file}.pprof.gz").read_bytes()
         for name, file in {"profile": "cpu", "allocs": "heap", "heap": "heap", "goroutine": "goroutine", "block": "block",
                            "mutex": "mutex"}.items()}


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    image = servers.rootfs(folder / "rootfs")
    with servers.ProfileStore(image, folder, servers.FILES.format(folder=folder)) as store:
        yield store


def test_every_profile_of_a_go_application_arrives(store, go_app, sidecar):
    app = go_app()
    agent = sidecar(store.url, app.address, environment={"PYROSCOPE_APPLICATION_NAME": "all.app"})
    server = Pyroscope(store.url)

    def graph(kind):
        return server.flamegraph("all.app", kind, ',namespace="shop",pod="checkout-1"')["flamegraph"]

    def missing():
        reported = {kind: graph(kind) for kind in TYPES}
        return [kind for kind, name in TYPES.items() if int(reported[kind].get("total", 0)) <= 0 or name not in reported[kind]["names"]]

    until(lambda: not missing(), lambda: f"{missing()}\n{agent.log()}\n{store.log.read_text()}")
    known = set(server.label_values("__profile_type__", '{service_name="all.app"}'))
    assert known == {*TYPES, "process_cpu:samples:count:cpu:nanoseconds"}
    # Not the other way round: the runtime's own locks bring nearly any stack into a mutex profile.
    assert "sync.(*Mutex).Unlock" not in graph("block:contentions:count:contentions:count")["names"]
    assert agent.end() == 0
    # Allocations are reported once, not again with each scrape.
    page = urllib.request.urlopen(f"http://{app.address}/debug/pprof/allocs?debug=1").read().decode()
    total = int(re.search(r"# TotalAlloc = (\d+)", page).group(1))
    assert 0 < int(graph("memory:alloc_space:bytes:space:bytes")["total"]) < 1.2 * total


def test_a_rust_application_is_profiled(store, rust_binary, sidecar, tmp_path):
    app = parts.Application(rust_binary, tmp_path)
    try:
        agent = sidecar(store.url, app.address, environment={"PYROSCOPE_APPLICATION_NAME": "rust.app"})
        server = Pyroscope(store.url)
        until(lambda: any("price_basket" in name for name in server.functions("rust.app")), lambda: f"{server.functions('rust.app')}\n{agent.log()}")
        assert server.label_values("__profile_type__", '{service_name="rust.app"}') != []
    finally:
        app.kill()


def test_requests_carry_tenant_credentials_and_labels(go_app, sidecar):
    with PushServer() as server:
        sidecar(server.url.replace("127.0.0.1", "localhost") + "/", go_app().address)
        until(lambda: server.has(*ALL), lambda: server.stored_names())
        push = server.pushes[0]
        assert push.headers["x-scope-orgid"] == "team-a" and push.headers["content-type"] == "application/proto"
        for series in (s for p in server.pushes for s in p.series):
            assert series.labels == {"service_name": "go.app", "namespace": "shop", "pod": "checkout-1",
                                     "__delta__": "false", "__name__": series.labels["__name__"]}
        assert {len(p.names) for p in server.pushes} == {1}, "an error for several would leave open which are stored"


def test_an_application_that_starts_late_and_restarts(go_app, sidecar):
    port = free_port()
    with PushServer() as server:
        agent = sidecar(server.url, f"127.0.0.1:{port}")
        agent.expect_log("Application does not answer")
        first = go_app(port)
        until(lambda: server.has(*ALL), lambda: f"{server.stored_names()}\n{agent.log()}")
        for _ in range(2):
            first.kill()
            seen = len(server.pushes)
            first = go_app(port)
            since = server.pushes[seen - 1].time
            until(lambda: server.has(*ALL, since=since), lambda: agent.log())
        values = [v for p in server.pushes for s in p.series for row in s.values for v in row]
        assert values and min(values) >= 0


def test_an_unnoticed_restart(sidecar):
    """The port answers all the time; only the numbers show another process."""
    def times(factor):
        def scaled(sample):  # values are packed, or single if few
            return b"".join(cases.encode(n, k, b"".join(cases.varint(v * factor) for v in parts.varints(p)) if n == 2 else p)
                            for n, k, p in cases.fields(sample))
        return gzip.compress(cases.rewrite(gzip.decompress(PPROF["mutex"]), 2, scaled))
    answers = [times(n) for n in (100, 130, 5, 9)]

    def answer(name):
        return (200, answers[min(app.asked.count("mutex"), len(answers)) - 1]) if name == "mutex" else (404, b"")
    with Pages(answer) as app, PushServer() as server:
        agent = sidecar(server.url, app.address, environment={"PROFILING_PPROF_PROFILES": "locks"})
        until(lambda: app.asked.count("mutex") > len(answers) + 1, "scrapes")
        assert agent.end() == 0
    once = parts.sums(parts.values_of(gzip.decompress(PPROF["mutex"])))
    reported = [parts.sums(series.values) for push in server.pushes for series in push.series]
    # The totals of the other process are what happened since.
    assert reported == [[30 * v for v in once], [5 * v for v in once], [4 * v for v in once]], agent.log()
    assert "Application restarted" in agent.log()


def test_only_served_profiles_are_scraped(sidecar):
    with Pages(lambda name: (200, PPROF[name]) if name in ("goroutine", "heap") else (404, b"")) as app, PushServer() as server:
        agent = sidecar(server.url, app.address)
        until(lambda: server.has("goroutine", "memory") and app.asked.count("goroutine") > 3, lambda: agent.log())
        assert server.stored_names() == {"goroutine", "memory"}
        for missing in ("profile", "allocs", "block", "mutex"):
            assert app.asked.count(missing) == 1, "what is not there is asked for rarely"
        assert len(re.findall("Profile is not served", agent.log())) == 3


GARBAGE = {
    "a page": b"<html>" + b"x" * 5000,
    "nothing": b"",
    "noise": os.urandom(50_000),
    "a cut gzip": PPROF["heap"][:300],
    "a gzip bomb": gzip.compress(bytes(200_000_000), 1),
    "endless": bytes(30_000_000),
    "protobuf of another kind": b"\x0a\x02\x08\x01" * 10_000,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_from_the_application(sidecar, name):
    with Pages(lambda path: (200, GARBAGE[name])) as app, PushServer() as server:
        agent = sidecar(server.url, app.address)
        until(lambda: set(app.asked) >= {"profile", "allocs", "goroutine", "block", "mutex"}, lambda: app.asked)
        agent.expect_log("Profile could not be read")
        assert agent.end() == 0
        assert server.pushes == []


def test_a_cpu_profile_that_outlasts_the_write_timeout(sidecar):
    seconds = []

    def answer(name):
        return (400, b"profile duration exceeds server's WriteTimeout") if seconds[-1] > 1 else (200, PPROF["profile"])

    with Pages(answer) as app, PushServer() as server:
        handler = app._server.RequestHandlerClass
        get = handler.do_GET
        handler.do_GET = lambda self: (seconds.append(int(self.path.split("=")[1])) if "seconds" in self.path else None, get(self))
        sidecar(server.url, app.address, environment={"PROFILING_PPROF_PROFILES": "cpu"}, interval="9s")
        until(lambda: 2 in seconds[:-2], lambda: seconds)
        assert seconds[:2] == [1, 1] and seconds[seconds.index(2):][:3] == [2, 1, 1] and server.has("process_cpu")


def test_a_server_that_starts_late(go_app, sidecar):
    port = free_port()
    agent = sidecar(f"http://127.0.0.1:{port}", go_app().address)
    agent.expect_log("Profiles not sent, will retry.*onnection refused")
    with PushServer(port=port) as server:
        until(lambda: server.has(*ALL), lambda: agent.log())
    assert len(re.findall("not sent, will retry", agent.log())) == 1, "logged rarely"


def test_retry_after_is_honoured(go_app, sidecar):
    with PushServer(lambda n, names: (429, {"Retry-After": "3"}) if n == 0 else (200, {})) as server:
        sidecar(server.url, go_app().address)
        until(lambda: len(server.pushes) > 1, "a second push")
        assert server.pushes[1].time - server.pushes[0].time >= 3
        assert server.pushes[1].series[0].raw == server.pushes[0].series[0].raw, "nothing was lost"


def test_a_server_that_refuses(go_app, sidecar):
    refusing = [True]
    with PushServer(lambda n, names: (400, {}) if refusing[0] else (200, {})) as server:
        agent = sidecar(server.url, go_app().address)
        agent.expect_log("Server refuses a profile.*status 400")
        refusing[0] = False
        since = server.pushes[-1].time
        until(lambda: server.has(*ALL, since=since), lambda: agent.log())


def test_an_unreadable_profile_does_not_block_the_others(go_app, sidecar):
    with PushServer(lambda n, names: (500 if "goroutine" in names else 200, {})) as server:
        agent = sidecar(server.url, go_app().address, environment={"PROFILING_PPROF_PROFILES": "goroutines,inUseMemory"})
        agent.expect_log("Profiles not sent, will retry.*status 500")
        until(lambda: len(server.stored()) > 1, lambda: agent.log())
        assert server.stored_names() == {"memory"}


def test_what_a_slow_server_may_have_stored_is_not_sent_again(go_app, sidecar):
    """An answer after 12 s, and none at all, for a profile that was sent completely."""
    held = threading.Event()

    def answer(n, names):
        if n == 0:
            held.wait(12)
        return (200, {}) if n != 1 else (None, {})
    with PushServer(answer) as server:
        agent = sidecar(server.url, go_app().address, environment={"PROFILING_PPROF_PROFILES": "goroutines"})
        until(lambda: len(server.pushes) > 4, lambda: agent.log())
        bodies = [s.raw for p in server.pushes for s in p.series]
        assert len(set(bodies)) == len(bodies), "none twice"
        assert "is not sent again" in agent.log()


def test_a_restarted_application_is_profiled_at_once(go_app, sidecar):
    """The first profile after a crash within a scrape shows the new process's start."""
    port = free_port()
    with PushServer() as server:
        agent = sidecar(server.url, f"127.0.0.1:{port}", environment={"PROFILING_PPROF_PROFILES": "cpu"}, interval="15s")
        app = go_app(port)
        until(lambda: len(server.stored()) >= 3, lambda: agent.log())
        app.kill()
        go_app(port)
        back = time.monotonic()
        seen = len(server.stored())
        until(lambda: len(server.stored()) > seen, lambda: agent.log())
        profile = server.stored()[-1].series[0]
        begin = parts.number(profile.raw, 9)
        assert time.time() - begin / 1e9 - (time.monotonic() - back) < 2.5, "within 2 s"


def test_an_application_that_shuts_down_gives_what_it_has_and_does_not_wait(go_app, sidecar):
    """A server in Go waits for requests under way, and ends a profile when the request's input ends."""
    with PushServer() as server:
        app = go_app()
        agent = sidecar(server.url, app.address, environment={"PROFILING_PPROF_PROFILES": "cpu"}, interval="75s")

        def longest():
            return max((parts.number(push.series[0].raw, 10) for push in server.stored()), default=0) / 1e9
        # A profile takes an eighth of the time so far.
        until(lambda: longest() > 2.5, lambda: agent.log(), 120)
        before = len(server.stored())
        app.process.terminate()
        assert app.process.wait(30) == 0, agent.log()
        agent.expect_log("was cut short")
        until(lambda: len(server.stored()) > before, lambda: agent.log())
        assert parts.sums(server.stored()[-1].series[0].values)[0] > 0


def test_cpu_values_stay_where_the_duration_is_in_another_unit(sidecar):
    """A profile of a second that covers a thousandth of one would grow a thousandfold."""
    micros = gzip.compress(cases.encode(10, 0, cases.varint(1_000_000)) + b"".join(
        cases.encode(n, k, v) for n, k, v in cases.fields(gzip.decompress(PPROF["profile"])) if n != 10))
    with Pages(lambda name: (200, micros)) as app, PushServer() as server:
        agent = sidecar(server.url, app.address, environment={"PROFILING_PPROF_PROFILES": "cpu"})
        until(lambda: len(server.stored()) > 3, lambda: agent.log())
        once = parts.sums(parts.values_of(gzip.decompress(PPROF["profile"])))
        assert all(parts.sums(push.series[0].values) == once for push in server.stored())


def test_cpu_values_stand_for_the_whole_interval(sidecar):
    """The application spends a quarter of each interval unasked; its profile covers what it was asked for."""
    def covering(seconds):
        return gzip.compress(cases.encode(10, 0, cases.varint(int(seconds * 1e9))) + b"".join(
            cases.encode(n, k, v) for n, k, v in cases.fields(gzip.decompress(PPROF["profile"])) if n != 10))
    lengths = []
    with Pages(lambda name: (time.sleep(lengths[-1]) or (200, covering(lengths[-1])))) as app, PushServer() as server:
        get = app._server.RequestHandlerClass.do_GET
        app._server.RequestHandlerClass.do_GET = lambda self: (lengths.append(int(self.path.split("=")[1])), get(self))
        agent = sidecar(server.url, app.address, environment={"PROFILING_PPROF_PROFILES": "cpu"}, interval="4s")
        until(lambda: lengths.count(3) > 3, lambda: agent.log(), 120)
        assert lengths[0] == 1
        once = parts.sums(parts.values_of(gzip.decompress(PPROF["profile"])))[1]
        until(lambda: len(server.stored()) > lengths.index(3) + 2, lambda: agent.log())
        for push in server.stored()[lengths.index(3) + 2:]:
            assert abs(parts.sums(push.series[0].values)[1] / once - 4 / 3) < 0.1


def test_buffered_profiles_are_sent_at_the_end(go_app, sidecar):
    away = [True]
    with PushServer(lambda n, names: (503, {}) if away[0] else (200, {})) as server:
        agent = sidecar(server.url, go_app().address)
        until(lambda: server.pushes, "a push")
        away[0] = False
        assert agent.end() == 0
        assert server.stored() and "notSent=0" in agent.log(), agent.log()


def test_a_silent_server_does_not_delay_the_exit(go_app, sidecar):
    import socket
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        agent = sidecar(f"http://127.0.0.1:{silent.getsockname()[1]}", go_app().address)
        silent.settimeout(PATIENCE)
        peer, _ = silent.accept()
        with peer:
            peer.settimeout(PATIENCE)
            assert peer.recv(100).startswith(b"POST")
            assert agent.end(seconds=10) == 0
            assert re.search(r"Stopped .*notAnswered=1", agent.log()), agent.log()


@pytest.mark.parametrize("environment, message", [
    ({"PYROSCOPE_SERVER_ADDRESS": "pyroscope:4040"}, "Nothing is profiled.*neither http:// nor https://"),
    ({"PYROSCOPE_SERVER_ADDRESS": "https://x", "SSL_CERT_FILE": "/nowhere"}, "Nothing is profiled.*no root certificates can be read from /nowhere"),
    ({"PYROSCOPE_AGENT_ENABLED": "false"}, "Switched off by PYROSCOPE_AGENT_ENABLED")])
def test_invalid_settings_are_logged_and_the_sidecar_idles(sidecar, environment, message):
    agent = sidecar("http://127.0.0.1:1", environment=environment)
    agent.expect_log(message)
    assert agent.process.poll() is None, "a sidecar that ends makes its pod unready"
    assert agent.end() == 0


def test_usage():
    from conftest import BINARY
    run = lambda *words: subprocess.run([BINARY, *words], capture_output=True, text=True)  # noqa: E731
    for words, message in (((), "one command, scrape"), (("scrape", "--odd"), "unknown option '--odd'"), (("scrape", "--server"), "needs a value")):
        done = run(*words)
        assert done.returncode == 2 and message in done.stderr and "PROFILING_PPROF_PORT" in done.stderr
    assert run("--help").returncode == 0 and run("--version").stdout.startswith("profiling-agent ")


def test_the_shipped_binary_is_small_static_and_needs_no_file(shipped, go_app, sidecar, tmp_path):
    if os.getuid() != 0:
        pytest.fail("this test changes its root and needs root, as the cluster's tests do")
    binary = shipped / "profiling-agent"
    assert binary.stat().st_size <= 10_000_000
    assert b"INTERP" not in subprocess.run(["readelf", "-lW", binary], capture_output=True, check=True).stdout
    root = tmp_path / "root"
    root.mkdir()
    (root / "profiling-agent").write_bytes(binary.read_bytes())
    (root / "profiling-agent").chmod(0o755)
    with PushServer() as server:
        agent = sidecar(server.url, go_app().address, binary="/profiling-agent", prefix=("/usr/sbin/chroot", "--userspec=65532:65532", str(root)))
        until(lambda: server.has(*ALL) and len(server.pushes) > 5, lambda: agent.log())
        assert agent.status("VmHWM") <= 10 * 1024
    for name in ("Dockerfile", "ca-certificates.crt"):
        assert pathlib.Path(shipped, name).is_file()
