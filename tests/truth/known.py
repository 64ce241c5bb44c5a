"""The cells that are known not to hold. An entry whose cell holds fails the run: remove it."""
from typing import NamedTuple


class Known(NamedTuple):
    cause: str
    # The cell may hold as well, by chance or on a quiet machine. `proof` is a cell that always shows the cause: an entry
    # cannot outlive the entry of its proof.
    sometimes: bool = False
    proof: str = ""


class Upstream(NamedTuple):
    cause: str
    size: str
    # Where users read it: a document below docs, and its words.
    document: str
    sentence: str
    sometimes: bool = False


def entries(cause, always, sometimes=()):
    """Cells that always show a cause, and cells that do so by chance; the first of the former is the proof."""
    found = {name: Known(cause) for name in always}
    return found | {name: Known(cause, True, always[0]) for name in sometimes}


def named(language, *rest):
    return [f"{language}/{name}" for name in rest]


# Faults of this project's agents, to be mended.
KNOWN = {
    **entries("code that gives the lock away late counts where it does so", named("python", "recursive/alone"),
              named("python", "blocked-40/alone")),
    **entries("V8 names the caller for code that its compiler put there, although it is asked to note that", named("node", "burst-3/alone"),
              named("node", "burst-1/alone", "burst-3/quota-500m")),
    **entries("on a busy machine samples meet calls into the kernel, short turns or not", named("node", "server/busy"),
              named("node", "recursive/alone", "asynchronous/alone")),
    **entries("code of worker threads has no names", named("node", "workers-2/alone")),
    **entries("Go's runtime counts by a timer of each thread, which the kernel looks at every 4 ms: of what runs for less, most is missing",
              named("go", "burst-1/alone", "burst-3/alone", "burst-3/quota-500m", "server/alone", "server/busy")),
    **entries("more is shown than the program's account has: 13 to 38 %, cause unknown", named("go", "allocate/alone", "lock/alone")),
}

# What cannot hold because of the agents of others or of a runtime.
UPSTREAM = {
    "java/mixed/alone": Upstream("the JVM samples when a thread's allocation buffer is full", "shares of sizes off by up to 40 %",
                                 "languages.md", "the shares of small and large objects are off by up to 40 %", sometimes=True),
    "java/shares/alone-200hz": Upstream("the kernel looks at a thread's timer at its ticks, 250 a second, and merges what is due since the last one",
                                        "totals up to 20 % low", "languages.md", "up to a fifth of Java's CPU is missing", sometimes=True),
}
MOST_UPSTREAM = 5
