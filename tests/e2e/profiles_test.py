"""An annotated pod's profiles arrive in the storage server and in S3; a pod that did not ask is left alone."""
import base64
import copy
import time

import pytest
from conftest import is_injected, probe_pod, wait_until_injecting
from kube import wait_for
from pyroscope import Bucket, Pyroscope

HOT_FUNCTIONS = {"checkout-java": "priceBasket", "checkout-python": "price_basket", "checkout-node": "priceBasket"}


def bucket(kube, address):
    data = kube.get("secret", "-n", "profiling", "s3-credentials")["data"]
    key, secret = (base64.b64decode(data[k]).decode() for k in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    return Bucket(address, "profiles", key, secret)


@pytest.mark.parametrize("service", HOT_FUNCTIONS)
def test_profiles_can_be_queried_by_service_name_and_show_the_applications_functions(shop, service):
    with shop.forward("profiling", "svc/pyroscope", 4040) as address:
        store = Pyroscope(address)
        wait_for(f"{HOT_FUNCTIONS[service]} in the profiles of {service}",
                 lambda: any(HOT_FUNCTIONS[service] in f for f in store.functions(service)), 120, interval=2)
        pods = store.label_values("pod", f'{{service_name="{service}"}}')
        running = [p["metadata"]["name"] for p in shop.items("pods", "-n", "shop", "-l", f"app={service}")]
        assert set(pods) & set(running), f"profiles carry the pods {pods}, running are {running}"
        assert store.label_values("namespace", f'{{service_name="{service}"}}') == ["shop"]
        assert store.label_values("team", f'{{service_name="{service}"}}') == ["shop"]


def test_profiles_are_in_the_bucket_under_the_prefix(shop):
    with shop.forward("profiling", "svc/s3", 7070) as address:
        sizes = wait_for("blocks of every application in the bucket",
                         lambda: (s := bucket(shop, address).bytes_by_service("demo/", HOT_FUNCTIONS)) and all(s.values()) and s,
                         120, interval=2)
        assert all(size > 0 for size in sizes.values())
        assert all(key.startswith("demo/") for key in bucket(shop, address).objects()), "everything lies under the prefix"


def test_a_profiled_pod_stays_restricted_and_keeps_its_quality_of_service(shop):
    for language in ("java", "python", "node"):
        pod = shop.items("pods", "-n", "shop", "-l", f"app=checkout-{language}")[0]
        assert pod["status"]["phase"] == "Running"
        assert pod["status"]["qosClass"] == "Burstable"
        again = [c for c in pod["status"]["containerStatuses"] if c["restartCount"]]
        assert not again, f"{pod['metadata']['name']}: {again}\n{shop.run('logs', '-n', 'shop', pod['metadata']['name'], '--previous', check=False).stdout[-3000:]}"
        agents = [c for c in pod["status"]["initContainerStatuses"] if c["name"].startswith("profiling-agent")]
        assert agents and all(c["state"]["terminated"]["exitCode"] == 0 for c in agents)


@pytest.mark.parametrize("language, kind", [("java", "Java"), ("python", "Python"), ("node", "NodeJS")])
def test_each_application_has_a_record_of_its_agent(shop, language, kind):
    def profiled():
        record = shop.get("workloadprofile", "-n", "shop", f"deployment-checkout-{language}")
        return record if record and record["status"]["phase"] == "Profiled" and record["status"]["pods"]["ready"] else None
    record = wait_for(f"the record of checkout-{language}", profiled, 60)
    deployment = shop.get("deployment", "-n", "shop", f"checkout-{language}")
    assert record["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"]
    assert record["status"]["languages"] == [kind]
    assert record["status"]["policyRef"] == {"kind": "ProfilingPolicy", "name": "shop"}
    assert record["status"]["pods"]["profiled"] == record["status"]["pods"]["total"] == deployment["spec"]["replicas"]


def test_a_pod_that_did_not_opt_in_is_untouched_byte_for_byte(shop):
    shop.apply("""{apiVersion: v1, kind: Namespace, metadata: {name: plain, labels: {profiling.dev/exclude: "true"}}}""")
    here = probe_pod(shop, "shop", annotations='{note: "un-annotated"}')
    there = probe_pod(shop, "plain", annotations='{note: "un-annotated"}')

    def comparable(pod):
        pod = copy.deepcopy(pod)
        for key in ("namespace", "uid", "creationTimestamp", "managedFields"):
            pod["metadata"].pop(key, None)
        return pod

    assert comparable(here) == comparable(there)


def test_opting_out_wins_over_a_policy_that_selects_every_pod(shop):
    shop.apply("""
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: everybody, namespace: shop}
spec:
  activation: Selected
  priority: 10
  languages: [Python]
  serverRef: {name: pyroscope, namespace: profiling}
""")
    try:
        wait_until_injecting(shop, annotations="{}")
        assert not is_injected(probe_pod(shop, "shop", annotations='{profiling.dev/inject: "false"}'))
    finally:
        shop.run("delete", "profilingpolicy", "-n", "shop", "everybody")
    wait_until_injecting(shop, annotations="{}", expected=False)


def test_a_restart_of_the_storage_server_loses_nothing(shop):
    with shop.forward("profiling", "svc/pyroscope", 4040) as address:
        store = Pyroscope(address)
        wait_for("profiles", lambda: store.cpu_nanoseconds("checkout-python") > 0, 120)
        end = int(time.time() * 1000)

        def total(s, start, end):
            body = {"profileTypeID": s.cpu_type("checkout-python"), "labelSelector": '{service_name="checkout-python"}',
                    "start": start, "end": end}
            return int(s.query("SelectMergeStacktraces", body).get("flamegraph", {}).get("total", 0))

        # Profiles that begin well after the window have arrived, so nothing more will come into it.
        wait_for("later profiles", lambda: total(store, end + 10_000, end + 600_000) > 0, 120, interval=2)
        before = total(store, end - 600_000, end)
        assert before > 0
    old = shop.get("pod", "-n", "profiling", "pyroscope-0")["metadata"]["uid"]
    shop.run("delete", "pod", "-n", "profiling", "pyroscope-0", "--grace-period=0", "--force")
    wait_for("a new server pod", lambda: (p := shop.get("pod", "-n", "profiling", "pyroscope-0")) and p["metadata"]["uid"] != old, 120)
    shop.run("wait", "-n", "profiling", "pod/pyroscope-0", "--for=condition=Ready", "--timeout=180s", timeout=200)
    with shop.forward("profiling", "svc/pyroscope", 4040) as address:
        assert total(Pyroscope(address), end - 600_000, end) == before
