"""Runs the product's offline `inject` over pods and reports what it decided about each container."""
import copy
import json
import subprocess

MAX_INPUT = 700_000  # bytes of one call
POLICY = """apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: all, namespace: shop}
spec: {activation: Selected, serverRef: {name: store}}
---
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: store, namespace: shop}
spec: {}
status: {url: "http://store.shop.svc:4040"}
"""
OURS = ("profiling-agent", "PROFILING_", "PYROSCOPE_")
MERGED = {"JAVA_TOOL_OPTIONS", "PYTHONPATH", "NODE_OPTIONS"}


def run(binary, pods, policy_file):
    """For each pod: the pod as `inject` prints it, and what `explain` says of it."""
    chunks, size = [[]], 0
    for number, pod in enumerate(pods):
        pod = copy.deepcopy(pod)
        pod["metadata"]["name"] = f"pod-{number}"
        pod["metadata"]["namespace"] = "shop"
        text = json.dumps(pod, default=str)
        if size + len(text) > MAX_INPUT:
            chunks.append([])
            size = 0
        chunks[-1].append(text)
        size += len(text)
    for chunk in chunks:
        patched = call(binary, "inject", chunk, policy_file)
        patched = patched["items"] if patched.get("kind") == "List" else [patched]
        explained = call(binary, "explain", chunk, policy_file)["pods"]
        assert len(patched) == len(explained) == len(chunk), (len(patched), len(explained), len(chunk))
        yield from zip(patched, explained)


def call(binary, verb, chunk, policy_file):
    done = subprocess.run([binary, verb, "-f", "-", "-p", policy_file, "-o", "json"], check=False,
                          capture_output=True, text=True, input="\n---\n".join(chunk))
    if not done.stdout:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def lost(before, after, path=""):
    """The fields of `before` that `after` lost or changed, other than by an extension of ours."""
    if isinstance(before, dict):
        if "name" in before and before.get("name") in MERGED and str(before.get("value") or "") in str(after.get("value")):
            return
        for key, value in before.items():
            if value is None or value in ([], {}):
                continue  # the same as absent
            if not isinstance(after, dict) or key not in after:
                yield f"{path}/{key}"
            else:
                yield from lost(value, after[key], f"{path}/{key}")
    elif isinstance(before, list):
        kept = [a for a in after if not (isinstance(a, dict) and str(a.get("name", "")).startswith(OURS)
                                         or isinstance(a, dict) and a.get("name") in MERGED
                                         and a["name"] not in [b.get("name") for b in before if isinstance(b, dict)])]
        if len(kept) < len(before):
            yield f"{path}: {len(before)} entries, {len(kept)} left"
        for number, (a, b) in enumerate(zip(before, kept)):
            yield from lost(a, b, f"{path}/{number}")
    elif str(before) != str(after):
        yield f"{path}: {before!r} became {after!r}"


def decisions(explained):
    """(container, languages, reason) of each decided container. Languages that were skipped for want of a port or the
    like count, because they are what was decided."""
    for c in explained["containers"]:
        wanted = [agent.split()[0] for agent in c.get("agents", [])] + [s.split(":")[0] for s in c.get("skipped", [])]
        yield c["name"], wanted, c["reason"]
    if not explained["containers"]:
        yield None, [], explained["reason"]
