"""What an application that looks closely sees of the Node agent: nothing, and no answer of a server burdens it."""
import http.server
import json
import subprocess
import threading
import time

import injected
from pprof import Profile
from recorder import Recorder

ENOUGH = 3


def start(agents, url, program):
    env = injected.agent_environment(agents, "node", url) | {"PROFILING_START_DELAY_MS": "500"}
    return subprocess.Popen([injected.find_node(), injected.PROGRAMS / program], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_an_application_that_replaced_timers_requests_and_the_resolver_sees_no_upload(agents):
    server = Recorder()
    process = start(agents, server.url.replace("127.0.0.1", "localhost"), "watchful.js")
    try:
        begin = time.time()
        assert server.wait_for(lambda _: len(server.uploads) >= ENOUGH, 60) is not None
        out, err = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out), err) == (5, {}, "")
        assert abs(Profile(server.uploads[0].body).time - begin) < 60, "the application's clock is a false one"
    finally:
        process.kill()
        server.close()


class Endless(http.server.BaseHTTPRequestHandler):
    """Answers with 200 and bytes without an end."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        block, sent = b"x" * 65536, 0
        try:
            while sent < self.server.most:
                sent += self.wfile.write(block)
        except OSError:
            pass
        self.server.sent.append(sent)
        self.server.news.set()

    def log_message(self, *args):
        pass


def test_an_answer_without_an_end_is_cut_off(agents):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.most, server.sent, server.news = 1 << 28, [], threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    process = start(agents, f"http://127.0.0.1:{server.server_address[1]}", "watchful.js")
    try:
        assert server.news.wait(60)
        assert server.sent[0] < server.most
        assert process.communicate(timeout=60)[1] == "" and process.returncode == 5
    finally:
        process.kill()
        server.shutdown()
        server.server_close()
