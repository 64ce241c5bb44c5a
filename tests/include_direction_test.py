#!/usr/bin/python3
"""Holds the include lines of the tree, and what its libraries link, to the dependency table of ARCHITECTURE.md."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)

KUBE = ["operator/base", "operator/api", "operator/kube"]
CONTROLLER = [*KUBE, "operator/inject"]
# Folder → folders that its files may include (besides itself). The longest prefix decides.
ALLOWED = {
    "operator/base": [],
    "operator/api": ["operator/base"],
    "operator/net": ["operator/base"],
    "operator/tls": ["operator/base", "operator/net"],
    "operator/net/beast": ["operator/base", "operator/net"],
    "operator/net/cpprest": ["operator/base", "operator/net", "operator/tls"],
    "operator/net/curl": ["operator/base", "operator/net"],
    "operator/obs": ["operator/base", "operator/net"],
    "operator/kube": ["operator/base", "operator/api", "operator/net"],
    "operator/inject": ["operator/base", "operator/api"],
    "operator/cli": ["operator/base", "operator/api", "operator/net", "operator/net/cpprest", "operator/kube",
                     "operator/inject", "controllers/engine", "controllers/specs"],
    "webhooks/admission": ["operator/base", "operator/api", "operator/inject"],
    "webhooks/agents": [],
    "webhooks/agents/scrape": ["operator/base"],
    "webhooks/watch": [*CONTROLLER, "webhooks"],
    "webhooks": ["operator/base", "operator/api", "operator/net", "operator/inject", "webhooks/admission"],
    "controllers/specs": ["operator/base", "operator/api"],
    "controllers/engine": ["operator/base", "operator/api"],
    "controllers/signals": ["operator/base", "operator/net", "operator/kube"],
    "controllers/events": KUBE,
    "controllers/runtime": [*CONTROLLER, "controllers/specs"],
    "controllers/pods": [*CONTROLLER, "controllers/engine"],
    "controllers/revisions": CONTROLLER,
    "controllers/workload": [*CONTROLLER, "controllers/events", "controllers/pods", "controllers/runtime", "controllers/signals",
                             "controllers/specs"],
    "controllers/policy": [*KUBE, "controllers/events", "controllers/revisions", "controllers/runtime",
                           "controllers/workload"],
    "controllers/rollout": [*CONTROLLER, "operator/net", "controllers/engine", "controllers/events", "controllers/pods",
                            "controllers/revisions", "controllers/runtime", "controllers/signals",
                            "controllers/workload"],
    "controllers/profilingserver": [*KUBE, "controllers/events", "controllers/runtime", "controllers/specs"],
    "controllers/certificates": [*KUBE, "operator/tls", "controllers/runtime", "controllers/specs"],
    "controllers/ebpf": [*KUBE, "controllers/runtime", "controllers/signals", "controllers/specs"],
    # The root puts its children together; no child includes the root.
    "controllers": [*CONTROLLER, *(f"controllers/{child}" for child in (
        "certificates", "ebpf", "events", "pods", "policy", "profilingserver", "revisions", "rollout",
        "runtime", "signals", "specs", "workload"))],
    "operator/app": [],  # the composition root: everything
}
# The program's main stands above its folder, and is part of the composition root.
ROW_OF_FILE = {"operator/main.cc": "operator/app"}
# Pure folders and files: no threads, no files, no logging, no clock but values.
PURE = ("operator/inject/", "webhooks/agents/scrape/pprof/", "controllers/specs/", "controllers/engine/")
IMPURE = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "atomic", "stop_token", "fstream", "iostream",
          "filesystem", "cstdio", "unistd.h", "fcntl.h", "operator/base/log.h", "operator/base/mutex.h",
          "operator/base/stop.h", "operator/base/clock.h"}
# A file outside these folders is pure when the comment at the top of its header says so. Such a file may name the types
# that these two headers have for durations and levels.
SAYS_PURE = re.compile(r"\bpure\b(?! CPU)", re.I)
VALUES = {"operator/base/log.h", "operator/base/clock.h"}
IMPURE_CALL = re.compile(r"\b(?:\w+_clock::now|Clock::real|log::(?:debug|info|warn|error)|getenv)\b")
# Libraries that only their adapters may see.
FENCES = {
    "cpprest/": ("operator/net/cpprest/",),
    "pplx/": ("operator/net/cpprest/",),
    "boost/": ("operator/net/beast/", "operator/net/cpprest/", "webhooks/agents/scrape/net/"),
    "curl/": ("operator/net/curl/",),
    "prometheus/": ("operator/obs/", "operator/app/"),
    "spdlog/": ("operator/base/",),
    "CLI/": ("operator/app/", "operator/cli/"),
    "regex": (),
}


def row_of(path):
    return ROW_OF_FILE.get(path) or max((p for p in ALLOWED if path.startswith(p + "/")), key=len, default=None)


def impure_headers(path, header):
    """The headers that the file may not include because it is pure. `header` is the text of the .h of its name."""
    if path.startswith(PURE) or re.search(r"/decide\.(h|cc)$", path):
        return IMPURE
    return IMPURE - VALUES if SAYS_PURE.search(header.split("#pragma once")[0]) else set()


def problems_of(path, text, header=""):
    row = row_of(path)
    if row is None:
        yield f"{path}: no row of the dependency table covers this folder"
        return
    impure = impure_headers(path, header)
    for call in IMPURE_CALL.findall(text) if impure else []:
        yield f"{path}: {call} in a pure file"
    for kind, name in INCLUDE.findall(text):
        for library, places in FENCES.items():
            fenced = name == library if "/" not in library else name.startswith(library)
            if fenced and not path.startswith(places):
                yield f"{path}: <{name}> may be included only under {', '.join(places) or 'no folder'}"
        if name in impure:
            yield f"{path}: {name} in a pure file"
        if kind == "<" and row_of(name) is None:
            continue
        if not (ROOT / name).exists():
            yield f'{path}: "{name}" is not a path from the root of the tree'
            continue
        target = row_of(name)
        if target is not None and (target == row or target in ALLOWED[row] or row == "operator/app"):
            continue
        yield f'{path}: "{name}" is not in the row of {row}: {", ".join(ALLOWED[row]) or "nothing"}'


LIBRARY = re.compile(r"profiling_library\(NAME (\w+)(.*?)\)", re.S)
APPLICATION = ("app", "app_options")


def libraries_of(folder, text):
    """Name, rows and linked names of each library that the text of the folder's CMakeLists.txt declares."""
    for name, rest in LIBRARY.findall(text):
        sources, _, links = rest.partition("DEPS")
        rows = {row_of(f"{folder}/{s}") for s in re.findall(r"[\w/]+\.cc", sources)}
        yield name, rows, re.findall(r"profiling::(\w+)", links)


def problems_of_links(texts):
    """A library links what its rows allow, no more: two lists of one truth. `texts`: by folder, of each CMakeLists.txt."""
    declared = [found for folder, text in texts.items() for found in libraries_of(folder, text)]
    rows_of = {name: rows for name, rows, _ in declared}
    for name, rows, links in declared:
        allowed = rows.union(*(ALLOWED[row] for row in rows))
        for link in links if name not in APPLICATION else []:
            for row in sorted(rows_of.get(link, set()) - allowed):
                if not rows_of[link] & allowed:
                    yield f"profiling_{name} links profiling::{link}, of {row}, which no row of {', '.join(sorted(rows))} allows"
        linked = set().union(*(rows_of.get(link, set()) for link in links))
        for row in sorted(allowed - rows - linked) if name not in APPLICATION else []:
            if row not in ("operator/api", "operator/base"):  # every library that links another has them
                yield f"profiling_{name} does not link {row}, which its row allows"


def check_links(root=ROOT):
    return list(problems_of_links({str(f.parent.relative_to(root)): f.read_text() for top in ("operator", "controllers", "webhooks")
                                   for f in sorted((root / top).rglob("CMakeLists.txt"))}))


def check(root=ROOT):
    found = [f"{folder}: has a row of the dependency table and does not exist" for folder in ALLOWED
             if not (root / folder).is_dir()]
    used = set()
    for top in ("operator", "controllers", "webhooks"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (".h", ".cc"):
                path, text, header = str(file.relative_to(root)), file.read_text(), file.with_suffix(".h")
                found += problems_of(path, text, header.read_text() if header.exists() else "")
                used |= {(row_of(path), row_of(name)) for _, name in INCLUDE.findall(text)}
            elif file.suffix in (".hpp", ".hh", ".cpp", ".cxx", ".inc"):
                found.append(f"{file.relative_to(root)}: sources end with .h or .cc, so that every check reads them")
    found += [f"{folder}: its row allows {other}, which no file of it includes" for folder, others in ALLOWED.items()
              for other in others if (folder, other) not in used]
    return found


def self_test():
    """The test can fail: lines that break the table are found, lines that keep it are not."""
    bad = {
        "operator/base/x.cc": '#include "operator/api/selector.h"',
        "operator/kube/x.cc": '#include <cpprest/http_client.h>',
        "webhooks/x.cc": '#include "operator/kube/client.h"',
        "webhooks/y.cc": '#include "controllers/pods/pod_table.h"',
        "operator/cli/y.cc": '#include "webhooks/rollout_table.h"',
        "operator/inject/z.cc": '#include "webhooks/rollout_table.h"',
        "controllers/z.cc": '#include "webhooks/rollout_table.h"',
        "operator/inject/x.cc": "#include <thread>",
        "operator/net/x.cc": '#include "operator/net/beast/server.h"',
        "operator/api/x.cc": "#include <regex>",
        "controllers/x.cc": '#include "webhooks/mutate_pod.h"',
        "controllers/specs/x.cc": '#include "operator/inject/inject.h"',
        "controllers/engine/x.cc": '#include "controllers/pods/pod_table.h"',
        "controllers/runtime/x.cc": '#include "controllers/pods/pod_table.h"',
        "controllers/events/x.cc": '#include "controllers/runtime/runner.h"',
        "controllers/pods/x.cc": '#include "controllers/workload/index.h"',
        "controllers/revisions/x.cc": '#include "controllers/policy/decide.h"',
        "controllers/workload/x.cc": '#include "controllers/policy/totals.h"',
        "controllers/policy/x.cc": '#include "controllers/rollout/reconciler.h"',
        "controllers/rollout/x.cc": '#include "controllers/policy/reconciler.h"',
        "controllers/profilingserver/x.cc": '#include "controllers/workload/index.h"',
        "controllers/certificates/x.cc": '#include "controllers/ebpf/decide.h"',
        "controllers/ebpf/x.cc": '#include "operator/tls/x509.h"',
        "controllers/signals/y.cc": '#include "controllers/stores.h"',
        "controllers/rollout/y.cc": '#include "controllers/manager.h"',
        "controllers/signals/x.cc": '#include <curl/curl.h>',
        "controllers/x.h": '#include "operator/net/curl/client.h"',
        "operator/inject/x.h": '#include "operator/kube/store.h"',
        "operator/cli/x.cc": '#include "controllers/workload/index.h"',
        "webhooks/agents/scrape/x.cc": '#include "operator/net/http_client.h"',
        "webhooks/agents/scrape/y.cc": "#include <boost/asio.hpp>",
        "webhooks/agents/scrape/pprof/x.cc": "#include <thread>",
        "operator/cli/main.cc": '#include "webhooks/mutate_pod.h"',
        "operator/main.cc": "#include <boost/asio.hpp>",
        "operator/kube/y.cc": "#include <operator/inject/inject.h>",
        "operator/inject/y.cc": '#include "operator/base/mutex.h"',
        "controllers/engine/y.cc": "const auto now = std::chrono::system_clock::now();",
    }
    for path, text in bad.items():
        assert list(problems_of(path, text)), f"{path}: {text} must be refused"
    says_pure = "// Judges one workload. Pure.\n#pragma once\n"
    for text in ("#include <mutex>", "log::info(text);", "const auto now = clock_type_clock::now();"):
        assert list(problems_of("controllers/workload/y.cc", text, says_pure)), f"{text} must be refused in a pure file"
        assert not list(problems_of("controllers/workload/y.cc", text, "#pragma once\n// Pure.\n"))
    links = {"operator/net": "profiling_library(NAME net SRCS a.cc DEPS profiling::base)",
             "operator/base": "profiling_library(NAME base SRCS a.cc)",
             "operator/tls": "profiling_library(NAME tls SRCS a.cc DEPS profiling::base profiling::net)"}
    assert not list(problems_of_links(links)), list(problems_of_links(links))
    beast = "operator/net/beast"
    assert list(problems_of_links(links | {beast: "profiling_library(NAME b SRCS a.cc DEPS profiling::net profiling::tls)"}))
    assert list(problems_of_links(links | {beast: "profiling_library(NAME b SRCS a.cc DEPS profiling::base)"}))
    good = {
        "operator/kube/x.cc": '#include "operator/api/selector.h"',
        "webhooks/x.cc": '#include "operator/inject/snapshot.h"',
        "operator/net/beast/x.cc": '#include "operator/net/http_server.h"\n#include <boost/asio.hpp>',
        "operator/app/x.cc": '#include "operator/net/beast/server.h"',
        "controllers/x.cc": '#include "operator/inject/inject.h"',
        "controllers/y.cc": '#include "controllers/rollout/reconciler.h"\n#include "controllers/stores.h"',
        "controllers/rollout/x.cc": '#include "controllers/revisions/revisions.h"',
        "controllers/certificates/x.cc": '#include "operator/tls/file_source.h"',
        "controllers/signals/x.cc": '#include "operator/net/query_client.h"',
        "operator/net/curl/x.cc": '#include "operator/net/query_client.h"\n#include <curl/curl.h>',
        "operator/cli/x.cc": '#include "controllers/engine/world.h"\n#include <CLI/CLI.hpp>',
        "webhooks/agents/scrape/net/x.cc": '#include "operator/base/status.h"\n#include <boost/beast/http.hpp>',
    }
    for path, text in good.items():
        assert not list(problems_of(path, text)), list(problems_of(path, text))


if __name__ == "__main__":
    found = check() + check_links()
    if not any("is not a path" in f for f in found):
        self_test()
    print("\n".join(found) or "every include line and every link follows the dependency table")
    sys.exit(bool(found))
