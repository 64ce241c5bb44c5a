"""Line plots as SVG, without a library: axes with units, a grid, and each line named at its end."""
import html
import math

WIDTH, HEIGHT = 900, 240  # of one panel
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 34, 40
COLOURS = ["#1f6feb", "#cf5c00", "#2a7f3f", "#8250df"]


def ticks(low, high, about=5):
    """Round numbers between two values."""
    step = 10 ** math.floor(math.log10((high - low) / about))
    step *= min((1, 2, 5, 10), key=lambda f: abs((high - low) / (f * step) - about))
    first = math.ceil(low / step)
    return [round((first + i) * step, 10) for i in range(int((high - first * step) / step) + 1)]


def number(value):
    return f"{value:,.10g}".replace(",", " ")


class Panel:
    """One pair of axes. `lines` is [(name, [(x, y), …])]; `mark` is an x with a word, drawn as a vertical line."""

    def __init__(self, title, y_label, lines, floor=None, mark=None, note=""):
        self.title, self.y_label, self.lines, self.mark, self.note = title, y_label, lines, mark, note
        values = [y for _, points in lines for _, y in points]
        low, high = min(values), max(values)
        if floor is not None:
            low = min(low, floor)
        margin = (high - low) * 0.08 or max(1.0, abs(high) * 0.05)
        self.low, self.high = (low if floor is not None else low - margin), high + margin

    def draw(self, top, x_range, x_label):
        x0, x1 = x_range

        def x(v):
            return LEFT + (v - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

        def y(v):
            return top + HEIGHT - BOTTOM - (v - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

        out = [f'<text x="{LEFT}" y="{top + 18}" class="title">{html.escape(self.title)}</text>']
        for v in ticks(self.low, self.high, 4):
            out.append(f'<path d="M{LEFT} {y(v):.1f}H{WIDTH - RIGHT}" class="grid"/>'
                       f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" class="tick" text-anchor="end">{number(v)}</text>')
        base = top + HEIGHT - BOTTOM
        for v in ticks(x0, x1, 10):
            out.append(f'<path d="M{x(v):.1f} {base}v4" class="axis"/>'
                       f'<text x="{x(v):.1f}" y="{base + 17}" class="tick" text-anchor="middle">{number(v)}</text>')
        out.append(f'<path d="M{LEFT} {top + TOP - 6}V{base}H{WIDTH - RIGHT}" class="axis"/>')
        out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{base + 34}" class="label" text-anchor="middle">{html.escape(x_label)}</text>')
        middle = top + (TOP + HEIGHT - BOTTOM) / 2
        out.append(f'<text transform="translate(16 {middle:.0f}) rotate(-90)" class="label" text-anchor="middle">{html.escape(self.y_label)}</text>')
        if self.mark:
            at, word = self.mark
            out.append(f'<path d="M{x(at):.1f} {top + TOP - 6}V{base}" class="mark"/>'
                       f'<text x="{x(at) + 5:.1f}" y="{top + TOP + 6}" class="tick">{html.escape(word)}</text>')
        ends = self._label_places(y, top)
        for i, (name, points) in enumerate(self.lines):
            colour = COLOURS[i % len(COLOURS)]
            path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in points)
            out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
                       f'<text x="{WIDTH - RIGHT + 8}" y="{ends[i]:.1f}" class="name" style="fill:{colour}">{html.escape(name)}</text>')
        if self.note:
            out.append(f'<text x="{WIDTH - RIGHT}" y="{top + 18}" class="tick" text-anchor="end">{html.escape(self.note)}</text>')
        return "\n".join(out)

    def _label_places(self, y, top):
        """Where the names stand: at the lines' ends, moved apart where they would overlap."""
        wanted = sorted((y(points[-1][1]) + 4, i) for i, (_, points) in enumerate(self.lines))
        places, last = {}, top
        for at, i in wanted:
            last = max(at, last + 15)
            places[i] = last
        return places


STYLE = """text{font-family:system-ui,sans-serif;fill:#1f2328}.heading{font-size:17px;font-weight:600}.title{font-size:14px;font-weight:600}
.tick{font-size:11px;fill:#59636e}.label{font-size:12px}.name{font-size:12px;font-weight:600}
.grid{stroke:#d8dee4;stroke-width:1}.axis{stroke:#59636e;stroke-width:1;fill:none}.mark{stroke:#59636e;stroke-width:1;stroke-dasharray:4 4}"""


def figure(heading, subtitle, panels, x_label):
    """The whole picture; panels share the x axis."""
    xs = [x for p in panels for _, points in p.lines for x, _ in points]
    head, height = 56, 56 + HEIGHT * len(panels)
    body = "\n".join(p.draw(head + i * HEIGHT, (min(xs), max(xs)), x_label) for i, p in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">\n'
            f"<title>{html.escape(heading)}</title>\n<style>{STYLE}</style>\n"
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
            f'<text x="{LEFT}" y="26" class="heading">{html.escape(heading)}</text>\n'
            f'<text x="{LEFT}" y="45" class="tick">{html.escape(subtitle)}</text>\n{body}\n</svg>\n')
