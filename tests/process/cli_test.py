"""kubectl-profiling against a real kube-apiserver. No controller runs: the tests write statuses themselves."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, wait_for  # noqa: E402
from processes import BINARY, install_crds  # noqa: E402

CLI = os.environ.get("CLI_BINARY", str(ROOT / "build/dev/operator/cli/kubectl-profiling"))
NAMESPACE = "cli"
POLICIES, RECORDS = "profilingpolicies.profiling.dev", "workloadprofiles.profiling.dev"
ROLLOUT = {"workloads": {"steps": [10, 50, 100]}, "pods": {"steps": [50, 100], "soak": "5m"}, "restart": {"mode": "Managed"}}
MOVING = {"revision": "bbbb", "wave": 0, "waves": 1, "step": 1, "steps": 3, "pending": 1, "active": 1, "held": 1, "complete": 1}


class World:
    def __init__(self, control_plane):
        self.kube, self.kubeconfig = Kube(control_plane), control_plane

    def run(self, *arguments, binary=(CLI,), environment=None, **more):
        env = {**os.environ, "KUBECONFIG": self.kubeconfig, **(environment or {})}
        return subprocess.run([*binary, *arguments], capture_output=True, text=True, timeout=60, env=env, **more)

    def said(self, *arguments, **more):
        """Output of a command that must succeed."""
        done = self.run("-n", NAMESPACE, *arguments, **more)
        assert done.returncode == 0 and not done.stderr, (arguments, done)
        return done.stdout

    def refused(self, code, *arguments, **more):
        done = self.run("-n", NAMESPACE, *arguments, **more)
        assert done.returncode == code and not done.stdout, (arguments, done)
        return done.stderr

    def status(self, resource, name, status):
        self.kube.run("patch", resource, name, "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    def policy(self, name, status=None, **spec):
        kind = "ProfilingPolicy"
        self.kube.apply(json.dumps({"apiVersion": "profiling.dev/v1alpha1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE},
                                    "spec": {"serverRef": {"name": "pyroscope"}, **spec}}))
        if status is not None:
            generation = self.read(POLICIES, name)["metadata"]["generation"]
            self.status(POLICIES, name, {"observedGeneration": generation, **status})

    def record(self, kind, name, policy="checkout", pods=None, **rollout):
        record = f"{kind.lower()}-{name}"
        self.kube.apply(json.dumps({"apiVersion": "profiling.dev/v1alpha1", "kind": "WorkloadProfile",
                                    "metadata": {"name": record, "namespace": NAMESPACE}, "spec": {}}))
        self.status(RECORDS, record, {
            "phase": "Partial", "workloadRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
            "policyRef": {"kind": "ProfilingPolicy", "name": policy}, "pods": pods or {"total": 4, "profiled": 2, "missed": 2},
            **({"rollout": {"targetRevision": "bbbb", "step": 1, "steps": 2, **rollout}} if rollout else {})})

    def clean(self):
        self.kube.run("delete", f"{POLICIES},{RECORDS}", "--all", "-n", NAMESPACE)
        self.kube.run("delete", "clusterprofilingpolicies.profiling.dev", "fleet", "--ignore-not-found")

    def read(self, resource, name):
        return self.kube.get(resource, name, "-n", NAMESPACE)

    def annotations(self, name):
        return {key: value for key, value in self.read(POLICIES, name)["metadata"].get("annotations", {}).items() if key.startswith("profiling.dev/")}


@pytest.fixture(scope="module")
def world(control_plane):
    made = World(control_plane)
    install_crds(made.kube)
    made.kube.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}")
    made.clean()  # of a run before this one
    made.policy("checkout", rollout=ROLLOUT, status={"phase": "Progressing", "targetRevision": "bbbb", "stableRevision": "aaaa", "rollout": MOVING,
                                                     "workloads": {"matched": 4}, "pods": {"matched": 16, "profiled": 8}})
    made.record("Deployment", "web", state="Soaking", since="2026-08-01T12:00:00Z")
    made.record("StatefulSet", "db", state="Paused", reason="VerdictUnclear", verdict={"result": "Inconclusive", "reason": "NoProfiles"})
    made.record("Deployment", "api", state="Pending")
    made.record("CronJob", "nightly", state="Complete", pods={"total": 4, "profiled": 4},
                history=[{"revision": "aaaa", "result": "Complete", "time": "2026-07-01T12:00:00Z"},
                         {"revision": "9999", "result": "RolledBack", "reason": "CrashLoop", "time": "2026-06-01T12:00:00Z"}])
    made.record("Deployment", "foreign", policy="other", state="Complete")
    yield made
    made.clean()


def test_status_lists_workloads_that_need_attention_first(world):
    said = world.said("rollout", "status", "checkout")
    for line in ("Phase:       Progressing", "Revision:    aaaa -> bbbb", "Step:        1/3 (10% of the workloads)",
                 "Workloads:   1 pending, 1 active, 1 held, 1 complete, 0 failed, 0 skipped"):
        assert line in said, said
    table = said.split("\n\n")[1].splitlines()
    assert [row.split()[0] for row in table[1:]] == ["statefulset/db", "deployment/web", "deployment/api", "cronjob/nightly"], said
    assert re.search(r"statefulset/db +Paused +1/2 +\[#####\.{5}\] 2/4 +Inconclusive +VerdictUnclear", said), said
    assert "\x1b" not in said and said.isascii(), "no terminal: plain text"
    assert "STABLE" in world.said("rollout", "status", "checkout", "-o", "wide")


def test_status_as_json_and_yaml_is_the_same(world):
    as_json = json.loads(world.said("rollout", "status", "checkout", "-o", "json"))
    assert as_json == yaml.safe_load(world.said("rollout", "status", "policy/checkout", "-o", "yaml"))
    assert as_json["policy"]["status"]["rollout"]["revision"] == "bbbb"
    assert [w["status"]["rollout"]["state"] for w in as_json["workloads"]] == ["Paused", "Soaking", "Pending", "Complete"]


def test_policies_are_listed_one_per_line(world):
    world.kube.apply("{apiVersion: profiling.dev/v1alpha1, kind: ClusterProfilingPolicy, metadata: {name: fleet}, "
                     "spec: {serverRef: {name: pyroscope, namespace: profiling}, mode: Observe}}")
    assert re.search(r"policy/checkout +Progressing +bbbb +1/3 +1/4 ", world.said("rollout", "status"))
    everywhere = world.said("rollout", "status", "-A")
    assert "policy/checkout" in everywhere and "clusterpolicy/fleet" in everywhere
    assert "policy/checkout" not in world.said("rollout", "status", "--cluster")
    assert "Phase:       Unknown" in world.said("rollout", "status", "fleet", "--cluster")
    assert "Policy:      clusterpolicy/fleet" in world.said("rollout", "status", "clusterpolicy/fleet")


def test_it_runs_as_kubectl_plugin_and_as_subcommand(world):
    path = {"PATH": f"{pathlib.Path(CLI).parent}:{os.environ['PATH']}"}
    done = world.run("profiling", "rollout", "status", "checkout", "-n", NAMESPACE, binary=world.kube.prefix[:1], environment=path)
    assert done.returncode == 0 and "Progressing" in done.stdout, done
    done = world.run("rollout", "status", "checkout", "-n", NAMESPACE, binary=(BINARY, "cli"))
    assert done.returncode == 0 and "Progressing" in done.stdout, done


def test_pause_and_resume(world):
    title = "profilingpolicy.profiling.dev/checkout"
    dry = world.said("rollout", "pause", "checkout", "--dry-run").splitlines()
    assert dry == [f"{title} paused (dry run)", '{"spec":{"rollout":{"paused":true}}}']
    assert not world.read(POLICIES, "checkout")["spec"]["rollout"]["paused"]
    assert world.said("rollout", "pause", "checkout") == f"{title} paused\n"
    paused = world.read(POLICIES, "checkout")
    assert paused["spec"]["rollout"]["paused"] and paused["spec"]["rollout"]["workloads"]["steps"] == [10, 50, 100]
    owners = world.kube.run("get", POLICIES, "checkout", "-n", NAMESPACE, "-o", "json", "--show-managed-fields").stdout
    assert "kubectl-profiling" in {field["manager"] for field in json.loads(owners)["metadata"]["managedFields"]}
    assert world.said("rollout", "pause", "checkout") == f"{title} is already paused\n"
    assert "(spec.rollout.paused is set) (stale)" in world.said("rollout", "status", "checkout")
    assert world.said("rollout", "resume", "checkout") == f"{title} resumed\n"
    assert not world.read(POLICIES, "checkout")["spec"]["rollout"]["paused"]


def test_requests_are_annotations_that_name_the_revision(world):
    assert "promoted to step 2/3 of revision bbbb" in world.said("rollout", "promote", "checkout")
    assert world.annotations("checkout") == {"profiling.dev/promote": "bbbb/0/2"}
    world.said("rollout", "promote", "checkout", "--full")
    assert world.annotations("checkout")["profiling.dev/promote"] == "bbbb"
    world.said("rollout", "abort", "checkout")
    assert world.annotations("checkout")["profiling.dev/abort"] == "bbbb"
    assert "is already aborted" in world.said("rollout", "abort", "checkout")
    world.said("rollout", "retry", "checkout")
    world.said("rollout", "refresh-agents", "checkout")
    now = world.annotations("checkout")
    assert set(now) == {"profiling.dev/promote", "profiling.dev/retry", "profiling.dev/refresh-agents"}, "abort is gone"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now["profiling.dev/retry"])


def test_workload_verbs_set_fields_of_its_profile(world):
    def spec():
        return {key: value for key, value in world.read(RECORDS, "statefulset-db").get("spec", {}).items() if value}
    assert world.said("skip", "sts/db") == "workloadprofile.profiling.dev/statefulset-db skipped\n"
    assert spec() == {"skip": True}
    world.said("rollout", "unskip", "statefulset/db")
    world.said("rollout", "pause", "sts/db")
    world.said("approve", "sts/db")
    assert spec() == {"paused": True, "approve": "bbbb"}
    world.said("resume", "sts/db")
    assert spec() == {"approve": "bbbb"}


def test_history_is_newest_first(world):
    for what in ("checkout", "cronjob/nightly"):
        rows = world.said("rollout", "history", what).splitlines()[1:]
        assert [row.split()[1:3] for row in rows] == [["aaaa", "Complete"], ["9999", "RolledBack"]]
    done = world.run("-n", NAMESPACE, "rollout", "history", "deployment/web")
    assert done.returncode == 0 and "No revision of deployment/web has finished yet" in done.stderr


def test_plan_forecasts_steps_restarts_and_duration(world, tmp_path):
    said = world.said("plan", "checkout")
    assert "Workloads:   4 included, 0 excluded" in said and "Restarts:    6" in said and "Duration:    about " in said, said
    plan = json.loads(world.said("plan", "checkout", "-o", "json"))
    assert sum(step["restarts"] for step in plan["steps"]) == plan["restarts"] == 6
    assert plan["steps"][0]["step"] == 1, "the first step has a workload"
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump({"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy", "metadata": {"name": "checkout"},
                                    "spec": {"serverRef": {"name": "pyroscope"}, "mode": "Observe"}}))
    said = world.said("plan", "-f", str(file))
    assert "Restarts:    0" in said and "only observes" in said
    assert "Restarts:    0" in world.said("plan", "-f", "-", input=file.read_text())
    file.write_text(file.read_text().replace("checkout", "new"))
    assert "apply the policy with spec.mode: Observe first" in world.refused(1, "plan", "-f", str(file))
    file.write_text(file.read_text().replace("Observe", "Watch"))
    assert "at /spec/mode: 'Watch' must be 'Enforce' or 'Observe'" in world.refused(1, "plan", "-f", str(file))


def test_errors_name_what_is_wrong_and_what_is_allowed(world):
    assert "ProfilingPolicy 'chekout' not found in namespace 'cli'; available: 'checkout'" in world.refused(1, "rollout", "status", "chekout")
    assert "no WorkloadProfile for Deployment 'wbe' in namespace 'cli'" in world.refused(1, "skip", "deploy/wbe")
    assert re.search(r"contexts has no 'nowhere'; there is '", world.refused(1, "rollout", "status", "--context", "nowhere"))
    assert "no such file" in world.refused(1, "rollout", "status", "--kubeconfig", "/no/such")
    usage = world.refused(2, "rollout", "stop", "checkout")
    assert "unknown command 'stop'" in usage and "status, history, pause, resume, promote, abort, retry" in usage
    assert "unknown kind" in world.refused(2, "rollout", "pause", "pod/web")
    assert "'checkout' is a policy" in world.refused(2, "skip", "checkout")
    assert "json,yaml,wide" in world.refused(2, "rollout", "status", "-o", "xml")
    done = world.run("rollout", "status", "-n", "../secrets")
    assert done.returncode == 2 and "namespace '../secrets' must be" in done.stderr, done


class Watching:
    """`rollout status --watch` in the background."""

    def __init__(self, world, *arguments):
        self.process = subprocess.Popen([CLI, "rollout", "status", "-n", NAMESPACE, "--watch", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, "KUBECONFIG": world.kubeconfig})

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def end(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def test_watch_prints_changes_and_ends_with_the_rollout(world):
    world.policy("watched", rollout=ROLLOUT, status={"phase": "Progressing", "targetRevision": "bbbb", "rollout": MOVING})
    world.record("Deployment", "seen", policy="watched", state="Stepping")
    watching = Watching(world, "watched", "--timeout", "60s")
    assert watching.line().startswith("policy/watched: Progressing, revision bbbb, step 1/3")
    assert watching.line() == "deployment/seen: Stepping, step 1/2, pods 2/4"
    world.record("Deployment", "seen", policy="watched", state="Complete", pods={"total": 4, "profiled": 4})
    assert watching.line() == "deployment/seen: Complete, step 1/2, pods 4/4"
    world.policy("watched", rollout=ROLLOUT, status={"phase": "Active", "targetRevision": "bbbb"})
    code, out, err = watching.end()
    assert (code, err) == (0, "") and out.startswith("policy/watched: Active"), (code, out, err)


def test_watch_fails_when_halted_deleted_or_timed_out(world):
    halted = {"phase": "Halted", "targetRevision": "bbbb", "rollout": {**MOVING, "reason": "FailureBudgetSpent"}}
    world.policy("failing", rollout=ROLLOUT, status=halted)
    code, out, err = Watching(world, "failing").end()
    assert code == 1 and "FailureBudgetSpent" in out and "the rollout of policy/failing is Halted" in err
    world.policy("failing", rollout=ROLLOUT, status={"phase": "Progressing"})
    began = time.monotonic()
    code, out, err = Watching(world, "failing", "--timeout", "1s").end()
    assert code == 1 and "is not done after 1 s" in err and time.monotonic() - began < 30
    watching = Watching(world, "failing")
    assert watching.line().startswith("policy/failing: Progressing")
    world.kube.run("delete", POLICIES, "failing", "-n", NAMESPACE)
    code, out, err = watching.end()
    assert code == 1 and "policy/failing was deleted" in err


def test_watch_redraws_on_a_terminal(world):
    world.policy("drawn", rollout=ROLLOUT, status={"phase": "Progressing", "targetRevision": "bbbb", "rollout": MOVING})
    command = f"{CLI} rollout status drawn -n {NAMESPACE} --watch --timeout 60s"
    typescript = subprocess.Popen(["script", "-qec", command, "/dev/null"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  env={**os.environ, "KUBECONFIG": world.kubeconfig, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    seen = b""

    def drawn():
        nonlocal seen
        seen += os.read(typescript.stdout.fileno(), 4096)
        return re.search(rb"\x1b\[\d+A\x1b\[1G\x1b\[J", seen)
    wait_for("a second drawing", drawn, 30, interval=0)
    world.status(POLICIES, "drawn", {"phase": "Active"})
    seen += typescript.communicate(timeout=60)[0]
    assert typescript.returncode == 0, seen
    assert "→ bbbb".encode() in seen and b"\x1b[32mActive" in seen
