"""Reads a pprof profile as the agents send it: stacks of names, and values by type."""
import gzip


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value - (1 << 64) if value >> 63 else value), at


def fields(data):
    """(number, value) of each field of a message: an int, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {tag & 7}")
        yield tag >> 3, value


def numbers(value):
    """A repeated number, packed or single."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number)
    return found


def message(data):
    """The fields of a message by number; each a list."""
    found = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


class Profile:
    """stacks: [(names, leaf first; values by type)]"""

    def __init__(self, data):
        top = message(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        strings = [text.decode() for text in top[6]]
        self.types = [strings[message(t).get(1, [0])[0]] for t in top[1]]
        self.time, self.duration = (top.get(n, [0])[0] / 1e9 for n in (9, 10))
        functions = {m[1][0]: strings[m.get(2, [0])[0]] for m in map(message, top.get(5, []))}
        places = {m[1][0]: [functions[message(line)[1][0]] for line in m.get(4, [])] for m in map(message, top.get(4, []))}
        self.stacks = []
        for sample in map(message, top.get(2, [])):
            names = [name for place in sample.get(1, []) for number in numbers(place) for name in places[number]]
            values = [number for value in sample.get(2, []) for number in numbers(value)]
            self.stacks.append((names, dict(zip(self.types, values))))

    def total(self, kind, name=""):
        """The sum over the stacks in which a frame's name holds `name`."""
        return sum(values[kind] for names, values in self.stacks if any(name in frame for frame in names))


def pushed(upload):
    """The (labels, profile) pairs of a push request."""
    body = gzip.decompress(upload.body) if upload.headers.get("content-encoding") == "gzip" else upload.body
    for series in message(body).get(1, []):
        parts = message(series)
        pairs = map(message, parts.get(1, []))
        labels = {pair[1][0].decode(): pair.get(2, [b""])[0].decode() for pair in pairs}
        for sample in parts.get(2, []):
            yield labels, Profile(message(sample)[1][0])


def cpu_seconds(uploads):
    """CPU of each function with what it calls, by its last name, and of all as `total`."""
    result = {"total": 0.0}
    for upload in uploads:
        for labels, profile in pushed(upload):
            if labels["__name__"] != "process_cpu":
                continue
            for names, values in profile.stacks:
                value = values[profile.types[0]]
                for name in {name.rsplit(".", 1)[-1] for name in names} | {"total"}:
                    result[name] = result.get(name, 0) + value / 1e9
    return result
