"""Known bytes: allocated and dropped in a proportion of 70 to 30, and kept."""
import time

from ledger import ledger

LARGE, SMALL = 70_000, 30_000
PIECES, PIECE = 16, 4 << 20  # far above the sampling interval, so that each is seen


def allocate_basket():
    return bytearray(LARGE)


def allocate_receipt():
    return bytearray(SMALL)


def allocate():
    while not ledger.over():
        for _ in range(20):
            allocate_basket()
            allocate_receipt()
        ledger.add("allocate_basket", 20 * LARGE)
        ledger.add("allocate_receipt", 20 * SMALL)
        time.sleep(0.005)


def keep_orders():
    return [bytearray(PIECE) for _ in range(PIECES)]


def keep():
    kept = []
    time.sleep(4)  # the profiler starts a moment after the program
    kept = keep_orders()
    ledger.add("keep_orders", PIECES * PIECE)
    while not ledger.over():
        time.sleep(0.05)
        ledger.note()
    return kept
