"""A stand-in for Pyroscope that records uploads. On loopback, one per program under test, so that
uploads are not mixed up."""
import gzip
import http.server
import socket
import threading
import urllib.parse
import zlib


class Upload:
    def __init__(self, path, headers, body):
        parsed = urllib.parse.urlsplit(path)
        self.path, self.headers, self.body = parsed.path, headers, body
        self.query = {k: v[0] for k, v in urllib.parse.parse_qs(parsed.query).items()}

    def content(self):
        """The body with every gzip stream in it unpacked, in any wrapping (multipart with JFR, protobuf
        with pprof): enough to search for names."""
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        found, at = [body], body.find(b"\x1f\x8b\x08")
        while at >= 0:
            try:
                found.append(zlib.decompressobj(wbits=31).decompress(body[at:]))
            except zlib.error:
                pass
            at = body.find(b"\x1f\x8b\x08", at + 3)
        return b"\n".join(found)


def read_body(handler):
    if handler.headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length", 0)))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


class Recorder:
    """Answers with `status` after `after` seconds, or when closed. `status` may be a function of how many uploads came before,
    or "close": then it closes the connection instead."""

    def __init__(self, status=200, after=0):
        self.uploads, self._news, self._closed = [], threading.Condition(), threading.Event()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                upload = Upload(self.path, {k.lower(): v for k, v in self.headers.items()}, read_body(self))
                with recorder._news:
                    answer = status(len(recorder.uploads)) if callable(status) else status
                    recorder.uploads.append(upload)
                    recorder._news.notify_all()
                recorder._closed.wait(after)
                if answer == "close":
                    self.close_connection = True
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Programs under test may end while they send.
        self._server.handle_error = lambda request, address: None
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait_for(self, wanted, seconds):
        """The first upload for which `wanted` is true; None on timeout."""
        with self._news:
            self._news.wait_for(lambda: any(wanted(u) for u in self.uploads), seconds)
            return next((u for u in self.uploads if wanted(u)), None)

    def close(self):
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


class SilentServer:
    """Accepts connections and never answers."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.uploads = []

    def close(self):
        self._socket.close()


class NoServer:
    """A port that refuses connections: bound, so that no other process takes it, but not listening."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.uploads = []

    def close(self):
        self._socket.close()
