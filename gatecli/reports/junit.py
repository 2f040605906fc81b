"""JUnit XML, as test dashboards read it: many of them read one failure a case, and a name once.

So each checked subject that nothing stands against is a passing case, and each finding is a case of
its own: a failure where it closes the gate, an error where something could not be checked, skipped
where it is suppressed, passed with a remark where it only warns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.model.finding import Finding
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.escaping import inert, visible
from gatecli.reports.forgiven import MOST, forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.summary import reason, state, summary, suppressed_findings, worst_first

name = "junit"

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


@dataclass(frozen=True, slots=True)
class _TestCase:
    """One test case: `outcome` is failure, error, skipped or passed."""

    name: str
    path: str
    outcome: str = "passed"
    kind: str = ""
    message: str = ""
    detail: str = ""


def _xml(text: str) -> str:
    """Text that XML 1.0 allows (section 2.2) and that ends neither element nor attribute."""
    return inert(visible(text).translate(_XML), colon="&#58;", hashes="#&#35;")


def _attributes(**values: object) -> str:
    return "".join(f' {key}="{_xml(str(value))}"' for key, value in values.items() if value != "")


def _outcome(finding: Finding, verdict: Verdict) -> str:
    if finding.rule.uncheckable:
        return "error"
    if finding.suppressed is not None:
        return "skipped"
    return "failure" if verdict.closed_by(finding) else "passed"


def _of_finding(finding: Finding, verdict: Verdict) -> _TestCase:
    where = f" {finding.place.pointer}" if finding.place.pointer else ""
    mend = f"fix: {finding.remediation}" if finding.remediation else ""
    outcome = _outcome(finding, verdict)
    return _TestCase(
        name=f"{finding.subject}: {finding.rule.id}{where}",
        path=finding.place.path,
        outcome=outcome,
        kind=finding.rule.id,
        message=reason(finding) if outcome == "skipped" else finding.message,
        detail="\n".join(_xml(line) for line in (str(finding.place), finding.message, mend) if line),
    )


def _cases(verdict: Verdict) -> Iterator[_TestCase]:
    shown = worst_first(verdict)
    against = {item.subject for item in shown if item.rule.uncheckable or verdict.closed_by(item)}
    if verdict.exit_code is ExitCode.NOTHING:
        words = state(verdict)
        yield _TestCase(words, "", "error", "nothing-checked", words, "that is never a pass")
    for item in verdict.checked:
        if item.name not in against:
            yield _TestCase(f"{item.kind} {item.name}", item.path)
    for finding in [*shown, *suppressed_findings(verdict)]:
        yield _of_finding(finding, verdict)


def _inside(case: _TestCase) -> str:
    if case.outcome == "passed":
        return f"<system-out>{case.detail}</system-out>" if case.detail else ""
    if case.outcome == "skipped":
        return f"<skipped{_attributes(message=case.message)}/>"
    return (
        f"<{case.outcome}{_attributes(type=case.kind, message=case.message)}>{case.detail}</{case.outcome}>"
    )


def _named_once(cases: Iterator[_TestCase]) -> Iterator[tuple[str, _TestCase]]:
    taken: set[str] = set()
    repeats: Counter[str] = Counter()
    for case in cases:
        unique = shown = visible(case.name)
        while unique in taken:
            repeats[shown] += 1
            unique = f"{shown} ({repeats[shown] + 1})"
        taken.add(unique)
        yield unique, case


def _properties(verdict: Verdict) -> Iterator[str]:
    """The summary, and who forgave what until when."""
    yield f"<property{_attributes(name='summary', value=summary(verdict))}/>"
    for each in forgiveness_of(verdict)[:MOST]:
        yield f"<property{_attributes(name='forgiven', value=each.sentence)}/>"


def render(verdict: Verdict, _: Style, /) -> str:
    """One suite a gate; no times, so that the same verdict gives the same bytes."""
    cases = list(_named_once(_cases(verdict)))
    outcomes = Counter(case.outcome for _, case in cases)
    suite = f"gatecli {verdict.gate}"
    totals = {"tests": len(cases), "failures": outcomes["failure"], "errors": outcomes["error"]}
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites{_attributes(name='gatecli', **totals, time=0)}>",
        f"  <testsuite{_attributes(name=suite, **totals, skipped=outcomes['skipped'], time=0)}>",
        f"    <properties>{''.join(_properties(verdict))}</properties>",
    ]
    for unique, case in cases:
        head = _attributes(classname=f"gatecli.{verdict.gate}", name=unique, file=case.path, time=0)
        inside = _inside(case)
        lines.append(f"    <testcase{head}>{inside}</testcase>" if inside else f"    <testcase{head}/>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"
