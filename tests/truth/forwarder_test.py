#!/usr/bin/python3
"""The forwarder reads the windows of uploads, and its faults are what they are called."""
import gzip
import http.server
import os
import threading
import unittest
import urllib.error
import urllib.request

import forwarder
from forwarder import Forwarder, Upload, cases

START = 1_800_000_000


def push_body(start=START, seconds=15, name="process_cpu"):
    profile = cases.encode(9, 0, cases.varint(start * 10**9)) + cases.encode(10, 0, cases.varint(seconds * 10**9))
    label = cases.encode(1, 2, cases.encode(1, 2, b"__name__") + cases.encode(2, 2, name.encode()))
    sample = cases.encode(2, 2, cases.encode(1, 2, gzip.compress(profile)))
    return cases.encode(1, 2, label + sample)


class Windows(unittest.TestCase):
    def test_push(self):
        upload = Upload("/push.v1.PusherService/Push", {}, push_body())
        self.assertEqual(upload.profiles(), [("process_cpu", (START, START + 15))])
        packed = Upload("/push.v1.PusherService/Push", {"content-encoding": "gzip"}, gzip.compress(push_body()))
        self.assertEqual(packed.profiles(), upload.profiles())

    def test_ingest_in_any_unit(self):
        for unit in (1, 10**3, 10**9):
            upload = Upload(f"/ingest?name=x&from={START * unit}&until={(START + 15) * unit}", {}, b"")
            self.assertEqual(upload.profiles(), [("cpu", (START, START + 15))])


class Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        self.got = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.server.got += 1
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Faults(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.forwarder = Forwarder(f"http://127.0.0.1:{self.server.server_address[1]}", lambda: [1, os.getpid()])
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.forwarder.close)

    def post(self, patience=5):
        try:
            with urllib.request.urlopen(self.forwarder.url + "/push.v1.PusherService/Push", push_body(), timeout=patience) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def test_forwards(self):
        self.assertEqual((self.post(), self.server.got, len(self.forwarder.stored())), (200, 1, 1))

    def test_an_upload_has_an_owner(self):
        self.post()
        self.assertEqual(self.forwarder.stored()[0][2], os.getpid())

    def test_faults_do_not_forward(self):
        for fault, status in (("away", 0), ("429", 429), ("413", 413), ("500", 500)):
            self.forwarder.fault = fault
            self.assertEqual(self.post(), status)
        self.assertEqual((self.server.got, self.forwarder.stored()), (0, []))
        self.assertEqual(len(self.forwarder.refused()), 1, "413 is not sent again")

    def test_a_server_that_is_away_refuses_connections_until_it_is_back(self):
        self.forwarder.fault = "away"
        with self.assertRaisesRegex(urllib.error.URLError, "refused"):
            urllib.request.urlopen(urllib.request.Request(self.forwarder.url, b"x"), timeout=5)
        self.forwarder.fault = ""
        self.assertEqual((self.post(), self.server.got), (200, 1))

    def test_a_slow_answer_comes_after_the_profile_was_stored(self):
        self.forwarder.fault = "slow-0.5"
        self.assertEqual(self.post(0.2), 0, "the client gives up")
        self.assertEqual(len(self.forwarder.stored()), 1)
        self.assertTrue(self.forwarder.await_quiet(5))


if __name__ == "__main__":
    unittest.main()
