"""Holds an answer against the recorded one: status, content type, keys, types, and every value that follows
from the inputs. Amounts are compared as shares: the recorded server had taken some inputs several times, and
held other services too (go.app*, java.app, node.app, py.app), which do not count."""
import re

OURS = re.compile(r"c\..*|unknown_service")
# Types that only the other services of the recording had.
FOREIGN_TYPES = {"memory:inuse_objects:count:inuse_space:bytes", "memory:inuse_space:bytes:inuse_space:bytes"}
DURATION = re.compile(r"actual: [0-9hms.]+")


class Difference(AssertionError):
    pass


def need(condition, what):
    if not condition:
        raise Difference(what)


def same(recorded, got, where="body"):
    need(recorded == got, f"{where}: recorded {shorten(recorded)}, got {shorten(got)}")


def shorten(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"


def shape(value):
    """Types all the way down; a list has the shapes that occur in it."""
    if isinstance(value, dict):
        return {key: shape(v) for key, v in value.items()}
    if isinstance(value, list):
        return sorted({repr(shape(v)) for v in value})
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def rows(graph, width):
    decoded = []
    for level in graph["levels"]:
        values = level["values"]
        need(all(isinstance(v, str) for v in values), "levels hold numbers as strings")
        need(values and len(values) % width == 0, f"a level holds bars of {width} numbers")
        decoded.append([[int(v) for v in values[i:i + width]] for i in range(0, len(values), width)])
    return decoded


def proportional(recorded, got, unit_recorded, unit_got, where):
    need(len(recorded) == len(got), f"{where}: {len(recorded)} numbers recorded, {len(got)} here")
    for r, g in zip(recorded, got):
        need(r * unit_got == g * unit_recorded,
             f"{where}: {r} of {unit_recorded} recorded, {g} of {unit_got} here")


def well_formed(graph, width, totals):
    """The invariants of every flame graph: totals has the columns of a bar's widths."""
    bars = rows(graph, width)
    need(graph["names"][0] == "total", "the first name is the root")
    need(all(0 <= bar[-1] < len(graph["names"]) for row in bars for bar in row), "indexes of names are in range")
    need(len(set(graph["names"])) == len(graph["names"]), "names are distinct")
    need(len(bars[0]) == 1, "the first level is the root")
    for column in totals:
        need(all(bar[column] >= bar[column + 1] >= 0 for row in bars for bar in row), "self is part of total")
        for above, below in zip(bars, bars[1:]):
            need(sum(b[column] for b in below) <= sum(b[column] - b[column + 1] for b in above),
                 "a level is no wider than what the one above passes on")
    same(max(bar[column + 1] for row in bars for bar in row for column in totals), int(graph["maxSelf"]), "maxSelf")
    return bars


def flame_graph(recorded, got):
    same(shape(recorded), shape(got), "shape")
    recorded, got = recorded["flamegraph"], got["flamegraph"]
    same(recorded["names"], got["names"], "names")
    theirs, ours = well_formed(recorded, 4, [1]), well_formed(got, 4, [1])
    units = int(recorded["total"]), int(got["total"])
    need(units[1] > 0, "a total above zero")
    flat = lambda bars: [v for row in bars for bar in row for v in bar[:3]]
    proportional(flat(theirs), flat(ours), *units, "bars")
    same([[bar[3] for bar in row] for row in theirs], [[bar[3] for bar in row] for row in ours], "frames")


def flame_graph_of_java(recorded, got):
    """The recorded one merges several recordings of the same program: the same frames, other numbers."""
    same(shape(recorded), shape(got), "shape")
    same(recorded["flamegraph"]["names"], got["flamegraph"]["names"], "names")
    well_formed(got["flamegraph"], 4, [1])
    need(int(got["flamegraph"]["total"]) % 10_000_000 == 0, "samples of 10 ms")


def diff(recorded, got):
    same(shape(recorded), shape(got), "shape")
    recorded, got = recorded["flamegraph"], got["flamegraph"]
    same(recorded["names"], got["names"], "names")
    theirs, ours = well_formed(recorded, 7, [1, 4]), well_formed(got, 7, [1, 4])
    for first, ticks in ((0, "leftTicks"), (3, "rightTicks")):
        flat = lambda bars: [v for row in bars for bar in row for v in bar[first:first + 3]]
        proportional(flat(theirs), flat(ours), int(recorded[ticks]), int(got[ticks]), ticks)
    same([[bar[6] for bar in row] for row in theirs], [[bar[6] for bar in row] for row in ours], "frames")
    same(int(got["total"]), int(got["leftTicks"]) + int(got["rightTicks"]), "total")


def diff_of_different_types(recorded, got):
    same(shape(recorded), shape(got), "shape")
    got = got["flamegraph"]
    bars = well_formed(got, 7, [1, 4])
    same([int(got["leftTicks"]), int(got["rightTicks"])], [bars[0][0][1], bars[0][0][4]], "ticks")
    same(int(got["total"]), int(got["leftTicks"]) + int(got["rightTicks"]), "total")
    need("main.fib" in got["names"] and "runtime/pprof.StartCPUProfile" in got["names"], "frames of both sides")


def services(recorded, got):
    ours = lambda body: [name for name in body["names"] if OURS.fullmatch(name)]
    same(shape(recorded), shape(got), "shape")
    same(ours(recorded), ours(got), "services")


def profile_types(recorded, got):
    own = lambda body: [t for t in body["profileTypes"] if t["ID"] not in FOREIGN_TYPES]
    same(shape(recorded), shape(got), "shape")
    for wanted in own(recorded):
        need(wanted in got["profileTypes"], f"{wanted} is missing")
    same([t["ID"] for t in got["profileTypes"]], sorted(t["ID"] for t in got["profileTypes"]), "order")


def time_series(recorded, got):
    same(shape(recorded), shape(got), "shape")
    same([s["labels"] for s in recorded["series"]], [s["labels"] for s in got["series"]], "labels")
    need(all(p["value"] > 0 for s in got["series"] for p in s["points"]), "values above zero")


def over_30_days(recorded, got):
    mask = lambda body: {**body, "message": DURATION.sub("actual: …", body["message"])}
    same(mask(recorded), mask(got))


def empty_message(_recorded, got):
    """A protobuf message without fields, gzipped as the request was; the transcript could not keep its bytes."""
    need(got == b"", f"an empty message, got {shorten(got)}")


RULES = {
    "push python's own body": empty_message,
    "label values service_name": services,
    "profile types": profile_types,
    "flame graph": flame_graph,
    "flame graph of java": flame_graph_of_java,
    "flame graph over 30 days": over_30_days,
    "time series": time_series,
    "diff": diff,
    "diff of different types": diff_of_different_types,
}


def check(name, recorded, status, content_type, body):
    same(recorded["status"], status, f"status (body {shorten(body)})")
    same(recorded["content_type"], content_type, "content type")
    RULES.get(name, same)(recorded["body"], body)
