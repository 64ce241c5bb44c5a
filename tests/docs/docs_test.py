#!/usr/bin/python3
"""Holds the documents to the tree: links, paths, metric names, reason codes and lengths."""
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
        for target in re.findall(r"\]\(<?([^)>\s]+)>?\)", without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = ((root / page).parent / path).resolve() if path else root / page
            if not file.exists():
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
        if page.startswith("tests/"):
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


CHECKS = (broken_links, missing_paths, metric_differences, stale_sections, too_long, missing_tests, pictures_of_one_scheme)


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
        (missing_paths, "README.md", "`operator/obs/none.cc`", "operator/obs/none.cc"),
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
