"""The comparison: what a flame graph shows against what the program did. Pure functions, tested by comparison_test.py."""
import re
from typing import NamedTuple

SHARE_POINTS = 3.0
TOTAL_PERCENT = 5.0
TOTAL_PERCENT_STRAINED = 10.0  # under a quota or beside burners
# Frames of the agent itself, where its profiles show them: its work is not the program's.
AGENT_FRAMES = {"java": ("io/pyroscope", "dev/profiling/agent"), "python": ("(profiling agent)",)}


class Finding(NamedTuple):
    """One comparison. `difference` and `limit` have the unit of `unit`."""
    what: str
    expected: float
    seen: float
    difference: float
    limit: float
    unit: str

    @property
    def holds(self):
        return self.difference <= self.limit


class Window(NamedTuple):
    """The time that an upload stands for, in seconds since the epoch."""
    start: float
    end: float


def plain(name):
    """price_basket, priceBasket and main.priceBasket have one plain spelling: a word between other characters."""
    return name.replace("_", "").lower()


def names(frame, function):
    """Whether a frame is that function, however the language writes it."""
    return re.search(rf"(?<![a-z0-9]){re.escape(plain(function))}(?![a-z0-9])", plain(frame)) is not None


def bars(graph):
    """Every bar as (start, end, self, name, index of its parent), the root first, parents before children."""
    found, above = [], [None]
    for level in graph["levels"]:
        end, row, place = 0, [], 0
        values = [int(v) for v in level["values"]]
        for at in range(0, len(values), 4):
            offset, width, self_, name = values[at:at + 4]
            start = end + offset
            end = start + width
            while above[place] is not None and found[above[place]][1] <= start and place + 1 < len(above):
                place += 1
            found.append((start, end, self_, graph["names"][name], above[place]))
            row.append(len(found) - 1)
        above = row
    return found


def time_below(graph, function):
    """The total of a function and of what it calls; a recursive function counts once."""
    total, inside = 0, []
    for start, end, _, name, parent in bars(graph):
        covered = parent is not None and inside[parent]
        mine = names(name, function)
        if mine and not covered:
            total += end - start
        inside.append(covered or mine)
    return total


def of_the_agent(graph, language):
    """The part of a total that the program does not know of."""
    return sum(time_below(graph, name) for name in AGENT_FRAMES.get(language, ()))


def self_time(graph, function):
    return sum(bar[2] for bar in bars(graph) if names(bar[3], function))


def widest(graphs, count=8):
    """The frames with the most self time, as [(name, amount)]: where to look when a cell fails."""
    found = added({bar[3]: bar[2]} for graph in graphs for bar in bars(graph) if bar[2])
    return sorted(found.items(), key=lambda pair: -pair[1])[:count]


def total_of(graph):
    return int(graph.get("total", 0))


def at(timeline, time):
    """The entry of a timeline [(time, {name: amount})] at a time, between its neighbours on a line."""
    before = timeline[0]
    if time <= before[0]:
        return dict(before[1])
    for after in timeline[1:]:
        if after[0] >= time:
            part = (time - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 1
            return {name: before[1].get(name, 0) + part * (amount - before[1].get(name, 0))
                    for name, amount in after[1].items()}
        before = after
    return dict(before[1])


def spent_within(timelines, window):
    """What the processes with these timelines did within the window, by name."""
    return added(spent_by(timeline, window) for timeline in timelines)


def added(parts):
    spent = {}
    for part in parts:
        for name, amount in part.items():
            spent[name] = spent.get(name, 0) + amount
    return spent


def spent_by(timeline, window):
    first, last = at(timeline, window.start), at(timeline, window.end)
    if timeline[0][0] >= window.start:
        first = {}  # the process began within the window
    return {name: amount - first.get(name, 0) for name, amount in last.items()}


def spent_by_uploads(timelines, stored, lost=()):
    """What the processes did in the time from the first upload to the last one, without what was lost for good.

    `timelines`: by pid. `stored` and `lost`: (window, owner). Each process counts for the time of its own uploads; one
    without any counts for the time of all, since it was profiled or should have been."""
    found = []
    for pid, timeline in timelines.items():
        mine = [[w for w, owner in some if owner == pid] for some in (stored, lost)]
        if not any(mine):
            mine = [[w for w, _ in some] for some in (stored, lost)]
        found += [spent_by(timeline, part) for part in without(*mine)]
    return added(found)


def joined(windows):
    """The time from the first upload's start to the last one's end, or None."""
    return Window(min(w.start for w in windows), max(w.end for w in windows)) if windows else None


def stretched(window, seconds):
    """A profile of what was added since the one before has only the time of its end: it covers an interval."""
    return window if window.end > window.start else Window(window.end - seconds, window.end)


def range_of_one(windows):
    """A range with the stamp of one upload, whether stamps stand at the start or at the end of what they cover. Not of
    the last one, since the program has dropped what it kept by then. What is in use is a state: two would be added up."""
    middles = [(w.start + w.end) / 2 + 1 for w in windows]
    return Window(*middles[-3:-1]) if len(middles) > 2 else windows[-1]


def without(windows, lost):
    """The parts of one joined window that remain when the lost ones are cut out."""
    whole = joined(windows + lost)
    parts = [whole] if whole else []
    for hole in lost:
        parts = [part for old in parts for part in (Window(old.start, min(old.end, hole.start)),
                                                    Window(max(old.start, hole.end), old.end))
                 if part.end > part.start]
    return parts


def share(what, expected, expected_total, seen, seen_total, points=SHARE_POINTS):
    """Shares in points of a hundred."""
    truth = 100 * expected / expected_total if expected_total else 0.0
    shown = 100 * seen / seen_total if seen_total else 0.0
    return Finding(f"share of {what}", truth, shown, abs(shown - truth), points, "points")


def total(what, expected, seen, percent=TOTAL_PERCENT):
    """A total against the program's own clock, in per cent of the latter."""
    difference = 100 * abs(seen - expected) / expected if expected else (0.0 if not seen else float("inf"))
    return Finding(what, expected, seen, difference, percent, "%")


def at_least(what, expected, seen, fraction):
    """Of what was expected at least this fraction arrived; the difference is what is missing, in per cent."""
    missing = 100 * (1 - seen / expected) if expected else 100.0
    return Finding(what, expected, seen, max(missing, 0.0), 100 * (1 - fraction), "%")


def stored_once(stored):
    """`stored`: (name, window, owner) of each accepted profile. Two that agree in all were stored twice."""
    repeats = len(stored) - len({(name, round(w.start, 3), round(w.end, 3), owner) for name, w, owner in stored})
    return Finding("profiles stored again", 0, repeats, float(repeats), 0.0, "profiles")


def worst(findings, unit):
    return max((f.difference for f in findings if f.unit == unit), default=0.0)
