#!/usr/bin/python3
"""No reason, result or finding is compared or set as text: code uses the enum of its vocabulary."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORD = r'"[A-Z][A-Za-z]*"'
NAME = r"(reason|result|finding|phase|state|attribution|mode|verdict)"
SUBJECT = rf"(\b|_){NAME}(Name|Text)?(\([^()]*\))?\)?"  # also verdict_reason, reason(), reasonName(x), f(reason)
PATTERNS = [re.compile(p, re.S) for p in (
    rf'{SUBJECT}\s*(==|!=)\s*(std::string(_view)?\()?{WORD}',
    rf'{WORD}s?v?\)?\s*(==|!=)\s*[\w.>()-]*\b{NAME}\b',
    rf'{SUBJECT}\s*\.\s*(compare|starts_with|contains|find)\(\s*{WORD}',
    rf'\b{NAME}("\])?\s*=\s*[^;={{}}]*?{WORD}',
    rf'\b(enter|wait|remember|rollBack|hold)\([^;"]*{WORD}\s*[,)]',
)]
COMMENT = re.compile(r"//[^\n]*")
# Words of other systems, which have no enum of ours.
FOREIGN = {
    "operator/kube/errors.cc": "the API server's Status",
    "operator/inject/pods/container_status.cc": "the kubelet's container states",
    "operator/inject/pods/facts_decoder.cc": "the kubelet's pod phases",
    "controllers/rollout/owner.cc": "the phase of an Argo Rollout",
    "controllers/profilingserver/diagnose.cc": "the kubelet's container states",
}


def problems_of(path, text):
    if path in FOREIGN:
        return
    lines = text.splitlines()
    code = COMMENT.sub("", text)  # a comparison may go over several lines
    for number in sorted({code[:hit.start()].count("\n") for pattern in PATTERNS for hit in pattern.finditer(code)}):
        yield f"{path}:{number + 1}: a word of a vocabulary as text: {lines[number].strip()}"


def check(root=ROOT):
    for top in ("operator", "controllers", "webhooks"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (".h", ".cc"):
                yield from problems_of(str(file.relative_to(root)), file.read_text())


def self_test():
    """The test can fail: comparisons as text are found, those of enums and messages are not."""
    bad = (
        'if (r.reason == "Queued") return;',
        'if (w.record.reason != "NoPods") return;',
        'if ("Complete" == h.result) return;',
        'verdict.reason = "GitOpsConflict";',
        'verdict.reason = missed ? "InjectionMissed" : "ProgressDeadlineExceeded";',
        'enter(State::kPreflight, "Repair", "pods started without the agent");',
        'wait("Cooldown", "its pods were replaced a moment ago", rested);',
        'remember("Complete", {});',
        'if (policy.status.phase == "Halted") return 1;',
        'if (r.reason ==\n    "Queued") return;',
        'if (reasonName(r.reason) == "Queued") return;',
        'if (std::string_view(r.reason) == "Queued") return;',
        'if (r.reason.compare("Queued") == 0) return;',
        'if (r.reason.starts_with("Queued")) return;',
        'if (w.verdict_reason != "Crash") return;',
        'if (condition.reason() == "Held") return;',
        'if (verdict.attribution == "Agent") return;',
        'if (policy.spec.mode == "Observe") return;',
        'status["reason"] = "Queued";',
    )
    for line in bad:
        assert list(problems_of("controllers/x.cc", line)), f"{line} must be refused"
    good = (
        "if (r.reason == RolloutReason::kQueued) return;",
        'enter(State::kSkipped, RolloutReason::kNoPods, "it has no pods; the first one gets the agent");',
        'result.verdict.message = "Too many";',
        'out.reason = api::RolloutReason::kCrash;',
        '// reason == "Queued" is what the text of the record says',
    )
    for line in good:
        assert not list(problems_of("controllers/x.cc", line)), f"{line} must be accepted"
    assert not list(problems_of("operator/kube/errors.cc", bad[0])), "words of other systems are text"


if __name__ == "__main__":
    self_test()
    found = list(check())
    print("\n".join(found) or "no word of a vocabulary is compared or set as text")
    sys.exit(bool(found))
