"""crds/ against a real kube-apiserver: structural schemas, samples, CEL rules, defaults, immutability."""
import concurrent.futures
import json
import pathlib
import re
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "hack" / "lib"))
from kube import Kube, condition, wait_for  # noqa: E402

CRDS = sorted((ROOT / "crds").glob("*.yaml"))
SAMPLES = sorted((ROOT / "crds" / "samples").glob("*.yaml"))
INVALID = sorted((ROOT / "tests/unit/operator/api/invalid").glob("*.yaml"))
KINDS = ("clusterprofilingpolicies", "profilingpolicies", "profilingservers", "workloadprofiles")


def as_cluster_policy(text):
    """A policy's file turned into a cluster policy, which must be refused alike."""
    head, body = text.split("\n", 1)
    obj = yaml.safe_load(body) | {"kind": "ClusterProfilingPolicy"}
    del obj["metadata"]["namespace"]
    obj.get("spec", {}).get("serverRef", {}).setdefault("namespace", "profiling")
    return f"{head}\n{json.dumps(obj)}"


REFUSED = {path.stem: path.read_text() for path in INVALID}
REFUSED |= {f"cluster{name}-as-in-a-namespace": as_cluster_policy(text) for name, text in REFUSED.items() if name.startswith("policy-") and not name.endswith("-in-a-namespace")}


def stem(path):
    return path.stem


@pytest.fixture(scope="module")
def kube(control_plane):
    client = Kube(control_plane)
    for crd in CRDS:
        client.run("apply", "--server-side", "--force-conflicts", "-f", str(crd))
    for kind in KINDS:
        client.run("wait", "--for=condition=Established", f"crd/{kind}.profiling.dev", "--timeout=30s")
    namespaces = {yaml.safe_load(path.read_text())["metadata"].get("namespace") for path in SAMPLES}
    for namespace in namespaces - {None} | {"invalid", "crd-test"}:
        client.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
    for kind in KINDS:
        wait_for(f"{kind} to be served", lambda kind=kind: client.run("get", kind, "-A").returncode == 0, 30)
    return client


def test_there_are_crds_samples_and_invalid_files():
    assert (len(CRDS), len(SAMPLES) >= 5, len(INVALID) > 100) == (4, True, True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_server_establishes_the_crd(kube, kind):
    crd = kube.get("crd", f"{kind}.profiling.dev")
    assert condition(crd, "Established").get("status") == "True"
    assert condition(crd, "NamesAccepted").get("status") == "True"
    assert condition(crd, "NonStructuralSchema") == {}
    part = "status" if kind == "workloadprofiles" else "spec"
    assert kube.run("explain", f"{kind}.{part}").stdout.count("<") > 5, "the fields are published"


@pytest.mark.parametrize("sample", SAMPLES, ids=stem)
def test_samples_are_accepted(kube, sample):
    assert "created (server dry run)" in kube.run("create", "--dry-run=server", "-f", str(sample)).stdout


@pytest.fixture(scope="module")
def refusals(kube):
    """The API server's answer to each invalid object; in parallel, because each call is a process."""
    def ask(text):
        done = kube.run("create", "--dry-run=server", "-f", "-", stdin=text, check=False)
        return done.returncode, done.stderr

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(REFUSED, pool.map(ask, REFUSED.values())))


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_objects_are_refused_with_the_reason(refusals, name):
    first = REFUSED[name].splitlines()[0]
    assert first.startswith("# expect: "), name
    code, said = refusals[name]
    assert code != 0, f"{name} was accepted"
    assert first.removeprefix("# expect: ") in said, f"{name}: {said}"


def messages(node):
    """The messages of all CEL rules of a schema, except those about updates."""
    if isinstance(node, dict):
        for rule in node.get("x-kubernetes-validations", []):
            if "oldSelf" not in rule["rule"]:
                yield rule["message"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from messages(child)


def bounds(node, path=""):
    """(path, the API server's message) of every bound; "*" stands for an index or a key."""
    said = {"minLength": "should be at least", "maxLength": "Too long", "minItems": "should have at least",
            "maxItems": "Too many", "maxProperties": "Too many", "minimum": "should be greater than or equal",
            "maximum": "should be less than or equal", "pattern": "should match", "enum": "Unsupported value"}
    yield from ((path, said[key]) for key in said if key in node)
    yield from ((f"{path}.{name}".lstrip("."), "Required value") for name in node.get("required", []))
    for name, child in node.get("properties", {}).items():
        if path or name == "spec":
            yield from bounds(child, f"{path}.{name}".lstrip("."))
    if "items" in node:
        yield from bounds(node["items"], f"{path}[*]")
    if "additionalProperties" in node:
        yield from bounds(node["additionalProperties"], f"{path}.*")


def schema(crd):
    return yaml.safe_load(crd.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


@pytest.mark.parametrize("crd", CRDS, ids=stem)
def test_every_rule_and_bound_has_an_invalid_file(refusals, crd):
    prefix = yaml.safe_load(crd.read_text())["spec"]["names"]["singular"].replace("profiling", "")
    lines = [line for name, (_, said) in refusals.items() if name.startswith(prefix) for line in said.splitlines()]
    untested = [m for m in messages(schema(crd)) if not any(m in line for line in lines)]
    for path, said in bounds(schema(crd)):
        pattern = re.escape(path).replace(r"\[\*\]", r"\[\d+\]").replace(r"\*", r"[^.: ]+")
        if not any(re.search(rf"(^|[ *]){pattern}(?![\w.[]).*{said}", line) for line in lines):
            untested.append(f"{path}: {said}")
    assert not untested, "without a file in tests/unit/operator/api/invalid:\n" + "\n".join(untested)


def policy(name="p", **spec):
    return {"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy",
            "metadata": {"name": name, "namespace": "crd-test"}, "spec": {"serverRef": {"name": "pyroscope"}, **spec}}


def cluster_policy(name="p", **spec):
    return {"apiVersion": "profiling.dev/v1alpha1", "kind": "ClusterProfilingPolicy", "metadata": {"name": name},
            "spec": {"serverRef": {"name": "pyroscope", "namespace": "profiling"}, **spec}}


def server(name="s", **spec):
    return {"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingServer",
            "metadata": {"name": name, "namespace": "crd-test"}, "spec": spec}


@pytest.fixture
def created(kube):
    """Creates an object and returns what is stored; deletes it afterwards."""
    made = []

    def create(obj):
        stored = json.loads(kube.run("create", "-f", "-", "-o", "json", stdin=json.dumps(obj)).stdout)
        made.append((obj["kind"], obj["metadata"]["name"]))
        return stored

    yield create
    for kind, name in made:
        kube.run("delete", kind, name, "-n", "crd-test")


@pytest.mark.parametrize("obj, field", [
    (policy(samplng={"cpuHz": 100}), "spec.samplng"),
    (policy(sampling={"cpuHerz": 100}), "spec.sampling.cpuHerz"),
    (policy(namespaceSelector={}), "spec.namespaceSelector"),
    (cluster_policy(namespacesSelector={}), "spec.namespacesSelector"),
    (server(storage={"typ": "S3"}), "spec.storage.typ"),
    (server(resources={"request": {"cpu": 1}}), "spec.resources.request"),
], ids=["policy", "policy-nested", "policy-of-a-namespace", "cluster-policy", "server", "server-resources"])
def test_an_unknown_field_is_refused(kube, obj, field):
    done = kube.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(obj), check=False)
    assert done.returncode != 0
    assert f'unknown field "{field}"' in done.stderr


def test_defaults_appear_in_the_stored_policy(created):
    assert created(policy())["spec"] == {
        "serverRef": {"name": "pyroscope"}, "priority": 0, "activation": "Annotated", "languages": ["Auto"],
        "profiles": {"allocations": False, "inUseMemory": False, "locks": False},
        "sampling": {"cpuHz": 100, "uploadInterval": "15s"}, "serviceName": {"from": "Workload"},
        "secretEnvFrom": "Assume", "mode": "Enforce"}


def test_a_cluster_policy_belongs_to_no_namespace(created, kube):
    stored = created(cluster_policy())
    assert "namespace" not in stored["metadata"]
    assert stored["spec"]["mode"] == "Enforce" and "namespaceSelector" not in stored["spec"]
    assert kube.run("get", "cprofpol", "p", "-o", "name").stdout.strip() == "clusterprofilingpolicy.profiling.dev/p"
    assert "clusterprofilingpolicy.profiling.dev/p" in kube.run("get", "profiling", "-A", "-o", "name").stdout


def test_defaults_appear_in_the_stored_server(created):
    assert created(server())["spec"] == {
        "mode": "Single", "image": "grafana/pyroscope:2.2.1", "storage": {"type": "Filesystem"},
        "persistence": {"size": "10Gi"}, "retention": "336h", "tenancy": {"enabled": False},
        "allowedNamespaces": {"from": "Same"}}


S3 = {"type": "S3", "s3": {"endpoint": "s3:7070", "bucket": "profiles"}}
TYPE = "`storage.type` must not change"
PERSISTENCE = "`persistence` must not change"


@pytest.mark.parametrize("before, patch, refused", [
    ({}, {"storage": S3}, TYPE),
    ({"storage": S3}, {"storage": {"type": "Filesystem", "s3": None}}, TYPE),
    ({}, {"persistence": {"size": "20Gi"}}, PERSISTENCE),
    ({"persistence": {"size": "20Gi"}}, {"persistence": None}, PERSISTENCE),
    ({}, {"persistence": {"storageClassName": "fast"}}, PERSISTENCE),
    ({"persistence": {"storageClassName": "fast"}}, {"persistence": {"storageClassName": "slow"}}, PERSISTENCE),
    ({"persistence": {"storageClassName": "fast"}}, {"persistence": {"storageClassName": None}}, PERSISTENCE),
    ({"persistence": {"size": "1Gi"}}, {"persistence": {"size": "1024Mi"}}, None),
    ({"storage": S3}, {"storage": {"s3": {"prefix": "profiles", "region": "eu"}}}, None),
    ({}, {"retention": "24h", "image": "mirror/pyroscope:2", "resources": {"requests": {"cpu": 1}}}, None),
    ({}, {"retention": "0"}, None),
], ids=["filesystem-to-s3", "s3-to-filesystem", "size", "size-to-default", "class-set", "class", "class-removed",
        "same-size-written-otherwise", "s3-settings", "other-fields", "for-ever"])
def test_immutable_fields_are_refused(kube, created, before, patch, refused):
    created(server("changing", **before))
    done = kube.run("patch", "profilingserver", "changing", "-n", "crd-test", "--type=merge",
                    "-p", json.dumps({"spec": patch}), check=False)
    if refused:
        assert done.returncode != 0, "the change was accepted"
        assert refused in done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_a_policy_may_replace_its_server_by_an_endpoint(kube, created):
    created(policy())
    patch = {"spec": {"serverRef": None, "endpoint": {"url": "https://[2001:db8::1]:4040/base"}}}
    kube.run("patch", "profilingpolicy", "p", "-n", "crd-test", "--type=merge", "-p", json.dumps(patch))
    assert kube.get("profilingpolicy", "p", "-n", "crd-test")["metadata"]["generation"] == 2


def test_status_is_written_separately_from_spec(kube, created):
    created(policy())
    status = {"spec": {"priority": 9}, "status": {"phase": "Active", "pods": {"profiled": 4}, "targetRevision": "0123456789"}}
    kube.run("patch", "profilingpolicy", "p", "-n", "crd-test", "--subresource=status", "--type=merge",
             "-p", json.dumps(status))
    stored = kube.get("profilingpolicy", "p", "-n", "crd-test")
    assert (stored["status"]["pods"]["profiled"], stored["spec"]["priority"], stored["metadata"]["generation"]) == (4, 0, 1)
    line = kube.run("get", "profilingpolicy", "p", "-n", "crd-test", "--no-headers").stdout.split()
    assert line[1:4] == ["Annotated", "Active", "4"], "printer columns"
