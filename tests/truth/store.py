"""The server that judges, on loopback: a real one if `--server` names it, else the profile store, which
tests/conformance holds to a real server's answers. And the queries."""
import contextlib
import json
import pathlib
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))
import servers  # noqa: E402

PATIENCE = 60
MAX_NODES = 1_000_000


@contextlib.contextmanager
def running(folder, server):
    """The address of `server`: an address, a program to start with the operator's configuration, or None."""
    if server and server.startswith("http"):
        yield Store(server.rstrip("/"))
        return
    storage = servers.FILES.format(folder=folder)
    if server:
        port = servers.free_port()
        url = f"http://127.0.0.1:{port}"
        command = [server, f"-config.file={servers.configuration(folder, storage, port)}", "-self-profiling.disable-push=true"]
        with servers.Server(command, folder / "store.log") as process:
            process.await_(lambda: servers.get(url + "/ready")[0] == 200, "the server is not ready")
            yield Store(url)
        return
    image = servers.rootfs(folder / "rootfs")
    with servers.ProfileStore(image, folder, storage) as process:
        yield Store(process.url)


class Store:
    def __init__(self, url):
        self.url = url

    def ask(self, method, body):
        request = urllib.request.Request(f"{self.url}/querier.v1.QuerierService/{method}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def types(self, service, start, end):
        """The ids of the profile types that a service has."""
        answer = self.ask("Series", {"matchers": [f'{{service_name="{service}"}}'], "labelNames": ["__profile_type__"],
                                     "start": int(start * 1000), "end": int(end * 1000)})
        return sorted({label["value"] for found in answer.get("labelsSet", []) for label in found.get("labels", [])})

    def graph(self, service, kind, start, end):
        """The flame graph of a profile type; an empty one if there is none."""
        answer = self.ask("SelectMergeStacktraces", {
            "profileTypeID": kind, "labelSelector": f'{{service_name="{service}"}}', "start": int(start * 1000),
            "end": int(end * 1000), "maxNodes": MAX_NODES})
        graph = answer.get("flamegraph") or {}
        return {"names": graph.get("names", ["total"]), "levels": graph.get("levels", []), "total": graph.get("total", "0")}
