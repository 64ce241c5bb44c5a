"""Results: kept as JSON below build/scale, printed as Markdown against the bars of the design."""
import json
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# (figure, upper limit, unit); a figure without a bar is reported as well.
BARS = {
    "controller RSS, 500 pods": (12, "MiB"),
    "controller RSS, 8 000 pods": (25, "MiB"),
    "controller RSS, 150 000 pods": (110, "MiB"),
    "webhook RSS, 500 pods": (12, "MiB"),
    "webhook RSS, 8 000 pods": (20, "MiB"),
    "cold start to ready, 150 000 pods": (15, "s"),
    "requests in 60 s of calm but Lease": (0, ""),
    "fail-over, leader stopped": (5, "s"),
}
PEAK = 1.2  # start-up peak over steady state


def thousands(n):
    return f"{n:,}".replace(",", " ")


class Report:
    def __init__(self, name):
        self.name = name
        self.rows, self.details = [], {}

    def add(self, figure, value, unit="", bar=None, note=""):
        if bar is None and figure in BARS:
            bar, unit = BARS[figure]
        self.rows.append({"figure": figure, "value": value, "unit": unit, "bar": bar,
                          "met": None if bar is None else value <= bar, "note": note})
        met = "" if bar is None else " (bar %s: %s)" % (bar, "met" if value <= bar else "MISSED")
        print(f"  {figure}: {value} {unit}{met} {note}".rstrip(), flush=True)

    def keep(self, key, value):
        self.details[key] = value

    def save(self):
        folder = ROOT / "build/scale"
        folder.mkdir(parents=True, exist_ok=True)
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
        content = {"name": self.name, "time": time.strftime("%Y-%m-%dT%H:%M:%S"), "commit": commit,
                   "rows": self.rows, "details": self.details}
        (folder / f"{self.name}.json").write_text(json.dumps(content, indent=1) + "\n")

    def table(self):
        lines = ["| figure | measured | bar | met |", "|---|---|---|---|"]
        for r in self.rows:
            bar = "" if r["bar"] is None else f"{r['bar']} {r['unit']}".strip()
            met = {None: "", True: "yes", False: "**no**"}[r["met"]]
            value = f"{r['value']} {r['unit']}".strip() + (f" ({r['note']})" if r["note"] else "")
            lines.append(f"| {r['figure']} | {value} | {bar} | {met} |")
        return "\n".join(lines)
