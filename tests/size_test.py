#!/usr/bin/python3
"""Holds the sizes of what people read: no function over 60 lines, no file over 400, in what ships."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_FUNCTION = 60
MAX_FILE = 400
CPP, AGENTS = (".h", ".cc"), (".py", ".cjs", ".mjs", ".java", ".rb")
# clang-format closes a function of a namespace in the first column and a member of a class two blanks further in.
SCOPE = re.compile(r"^\s*(inline )?(namespace|extern)\b")
TYPE = re.compile(r"^\s*(template <.*> *)?(class|struct|union)\b[^=;()]*(\(.*\)[^;=]*)?\{$")
DATA = re.compile(r"=\s*\{*$|=\s*\{|^\s*enum\b|\{\{$")
OPERATOR = re.compile(r"\boperator\s*[-+*/%^&|~!=<>]+")  # its name may end with =, as data does before {
BEHIND = re.compile(r"\{\s*//.*$")  # a comment behind the brace


def opens(head):
    return "(" in head and not DATA.search(OPERATOR.sub("operator", head).split("(")[0])


def functions_of(text, lines=None, begin=0, end=None, indent=""):
    """(name, first line, lines) of each function definition."""
    lines = [BEHIND.sub("{", line) for line in text.split("\n")] if lines is None else lines
    end = len(lines) if end is None else end
    number = begin
    while number < end:
        line = lines[number]
        if not line.startswith(indent) or not line.endswith("{") or SCOPE.match(line):
            number += 1
            continue
        first = number
        while first > begin and lines[first - 1].startswith(indent) and not re.search(
                r"[;{}]\s*(//.*)?$|^\s*(//|#)|^\s*(public|private|protected):$|^\s*$", lines[first - 1]):
            first -= 1
        if not re.match(indent + r"\S", lines[first]):
            number += 1
            continue
        closing = indent + "}"
        last = next((n for n in range(number + 1, end) if lines[n].startswith(closing)), None)
        if last is None:
            number += 1
            continue
        head = " ".join(lines[first:number + 1])
        if TYPE.match(head):
            yield from functions_of(text, lines, number + 1, last, indent + "  ")
        elif opens(head):
            name = re.search(r"([\w:~]+)\s*\(", head)
            yield name[1] if name else "operator", first + 1, last - first + 1
        number = last + 1


def problems_of(path, text):
    count = text.count("\n")
    if count > MAX_FILE:
        yield f"{path}: {count} lines, at most {MAX_FILE}: split it by subject"
    for name, line, length in functions_of(text) if path.endswith(CPP) else []:
        if length > MAX_FUNCTION:
            yield f"{path}:{line}: {name} has {length} lines, at most {MAX_FUNCTION}: give its steps names"


def check(root=ROOT):
    found = []
    for top in ("operator", "controllers", "webhooks"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (*CPP, *AGENTS) and "node_modules" not in file.relative_to(root).parts:
                found += problems_of(str(file.relative_to(root)), file.read_text())
    return found


def self_test():
    """The test can fail."""
    body = "  call();\n" * 58
    fits = "int fits(int a,\n         int b) {\n" + body[:-10] + "}\n"
    assert not list(problems_of("x.cc", fits)), list(problems_of("x.cc", fits))
    for long in (f"void tooLong() {{\n{body}  call();\n}}\n", f"Class::Class(int a)\n    : a_(a) {{\n{body}}}\n",
                 f"class C {{\n  void tooLong() {{\n{body}    call();\n  }}\n}};\n",
                 f"bool operator==(const A& a, const A& b) {{\n{body}  call();\n}}\n",
                 f"void tooLong() {{  // why\n{body}  call();\n}}\n"):
        assert len(list(problems_of("x.cc", long))) == 1, (long[:40], list(problems_of("x.cc", long)))
    table = "constexpr std::array<int, 90> kTable = {{\n" + "    1,\n" * 90 + "}};\n"
    assert not list(problems_of("x.cc", table))
    assert list(problems_of("x.cc", "\n" * 401)) and list(problems_of("x.py", "\n" * 401)), "a file that is too long"


if __name__ == "__main__":
    self_test()
    found = check()
    print("\n".join(found) or "every function and every file keeps to its size")
    sys.exit(bool(found))
