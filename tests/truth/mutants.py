"""What agents did before, put back one piece at a time, each with the cell that has to catch it.

A mutant is an edit of the agents' installed files or of the environment, so that nothing is built for it."""
import os
import pathlib
import re
import shutil
import tempfile
from dataclasses import dataclass

import cells
from perform import perform
from product import run


@dataclass(frozen=True)
class Mutant:
    name: str
    cell: str
    place: str      # a file below the agents' folder, or a variable of the environment; a source of the jar's classes after !
    old: str        # a regular expression, which has to occur once
    new: str


PYTHON = "python/_profiling_agent"
NODE = "node/lib/out/agent.cjs"
JAVA = "java/pyroscope.jar!"
JAVA_SOURCES = pathlib.Path(__file__).resolve().parents[2] / "webhooks/agents/java"
MUTANTS = (
    Mutant("a sample of Python stands for its period, whatever the thread's clock says", "python/shares/quota-200m",
           f"{PYTHON}/account.py", r"\+ weight\n(.*)spread\(result, used, thread\.usual, thread\.waited or NATIVE\)",
           r"+ look.mean\n\1add(result, thread.ticks)"),
    Mutant("Python's code without the interpreter's lock is not seen to run", "python/free/alone",
           f"{PYTHON}/judge.py", r"return ready and place\.ready >= 4 \* place\.waiting", "return False"),
    Mutant("a profile of Python that the server refused for a moment is dropped", "python/shares/alone-429",
           f"{PYTHON}/delivery.py", r'raise Unsent\("status %d" % status, [^\n]*', 'raise OSError("status")'),
    Mutant("Python sends nothing at its end", "python/shares/alone-15s-self",
           f"{PYTHON}/delivery.py", r"\n        until = monotonic\(\) \+ patience\n", "\n        return\n"),
    Mutant("the CPU of Node's short handlers is the next sample's", "node/burst-3/alone",
           NODE, r"if \(profile\) cpuTime\d*\.correct\(profile, intervalMicros\)", ";"),
    Mutant("a profile of Node that the server refused for a moment is dropped", "node/shares/alone-429",
           NODE, r'\.includes\(status\)\) return "retry"', '.includes(status)) return "refused"'),
    Mutant("Node sends nothing at SIGTERM", "node/shares/alone-15s-SIGTERM", NODE, r"stopAtExit, debug \}\)\.watch\(\)", "stopAtExit, debug })"),
    Mutant("Java shows no inlined methods", "java/inlined/alone", "JAVA_TOOL_OPTIONS", r"-XX:\+DebugNonSafepoints ", ""),
    Mutant("Java sends a profile again that is not answered within ten seconds", "java/shares/alone-slow-12",
           f"{JAVA}Delivery.java", r"PATIENCE_MS = 40_000;(.*)\"sent, but not answered: \" \+ unknown\);\s+return -1;",
           r'PATIENCE_MS = 10_000;\1"" + unknown);\nreturn 0;'),
    Mutant("a profile of Java that the server refused for a moment is dropped", "java/shares/alone-429",
           f"{JAVA}Delivery.java", r"boolean again = status == 408.*?MOST_ATTEMPTS;", "boolean again = false;"),
    Mutant("Java sends nothing at its end", "java/shares/alone-15s-self", f"{JAVA}Rounds.java", r"ended == null \? null : packed\(ended\)", "null"),
    Mutant("Java starts after ten seconds", "java/shares/alone-8s-self", f"{JAVA}Launcher.java", r"DELAY_MS = 1000;", "DELAY_MS = 10_000;"),
    Mutant("Java keeps more frames of a stack than the server does", "java/deep-1500/alone", f"{JAVA}Settings.java", r"DEPTH = 900;", "DEPTH = 2048;"),
)


class Mutated:
    """A product that differs in one piece. `product` is left as it is."""

    def __init__(self, product, mutant, folder):
        self._product, self._mutant, self._agents = product, mutant, product.agents
        self._variable = mutant.place.isupper()
        if not self._variable:
            self._agents = folder / "agents"
            shutil.copytree(product.agents, self._agents)
            edit(self._agents, mutant)

    def command(self, language, arguments):
        return self._product.command(language, arguments)

    def environment(self, cell, url, service):
        env = {name: value.replace(str(self._product.agents), str(self._agents)) if name not in os.environ else value
               for name, value in self._product.environment(cell, url, service).items()}
        if self._variable:
            env[self._mutant.place] = changed(self._mutant, env[self._mutant.place])
        return env


def changed(mutant, text):
    found, count = re.subn(mutant.old, mutant.new, text, flags=re.DOTALL)
    if count != 1:
        raise RuntimeError(f"{mutant.name}: {mutant.old} occurs {count} times in {mutant.place}; the table is to be mended")
    return found


def edit(agents, mutant):
    name, _, inside = mutant.place.partition("!")
    file = agents / name
    if not inside:
        file.write_text(changed(mutant, file.read_text()))
        return
    with tempfile.TemporaryDirectory() as folder:
        sources = pathlib.Path(folder) / "sources"
        shutil.copytree(JAVA_SOURCES, sources)
        (sources / inside).write_text(changed(mutant, (sources / inside).read_text()))
        run("javac", "--release", "8", "-Xlint:-options", "-d", f"{folder}/classes", *sorted(sources.glob("*.java")))
        run("jar", "uf", file, "-C", f"{folder}/classes", ".")


def catch(mutant, bed):
    """(the mutant, whether its cell caught it, what the cell found)"""
    cell = next(c for c in cells.every() if c.name == mutant.cell)
    folder = bed.folder / re.sub(r"\W+", "-", mutant.name)
    folder.mkdir()
    outcome = perform(cell, bed.mutated(Mutated(bed.product, mutant, folder)))
    wrong = [f"{f.what} {f.difference:.1f} {f.unit} off" for f in outcome.findings if not f.holds]
    return mutant, bool(wrong) or outcome.error == "no profile was stored", "; ".join(wrong) or outcome.error or "the cell holds"


def line(mutant, caught, why):
    return f"{'caught' if caught else 'MISSED'} {mutant.cell}: {mutant.name} ({why.splitlines()[0]})"


def summary(results):
    return f"mutants: {sum(caught for _, caught, _ in results)} of {len(results)} caught"
