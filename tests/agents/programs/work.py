"""work.py ROUNDS [WARM]: the same work each time, of the kind that services do: JSON, hashes, sorting, text.

With WARM it prints a line after so many rounds, and after the last one waits for the end of its input."""
import hashlib
import json
import re
import sys

PATTERN = re.compile(r"user-(\d+)@([a-z]+)\.example")


def orders(seed):
    made = []
    for _ in range(400):
        seed = (seed * 1103515245 + 12345) % 2147483648
        made.append({"id": seed, "customer": f"user-{seed % 977}@shop{chr(97 + seed % 26)}.example",
                     "lines": [{"sku": f"sku-{(seed >> k) % 5000}", "cents": (seed >> k) % 90000} for k in range(5)]})
    return made


def by_customer(made):
    sums = {}
    for order in made:
        user, shop = PATTERN.match(order["customer"]).groups()
        sums[shop, user] = sums.get((shop, user), 0) + sum(line["cents"] for line in order["lines"])
    return sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))


def work(seed):
    text = json.dumps(orders(seed), sort_keys=True)
    best = by_customer(json.loads(text))
    return hashlib.sha256(text.encode() + repr(best).encode()).hexdigest()


digest = ""
warm = int(sys.argv[2]) if len(sys.argv) > 2 else 0
for n in range(int(sys.argv[1])):
    digest = work(n + len(digest))
    if n + 1 == warm:
        print("warm", flush=True)
print(digest, flush=True)
if warm:
    sys.stdin.read()
