"""Applications for the rollout's tests: small servers whose behaviour a few lines of script decide."""
import json

SERVER = """
import http.server, os, signal, sys, threading, time
agent = "PYROSCOPE_APPLICATION_NAME" in os.environ
{extra}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
def work():
    while True:
        until = time.monotonic() + 0.01
        while time.monotonic() < until: sum(range(50))
        time.sleep(1)
threading.Thread(target=work, daemon=True).start()
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
NODE = """
const http = require('http');
process.on('SIGTERM', () => process.exit(0));
setInterval(() => { const end = Date.now() + 10; while (Date.now() < end) Math.sqrt(2); }, 1000);
http.createServer((q, a) => a.end('ok')).listen(8080);
"""
# Asks every service again and again, and says on one line what came of it. Patient, as a machine that starts twenty pods may be slow:
# what a restart would break is refused or reset, not late.
POLLER = """
import sys, time, urllib.request
names, asked, failed, said = sys.argv[1:], 0, [], time.monotonic()
while True:
    for name in names:
        asked += 1
        try:
            urllib.request.urlopen("http://%s:8080/healthz" % name, timeout=20).read()
        except Exception as e:
            failed.append("%s at %s: %s" % (name, time.strftime("%H:%M:%S"), e))
    if time.monotonic() - said > 1:
        print("asked %d failed %d %s" % (asked, len(failed), failed[-3:]), flush=True)
        said = time.monotonic()
    time.sleep(0.2)
"""


def application(namespace, name, language="python", extra="", replicas=2, env=(), **pod):
    """A Deployment and its Service. No request is lost by design: surge, and time to leave the endpoints, which a busy node's
    kube-proxy needs."""
    image = f"localhost/profiling-operator/example-{language}:dev"
    command = {"python": ["/usr/bin/python3", "-c", SERVER.format(extra=extra)], "node": ["/usr/bin/node", "-e", NODE], "java": None}[language]
    limits = {"python": ("20m", "150m"), "node": ("20m", "200m"), "java": ("50m", "150m")}[language]
    container = {
        "name": "app", "image": image, "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 8080}],
        "env": list(env), "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 2},
        "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
        "resources": {"requests": {"cpu": limits[0], "memory": "48Mi"}, "limits": {"cpu": limits[1], "memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    if command:
        container["command"] = command
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                 "template": {"metadata": {"labels": {"app": name}, "annotations": {"profiling.dev/inject": language}},
                              "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 16,
                                       "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                                       "containers": [container], **pod}}}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
               "spec": {"selector": {"app": name}, "ports": [{"port": 8080, "targetPort": 8080}]}}
    return json.dumps(deployment) + "\n---\n" + json.dumps(service)


def poller(namespace, names):
    pod = {"apiVersion": "v1", "kind": "Pod",
           "metadata": {"name": "poller", "namespace": namespace, "annotations": {"profiling.dev/inject": "false"}},
           "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
                    "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [{"name": "poller", "image": "localhost/profiling-operator/example-python:dev", "imagePullPolicy": "IfNotPresent",
                                    "command": ["/usr/bin/python3", "-c", POLLER, *names],
                                    "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}},
                                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}
    return json.dumps(pod)


def policy(namespace, name="staged", selector=None, server="profiling", **rollout):
    spec = {"activation": "Selected", "serverRef": {"name": "pyroscope", "namespace": server}, "sampling": {"uploadInterval": "5s"},
            "rollout": {"restart": {"mode": "Managed", "cooldown": "0s", **rollout.pop("restart", {})}, **rollout}}
    if selector:
        spec["selector"] = {"matchLabels": selector}
    return json.dumps({"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy",
                       "metadata": {"name": name, "namespace": namespace}, "spec": spec})
