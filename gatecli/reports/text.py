"""The report for a person at a terminal: quiet when good, plain text wherever it goes."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.baseline import KnownFinding
from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import Checked, ExitCode, Verdict
from gatecli.reports.escaping import inert, visible
from gatecli.reports.forgiven import forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.summary import (
    COULD_NOT_CHECK,
    condense,
    gate_state,
    label,
    plural,
    reason,
    summary,
    suppressed_findings,
    worst_first,
)
from gatecli.reports.words import groups_in_words
from gatecli.reports.wrap import wrap

name = "text"

NARROWEST = 24

FORGIVEN = 20
"""Waivers and comments that are listed without -v."""

_BOLD, _DIM = "1", "2"
_LABEL_COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    COULD_NOT_CHECK: "1;35",
    "suppressed": _DIM,
}
_STATE_COLOURS = {
    ExitCode.OPEN: "32",
    ExitCode.CLOSED: "1;31",
    ExitCode.NOTHING: "1;35",
    ExitCode.UNCHECKABLE: "1;35",
}


def _paint(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.colour else text


def _body(text: str, style: Style, first: str = "  ") -> Iterator[str]:
    width = max(style.width, NARROWEST)
    yield from map(inert, wrap(visible(text), width, first=first, rest=" " * len(first)))


def _header(finding: Finding, word: str, style: Style) -> str:
    place = _paint(inert(visible(str(finding.place))) or "-", _BOLD, style)
    return f"{place}  {_paint(word, _LABEL_COLOURS[word], style)}  {inert(visible(finding.rule.id))}"


def finding_lines(finding: Finding, style: Style) -> Iterator[str]:
    yield _header(finding, label(finding), style)
    yield from _body(finding.message, style)
    if finding.remediation:
        yield from _body(finding.remediation, style, "  fix: ")


def _suppressed_lines(finding: Finding, style: Style) -> Iterator[str]:
    yield _header(finding, "suppressed", style)
    yield from _body(finding.message, style)
    yield from _body(reason(finding), style, "  by ")


def _stale(known: KnownFinding, style: Style) -> Iterator[str]:
    yield f"{inert(visible(known.path)) or '-'}  {_paint('stale', _DIM, style)}  {inert(visible(known.rule))}"
    yield from _body(f"the baseline holds {known.fingerprint}, which this run did not find", style)


def _checked_lines(item: Checked, style: Style) -> Iterator[str]:
    yield from _body(f"{item.kind} {item.name} ({item.path})", style, "checked ")
    for title, group in groups_in_words(item.measures):
        told = " · ".join(f"{label}: {value}" for label, value in group)
        yield from _body(f"{title}: {told}" if title else told, style)


def _shown_findings(verdict: Verdict, style: Style) -> list[Finding]:
    findings = worst_first(verdict)
    if style.verbosity >= 0:
        return findings if style.verbosity else condense(findings)
    return [item for item in findings if item.rule.uncheckable or verdict.closed_by(item)]


def _forgiven_lines(verdict: Verdict, style: Style) -> Iterator[str]:
    """Who forgave what, until when."""
    told = forgiveness_of(verdict) if style.verbosity >= 0 else ()
    shown = told if style.verbosity > 0 else told[:FORGIVEN]
    for each in shown:
        yield from _body(each.sentence, style, "forgiven ")
    if len(told) > len(shown):
        yield from _body(f"and by {len(told) - len(shown)} more: -v lists them", style, "forgiven ")


def _gates(verdict: Verdict, style: Style) -> Iterator[str]:
    """A line a gate, where several were run."""
    for part in verdict.parts:
        counts = ", ".join(plural(part.count(each), each.value) for each in Severity if part.count(each))
        told = f"{part.gate:<10} {gate_state(part):<17} checked {len(part.checked)}{counts and ', '}{counts}"
        yield _paint(told, _STATE_COLOURS[part.exit_code], style)


def _lines(verdict: Verdict, style: Style) -> Iterator[str]:
    for finding in _shown_findings(verdict, style):
        yield from finding_lines(finding, style)
    if style.verbosity > 0:
        for finding in suppressed_findings(verdict):
            yield from _suppressed_lines(finding, style)
        for known in verdict.stale:
            yield from _stale(known, style)
        for item in verdict.checked:
            yield from _checked_lines(item, style)
    yield from _forgiven_lines(verdict, style)
    yield from _gates(verdict, style)
    word, dot, rest = inert(summary(verdict)).partition(" · ")
    code = ExitCode.CLOSED if verdict.closed and not verdict.uncheckable else verdict.exit_code
    yield _paint(word, _STATE_COLOURS[code], style) + dot + rest


def render(verdict: Verdict, style: Style, /) -> str:
    """Findings, worst first, and one summary line."""
    return "\n".join(_lines(verdict, style)) + "\n"
