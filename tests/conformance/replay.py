#!/usr/bin/env python3
"""Sends the recorded requests to a server and compares its answers with those of a real Pyroscope 2.2.

    replay.py --url http://127.0.0.1:4040          # any server: the profile store, or a real one
    replay.py --url … --record OUT.json            # write the answers down instead of comparing them

Exit code 1 when an answer differs. A server that others use may be asked too: only services named c.* and
unknown_service are written and looked at, apart from py.app, which is what the Python agent's body names."""
import argparse
import gzip
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

import cases
import compare

HERE = pathlib.Path(__file__).parent
TRANSCRIPT = HERE / "pyroscope-2.2.json"


def send(base, case):
    request = urllib.request.Request(base + case.path, data=case.body, headers=case.headers, method=case.method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def plain(text, now):
    """Times become @T@. Go's protobuf decoder writes a space or a no-break space after "proto:", by build."""
    def mask(match):
        digits = match[0]
        seconds = int(digits[:10])
        return "@T@" if now - 700 <= seconds <= now + 200 and digits[10:] in ("", "000") else digits
    return re.sub(r"(?<!\d)\d{10}(?:000)?(?!\d)", mask, text.replace("\u00a0", " "))


def interpret(headers, raw, now):
    if headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    if headers.get("Content-Type") == "application/proto":
        return raw
    text = plain(raw.decode("utf-8", "replace"), now)
    try:
        return json.loads(text)
    except ValueError:
        return text[:2000]


def await_pushes(base, now, seconds=60):
    """Until every service that was pushed can be found: the real server writes what it took a moment later."""
    wanted = {"c.raw", "c.form", "c.node", "c.java", "c.bad", "c.push", "unknown_service"}
    body = {"start": (now - 600) * 1000, "end": (now + 60) * 1000, "name": "service_name"}
    ask = cases.Case("", "POST", cases.QUERIER + "LabelValues", body, "json")
    deadline = time.monotonic() + seconds
    while True:
        status, _, raw = send(base, ask)
        found = set(json.loads(raw).get("names", [])) if status == 200 else set()
        if wanted <= found:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"after {seconds} s these services are still missing: {sorted(wanted - found)}")
        time.sleep(0.2)


def transcript():
    """The recorded answers by case, with spaces as `plain` makes them."""
    text = TRANSCRIPT.read_text().replace("\\u00a0", " ").replace("\u00a0", " ")
    return {entry["case"]: entry["response"] for entry in json.loads(text)}


def run(base, now=None):
    """Yields (case, status, content type, body) for every request, in order."""
    now = now or cases.clock()
    for number, group in enumerate((cases.writes(now), cases.reads(now))):
        if number:
            await_pushes(base, now)
        for case in group:
            status, headers, raw = send(base, case)
            yield case, status, headers.get("Content-Type"), interpret(headers, raw, now)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the server's address, such as http://127.0.0.1:4040")
    parser.add_argument("--record", metavar="FILE", help="write a transcript instead of comparing")
    options = parser.parse_args()
    base, recorded, answers, failures = options.url.rstrip("/"), transcript(), [], 0
    now = cases.clock()
    for case, status, content_type, body in run(base, now):
        if options.record:
            kept = body.decode("latin-1") if isinstance(body, bytes) else body
            request = json.loads(plain(json.dumps(case.recorded_request()), now))
            answers.append({"case": case.name, "request": request,
                            "response": {"status": status, "content_type": content_type, "body": kept}})
            print(status, case.name)
            continue
        try:
            compare.check(case.name, recorded[case.name], status, content_type, body)
            print(f"ok    {case.name}")
        except compare.Difference as difference:
            failures += 1
            print(f"DIFF  {case.name}: {difference}")
    if options.record:
        pathlib.Path(options.record).write_text(json.dumps(answers, indent=1) + "\n")
    elif failures:
        sys.exit(f"{failures} of {len(recorded)} answers differ")


if __name__ == "__main__":
    main()
