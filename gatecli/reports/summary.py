"""What every report says alike: the state of the gate, the counts, and the order of findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from gatecli.model.baseline import KNOWN_BY
from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.escaping import clip, visible

COULD_NOT_CHECK = "could not check"

STATES = {
    ExitCode.OPEN: "open",
    ExitCode.CLOSED: "closed",
    ExitCode.NOTHING: "nothing was checked",
    ExitCode.UNCHECKABLE: COULD_NOT_CHECK,
}

NAME_LENGTH = 200
"""Names longer than this are cut in summaries, which other systems bound."""


def state(verdict: Verdict) -> str:
    """The state of the gate in words; a closed gate stays closed where its exit code is forgiven."""
    if verdict.closed and verdict.exit_code is ExitCode.OPEN:
        return "closed, forgiven by --exit-zero"
    return STATES[verdict.exit_code]


def gate_state(part: Verdict) -> str:
    """The state of one gate of several: one that had nothing to check says nothing about the others."""
    if part.exit_code is ExitCode.NOTHING:
        return "nothing to check"
    return "closed" if part.closed and part.exit_code is ExitCode.OPEN else STATES[part.exit_code]


def plural(count: int, noun: str) -> str:
    """`1 release`, `2 releases`, `3 policies`, `4 classes`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count} {noun[:-1]}ies"
    return f"{count} {noun}{'es' if noun.endswith(('s', 'x', 'z', 'ch', 'sh')) else 's'}"


def worst_first(verdict: Verdict) -> list[Finding]:
    """The findings that count; what could not be checked comes first, and is never hidden."""
    shown = [item for item in verdict.findings if item.suppressed is None or item.rule.uncheckable]
    return sorted(shown, key=lambda item: not item.rule.uncheckable)


def heading(verdict: Verdict) -> str:
    """What the findings that count are, beside a baseline; "" without one."""
    return "" if verdict.baseline is None else "New since the baseline"


MANY = 3
"""Notes of one rule of coverage that a report for people lists; of more it shows one, and the count."""


def condense(findings: list[Finding]) -> list[Finding]:
    """The findings with long lists of what was not searched counted: JSON and SARIF hold each of them."""
    counts = Counter(item.rule.id for item in findings if item.rule.coverage)
    listed: list[Finding] = []
    for item in findings:
        if not item.rule.coverage or counts[item.rule.id] <= MANY:
            listed.append(item)
        elif counts[item.rule.id] and item.rule.id not in {each.rule.id for each in listed}:
            listed.append(_count_note(item, counts[item.rule.id]))
    return listed


def _count_note(first: Finding, count: int) -> Finding:
    """One note for many of a rule, at the first of their places."""
    message = f"{first.message}; and {plural(count - 1, 'more note')} of this rule"
    return replace(first, message=message, remediation=f"-v lists them; {first.remediation}")


def suppressed_findings(verdict: Verdict) -> list[Finding]:
    """The findings that a waiver, a baseline or a comment forgives."""
    return [item for item in verdict.findings if item.suppressed is not None and not item.rule.uncheckable]


def label(finding: Finding) -> str:
    """How bad it is, in words: an input that could not be judged is not one more error."""
    return COULD_NOT_CHECK if finding.rule.uncheckable else finding.severity.value


def reason(finding: Finding) -> str:
    """Why a suppressed finding does not count; "" for one that does."""
    why = finding.suppressed
    if why is None:
        return ""
    until = f" until {why.expires}" if why.expires else ""
    name = "" if why.name == why.by else f" {why.name}"
    owner = f" (owner {why.owner})" if why.owner else ""
    return visible(f"{why.by}{name}{owner}{until}" + (f": {why.reason}" if why.reason else ""))


def _checked_line(verdict: Verdict) -> str:
    kinds = Counter(clip(visible(item.kind), NAME_LENGTH) for item in verdict.checked)
    parts = [plural(count, kind) for kind, count in sorted(kinds.items())]
    return "checked " + (", ".join(parts) or "nothing")


def new_count(verdict: Verdict) -> int:
    """How many of the findings that count no baseline holds; 0 where there was none."""
    return sum(item.new is True for item in worst_first(verdict))


def known_count(verdict: Verdict) -> int:
    """How many findings a baseline forgives."""
    return sum(item.suppressed is not None and item.suppressed.by == KNOWN_BY for item in verdict.findings)


def _hidden_lines(verdict: Verdict) -> list[str]:
    known = known_count(verdict)
    others = verdict.suppressed_count - known
    beside = [f"{new_count(verdict)} new", f"{known} known"] if verdict.baseline else []
    return [*beside, *([f"{others} suppressed"] if others else []), *_falsehoods(verdict)]


def _falsehoods(verdict: Verdict) -> list[str]:
    """What is known to be false and does not count: nobody must take the gate for open without it."""
    waived = [item for item in suppressed_findings(verdict) if item.rule.falsehood]
    if not waived:
        return []
    until = max(item.suppressed.expires for item in waived if item.suppressed)
    return [f"{plural(len(waived), 'false declaration')} waived until {until}"]


def summary(verdict: Verdict) -> str:
    """One line: `closed · 1 error · policy default · checked 1 release`."""
    counts = [plural(verdict.count(level), level.value) for level in Severity if verdict.count(level)]
    revision = clip(visible(verdict.policy.revision), NAME_LENGTH)
    of = f" of {revision}" if revision else ""
    policy = f"policy {clip(visible(verdict.policy.name), NAME_LENGTH)}{of}"
    checked = [_checked_line(verdict)] if verdict.exit_code is not ExitCode.NOTHING else []
    return " · ".join([state(verdict), *counts, *_hidden_lines(verdict), policy, *checked])
