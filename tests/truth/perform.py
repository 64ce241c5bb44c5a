"""Runs one cell: the program with its agent, the forwarder, the server's answer, and the comparison."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field

import comparison
import limits
from cell import FAULT_SECONDS
from forwarder import Forwarder

STEP = 0.2
EXIT_PATIENCE = 60
ANSWER_PATIENCE = 50
START_PATIENCE = 60
# Names that uploads have in the forwarder's record, by what is measured; the first that occurs counts.
RECORDED = {"cpu": ("process_cpu", "wall", "cpu"), "alloc": ("memory", "cpu"), "kept": ("memory", "heap"), "lock": ("mutex", "cpu")}
SAMPLE_TYPES = {"cpu": {"cpu"}, "alloc": {"alloc_space", "alloc_in_new_tlab_bytes", "alloc_outside_tlab_bytes"},
                "kept": {"inuse_space"}, "lock": {"delay"}}
UNITS = {"cpu": 1e9, "lock": 1e9, "alloc": 1, "kept": 1}


@dataclass
class Outcome:
    cell: object
    findings: list = field(default_factory=list)
    error: str = ""
    figures: dict = field(default_factory=dict)

    @property
    def holds(self):
        return not self.error and all(f.holds for f in self.findings)


class Program:
    """The profiled process and, for Go, its sidecar."""

    def __init__(self, cell, product, url, service, folder, prefix):
        self.cell, self.folder, self._logs, self.sidecar = cell, folder, folder / "log", None
        env = product.environment(cell, url, service)
        if cell.language == "go":
            sidecar, env = env, {}
        env |= {"TRUTH_FOLDER": str(folder), "TRUTH_DUTY": str(cell.duty), "TRUTH_BLOCK": str(cell.block),
                "TRUTH_SECONDS": str(cell.life if cell.end == "self" else 240)}
        arguments = [cell.program] + ([cell.argument] if cell.argument else [])
        self._application = [*prefix, *product.command(cell.language, arguments)], env
        self.started = time.time()
        self.process = self._start(*self._application)
        if cell.language == "go":
            from product import SIDECAR
            sidecar["PROFILING_PPROF_PORT"] = self.await_file("pprof")
            self.sidecar = self._start([str(SIDECAR), "scrape"], sidecar)

    def _start(self, command, env):
        with open(self._logs, "ab") as log:
            return subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)

    def restart(self):
        """Kills the application and starts it again at once, on the port that the sidecar knows."""
        self.process.kill()
        self.process.wait()
        command, env = self._application
        self.process = self._start(command, {**env, "TRUTH_PPROF_PORT": self.await_file("pprof")})

    def await_file(self, name):
        deadline = time.monotonic() + START_PATIENCE
        while not (self.folder / name).exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{name} did not appear:\n{self.log()}")
            time.sleep(0.02)
        return (self.folder / name).read_text()

    def timelines(self):
        """[(time, {name: amount})] of each process that has written an account, by its pid."""
        found = {}
        for file in self.folder.glob("*.jsonl"):
            lines = []
            for text in file.read_text().splitlines():
                with contextlib.suppress(ValueError):  # the last line of a killed process
                    line = json.loads(text)
                    lines.append((line.pop("t"), {comparison.plain(name): amount for name, amount in line.items()}))
            if lines:
                found[int(file.stem)] = lines
        return found

    def pids(self):
        return [int(file.stem) for file in self.folder.glob("*.jsonl")]

    def log(self):
        return self._logs.read_text(errors="replace")[-2000:]

    def running(self):
        return self.process.poll() is None

    def ask_to_end(self):
        (self.folder / "stop").touch()

    def await_end(self):
        """The exit code; the sidecar ends after the application, as the kubelet does it."""
        try:
            code = self.process.wait(EXIT_PATIENCE)
        finally:
            if self.sidecar:
                self.sidecar.terminate()
                self.sidecar.wait(EXIT_PATIENCE)
        return code

    def kill(self):
        for process in (self.process, self.sidecar):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def windows_of(cell, stored):
    """(window, owner) of the uploads that hold what is measured."""
    for name in RECORDED[cell.measure]:
        if found := [(comparison.stretched(w, cell.upload_seconds), owner) for kind, w, owner in stored if kind == name]:
            return found
    return []


def covered(cell, program, forwarder):
    stored = windows_of(cell, forwarder.stored())
    return comparison.spent_by_uploads(program.timelines(), stored).get("total", 0) if stored else 0


def enough(cell, program, forwarder):
    """What the cell needs has been uploaded, or its time is up."""
    if time.time() - program.started > cell.wall:
        return True
    return len(windows_of(cell, forwarder.stored())) >= cell.uploads and covered(cell, program, forwarder) >= cell.cpu


def request(program, number, each):
    """Load at random distances, one request after the other; what a request needs is the server's account."""
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{program.await_file('port')}/{number}", timeout=10).read()
    time.sleep(each)


def until_over(cell, program, forwarder, ending):
    """Waits for the cell's end: of its life, after its fault, or when enough was uploaded."""
    fault_end, number = 0.0, 0
    while program.running():
        if ending.is_set():
            return program.ask_to_end()
        if cell.requests:
            request(program, number, 1 / cell.requests)
            number += 1
        else:
            time.sleep(STEP)
        age, stored = time.time() - program.started, windows_of(cell, forwarder.stored())
        if cell.life:
            if cell.end != "self" and age >= cell.life:
                program.process.send_signal(getattr(signal, cell.end))
                return
        elif cell.fault:
            if not fault_end and stored:
                forwarder.fault, fault_end = cell.fault, time.time() + FAULT_SECONDS
                if cell.fault == "restart":
                    program.restart()
            elif fault_end and time.time() > fault_end:
                forwarder.fault = ""
                after = any(w.start >= fault_end - 1 for w, _ in stored)
                if after and covered(cell, program, forwarder) >= cell.cpu or time.time() > fault_end + cell.wall:
                    return program.ask_to_end()
            elif age > 2 * cell.wall:
                return program.ask_to_end()
        elif enough(cell, program, forwarder):
            return program.ask_to_end()


def perform(cell, bed):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cell-", dir=bed.folder))
    service = f"{cell.language}.{folder.name}"
    program, outcome = None, Outcome(cell)
    forwarder = Forwarder(bed.store.url, lambda: program.pids() if program else ())
    try:
        with limits.quota(cell.millicores) as prefix:
            program = Program(cell, bed.product, forwarder.url, service, folder, prefix)
            until_over(cell, program, forwarder, bed.ending)
            code = program.await_end()
            forwarder.await_quiet(ANSWER_PATIENCE)
            wanted = {"SIGTERM": -15, "SIGKILL": -9}.get(cell.end, 0)
            if code not in (wanted, 128 - wanted):
                outcome.error = f"exit code {code}:\n{program.log()}"
        judge(outcome, bed.store, service, program, forwarder)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        outcome.error = f"{error!r}\n{program.log() if program else ''}"
    finally:
        if program:
            program.kill()
        forwarder.close()
    return outcome


def graphs(store, cell, service, start, end):
    found = [kind for kind in store.types(service, start, end) if kind.split(":")[1] in SAMPLE_TYPES[cell.measure]
             and (cell.measure != "lock" or kind.startswith("mutex"))]
    return [store.graph(service, kind, start, end) for kind in found]


def judge(outcome, store, service, program, forwarder):
    """Fills in the findings."""
    cell, timelines, stored = outcome.cell, program.timelines(), forwarder.stored()
    windows = windows_of(cell, stored)
    outcome.findings.append(comparison.stored_once(stored))
    if not windows or not timelines:
        if cell.floor or not cell.life:
            outcome.error = outcome.error or "no profile was stored"
        return
    whole = comparison.joined([w for w, _ in windows])
    asked = comparison.range_of_one([w for w, _ in windows]) if cell.measure == "kept" else comparison.Window(program.started - 5, time.time() + 5)
    shown = graphs(store, cell, service, *asked)
    total = sum(comparison.total_of(g) - comparison.of_the_agent(g, cell.language) for g in shown)
    total /= UNITS[cell.measure]
    seen = {name: sum(comparison.time_below(g, name) for g in shown) / UNITS[cell.measure] for name in cell.functions}
    lost = windows_of(cell, forwarder.refused()) if cell.fault == "413" else []
    if cell.measure == "kept":
        spent = comparison.spent_within(timelines.values(), comparison.Window(0, whole.end))
    else:
        spent = comparison.spent_by_uploads(timelines, windows, lost)
    outcome.figures = {"true": spent, "seen": {"total": total, **seen}, "window": round(whole.end - whole.start, 1),
                       "uploads": len(windows), "widest": comparison.widest(shown)}
    compare_figures(outcome, spent, seen, total, timelines)


def compare_figures(outcome, spent, seen, total, timelines):
    cell = outcome.cell
    percent = comparison.TOTAL_PERCENT_STRAINED if cell.strained or limits.busy() else comparison.TOTAL_PERCENT
    true_total = spent["total"] if cell.measure == "cpu" else sum(spent.get(comparison.plain(name), 0) for name in cell.functions)
    shown_total = total if cell.measure == "cpu" else sum(seen.values())
    if cell.life:
        life = sum(timeline[-1][1].get("total", 0) for timeline in timelines.values())
        if cell.floor:
            outcome.findings.append(comparison.at_least("CPU of its life", life, total, cell.floor))
        outcome.findings.append(comparison.total("CPU beyond its life", life, max(total, life), percent))
    elif cell.exact_total:
        outcome.findings.append(comparison.total(f"total {cell.measure}", true_total, shown_total, percent))
    if not cell.life or cell.floor:
        for name in cell.functions:
            outcome.findings.append(comparison.share(name, spent.get(comparison.plain(name), 0), true_total, seen[name], shown_total))
