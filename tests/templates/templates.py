"""Pod templates of public charts and manifests, from clones of their repositories."""
import json
import pathlib
import re
import shutil
import subprocess

import yaml

# Where a repository keeps its charts, and plain manifests.
SOURCES = {
    "bitnami/charts": ("bitnami/*/Chart.yaml", None),
    "argoproj/argo-helm": ("charts/*/Chart.yaml", None),
    "prometheus-community/helm-charts": ("charts/*/Chart.yaml", None),
    "grafana/helm-charts": ("charts/*/Chart.yaml", None),
    "kubernetes/examples": (None, "**/*.yaml"),
    "GoogleCloudPlatform/microservices-demo": (None, "release/kubernetes-manifests.yaml"),
}
# What some charts do not render without.
VALUES = {
    "metrics": {"enabled": True},
    "auth": {"enabled": True, "rootPassword": "x", "password": "x", "username": "x", "database": "x"},
}
TEMPLATES = {
    "Deployment": ("spec", "template"), "StatefulSet": ("spec", "template"), "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"), "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"), "CronJob": ("spec", "jobTemplate", "spec", "template"), "Pod": (),
}


def check_out(repository, folder):
    """Writes the files of HEAD that the clone has: a partial clone lists files without content."""
    names = subprocess.run(["git", "-C", repository, "ls-tree", "-r", "HEAD"], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    blobs = [line.split("\t")[0].split() + [line.split("\t", 1)[1]] for line in names]
    blobs = [(b[2], b[3]) for b in blobs if b[1] == "blob" and b[0] != "120000"]
    process = subprocess.run(["git", "-C", repository, "cat-file", "--batch"], check=False, capture_output=True,
                             input="".join(b + "\n" for b, _ in blobs).encode())
    data, at = process.stdout, 0
    for _, name in blobs:
        end = data.find(b"\n", at)
        header = data[at:end].split()
        if end < 0 or len(header) < 3:
            at = end + 1
            if end < 0:
                break
            continue
        size = int(header[2])
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[end + 1:end + 1 + size])
        at = end + 1 + size + 1


def vendor(chart, by_name, seen=()):
    """Puts the charts that `chart` depends on into its folder; drops those that no clone has."""
    file = chart / "Chart.yaml"
    meta = yaml.safe_load(file.read_text())
    kept = []
    for dependency in meta.get("dependencies") or []:
        name = dependency["name"]
        target = chart / "charts" / name
        if not target.exists() and name in by_name and name not in seen and len(seen) < 3:
            shutil.copytree(by_name[name], target, ignore=shutil.ignore_patterns("charts") if len(seen) > 1 else None)
            vendor(target, by_name, (*seen, name))
        if target.exists():
            dependency.pop("repository", None)
            dependency["version"] = ">=0.0.0-0"
            kept.append(dependency)
    meta["dependencies"] = kept
    file.write_text(yaml.safe_dump(meta))
    (chart / "Chart.lock").unlink(missing_ok=True)
    (chart / "values.schema.json").unlink(missing_ok=True)


def documents(text):
    try:
        return [d for d in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
                if isinstance(d, dict)]
    except yaml.YAMLError:
        return []


def pods_in(documents_, chart):
    """A pod for each template, as its controller would create it, without a random name."""
    for document in documents_:
        if document.get("kind") == "List":
            yield from pods_in([d for d in document.get("items") or [] if isinstance(d, dict)], chart)
            continue
        path = TEMPLATES.get(document.get("kind"))
        if path is None:
            continue
        template = document
        for key in path:
            template = (template or {}).get(key)
        spec = (template or {}).get("spec")
        if not isinstance(spec, dict) or not spec.get("containers"):
            continue
        name = re.sub(r"[^a-z0-9-]", "-", str((document.get("metadata") or {}).get("name", "x")).lower())
        metadata = dict((template.get("metadata") or {}))
        metadata = {k: metadata[k] for k in ("labels", "annotations") if metadata.get(k)}
        metadata["name"] = name[:63].strip("-") or "x"
        yield {"chart": chart, "kind": document["kind"],
               "pod": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}}


def render(helm, chart):
    """The chart with its defaults, and with metrics on; [] when it does not render."""
    out = []
    for values in ({}, VALUES):
        command = [helm, "template", "release", str(chart), "--namespace", "shop", "-f", "-"]
        done = subprocess.run(command, check=False, capture_output=True, input=json.dumps(values), text=True)
        if done.returncode == 0:
            out += documents(done.stdout)
    return out


def collect(helm, clones, folder):
    """All distinct pod templates of the clones, {"owner/name": path}, worked on in `folder`."""
    charts = {}
    for name, path in clones.items():
        check_out(path, folder / name)
        if SOURCES[name][0]:
            charts.update({f.parent.name: f.parent for f in sorted((folder / name).glob(SOURCES[name][0]))})
    seen, out = set(), []

    def add(pods):
        for pod in pods:
            key = json.dumps(pod["pod"]["spec"], sort_keys=True, default=str)
            if key not in seen:
                seen.add(key)
                out.append(pod)
    pristine = folder / "pristine"
    for name, chart in charts.items():
        if not (pristine / name).exists():
            shutil.copytree(chart, pristine / name)
    by_name = {name: pristine / name for name in charts}
    rendered = 0
    for name, chart in charts.items():
        vendor(chart, by_name, (name,))
        found = list(pods_in(render(helm, chart), name))
        rendered += bool(found)
        add(found)
    for name in clones:
        if SOURCES[name][1]:
            for file in sorted((folder / name).glob(SOURCES[name][1])):
                add(pods_in(documents(file.read_text(errors="replace")), name))
    return rendered, out
