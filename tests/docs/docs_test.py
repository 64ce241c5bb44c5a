#!/usr/bin/python3
"""Holds the documents to the tree: links, paths, commands, folders, keys, metric names, reason codes, lengths and words."""
import importlib.machinery
import importlib.util
import itertools
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = {"build", ".git", "node_modules"}
MAX_README = 120
MAX_COLUMNS = 120
TOP = ("operator", "controllers", "webhooks", "tests", "hack", "docs", "crds", "charts", ".ci")
SHIPPED = ("operator", "controllers", "webhooks")
# Inline links and pictures, definitions of reference links, HTML.
LINKS = (re.compile(r"\]\(<?([^)>\s]+)>?\)"), re.compile(r"^ *\[[^\]]+\]: +(\S+)", re.M), re.compile(r"<\w+[^>]* (?:src|href)=\"([^\"]+)\""))
BLOCK = re.compile(r"^( *)```.*?^\1```|(?<=\n\n)(?: {4}[^\n]*\n)+", re.M | re.S)
KEY = re.compile(r"\bprofiling\.dev/([a-z][a-z0-9-]*)")
# Words that CONTRIBUTING.md rules out, in prose and in comments.
RULED_OUT = (re.compile(r"(?:^[\s|>*-]*|[.:;] )(Of [a-z]\w*)"), re.compile(r"\b([Tt]ells?|[Tt]old|[Tt]elling)\b(?!\()"))
COMMENT = {".h": "//", ".cc": "//", ".go": "//", ".cjs": "//", ".mjs": "//", ".js": "//", ".java": "//", ".py": "#", ".sh": "#", ".rb": "#",
           ".yaml": "#", ".txt": "#", ".cmake": "#", "": "#"}
METRIC = re.compile(r"\b((?:profiling|workqueue|rest_client|leader_election|process)_[a-z_]*[a-z])\b")

loader = importlib.machinery.SourceFileLoader("docs_sync", str(ROOT / "hack/docs-sync"))
spec = importlib.util.spec_from_loader("docs_sync", loader)
docs_sync = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
loader.exec_module(docs_sync)


def pages(root):
    """Every document, as path from the root → text."""
    found = (p for p in sorted(root.rglob("*.md")) if not SKIPPED & set(p.relative_to(root).parts))
    return {str(p.relative_to(root)): p.read_text() for p in found}


def without_code(text):
    """The text with code blocks and code spans blanked."""
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "``", text)


def anchors(text):
    """The anchors that GitHub makes of the headings."""
    seen = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        yield slug if count == 0 else f"{slug}-{count}"


def broken_links(root):
    texts = pages(root)
    for page, text in texts.items():
        for target in itertools.chain.from_iterable(link.findall(without_code(text)) for link in LINKS):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = ((root / page).parent / path).resolve() if path else root / page
            if not file.exists() or path and root.resolve() not in file.parents:
                yield f"{page}: link to {target}, which does not exist"
            elif anchor and anchor not in set(anchors(file.read_text())):
                yield f"{page}: link to {target}, which has no such heading"


def expanded(path):
    """a.{h,cc} → a.h, a.cc"""
    parts = [p.split(",") for p in re.split(r"[{}]", path)]
    return ["".join(c) for c in itertools.product(*parts)]


def missing_paths(root):
    """Paths and file names in backticks that are not in the tree. Designs are dated, and name what was there."""
    names = {p.name for top in TOP if (root / top).exists() for p in (root / top).rglob("*")} | {p.name for p in root.iterdir()}
    for page, text in pages(root).items():
        if page.startswith(("docs/designs/", "tests/")) or page == "CHANGELOG.md":
            continue
        for code in re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)):
            path = code.split()[0].rstrip("/")
            if re.search(r"[<>*$=…]", path):
                continue
            for one in expanded(path):
                if one.split("/")[0] in TOP and "/" in one and not (root / one).exists():
                    yield f"{page}: `{code}` names {one}, which does not exist"
                elif re.fullmatch(r"[\w-]+\.(cc|h|py|sh|cmake)", one) and one not in names:
                    yield f"{page}: `{code}`: no folder has a file {one}"


def wrong_commands(root):
    """Paths and make's targets in code blocks."""
    makefile = root / "Makefile"
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile.read_text(), re.M)) if makefile.exists() else set()
    for page, text in pages(root).items():
        if page.startswith("docs/designs/") or page == "CHANGELOG.md":
            continue
        blocks = "\n".join(block[0] for block in BLOCK.finditer(text))
        spans = re.findall(r"`(make [^`\n]+)`", text)
        for path in re.findall(r"(?<![\w./:-])((?:%s)/[\w./-]+)(?![\w*{$<])" % "|".join(map(re.escape, TOP)), blocks):
            if not (root / path).exists():
                yield f"{page}: a command names {path}, which does not exist"
        for target in [t for block in (blocks, *spans) for t in re.findall(r"(?:^|\|| )make ([a-z][a-z0-9-]*)", block, re.M)]:
            if target not in targets:
                yield f"{page}: make has no target {target}"


def untold_folders(root):
    """Folders that neither ARCHITECTURE.md nor CONTRIBUTING.md names: two levels, and a third of what ships."""
    told = "".join((root / page).read_text() for page in ("ARCHITECTURE.md", "CONTRIBUTING.md") if (root / page).exists())
    named = set(itertools.chain.from_iterable(expanded(word) for word in re.findall(r"[\w./{},-]*/[\w./{},-]*[\w}]", told)))
    named |= {str(parent) for name in named for parent in pathlib.PurePosixPath(name).parents}
    for top in (*SHIPPED, "tests", "hack"):
        for pattern in ("*", "*/*") if top in SHIPPED else ("*",):
            for folder in sorted((root / top).glob(pattern)):
                path = str(folder.relative_to(root))
                if folder.is_dir() and "__pycache__" not in path and any(folder.iterdir()) and path not in named:
                    yield f"ARCHITECTURE.md does not name the folder {path}"


def unknown_words(root):
    """Annotations and labels, words such as reasons and states, and chart values that are not in the tree."""
    code = "".join(file.read_text() for top in ("operator", "controllers", "crds", "charts") if (root / top).exists()
                   for file in sorted((root / top).rglob("*")) if file.suffix in (".h", ".cc", ".yaml", ".tpl"))
    keys, words = set(KEY.findall(code)), set(re.findall(r"\b[A-Z]\w+", code))
    values = root / "charts/profiling-operator/values.yaml"
    lines = values.read_text() if values.exists() else ""
    blocks, leaves = set(re.findall(r"^(\w+):", lines, re.M)), set(re.findall(r"(?:^|[{ ,])(\w+):", lines, re.M))
    for page, text in pages(root).items():
        if page.startswith("tests/") or page in ("CHANGELOG.md", "CONTRIBUTING.md"):
            continue
        yield from (f"{page}: no code knows profiling.dev/{key}" for key in sorted(set(KEY.findall(text)) - keys))
        named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", text))
        yield from (f"{page}: no code has the word {word}" for word in sorted(named - words))
        for value in sorted(set(re.findall(r"`(\w+(?:\.\w+)+)`", text))):
            if value.split(".")[0] in blocks and not set(value.split(".")) <= leaves:
                yield f"{page}: the chart has no value {value}"


def prose(root):
    """(path, line, text) of the documents and of whole-line comments, without what is quoted."""
    for page, text in pages(root).items():
        if page != "CONTRIBUTING.md":
            yield from ((page, number, line) for number, line in enumerate(without_code(text).split("\n"), 1))
    for top in (*SHIPPED, "hack", "tests"):
        for file in sorted((root / top).rglob("*")):
            mark = COMMENT.get(file.suffix)
            if not mark or not file.is_file() or SKIPPED & set(file.relative_to(root).parts) or file.suffix == "" and not file.stat().st_mode & 0o100:
                continue
            for number, line in enumerate(file.read_text(errors="replace").split("\n"), 1):
                if line.lstrip().startswith(mark):
                    yield str(file.relative_to(root)), number, line.lstrip().removeprefix(mark)


def words_ruled_out(root):
    for path, number, line in prose(root):
        for word in [hit[1] for pattern in RULED_OUT for hit in pattern.finditer(re.sub(r'"[^"]*"|`[^`]*`', "", line))]:
            yield f"{path}:{number}: '{word}': see the section English of CONTRIBUTING.md"


def metrics_in_code(root):
    """Only two folders may include the metrics library (tests/include_direction_test.py)."""
    for folder in ("operator/obs", "operator/app"):
        for file in sorted((root / folder).rglob("*.cc")):
            for literal in re.findall(r'"([a-z_]+)"', file.read_text()):
                if METRIC.fullmatch(literal):
                    yield literal


def metric_differences(root):
    documented = set(METRIC.findall((root / "docs/metrics.md").read_text()))
    served = set(metrics_in_code(root))
    yield from (f"docs/metrics.md: {name} is missing" for name in sorted(served - documented))
    yield from (f"docs/metrics.md: no process serves {name}" for name in sorted(documented - served))
    for page, text in pages(root).items():
        for code in re.findall(r"`([a-z_]+)[`{]", text) if not page.startswith("tests/") else []:
            if METRIC.fullmatch(code) and code not in served:
                yield f"{page}: no process serves {code}"


def stale_sections(root):
    """What hack/docs-sync would change."""
    docs_sync.ROOT = root
    try:
        for page, text in docs_sync.generated().items():
            if text != (root / page).read_text():
                yield f"{page}: differs from the code; run hack/docs-sync"
    except ValueError as error:
        yield str(error)
    finally:
        docs_sync.ROOT = ROOT


def too_long(root):
    for page, text in pages(root).items():
        lines = text.splitlines()
        if page == "README.md" and len(lines) > MAX_README:
            yield f"{page}: {len(lines)} lines; at most {MAX_README}"
        if page == "tests/bench/RESULTS.md":
            continue
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS and not line.lstrip().startswith(("|", ">")):
                yield f"{page}:{number}: {len(line)} columns; at most {MAX_COLUMNS}"


def missing_tests(root):
    """`file:test` of docs/security-tests.md that no file below tests has."""
    page = root / "docs/security-tests.md"
    sources = {}
    for file in sorted((root / "tests").rglob("*_test.*")) if page.exists() else []:
        sources.setdefault(file.name, []).append(file)
    named = re.findall(r"`([\w-]+_test\.\w+):(\w+)`", page.read_text()) if page.exists() else []
    for file, test in sorted(set(named)):
        if not any(re.search(rf"\b{test}\b", source.read_text()) for source in sources.get(file, [])):
            yield f"docs/security-tests.md: `{file}:{test}`: no folder of tests has such a test"
    for line in page.read_text().splitlines() if page.exists() else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and not cells[1] and not cells[2]:
            yield f"docs/security-tests.md: '{cells[0]}' has neither a test nor a reason"


def pictures_of_one_scheme(root):
    for file in sorted((root / "docs").rglob("*.svg")):
        if "prefers-color-scheme: dark" not in file.read_text():
            yield f"{file.relative_to(root)}: has no colours for a dark page"


CHECKS = (broken_links, missing_paths, wrong_commands, untold_folders, unknown_words, words_ruled_out, metric_differences, stale_sections,
          too_long, missing_tests, pictures_of_one_scheme)


def self_test():
    """Each check finds what it is for, and nothing in a tree that is right."""
    tables, docs_sync.TABLES = docs_sync.TABLES, [("operator/inject/reason.cc", "kRows", "reasons of the webhook")]
    good = {
        "README.md": "# A b\n[x](docs/metrics.md#two-words) [y](#a-b) `operator/obs/m.cc` `m.{cc,h}`\n",
        "ARCHITECTURE.md": "<!-- dependency table -->\n| Folder | may include |\n|---|---|\n| `operator/obs` | nothing of ours |\n"
                           "| `operator/inject` (pure) | `obs` |\n| `operator/app` | everything |\n<!-- end of dependency table -->\n",
        "docs/metrics.md": "## Two words\n`profiling_a_total`\n",
        "docs/picture.svg": "<style>@media (prefers-color-scheme: dark) {}</style>",
        "docs/troubleshooting.md": "<!-- reasons of the webhook -->\n### Fine\n\n> Do \"it\".\n\nBy hand.\n\n"
                                   "<!-- end of reasons of the webhook -->\n",
        "operator/obs/m.cc": 'counter("profiling_a_total")',
        "operator/obs/m.h": "",
        "operator/app/app.h": "",
        "operator/inject/reason.cc": 'kRows = {{\n{"Fine",\n "Do \\"it\\"."},\n}};',
        "tests/include_direction_test.py": 'ALLOWED = {"operator/obs": [], "operator/inject": ["operator/obs"], "operator/app": []}\n'
                                           'PURE = ("operator/inject/",)\n',
    }
    other_table = 'constexpr Vocabulary<R, 1> kRows{{{\n{R::kOther, "Other", "Do."},\n}}};'
    breaks = [
        (broken_links, "README.md", "[x](docs/none.md)", "which does not exist"),
        (broken_links, "README.md", "[x](docs/metrics.md#three)", "no such heading"),
        (broken_links, "docs/metrics.md", "[x](#none) `profiling_a_total`", "no such heading"),
        (broken_links, "README.md", "[x][y]\n\n[y]: none.md\n", "which does not exist"),
        (broken_links, "README.md", '<img src="docs/none.svg">', "which does not exist"),
        (broken_links, "README.md", "[x](../../../../../../../etc/hosts)", "which does not exist"),
        (missing_paths, "README.md", "`operator/obs/none.cc`", "operator/obs/none.cc"),
        (wrong_commands, "README.md", "# x\n\n    tests/none/run all\n", "tests/none/run"),
        (wrong_commands, "README.md", "# x\n```bash\nmake none  # why\n```\n", "no target none"),
        (wrong_commands, "docs/metrics.md", "Then `make none`.", "no target none"),
        (untold_folders, "operator/kube/store.h", "", "folder operator/kube"),
        (untold_folders, "operator/obs/new/x.h", "", "folder operator/obs/new"),
        (untold_folders, "tests/new/x.py", "", "folder tests/new"),
        (unknown_words, "docs/metrics.md", "`profiling.dev/none`", "profiling.dev/none"),
        (unknown_words, "docs/metrics.md", "`NoSuchReason`", "NoSuchReason"),
        (words_ruled_out, "docs/metrics.md", "It works. Of these, one stays.", "'Of these'"),
        (words_ruled_out, "operator/obs/m.h", "// Of these, one stays.", "'Of these'"),
        (words_ruled_out, "operator/obs/m.h", "// The server tells the client.", "'tells'"),
        (missing_paths, "README.md", "`m.{cc,py}`", "m.py"),
        (metric_differences, "operator/obs/m.cc", '"profiling_b_total"', "profiling_b_total is missing"),
        (metric_differences, "docs/metrics.md", "`profiling_a_total` `process_threads`", "serves process_threads"),
        (metric_differences, "README.md", "`profiling_old_total`", "serves profiling_old_total"),
        (stale_sections, "operator/inject/reason.cc", other_table, "Fine is no reason any more"),
        (stale_sections, "operator/inject/reason.cc", 'kRows = {{\n{"Fine", "Else."},\n}};', "run hack/docs-sync"),
        (stale_sections, "operator/inject/reason.cc", 'kRows = {{\n{"Fine", "Do \\"it\\"."},\n{"New", "Do."},\n}};', "run hack/docs-sync"),
        (stale_sections, "tests/include_direction_test.py", 'ALLOWED = {"operator/obs": []}\nPURE = ()\n', "ARCHITECTURE.md"),
        (stale_sections, "operator/inject/reason.cc", "kNone", "no table kRows"),
        (stale_sections, "operator/inject/reason.cc", 'kRows = {{\n{"Fine", "Do \\"it\\"."},\n{kName, kText},\n}};', "cannot read every row"),
        (too_long, "README.md", "x\n" * (MAX_README + 1), "121 lines"),
        (too_long, "docs/metrics.md", "x" * (MAX_COLUMNS + 1), "121 columns"),
        (missing_tests, "docs/security-tests.md", "| a | `x_test.py:test_a` | |", "has such a test"),
        (missing_tests, "docs/security-tests.md", "| a | | |", "neither a test nor a reason"),
        (pictures_of_one_scheme, "docs/picture.svg", "<svg/>", "dark page"),
    ]
    for check, page, text, expected in [(None, "README.md", good["README.md"], None), *breaks]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, content in {**good, page: text}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content)
            if check is None:
                found = [problem for every in CHECKS for problem in every(root)]
                assert not found, found
            else:
                found = list(check(root))
                assert any(expected in problem for problem in found), f"{check.__name__}({page}: {text[:60]!r}) found {found}"
    assert docs_sync.rows(other_table, "kRows") == [("Other", "Do.")]
    docs_sync.TABLES = tables


if __name__ == "__main__":
    self_test()
    problems = [problem for check in CHECKS for problem in check(ROOT)]
    print("\n".join(problems) or "the documents agree with the tree")
    sys.exit(bool(problems))
