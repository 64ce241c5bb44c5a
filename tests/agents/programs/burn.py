"""burn.py SECONDS CODE [MODULES…]: computes for a while, tells which modules were loaded, ends so."""
import sys
import time


def price_basket():
    return sum(i * i for i in range(20000))


until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    price_basket()
print(*(f"{name}={name in sys.modules}" for name in sys.argv[3:]))
sys.exit(int(sys.argv[2]))
