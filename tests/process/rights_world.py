"""The chart on a kube-apiserver of its own that writes an audit log; the operator's processes under their own accounts."""
import base64
import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import urllib.parse

import yaml

from kube import Kube, environment, wait_for
from processes import Operator

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLUSTER = [str(ROOT / "hack/cluster/cluster"), "--name", "rights"]
SYSTEM, FULL = "profiling-system", "profiling-operator"
# The test's own additions.
# Nothing runs the webhook's Deployment, so none of its pods is ever ready.
OURS = ("--health-address", "--agent-", "--log-format", "--listen", "--tls-dir", "--webhook-deployment")


AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, userGroups: ["system:serviceaccounts"]}
- {level: None}
"""


def cluster(*arguments, flags=()):
    done = subprocess.run([*CLUSTER, *arguments], capture_output=True, text=True, timeout=540,
                          env={**environment(), "CLUSTER_APISERVER_FLAGS": " ".join(flags)})
    assert done.returncode == 0, f"cluster {' '.join(arguments)}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout.strip()


class Account:
    """Raw requests with the token of one service account."""

    def __init__(self, config, token):
        address = urllib.parse.urlparse(config["clusters"][0]["cluster"]["server"])
        ca = config["clusters"][0]["cluster"]
        self.context = ssl.create_default_context(cadata=base64.b64decode(ca["certificate-authority-data"]).decode())
        self.address, self.token = address, token

    def send(self, method, path, body=None, content="application/merge-patch+json"):
        """(status, message)"""
        connection = http.client.HTTPSConnection(self.address.hostname, self.address.port, timeout=30, context=self.context)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": content if method == "PATCH" else "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()).get("message", "")
        finally:
            connection.close()


class World:
    def __init__(self, folder, *flags):
        self.folder, self.running = pathlib.Path(folder), []
        (self.folder / "audit.yaml").write_text(AUDIT)
        cluster("up", "--control-plane-only", flags=(
            f"--audit-policy-file={self.folder}/audit.yaml", f"--audit-log-path={self.folder}/audit.log",
            *flags))
        self.path = cluster("kubeconfig")
        os.environ["PATH"] = environment()["PATH"]  # the cluster's kubectl
        self.kube = Kube(self.path)
        self.config = yaml.safe_load(pathlib.Path(self.path).read_text())
        self.objects = []

    def install(self, *values):
        """Installs the chart as helm would; nothing runs the Deployments."""
        version = json.loads(self.kube.run("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
        done = subprocess.run(["helm", "template", FULL, str(ROOT / "charts/profiling-operator"), "--namespace", SYSTEM,
                               "--kube-version", version, "--set=image.registry=registry.example", *values],
                              capture_output=True, text=True, timeout=60, env=environment())
        assert done.returncode == 0, done.stderr
        self.objects = [o for o in yaml.safe_load_all(done.stdout) if o and o["kind"] != "Pod"]
        self.kube.run("apply", "--server-side", "--force-conflicts", "-f", "-",
                      stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": self.objects}))
        self.kube.run("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")

    def token(self, component):
        return self.kube.run("create", "token", f"{FULL}-{component}", "-n", SYSTEM).stdout.strip()

    def account(self, component):
        return Account(self.config, self.token(component))

    def start(self, component, *more):
        """The process with the arguments of the chart and the rights of its account."""
        deployment = next(o for o in self.objects if o["kind"] == "Deployment" and o["metadata"]["name"].endswith(component))
        arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
        mine = json.loads(json.dumps(self.config))
        mine["users"] = [{"name": mine["users"][0]["name"], "user": {"token": self.token(component)}}]
        kubeconfig = self.folder / f"{component}.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(mine))
        process = Operator(self.folder, *[a.replace("$$", "$") for a in arguments if not a.startswith(OURS)],
                           f"--kubeconfig={kubeconfig}", *more)
        self.running.append(process)
        wait_for(f"the {component} to be ready", process.ready, 60)
        return process

    def create(self, api_version, kind, name, namespace, status=None, owners=(), **more):
        labels, annotations = more.pop("labels", {}), more.pop("annotations", {})
        made = {"apiVersion": api_version, "kind": kind, **more,
                "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations,
                             "ownerReferences": list(owners)}}
        stored = json.loads(self.kube.run("create", "-o", "json", "-f", "-", stdin=json.dumps(made)).stdout)
        if status is not None:
            self.kube.run("patch", kind.lower(), name, "-n", namespace, "--subresource=status", "--type=merge", "-p",
                          json.dumps({"status": status}))
        return {"apiVersion": api_version, "kind": kind, "name": name, "uid": stored["metadata"]["uid"], "controller": True}

    def workload(self, kind, name, namespace, pods, api_version="apps/v1"):
        """A workload with running pods, none of which carries an agent."""
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": f"registry.example/{name}:22"}]}}
        spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
        if kind != "DaemonSet":
            spec["replicas"] = len(pods)
        counts = {"observedGeneration": 1, "replicas": len(pods), "updatedReplicas": len(pods), "readyReplicas": len(pods),
                  "availableReplicas": len(pods)}
        if kind == "DaemonSet":
            counts = {"observedGeneration": 1, "currentNumberScheduled": len(pods), "numberMisscheduled": 0, "desiredNumberScheduled": len(pods),
                      "numberReady": len(pods), "updatedNumberScheduled": len(pods), "numberAvailable": len(pods)}
        owner = self.create(api_version, kind, name, namespace, None if kind == "Rollout" else counts, spec=spec)
        labels = {"app": name}
        if kind in ("Deployment", "Rollout"):
            labels = {"app": name, ("pod-template-hash" if kind == "Deployment" else "rollouts-pod-template-hash"): "1"}
            owner = self.create("apps/v1", "ReplicaSet", f"{name}-1", namespace, owners=[owner], labels=labels,
                                spec={"selector": {"matchLabels": labels}, "template": {**template, "metadata": {"labels": labels}}})
        for pod in pods:
            self.pod(pod, namespace, labels, owner)
        return owner, labels

    def pod(self, name, namespace, labels, owner, broken=False, revision=None):
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        if broken:
            ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
            status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
                {"name": "app", "image": "a", "imageID": "", "ready": False, "restartCount": 3, "lastState": ended,
                 "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
        more = {"labels": {**labels, "profiling.dev/profiled": revision}} if revision else {"labels": labels}
        self.create("v1", "Pod", name, namespace, status, [owner] if owner else [],
                    spec={"containers": [{"name": "app", "image": f"registry.example/{labels['app']}:22"}], "terminationGracePeriodSeconds": 0}, **more)

    def audited(self):
        for line in (self.folder / "audit.log").read_text().splitlines():
            yield json.loads(line)

    def stop(self):
        for process in self.running:
            if process.process.poll() is None:
                assert process.stop() == 0
        self.running.clear()


def granted(objects):
    """{(account, namespace or '', group, resource, name or '', verb)} of the chart's roles for the controller and the webhook."""
    out = set()
    for role in objects:
        if role["kind"] not in ("ClusterRole", "Role") or role["metadata"]["name"].endswith("-ebpf"):
            continue
        account, namespace = role["metadata"]["name"].rsplit("-", 1)[1], role["metadata"].get("namespace", "")
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for name in rule.get("resourceNames", [""]):
                        out |= {(account, namespace, group, resource, name, verb) for verb in rule["verbs"]}
    return out


def used(events):
    """{(account, namespace, group, resource, name, verb): request} of the audit log, names and namespaces masked in the request."""
    out = {}
    for event in events:
        account = re.fullmatch(rf"system:serviceaccount:{SYSTEM}:{FULL}-(controller|webhook)", event["user"]["username"])
        reference = event.get("objectRef")
        if not account or not reference:
            continue
        path = urllib.parse.urlparse(event["requestURI"]).path
        if "name" in reference:
            path = path.replace(f"/{reference['name']}", "/NAME", 1) if reference["resource"] != "namespaces" else path
        path = re.sub(r"/namespaces/[^/]+/", "/namespaces/NAMESPACE/", path)
        resource = reference["resource"] + ("/" + reference["subresource"] if "subresource" in reference else "")
        verbs = [event["verb"]]
        if event["verb"] == "patch" and event.get("responseStatus", {}).get("code") == 201:
            verbs.append("create")  # server-side apply of an object that was absent needs both
        method = {"get": "GET", "list": "GET", "watch": "GET", "create": "POST", "patch": "PATCH", "delete": "DELETE"}[event["verb"]]
        for verb in verbs:
            key = (account.group(1), reference.get("namespace", ""), reference.get("apiGroup", ""), resource, reference.get("name", ""), verb)
            out[key] = f"{method} {path}"
    return out
