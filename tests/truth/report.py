"""What a run prints, and whether it is good. Pure functions, tested by report_test.py."""
import comparison
import known


def entry(name, tables=None):
    known_, upstream = tables or (known.KNOWN, known.UPSTREAM)
    return known_.get(name) or upstream.get(name)


def verdict(outcome, tables=None):
    """holds, fails, known (fails as expected) or stale (holds although it is listed)."""
    listed = entry(outcome.cell.name, tables)
    if listed is None:
        return "holds" if outcome.holds else "fails"
    if outcome.holds:
        return "holds" if listed.sometimes else "stale"
    return "known"


def good(outcomes, tables=None):
    return bool(outcomes) and all(verdict(o, tables) in ("holds", "known") for o in outcomes)


def describe(finding):
    return (f"{finding.what}: expected {finding.expected:.2f}, seen {finding.seen:.2f}, "
            f"difference {finding.difference:.1f} {finding.unit} (at most {finding.limit:.0f})")


def line(outcome, number, count, tables=None):
    worst = "; ".join(describe(f) for f in outcome.findings if not f.holds)
    why = outcome.error.splitlines()[0] if outcome.error else worst
    return f"[{number}/{count}] {verdict(outcome, tables):5} {outcome.cell.name}" + (f"  {why}" if why else "")


def rows(outcomes, kind, tables):
    found = []
    for outcome in sorted((o for o in outcomes if verdict(o, tables) == kind), key=lambda o: o.cell.name):
        listed = entry(outcome.cell.name, tables)
        found.append(f"{kind} {outcome.cell.name}" + (f" ({listed.cause})" if listed else ""))
        if kind == "stale":
            found.append("    it holds: remove it from tests/truth/known.py")
        found += [f"    {text}" for text in outcome.error.splitlines()]
        found += [f"    {describe(f)}" for f in outcome.findings if not f.holds]
    return found


def summary(outcomes, seconds, tables=None):
    text = [row for kind in ("known", "stale", "fails") for row in rows(outcomes, kind, tables)]
    holding = [o for o in outcomes if o.holds]
    findings = [f for o in holding for f in o.findings if f.what.startswith(("share", "total"))]
    text.append(f"{len(outcomes)} cells in {seconds:.0f} s; {sum(verdict(o, tables) == 'known' for o in outcomes)} known not to hold")
    text.append(f"truth: {len(holding)} of {len(outcomes)} cells hold; worst share {comparison.worst(findings, 'points'):.1f} points, "
                f"worst total {comparison.worst(findings, '%'):.1f} %")
    return "\n".join(text)
