"""burn.py SECONDS|stdin CODE [MODULES…]: computes for a while, or until its input ends, prints which modules are loaded, exits with CODE."""
import select
import sys
import time


def price_basket():
    return sum(i * i for i in range(20000))


if sys.argv[1] == "stdin":
    while not select.select([sys.stdin], [], [], 0)[0]:
        price_basket()
else:
    until = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < until:
        price_basket()
print(*(f"{name}={name in sys.modules}" for name in sys.argv[3:]))
sys.exit(int(sys.argv[2]))
