"""The measurements. Each starts what it needs, adds rows to the report and takes it down again."""
import contextlib
import signal
import tempfile
import time

from processes import make_certificates
from report import PEAK, thousands
from scripted import Scripted
from watched import Watched

# A process gives the memory of its start back when it has been ready for five seconds.
SETTLED = 8


@contextlib.contextmanager
def controller(pods, *flags, **scenario):
    """(server, controller), ready and settled."""
    with tempfile.TemporaryDirectory() as own, Scripted(own, pods, **scenario) as server:
        process = Watched(own, "controller", server.kubeconfig, *flags)
        try:
            process.cold_start = process.until_ready()
            process.filled = process.settle(server)
            yield server, process
        finally:
            process.stop()


def memory(report, pods):
    """Resident set of both processes, steady and at its peak, and how long the controller takes to be ready."""
    size = f"{thousands(pods)} pods"
    with controller(pods) as (server, process):
        time.sleep(SETTLED)
        m = process.memory()
        report.add(f"controller RSS, {size}", m["rss"], "MiB", note=f"{m['anonymous']} anonymous, {m['file']} mapped files, {m['threads']} threads")
        report.add(f"controller peak over steady, {size}", round(m["peak"] / m["rss"], 2), "", PEAK,
                   note=f"peak {m['peak']} MiB, with code that only the start uses; anonymous {process.anonymous_peak / m['anonymous']:.2f}: {process.anonymous_peak} MiB")
        report.add(f"cold start to ready, {size}", round(process.cold_start, 2), "s")
        objects = server.get("/state")["objects"]
        report.add(f"from ready to every status written, {size}", round(process.filled), "s",
                   note=f"{thousands(objects.get('workloadprofiles', 0))} records, {thousands(objects['profilingpolicies'])} policies")
        report.keep(f"controller {pods}", {**m, "cold_start": process.cold_start, "cpu": process.cpu_seconds(),
                                           "requests": server.get("/counters")})
    if pods > 8_000:
        return
    with tempfile.TemporaryDirectory() as folder, Scripted(folder, pods) as server:
        make_certificates(folder, "127.0.0.1")
        webhook = Watched(folder, "webhook", server.kubeconfig, "--listen=127.0.0.1:0", f"--tls-dir={folder}")
        try:
            ready = webhook.until_ready()
            time.sleep(SETTLED)
            m = webhook.memory()
            report.add(f"webhook RSS, {size}", m["rss"], "MiB", note=f"{m['anonymous']} anonymous, {m['file']} mapped files")
            report.keep(f"webhook {pods}", {**m, "cold_start": ready})
        finally:
            webhook.stop()


def calm(report, pods=8_000, seconds=60):
    """The load on the API server when nothing changes."""
    with controller(pods) as (server, process):
        server.post("/counters/reset")
        time.sleep(seconds)
        requests = server.requests()
        lease = sum(n for what, n in requests.items() if what.endswith(" leases"))
        # A watch that ran its 5-10 minutes and is taken up again is no load of its own.
        watches = sum(n for what, n in requests.items() if what.startswith("watch "))
        report.add(f"requests in {seconds} s of calm", sum(requests.values()), "", note=f"{lease} for the Lease, {watches} watches taken up again")
        report.add("requests in 60 s of calm but Lease", sum(requests.values()) - lease - watches, "")
        report.keep("calm", requests)


def events(report, pods, count=50_000):
    """Events per second: from the burst's first event until the store has seen the last one."""
    with controller(pods) as (server, process):
        before, cpu = process.largest("profiling_watch_events_total", 'resource="pods"'), process.cpu_seconds()
        process.forget_peak()
        steady = process.memory()["rss"]
        begin = time.monotonic()
        made = server.post("/storm", events=count, profiled=1)
        process.wait(lambda: process.largest("profiling_watch_events_total", 'resource="pods"') >= before + made["events"], 300,
                     "the burst's events", 0.05)
        took = time.monotonic() - begin
        report.add(f"events per second, {thousands(pods)} pods", round(made["events"] / took), "/s",
                   note=f"{thousands(made['events'])} events, {(process.cpu_seconds() - cpu) * 1e6 / made['events']:.0f} µs of CPU each")
        report.add(f"peak over steady in that burst, {thousands(pods)} pods", round(process.memory()["peak"] / steady, 2), "",
                   note=f"{process.memory()['peak']} MiB")


def storm(report, pods, count=10_000):
    """A burst of 10 000 events, then 410 on every watch, then watches that end every second."""
    size = f"{thousands(pods)} pods"
    with controller(pods) as (server, process):
        steady = process.memory()["rss"]

        def lists():
            return process.total("profiling_watch_lists_total")

        def seen():
            return process.largest("profiling_watch_events_total", 'resource="pods"')

        first, before = lists(), seen()
        process.forget_peak()
        made = server.post("/storm", events=count, profiled=1)
        took = process.wait(lambda: seen() >= before + made["events"], 120, "the storm's events", 0.02) + made["seconds"]
        report.add(f"burst of 10 000 events, {size}: caught up", round(took, 2), "s",
                   note=f"{lists() - first:.0f} relists, peak {process.memory()['peak'] / steady:.2f}× steady")

        watches = sum(server.get("/counters")["openWatches"].values())
        first = lists()
        process.forget_peak()
        server.post("/gone")
        took = process.wait(lambda: lists() >= first + watches, 300, "every store listed anew", 0.02)
        report.add(f"410 on {watches} watches, {size}: all listed anew", round(took, 2), "s",
                   note=f"peak {process.memory()['peak'] / steady:.2f}× steady ({process.memory()['peak']} MiB)")
        process.settle(server)

        server.post("/counters/reset")
        first, before = lists(), seen()
        server.post("/limits", watch="1s")
        server.post("/close")
        server.post("/churn", rate=20)
        time.sleep(60)
        server.post("/churn", rate=0)
        server.post("/limits")
        watch_requests = sum(n for what, n in server.requests().items() if what.startswith("watch "))
        report.add(f"watches that end every second for 60 s, {size}: lists", lists() - first, "", 0,
                   note=f"{watch_requests / watches:.0f} requests for each watch, {thousands(int(seen() - before))} events all the same")


def half_open(report, pods=8_000):
    """Every watch goes silent without being closed: how long until a change is seen again."""
    with controller(pods) as (server, process):
        first = process.total("profiling_watch_lists_total")
        process.forget_peak()
        hit = server.post("/silent")
        before = process.largest("profiling_watch_events_total", 'resource="pods"')
        server.post("/storm", events=100, profiled=1)
        took = process.wait(lambda: process.largest("profiling_watch_events_total", 'resource="pods"') >= before + 50, 700,
                            "a silent watch noticed", 0.2)
        report.add(f"{hit} half-open connections: changes seen again after", round(took), "s",
                   note=f"{process.total('profiling_watch_lists_total') - first:.0f} relists; a watch is given up 5 s after its own 5-10 min")


def fail_over(report, pods=8_000):
    """From the leader's end to the first reconcile of the other: stopped, killed, killed with a short lease."""
    short = ("--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=1s")
    for name, how, flags in (("leader stopped", signal.SIGTERM, ()), ("leader killed, lease 30 s", signal.SIGKILL, ()),
                             ("leader killed, lease 4 s", signal.SIGKILL, short)):
        with tempfile.TemporaryDirectory() as folder, Scripted(folder, pods) as server:
            both = [Watched(folder, "controller", server.kubeconfig, *flags) for _ in range(2)]
            try:
                for process in both:
                    process.until_ready()
                leader = None
                both[0].wait(lambda: any(leads(p) for p in both), 60, "a leader")
                leader, other = sorted(both, key=leads, reverse=True)
                leader.settle(server)
                leader.process.send_signal(how)
                took = other.wait(lambda: leads(other) and other.total("profiling_reconcile_total") > 0, 120, "the other's first reconcile")
                report.add(f"fail-over, {name}", round(took, 2), "s")
            finally:
                for process in both:
                    process.stop()


def leads(process):
    return process.total("leader_election_master_status") == 1
