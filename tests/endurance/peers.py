#!/usr/bin/python3
"""Peers that hold connections to a server on loopback: idle and slow ones over TLS, and silent ones without a hello.

A connection that the server closes is opened again, at a bounded rate. Stops after --seconds, or at SIGTERM or the end
of its standard input, and prints its counts as one JSON line. Each address 127.0.1.N is a peer of its own.
usage: tests/endurance/peers.py --port N [--idle N] [--slow N] [--silent N] [--addresses N] [--rate N] --seconds N
"""
import argparse
import json
import resource
import select
import signal
import socket
import ssl
import sys
import threading
import time
from collections import deque

HEAD = b"POST /mutate-pods HTTP/1.1\r\nHost: x\r\nX-Slow: "


class Peers:
    def __init__(self, options):
        self.options = options
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        counts = {"idle": options.idle, "slow": options.slow, "silent": options.silent}
        # Evenly mixed: a tenth of each kind is among the first tenth.
        self.wanted = deque(kind for _, kind in sorted((i / n, kind) for kind, n in counts.items() for i in range(n)))
        self.open = {"idle": [], "slow": [], "silent": []}
        self.count = {"opened": 0, "refused": 0, "closed_by_server": 0, "most_open": 0}
        self.stop, self.lock, self.next = threading.Event(), threading.Lock(), 0

    def connect(self, kind):
        self.next += 1
        plain = socket.socket()
        try:
            plain.settimeout(5)
            plain.bind((f"127.0.1.{1 + self.next % self.options.addresses}", 0))
            plain.connect(("127.0.0.1", self.options.port))
            connection = plain if kind == "silent" else self.context.wrap_socket(plain)
            if kind == "slow":
                connection.sendall(HEAD)
            connection.setblocking(False)
            return connection
        except OSError:
            plain.close()
            return None

    def opener(self):
        gap = 2 / self.options.rate
        due = time.monotonic()
        while not self.stop.wait(max(0, due - time.monotonic())):
            due = max(due + gap, time.monotonic() - 1)
            with self.lock:
                kind = self.wanted.popleft() if self.wanted else None
            if kind is None:
                continue
            made = self.connect(kind)
            with self.lock:
                self.count["opened" if made else "refused"] += 1
                if made:
                    self.open[kind].append(made)
                else:
                    self.wanted.append(kind)

    @staticmethod
    def gone(connection, kind):
        try:
            if kind == "slow":
                connection.send(b"x")
            return connection.recv(4096) == b""
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True

    def sweep(self):
        with self.lock:
            held = {kind: list(all_of) for kind, all_of in self.open.items()}
        for kind, all_of in held.items():
            for connection in all_of:
                if self.gone(connection, kind):
                    connection.close()
                    with self.lock:
                        self.open[kind].remove(connection)
                        self.wanted.append(kind)
                        self.count["closed_by_server"] += 1
        with self.lock:
            self.count["most_open"] = max(self.count["most_open"], sum(map(len, self.open.values())))

    def run(self):
        threads = [threading.Thread(target=self.opener, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end and not self.stop.is_set():
            self.sweep()
            if select.select([sys.stdin], [], [], 1)[0] and not sys.stdin.read(1):
                break
        self.stop.set()
        for thread in threads:
            thread.join()
        self.sweep()  # what has happened since the last one
        return {**self.count, "open": {kind: len(all_of) for kind, all_of in self.open.items()}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for kind in ("idle", "slow", "silent"):
        parser.add_argument(f"--{kind}", type=int, default=0)
    parser.add_argument("--addresses", type=int, default=20)
    parser.add_argument("--rate", type=float, default=300, help="new connections a second")
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = Peers(options)
    signal.signal(signal.SIGTERM, lambda *_: peers.stop.set())
    print(json.dumps(peers.run()), flush=True)


if __name__ == "__main__":
    main()
