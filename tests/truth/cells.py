"""The table of cells, and those of a short run: the ones that would have caught the most."""
import dataclasses

from cell import Cell

FAULTS = ("away", "429", "413", "500", "slow-5", "slow-12", "slow-40")
LANGUAGES = ("python", "node", "java", "go")
SHARES = ("price_basket", "print_receipt")
FREE = ("price_basket", "hash_order", "zip_order")
HANDLER = ("handle_order",)
# (length of a life, how it ends) → the part of its CPU that has to arrive.
FLOORS = {(3, "self"): 0, (8, "self"): .7, (15, "self"): .8, (35, "self"): .9, (15, "SIGTERM"): .8, (35, "SIGTERM"): .9,
          (35, "SIGKILL"): .5}


def conditions(language):
    """The same program alone, under limits, beside others, and at other rates."""
    cell = Cell(language, "shares", SHARES)
    limited = dataclasses.replace(cell, duty=1, cpu=8)
    yield cell
    yield dataclasses.replace(limited, condition="quota-200m")
    yield dataclasses.replace(limited, condition="quota-500m")
    yield dataclasses.replace(cell, condition="busy")
    if language != "go":  # its rate is the runtime's
        # Few samples: longer blocks of work, so that the shares are not a matter of chance.
        yield dataclasses.replace(cell, hz=10, block=20, cpu=25, duty=0.8)
        yield dataclasses.replace(cell, hz=50, block=4, cpu=10)
        yield dataclasses.replace(cell, hz=200)


def bursts(language):
    for milliseconds in (1, 3, 15, 40):
        yield Cell(language, "burst", HANDLER, str(milliseconds), cpu=8, duty=0.3)
    yield Cell(language, "burst", HANDLER, "3", condition="quota-500m", cpu=6, duty=0.3)
    yield Cell(language, "server", HANDLER, requests=40, cpu=5)
    yield Cell(language, "server", HANDLER, requests=40, cpu=5, condition="busy")


def deliveries(language):
    for fault in FAULTS:
        yield Cell(language, "shares", SHARES, fault=fault, duty=0.12, cpu=5)


def lives(language):
    for (seconds, end), floor in FLOORS.items():
        if language == "go" and end != "self":
            continue  # the sidecar lives on, whatever ends the application
        # A share needs samples.
        yield Cell(language, "shares", SHARES if seconds > 15 else (), life=seconds, end=end, floor=floor)


def shapes(language):
    yield Cell(language, "recursive", ("count_ways", "print_receipt"))
    yield Cell(language, "deep", SHARES, "200")
    if language != "node":  # one thread
        yield Cell(language, "blocked", SHARES, "40", cpu=8, duty=0.3)
    if language != "go":
        yield Cell(language, "asynchronous", ("handle_order", "print_receipt"))
        yield Cell(language, "generated", ("apply_rule", "print_receipt") if language != "java" else SHARES)


def memory(language):
    if language != "node":
        yield Cell(language, "allocate", ("allocate_basket", "allocate_receipt"), measure="alloc", profiles=("allocations",),
                   cpu=0, uploads=5)
    if language != "java":
        yield Cell(language, "keep", ("keep_orders",), measure="kept", profiles=("allocations", "inUseMemory"), cpu=0, uploads=5)


PYTHON = [
    Cell("python", "free", FREE, cpu=8),
    Cell("python", "free", FREE, cpu=8, duty=1, condition="quota-200m"),
    Cell("python", "free", FREE, cpu=8, condition="busy"),
    Cell("python", "deep", SHARES, "3000"),
    Cell("python", "processes", SHARES, "fork", duty=0.3, cpu=10),
    Cell("python", "processes", SHARES, "spawn", duty=0.3, cpu=10),
    Cell("python", "processes", SHARES, "forkserver", duty=0.3, cpu=10),
    Cell("python", "prefork", SHARES, "2", duty=0.3, cpu=10),
    Cell("python", "prefork", SHARES, "2", condition="quota-500m", cpu=10),
]
NODE = [
    Cell("node", "deep", SHARES, "500"),
    Cell("node", "workers", ("worker_order",), "2", cpu=8),
    Cell("node", "child", SHARES, cpu=10, duty=0.3),
    Cell("node", "cluster", SHARES, "2", cpu=10, duty=0.3),
]
JAVA = [
    Cell("java", "inlined", ("tiny_price", "print_receipt")),
    Cell("java", "deep", SHARES, "1500"),
    Cell("java", "child", SHARES, cpu=12, duty=0.3),
    Cell("java", "mixed", ("allocate_basket", "allocate_receipt"), measure="alloc", profiles=("allocations",), cpu=0, uploads=5),
    Cell("java", "lock", ("await_lock",), measure="lock", profiles=("locks",), cpu=0, uploads=5),
]
GO = [
    Cell("go", "shares", SHARES, fault="restart"),
    Cell("go", "inlined", ("tiny_price", "print_receipt")),
    Cell("go", "deep", SHARES, "1500"),
    Cell("go", "lock", ("hold_lock",), measure="lock", profiles=("locks",), cpu=0, uploads=4),
]


def every():
    own = {"python": PYTHON, "node": NODE, "java": JAVA, "go": GO}
    return [cell for language in LANGUAGES for part in (conditions(language), bursts(language), shapes(language), memory(language),
                                                        deliveries(language), lives(language), own[language]) for cell in part]


SMOKE = {
    "python/shares/alone", "python/shares/quota-200m", "python/free/alone", "python/burst-3/alone", "python/recursive/alone",
    "python/processes-fork/alone", "python/shares/alone-away", "python/shares/alone-slow-12", "python/shares/alone-8s-self",
    "python/shares/alone-35s-SIGTERM",
    "node/shares/alone", "node/shares/quota-200m", "node/burst-1/alone", "node/burst-3/alone", "node/server/alone",
    "node/workers-2/alone", "node/shares/alone-away", "node/shares/alone-429", "node/shares/alone-8s-self",
    "node/shares/alone-35s-SIGTERM",
    "java/shares/alone", "java/shares/quota-500m", "java/inlined/alone", "java/shares/alone-slow-12", "java/shares/alone-8s-self",
    "java/shares/alone-35s-SIGTERM",
    "go/shares/alone", "go/shares/alone-slow-12", "go/shares/alone-restart", "go/keep/alone",
}
