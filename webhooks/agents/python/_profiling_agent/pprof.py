"""Writes a profile as pprof does: https://github.com/google/pprof/blob/main/proto/profile.proto"""
from bisect import bisect_right


def varint(number):
    if number < 128:
        return bytes((number,))
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


class _Tables:
    """Functions, locations and texts of one profile, each written once."""

    def __init__(self):
        self.parts, self._texts, self._functions, self._lines = [], {}, {}, {}
        # The places by function and line, by code and position, and by stack.
        self._places, self._locations, self._written = {}, {}, {}
        self.text("")

    def text(self, text):
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = len(self._texts)
            self.parts.append(message(6, text.encode("utf-8", "replace")))
        return known

    def _function(self, code):
        known = self._functions.get(id(code))
        if known is None:
            known = self._functions[id(code)] = len(self._functions) + 1
            if isinstance(code, tuple):
                name, file, first = code[0], "", 0
            else:
                name, file, first = getattr(code, "co_qualname", code.co_name), code.co_filename, code.co_firstlineno
            name = self.text(name)
            self.parts.append(message(5, number(1, known) + number(2, name) + number(3, name)
                                      + number(4, self.text(file)) + number(5, max(first, 0))))
        return known

    def _line(self, code, position):
        if isinstance(code, tuple):
            return 0
        lines = self._lines.get(id(code))
        if lines is None:
            spans = list(code.co_lines())
            lines = self._lines[id(code)] = [span[0] for span in spans], [span[2] for span in spans]
        # No words with names for C code of libraries, here and elsewhere: Python 3.12 crashes by them where a program that
        # embeds it has ended it and begins anew.
        at = bisect_right(lines[0], position) - 1
        return lines[1][at] or code.co_firstlineno if at >= 0 else code.co_firstlineno

    def location(self, code, position):
        """The number of that place, written as it stands in a sample. The caller keeps the code."""
        known = self._locations.get((id(code), position))
        if known is None:
            function, line = self._function(code), max(self._line(code, position), 0)
            known = self._places.get((function, line))
            if known is None:
                identifier = len(self._places) + 1
                known = self._places[function, line] = varint(identifier)
                self.parts.append(message(4, number(1, identifier) + message(4, number(1, function) + number(2, line))))
            self._locations[id(code), position] = known
        return known

    def path(self, stack):
        """The numbers of a stack's places, innermost first."""
        places, written = [], self._written
        while stack is not None:
            place = written.get(stack)
            if place is None:
                place = written[stack] = self.location(stack.code, stack.position)
            places.append(place)
            stack = stack.outer
        return b"".join(places)


def encode(stacks, start, duration, period):
    """The profile of stacks with their CPU, all in nanoseconds."""
    tables = _Tables()
    kind = number(1, tables.text("cpu")) + number(2, tables.text("nanoseconds"))
    samples = []
    for stack, value in stacks.items():
        if value >= 1:
            samples.append(message(2, message(1, tables.path(stack)) + message(2, varint(int(value)))))
    if not samples:
        return None
    return b"".join([message(1, kind), *samples, *tables.parts, number(9, start), number(10, duration),
                     message(11, kind), number(12, period)])


def push_request(labels, profile):
    """The request of push.v1 with one profile."""
    pairs = b"".join(message(1, message(1, name.encode()) + message(2, value.encode())) for name, value in labels.items())
    return message(1, pairs + message(2, message(1, profile)))
