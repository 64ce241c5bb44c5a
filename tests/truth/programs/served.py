"""A request server; TRUTH_FOLDER/port holds its port."""
import http.server
import os
import threading
import time

from ledger import FOLDER, ledger

WORK = 0.004


def run(handle, timed):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            timed(handle, WORK)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            ledger.note()

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def service_actions(self):
            ledger.note()

        def process_request_thread(self, request, client_address):
            super().process_request_thread(request, client_address)
            ledger.note()
            ledger.leave()

    found = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True).start()
    with open(os.path.join(FOLDER, "port.new"), "w") as file:
        file.write(str(found.server_address[1]))
    os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
    while not ledger.over():
        time.sleep(0.1)
        ledger.note()
