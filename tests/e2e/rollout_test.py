"""Rollouts on a real node: a good one causes no downtime, a harmful one is stopped and undone."""
import json

import re

import pytest
from conftest import command_line
from kube import wait_for
from rollout_apps import application, policy, poller

TEAM = "shop"  # the server admits namespaces with this label
QUICK = {"pods": {"steps": [50, 100], "soak": "3s"}, "progressDeadline": "10m"}


def status(kube, namespace, *arguments):
    done = command_line(kube, "-n", namespace, "rollout", *arguments)
    return done.returncode, done.stdout + done.stderr


def namespace(kube, name):
    kube.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": TEAM}}}))
    return name


def rollout(kube, where, name):
    record = kube.get("workloadprofile", "-n", where, f"deployment-{name}")
    return (record or {}).get("status", {}).get("rollout", {})


def pods(kube, where, name):
    return kube.items("pods", "-n", where, "-l", f"app={name}")


def profiled(kube, where, name):
    return [p for p in pods(kube, where, name) if "profiling.dev/profiled" in p["metadata"]["labels"]]


def wait_ready(kube, where, names):
    for name in names:
        kube.run("rollout", "status", "-n", where, f"deployment/{name}", "--timeout=180s", timeout=200)


def wait_state(kube, where, name, state, deadline=240):
    def reached():
        now = rollout(kube, where, name)
        return now if now.get("state") == state else None
    try:
        return wait_for(f"{name} to be {state}", reached, deadline)
    except TimeoutError as late:
        raise AssertionError(f"{late}; its rollout: {json.dumps(rollout(kube, where, name), indent=1)}") from late


def restarts(kube, where):
    """Containers that ended on their own, with why."""
    return [f"{pod['metadata']['name']}: {status.get('lastState')}" for pod in kube.items("pods", "-n", where)
            for status in pod["status"].get("containerStatuses", []) if status["restartCount"]]


def happened(kube, where):
    """What the cluster did with the pods, for a test that fails."""
    return kube.run("get", "events", "-n", where, "--sort-by=.lastTimestamp", "-o", "custom-columns="
                    "AT:.lastTimestamp,FIRST:.firstTimestamp,OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message").stdout


def asked_and_failed(kube, where):
    lines = kube.run("logs", "-n", where, "poller", "--tail=1").stdout
    found = re.match(r"asked (\d+) failed (\d+) (.*)", lines)
    return (int(found[1]), int(found[2]), found[3]) if found else (0, 0, "")


@pytest.fixture(scope="module")
def cluster_with_server(shop):
    """The node is small: the demo's applications, which keep a core busy, rest meanwhile."""
    demo = [f"deployment/checkout-{language}" for language in ("java", "python", "node")]
    shop.run("scale", "-n", "shop", "--replicas=0", *demo)
    yield shop
    shop.run("scale", "-n", "shop", "--replicas=1", *demo)
    for deployment in demo:
        shop.run("rollout", "status", "-n", "shop", deployment, "--timeout=180s", timeout=200)


def test_a_rollout_over_three_languages_causes_no_downtime(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "fleet")
    fleet = {f"py{i}": "python" for i in range(5)} | {f"js{i}": "node" for i in range(5)} | {f"jv{i}": "java" for i in range(2)}
    for name, language in fleet.items():
        kube.apply(application(where, name, language))
    wait_ready(kube, where, fleet)
    # By address: a busy node's DNS is not what is tested.
    kube.apply(poller(where, [kube.get("service", "-n", where, name)["spec"]["clusterIP"] for name in fleet]))
    wait_for("the poller to ask", lambda: asked_and_failed(kube, where)[0] > 2 * len(fleet), 60)
    before = {p["metadata"]["uid"] for n in fleet for p in pods(kube, where, n)}

    kube.apply(policy(where, workloads={"steps": [10, 50, 100], "maxParallel": 4}, gates={"readyWithin": "3m", "profilesWithin": "2m"}, **QUICK))
    steps = set()

    def done():
        now = (kube.get("profilingpolicy", "-n", where, "staged") or {}).get("status", {})
        steps.add(now.get("rollout", {}).get("step"))
        return now if now.get("phase") == "Active" and now.get("stableRevision") else None
    finished = wait_for("the rollout to be complete", done, 900, interval=1)

    assert finished["stableRevision"] == finished["targetRevision"] and {1, 2, 3} <= steps
    for name in fleet:
        assert len(profiled(kube, where, name)) == 2, name
        assert rollout(kube, where, name)["state"] == "Complete"
    assert not before & {p["metadata"]["uid"] for n in fleet for p in pods(kube, where, n)}
    assert not restarts(kube, where), happened(kube, where)
    asked, failed, examples = asked_and_failed(kube, where)
    assert asked > 100 and failed == 0, f"{failed} of {asked} requests failed: {examples}\n{happened(kube, where)}"
    code, text = status(kube, where, "status", "staged")
    assert code == 0 and "Active" in text and all(name in text for name in fleet), text


def test_a_crashing_agent_is_undone_and_nothing_else_restarts(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "crash")
    names = ["victim", "other1", "other2"]
    kube.apply(application(where, "victim", extra="if agent: time.sleep(2); os.abort()"))
    for name in names[1:]:
        kube.apply(application(where, name))
    wait_ready(kube, where, names)
    others = {p["metadata"]["uid"] for n in names[1:] for p in pods(kube, where, n)}
    # The victim first, the others only when it is through.
    kube.apply(policy(where, name="victim", selector={"app": "victim"}, **QUICK))
    wait_state(kube, where, "victim", "RolledBack")
    record = rollout(kube, where, "victim")
    assert (record["verdict"]["result"], record["verdict"]["attribution"]) == ("Fail", "Agent"), record
    assert record["step"] == 1 and any(f"exit code {code}" in line for code in (134, 139) for line in record["verdict"]["evidence"]), record
    assert "assignedRevision" not in record
    wait_for("the victim to run without an agent",
             lambda: not profiled(kube, where, "victim") and len(pods(kube, where, "victim")) == 2, 60)
    wait_ready(kube, where, ["victim"])
    assert others == {p["metadata"]["uid"] for n in names[1:] for p in pods(kube, where, n)}
    found = kube.get("profilingpolicy", "-n", where, "victim")["status"]
    assert found["phase"] == "Halted" and found["rollout"]["reason"] == "FailureBudgetSpent", found
    code, text = status(kube, where, "status", "victim")
    assert "RolledBack" in text and "Halted" in text, text

    # No other workload with that image starts the rollout, under any policy.
    try:
        digest = pods(kube, where, "victim")[0]["status"]["containerStatuses"][0]["imageID"].split("@")[-1]
        broken = record["quarantine"]
        assert [b["image"] for b in broken] == [digest] and broken[0]["agent"].startswith("python "), broken
        kube.apply(policy(where, name="other", selector={"app": "other1"}, **QUICK))
        kept = wait_state(kube, where, "other1", "Skipped")
        assert kept["reason"] == "Quarantined" and digest in kept["message"] and "Deployment/victim" in kept["message"], kept
        code, text = status(kube, where, "status", "other")
        assert "Quarantined" in text, text
    finally:
        kube.run("delete", "namespace", where, "--timeout=120s", timeout=150)  # it lasts as long as the record


def test_an_application_that_crashes_without_the_agent_pauses_the_rollout(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "fragile")
    flag = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flag", "namespace": where}, "data": {"crash": "no"}}
    kube.apply(json.dumps(flag))
    env = [{"name": "CRASH", "valueFrom": {"configMapKeyRef": {"name": "flag", "key": "crash"}}}]
    kube.apply(application(where, "fragile", extra="if os.environ['CRASH'] == 'yes': time.sleep(2); sys.exit(1)", env=env))
    wait_ready(kube, where, ["fragile"])
    flag["data"]["crash"] = "yes"  # from now on every new container crashes, with an agent or without
    kube.apply(json.dumps(flag))
    kube.apply(policy(where, **QUICK))
    record = wait_state(kube, where, "fragile", "Paused")
    assert record["verdict"]["result"] == "Fail" and record["verdict"]["attribution"] in ("Unknown", "Application"), record
    assert len(profiled(kube, where, "fragile")) == 1, "not undone, and nothing more was replaced"
    assert record["assignedRevision"] == record["targetRevision"]


def test_missing_profiles_pause_the_step(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "silent")
    nowhere = [{"ip": "127.0.0.2", "hostnames": ["pyroscope.profiling.svc"]}]
    kube.apply(application(where, "silent", hostAliases=nowhere))
    wait_ready(kube, where, ["silent"])
    kube.apply(policy(where, gates={"profilesWithin": "10s"}, **QUICK))

    def inconclusive():
        now = rollout(kube, where, "silent")
        return now if now.get("verdict", {}).get("result") == "Inconclusive" else None
    record = wait_for("the verdict", inconclusive, 180)
    assert record["verdict"]["reason"] == "ProfilesMissing" and record["step"] == 1, record
    assert record["state"] == "Evaluating" and len(profiled(kube, where, "silent")) == 1


def test_an_agent_that_burns_cpu_is_stepped_down(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "hungry")
    # Like an agent that samples too often: its CPU use grows with the load.
    extra = """
def burn():
    rate = int(os.environ.get("PROFILING_PYTHON_SAMPLE_RATE", "0"))
    while agent and rate > 50:
        until = time.monotonic() + 0.09
        while time.monotonic() < until: pass
        time.sleep(0.01)
threading.Thread(target=burn, daemon=True).start()
"""
    kube.apply(application(where, "hungry", extra=extra))
    wait_ready(kube, where, ["hungry"])
    kube.apply(policy(where, gates={"maxCPUOverheadPercent": 50, "profilesWithin": "3m"},
                      pods={"steps": [50, 100], "soak": "20s"}, progressDeadline="20m"))

    def reduced():
        now = rollout(kube, where, "hungry")
        return now if now.get("reduction", 0) >= 1 else None
    record = wait_for("less to be profiled", reduced, 400, interval=2)
    assert any(h["result"] == "TooCostly" and h["reason"] == "CPUOverhead" for h in record["history"]), record
    assert record["targetRevision"] != kube.get("profilingpolicy", "-n", where, "staged")["status"]["targetRevision"]


def test_deleting_a_policy_removes_its_agents(cluster_with_server):
    kube, where = cluster_with_server, namespace(cluster_with_server, "leaving")
    kube.apply(application(where, "leaving"))
    wait_ready(kube, where, ["leaving"])
    kube.apply(policy(where, gates={"profilesWithin": "2m"}, **QUICK))
    wait_state(kube, where, "leaving", "Complete")
    assert len(profiled(kube, where, "leaving")) == 2
    kube.run("delete", "profilingpolicy", "-n", where, "staged")
    wait_for("the agents to be gone", lambda: not profiled(kube, where, "leaving"), 180)
    wait_for("the record to be gone", lambda: not kube.items("workloadprofiles", "-n", where), 60)
    wait_ready(kube, where, ["leaving"])
