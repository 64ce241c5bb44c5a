"""The webhook between the API server and pods: away, replaced and updated, no pod waits for it and no admission is lost needlessly."""
import os
import threading
import time

import yaml
from api import Api
from conftest import POD, is_injected, wait_until_injecting
from kube import wait_for

SYSTEM = "profiling-system"
WEBHOOK = "deployment/profiling-operator-webhook"
# By hand: ADMISSIONS_PER_SECOND=200 on a machine whose API server has cores for that.
PER_SECOND = int(os.environ.get("ADMISSIONS_PER_SECOND", "20"))
APPLICATION = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {{profiling.dev/inject: python}}}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      securityContext: {{runAsNonRoot: true, runAsUser: 1000, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: app
        image: localhost/profiling-operator/example-python:dev
        imagePullPolicy: IfNotPresent
        resources: {{requests: {{cpu: 1m, memory: 16Mi}}}}
        securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""


class Creates:
    """Pods created as a dry run at a fixed rate for as long as the block lasts: the API server asks the webhook for each."""

    def __init__(self, kube, per_second, threads=4):
        self.api = Api(kube.prefix[kube.prefix.index("--kubeconfig") + 1])
        self.pod = yaml.safe_load(POD.format(name="probe", namespace="shop", annotations="{profiling.dev/inject: python}"))
        self.injected, self.missed, self.errors = 0, [], []
        self.lock, self.over, self.gap = threading.Lock(), threading.Event(), threads / per_second
        self.threads = [threading.Thread(target=self.run, args=(i / per_second,)) for i in range(threads)]

    def run(self, delay):
        due = time.monotonic() + delay
        while not self.over.wait(max(0, due - time.monotonic())):
            due += self.gap
            try:
                made = self.api.call("POST", "/api/v1/namespaces/shop/pods?dryRun=All", self.pod)
                with self.lock:
                    if is_injected(made):
                        self.injected += 1
                    else:
                        self.missed.append((time.strftime("%T"), made["metadata"].get("annotations")))
            except (OSError, RuntimeError) as error:
                with self.lock:
                    self.errors.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_no_admission_is_missed_while_the_webhook_is_updated(shop):
    """A pod that ends goes on answering until no proxy sends it a connection."""
    wait_until_injecting(shop)
    with Creates(shop, PER_SECOND) as creates:
        wait_for("admissions before the update", lambda: creates.injected > 20, 60)
        shop.run("rollout", "restart", "-n", SYSTEM, WEBHOOK)
        shop.run("rollout", "status", "-n", SYSTEM, WEBHOOK, "--timeout=180s", timeout=200)
        old = {p["metadata"]["name"] for p in shop.items("pods", "-n", SYSTEM) if "deletionTimestamp" in p["metadata"]}
        wait_for("the replaced pods to be gone",
                 lambda: not old & {p["metadata"]["name"] for p in shop.items("pods", "-n", SYSTEM)}, 60)
        done = creates.injected
        wait_for("admissions after the update", lambda: creates.injected > done + 20, 60)
    print(f"{creates.injected} admissions at {PER_SECOND} a second, {len(creates.missed)} missed")
    assert (creates.missed, creates.errors) == ([], [])


def test_pods_start_while_the_webhooks_pods_are_deleted(shop):
    shop.apply(APPLICATION.format(name="burst", replicas=0))
    shop.run("delete", "pods", "-n", SYSTEM, "-l", "app.kubernetes.io/component=webhook", "--wait=false", "--grace-period=0", "--force")
    shop.run("scale", "-n", "shop", "deployment/burst", "--replicas=6")
    shop.run("rollout", "status", "-n", "shop", "deployment/burst", "--timeout=120s", timeout=150)
    assert len(shop.items("pods", "-n", "shop", "-l", "app=burst", "--field-selector=status.phase=Running")) == 6
    shop.run("delete", "deployment", "-n", "shop", "burst")
    wait_until_injecting(shop)


def test_without_any_webhook_every_pod_starts_ours_too_and_is_counted_as_missed_later(shop):
    shop.run("scale", "-n", SYSTEM, WEBHOOK, "--replicas=0")
    wait_for("no pod of the webhook", lambda: not shop.items("pods", "-n", SYSTEM, "-l", "app.kubernetes.io/component=webhook"), 90)
    try:
        shop.apply(APPLICATION.format(name="away", replicas=3))
        shop.run("rollout", "status", "-n", "shop", "deployment/away", "--timeout=60s", timeout=90)
        pods = shop.items("pods", "-n", "shop", "-l", "app=away")
        assert len(pods) == 3 and not any(is_injected(p) for p in pods)
        shop.run("delete", "pods", "-n", SYSTEM, "--all", "--wait=false", "--grace-period=0", "--force")
        shop.run("rollout", "status", "-n", SYSTEM, "deployment/profiling-operator-controller", "--timeout=120s", timeout=150)
    finally:
        shop.run("scale", "-n", SYSTEM, WEBHOOK, "--replicas=2")
    shop.run("rollout", "status", "-n", SYSTEM, WEBHOOK, "--timeout=120s", timeout=150)
    wait_until_injecting(shop)
    wait_for("the record to count the pods that started without an agent",
             lambda: shop.get("workloadprofile", "-n", "shop", "deployment-away")["status"]["pods"]["missed"] == 3, 60)
    shop.run("delete", "deployment", "-n", "shop", "away")
