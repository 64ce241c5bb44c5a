"""Prices baskets over HTTP, and sends itself enough of them to keep about a third of a core busy."""
import os
import random
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RANDOM = random.Random(7)


def basket(size):
    return [(f"sku-{RANDOM.randrange(5000)}", RANDOM.randrange(1, 10), RANDOM.randrange(99, 90099))
            for _ in range(size)]


def price_basket(items):
    """The total in cents, with volume discounts and tax."""
    total = 0
    for sku, quantity, unit_cents in items:
        line = unit_cents * quantity
        for step in range(1, 41):
            if quantity * step % 7 == 0:
                line -= line // (200 + step)
            line += ord(sku[-1]) * step % 3
        total += line + line * 19 // 100
    return total


def load_for_ever():
    items = basket(40)
    while True:
        until = time.monotonic() + 0.03
        while time.monotonic() < until:
            price_basket(items)
        time.sleep(0.07)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/healthz":
            body = b"ok\n"
        elif self.path == "/work":
            body = f"{price_basket(basket(100))}\n".encode()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    # As process 1 of a container nothing ends it unless it says so itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
    threading.Thread(target=load_for_ever, name="load", daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
