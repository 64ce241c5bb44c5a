"""The requests of the conformance test: pushes in every form that agents use, the queries that the
operator uses, and bad input. Times are relative to now, so that the server's ingestion window takes them."""
import base64
import gzip
import json
import pathlib
import time
import urllib.parse

INPUTS = pathlib.Path(__file__).parent / "inputs"
JAVA_BOUNDARY = "5e5c7aed-2d29-4c98-aee5-5583b715885f"
QUERIER = "/querier.v1.QuerierService/"
PUSH = "/push.v1.PusherService/Push"
CPU = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
OCTETS, FORM = "application/octet-stream", "multipart/form-data; boundary=conformance"


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def fields(message):
    """The fields of a protobuf message as (number, wire type, payload)."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 2:
            size = number()
            yield key >> 3, 2, message[at:at + size]
            at += size
        elif key & 7 == 0:
            yield key >> 3, 0, varint(number())
        else:
            raise ValueError(f"wire type {key & 7} is not expected in these inputs")


def encode(number, kind, payload):
    return varint(number << 3 | kind) + (varint(len(payload)) if kind == 2 else b"") + payload


def rewrite(message, number, change):
    return b"".join(encode(n, k, change(p) if n == number and k == 2 else p) for n, k, p in fields(message))


def freshen(profile, now):
    """Gives a pprof profile the time `now`: the last of several values of a field counts (time_nanos is 9)."""
    plain = gzip.decompress(profile) if profile[:2] == b"\x1f\x8b" else profile
    return gzip.compress(plain + encode(9, 0, varint(now * 10**9)), mtime=0)


def freshen_push(body, now):
    """The same for every raw profile of a gzipped PushRequest (series 1 > samples 2 > rawProfile 1)."""
    sample = lambda s: rewrite(s, 1, lambda raw: freshen(raw, now))
    series = lambda s: rewrite(s, 2, sample)
    return gzip.compress(rewrite(gzip.decompress(body), 1, series), mtime=0)


def multipart(field, content):
    head = (f'--conformance\r\nContent-Disposition: form-data; name="{field}"; filename="f"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n")
    return head.encode() + content + b"\r\n--conformance--\r\n"


class Case:
    def __init__(self, name, method, path, body=None, kind=None):
        self.name, self.method, self.path, self.headers = name, method, path, {}
        self.body = json.dumps(body).encode() if kind == "json" else body
        if kind == "json":
            self.headers["Content-Type"] = "application/json"
        elif kind == "proto+gzip":
            self.headers.update({"Content-Type": "application/proto", "Content-Encoding": "gzip"})
        elif kind:
            self.headers["Content-Type"] = kind

    def recorded_request(self):
        small = self.headers.get("Content-Type") == "application/json" and len(self.body) < 3000
        body = self.body.decode() if small else f"{len(self.body)} bytes" if self.body else None
        return {"method": self.method, "path": self.path, "headers": self.headers, "body": body}


def writes(now):
    def data(name):
        return freshen((INPUTS / f"{name}.pprof.gz").read_bytes(), now)

    def ingest(name, **extra):
        query = {"name": name, "from": now - 10, "until": now, **extra}
        return "/ingest?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)

    def push(case, name, service, content, **labels):
        pairs = [{"name": k, "value": v} for k, v in
                 {"__name__": name, "service_name": service, **labels}.items() if v is not None]
        raw = base64.b64encode(content).decode() if isinstance(content, bytes) else content
        body = {"series": [{"labels": pairs, "samples": [{"rawProfile": raw}]}]}
        return Case(case, "POST", PUSH, body, "json")

    jfr = {"format": "jfr", "spyName": "javaspy", "sampleRate": "100", "units": "samples", "aggregationType": "sum"}
    return [
        Case("ready", "GET", "/ready"),
        Case("unknown path", "GET", "/nowhere"),
        Case("ingest raw pprof", "POST", ingest("c.raw{pod=p-1}", format="pprof", spyName="gospy"), data("cpu"), OCTETS),
        Case("ingest multipart with format=pprof is refused", "POST", ingest("c.bad", format="pprof"),
             multipart("profile", data("cpu")), FORM),
        Case("ingest multipart without format", "POST", ingest("c.form{pod=p-1}"), multipart("profile", data("cpu")), FORM),
        Case("ingest node", "POST", ingest("c.node{pod=p-1}", format="pprof", spyName="nodespy", sampleRate="100"),
             data("node-ingest"), OCTETS),
        Case("ingest java jfr", "POST", ingest("c.java{pod=p-1}", **jfr), (INPUTS / "java-ingest.multipart").read_bytes(),
             f"multipart/form-data; boundary={JAVA_BOUNDARY}"),
        Case("ingest garbage", "POST", ingest("c.bad", format="pprof"), b"not a profile", OCTETS),
        Case("ingest empty body", "POST", ingest("c.bad", format="pprof"), b"", OCTETS),
        Case("ingest without a name", "POST", f"/ingest?format=pprof&from={now - 10}&until={now}", data("cpu"), OCTETS),
        Case("ingest a name with a bad tag", "POST", ingest("c.bad{pod=", format="pprof"), data("cpu"), OCTETS),
        Case("ingest with GET", "GET", ingest("c.bad", format="pprof")),
        push("push json cpu", "process_cpu", "c.push", data("cpu"), pod="p-1", namespace="n"),
        push("push json memory", "memory", "c.push", data("heap"), pod="p-1"),
        push("push json block", "block", "c.push", data("block"), pod="p-1"),
        push("push json mutex", "mutex", "c.push", data("mutex"), pod="p-1"),
        push("push json goroutine", "goroutine", "c.push", data("goroutine"), pod="p-2"),
        Case("push python's own body", "POST", PUSH,
             freshen_push((INPUTS / "python-push.pb.gz").read_bytes(), now), "proto+gzip"),
        push("push without service_name", "process_cpu", None, data("cpu"), pod="p-9"),
        push("push without __name__", None, "c.noname", data("cpu")),
        push("push garbage", "process_cpu", "c.bad", b"not a profile"),
        push("push bad base64", "process_cpu", "c.bad", "***"),
        Case("push empty series", "POST", PUSH, {"series": []}, "json"),
        Case("push an unknown field", "POST", PUSH, {"serie": []}, "json"),
    ]


def reads(now):
    def query(case, method, start=now - 600, end=now + 60, **body):
        return Case(case, "POST", QUERIER + method, {"start": start * 1000, "end": end * 1000, **body}, "json")

    def side(selector, **more):
        return {"start": (now - 600) * 1000, "end": (now + 60) * 1000, "profileTypeID": CPU,
                "labelSelector": selector, **more}

    def graph(case, selector, profile_type=CPU, **more):
        return query(case, "SelectMergeStacktraces", profileTypeID=profile_type, labelSelector=selector, **more)

    pushed = ['{service_name="c.push"}']
    return [
        query("label values service_name", "LabelValues", name="service_name"),
        query("label values pod of one service", "LabelValues", name="pod", matchers=pushed),
        query("label names of one service", "LabelNames", matchers=pushed),
        query("profile types", "ProfileTypes"),
        query("profile types of one service", "LabelValues", name="__profile_type__", matchers=pushed),
        query("profile types of java", "LabelValues", name="__profile_type__", matchers=['{service_name="c.java"}']),
        query("profile types of node", "LabelValues", name="__profile_type__", matchers=['{service_name="c.node"}']),
        query("series", "Series", matchers=pushed, labelNames=["service_name", "pod", "__profile_type__"]),
        graph("flame graph", pushed[0], maxNodes=16),
        graph("flame graph of java", '{service_name="c.java"}', maxNodes=16),
        graph("flame graph of nothing", '{service_name="none"}'),
        graph("flame graph of an unknown type", "{}", "a:b:c:d:e"),
        graph("flame graph of a malformed type", "{}", "cpu"),
        graph("flame graph with a bad selector", "{service_name="),
        graph("flame graph with end before start", "{}", start=now, end=now - 600),
        graph("flame graph over 30 days", "{}", start=now - 30 * 86400, end=now),
        query("time series", "SelectSeries", profileTypeID=CPU, labelSelector='{service_name=~"c.push|c.raw"}',
              groupBy=["service_name"], step=15),
        query("time series without a step", "SelectSeries", profileTypeID=CPU, labelSelector="{}"),
        Case("diff", "POST", QUERIER + "Diff", {"left": side('{service_name="c.push"}', maxNodes=8),
                                               "right": side('{service_name="c.raw"}', maxNodes=8)}, "json"),
        Case("diff of different types", "POST", QUERIER + "Diff", {
            "left": side("{}"), "right": {**side("{}"), "profileTypeID": "memory:inuse_space:bytes:space:bytes"}}, "json"),
        Case("an unknown method", "POST", QUERIER + "Nope", {}, "json"),
        Case("a query by GET", "GET", QUERIER + "LabelValues"),
        Case("a query with a wrong content type", "POST", QUERIER + "LabelValues", b"x", "text/plain"),
        Case("a query with broken json", "POST", QUERIER + "LabelValues", b"{", "application/json"),
    ]


def clock():
    return int(time.time())
