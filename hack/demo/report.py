#!/usr/bin/python3
"""Waits until the profiles of the demo's applications have arrived, then shows them: a table on stdout
and one flame graph SVG per application.

usage: report.py --kubeconfig FILE --out FOLDER [--deadline SECONDS]
"""
import argparse
import base64
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import flamegraph  # noqa: E402
from kube import Kube, wait_for  # noqa: E402
from pyroscope import Bucket, Pyroscope  # noqa: E402

APPLICATIONS = ("checkout-java", "checkout-python", "checkout-node")
MINIMUM_SAMPLES = 50
SAMPLE_NANOSECONDS = 10_000_000  # one sample stands for 10 ms at the policy's 100 Hz


def profiled_pods(kube):
    """{application: (pod, languages and agent versions as the webhook decided)}"""
    pods = {}
    for pod in kube.items("pods", "-n", "shop", "-l", "profiling.dev/profiled"):
        decision = json.loads(pod["metadata"]["annotations"]["profiling.dev/decision"])
        pods[pod["metadata"]["labels"]["app"]] = (pod["metadata"]["name"], decision)
    return pods


def bucket_of(kube, base):
    data = kube.get("secret", "-n", "profiling", "s3-credentials")["data"]
    plain = {k: base64.b64decode(v).decode() for k, v in data.items()}
    return Bucket(base, "profiles", plain["AWS_ACCESS_KEY_ID"], plain["AWS_SECRET_ACCESS_KEY"])


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).rjust(w) if isinstance(cell, int) or i in NUMBERS else str(cell).ljust(w)
                        for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


NUMBERS = {4, 5}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--deadline", type=int, default=120)
    options = parser.parse_args()
    kube = Kube(options.kubeconfig)
    options.out.mkdir(parents=True, exist_ok=True)

    with kube.forward("profiling", "svc/pyroscope", 4040) as server, kube.forward("profiling", "svc/s3", 7070) as s3:
        store = Pyroscope(server)
        samples, last = {}, ""

        def arrived():
            nonlocal last
            for app in APPLICATIONS:
                samples[app] = store.cpu_nanoseconds(app) // SAMPLE_NANOSECONDS
            line = ", ".join(f"{a} {n}" for a, n in samples.items())
            if line != last:
                print(f"  samples received: {line}", file=sys.stderr)
                last = line
            return all(n >= MINIMUM_SAMPLES for n in samples.values())

        wait_for("profiles of all applications", arrived, options.deadline, interval=2)
        pods, sizes = profiled_pods(kube), bucket_of(kube, s3).bytes_by_service("demo/", APPLICATIONS)
        rows = [("APPLICATION", "POD", "LANGUAGE", "AGENT", "SAMPLES", "S3 BYTES", "FLAME GRAPH")]
        for app in APPLICATIONS:
            answer = store.flamegraph(app)
            picture = options.out / f"{app}.svg"
            picture.write_text(flamegraph.render(f"{app}, {time.strftime('%Y-%m-%d %H:%M')}", answer))
            pod, decision = pods[app]
            languages = decision["containers"][0]["languages"]
            rows.append((app, pod, ",".join(x["language"] for x in languages), ",".join(x["version"] for x in languages),
                         samples[app], sizes[app], picture))
        table(rows)


if __name__ == "__main__":
    main()
