#!/usr/bin/python3
"""Turns the answer of Pyroscope's SelectMergeStacktraces into a flame graph, one self-contained SVG.

usage: flamegraph.py TITLE < answer.json > out.svg

The format ("flamebearer"): `names` and `levels`; each level is a list of values in groups of four:
offset from the end of the previous bar, total, self, index of the name.
"""
import html
import json
import sys
import zlib

WIDTH, ROW, TOP, LEFT = 1200, 18, 64, 10
CHARACTER = 6.6  # of the 11 px monospace font


def bars(flamegraph):
    """Yields (level, start, total, self, name) in units of samples."""
    names = flamegraph.get("names", [])
    for level, entry in enumerate(flamegraph.get("levels", [])):
        values = [int(v) for v in entry.get("values", [])]
        position = 0
        for i in range(0, len(values) - 3, 4):
            offset, total, own, name = values[i:i + 4]
            position += offset
            yield level, position, total, own, names[name]
            position += total


def colour(name):
    """Warm, and the same for the same package in every picture."""
    seed = zlib.crc32(name.rsplit(".", 1)[0].encode())
    return f"hsl({8 + seed % 42},{62 + seed // 64 % 22}%,{60 + seed // 4096 % 12}%)"


def render(title, answer):
    flamegraph = answer.get("flamegraph") or {}
    everything = list(bars(flamegraph))
    whole = next((total for level, _, total, _, _ in everything if level == 0), 0)
    rows = 1 + max((level for level, *_ in everything), default=0)
    height = TOP + rows * ROW + 24
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="ui-monospace,Menlo,DejaVu Sans Mono,monospace" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf8"/>',
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="bold" fill="#333">{html.escape(title)}</text>',
        f'<text x="{LEFT}" y="46" fill="#777">CPU, {whole / 1e9:.2f} s sampled · callers above, callees below; '
        'hover for figures</text>',
    ]
    scale = (WIDTH - 2 * LEFT) / whole if whole else 0
    for level, start, total, own, name in everything:
        width = total * scale
        if width < 0.4:
            continue
        x, y = LEFT + start * scale, TOP + level * ROW
        share = 100 * total / whole
        fill = "#e8e2d6" if level == 0 else colour(name)
        out.append(f'<g><title>{html.escape(name)}: {share:.1f} % ({total / 1e9:.3f} s), self {100 * own / whole:.1f} %</title>'
                   f'<rect x="{x:.1f}" y="{y}" width="{max(width - 0.5, 0.3):.1f}" height="{ROW - 1}" rx="2" fill="{fill}"/>')
        room = int((width - 6) / CHARACTER)
        if room >= 3:
            text = name if len(name) <= room else name[:room - 1] + "…"
            out.append(f'<text x="{x + 3:.1f}" y="{y + 12}" fill="#222">{html.escape(text)}</text>')
        out.append("</g>")
    out.append("</svg>")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(render(sys.argv[1], json.load(sys.stdin)))
