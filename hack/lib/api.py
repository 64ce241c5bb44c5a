"""JSON requests to a kube-apiserver, without a process for each: for tests that make many."""
import base64
import http.client
import json
import pathlib
import ssl
import tempfile
import threading
import urllib.parse

import yaml


class Api:
    """JSON requests to the server of a kubeconfig; a connection for each thread."""

    def __init__(self, kubeconfig):
        config = yaml.safe_load(pathlib.Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.address = urllib.parse.urlparse(cluster["server"]).netloc
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self.headers = {"Content-Type": "application/json"}
        if "token" in user:
            self.headers["Authorization"] = "Bearer " + user["token"]
        else:
            with tempfile.NamedTemporaryFile("wb") as pair:
                pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
                pair.flush()
                self.context.load_cert_chain(pair.name)
        self.local = threading.local()

    def call(self, method, path, body=None, content_type="application/json"):
        payload = json.dumps(body) if body is not None else None
        for last in (False, True):
            if not hasattr(self.local, "connection"):
                self.local.connection = http.client.HTTPSConnection(self.address, context=self.context, timeout=60)
            try:
                self.local.connection.request(method, path, payload, {**self.headers, "Content-Type": content_type})
                answer = self.local.connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):  # it was idle for so long that the server closed it
                del self.local.connection
                if last:
                    raise
        if answer.status >= 300 and answer.status != 409:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:400].decode(errors='replace')}")
        return json.loads(text)
