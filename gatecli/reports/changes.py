"""What `gatecli diff` shows: two reports compared, as text, JSON and Markdown. None decides anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from gatecli import package
from gatecli.model.comparison import Comparison
from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import ExitCode
from gatecli.reports import json_v1, markdown, text
from gatecli.reports.escaping import inert, visible
from gatecli.reports.interface import Style
from gatecli.reports.summary import STATES, plural, reason

SCHEMA = "gatecli/diff/v1"

_POLICY_CHANGED = "the two runs used different policies, so a new finding need not be new in the files"
_NOT_WHOLE = {
    ExitCode.NOTHING: "the later run checked nothing: that is never a pass",
    ExitCode.UNCHECKABLE: "the later run could not check everything: that is never a pass",
}


def summary(comparison: Comparison) -> str:
    """One line: `closed · 2 new (1 error, 1 note) · 1 fixed · 7 unchanged`."""
    levels = Counter(each.severity for each in comparison.counting)
    kinds = [plural(levels[level], level.value) for level in Severity if levels[level]]
    forgiven = len(comparison.new) - len(comparison.counting)
    kinds += [f"{forgiven} suppressed"] if forgiven else []
    new = f"{len(comparison.new)} new" + (f" ({', '.join(kinds)})" if kinds else "")
    others = (f"{len(comparison.fixed)} fixed", f"{len(comparison.unchanged)} unchanged")
    return " · ".join((STATES[comparison.exit_code], new, *others))


def _remarks(comparison: Comparison) -> list[str]:
    remarks = [_NOT_WHOLE[comparison.exit_code]] if comparison.exit_code in _NOT_WHOLE else []
    return [*remarks, *([_POLICY_CHANGED] if comparison.policy_changed else [])]


def as_text(comparison: Comparison, style: Style) -> str:
    """The new findings as the text report shows them, a line for each that is fixed, and the summary."""
    lines = [*_text(comparison, style), *map(inert, _remarks(comparison)), summary(comparison)]
    return "\n".join(lines) + "\n"


def _text(comparison: Comparison, style: Style) -> Iterator[str]:
    for finding in comparison.counting:
        yield from text.finding_lines(finding, style)
    yield from (_line(finding, "fixed") for finding in comparison.fixed)
    if style.verbosity > 0:
        hidden = (each for each in comparison.new if each not in comparison.counting)
        yield from (_line(finding, f"new, {reason(finding)}") for finding in hidden)
        yield from (_line(finding, "unchanged") for finding in comparison.unchanged)


def _line(finding: Finding, word: str) -> str:
    return f"{_place(finding)}  {inert(word)}  {inert(visible(finding.rule.id))}"


def _place(finding: Finding) -> str:
    return inert(visible(str(finding.place))) or "-"


def as_json(comparison: Comparison, _: Style) -> str:
    """Schema `gatecli/diff/v1`; the findings are those of `gatecli/report/v1`."""
    groups = {
        "new": comparison.new,
        "fixed": comparison.fixed,
        "unchanged": comparison.unchanged,
    }
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "tool": {"name": "gatecli", "version": package.VERSION},
        "gate": comparison.after.gate,
        "exit_code": int(comparison.exit_code),
        "policyChanged": comparison.policy_changed,
        **{name: [json_v1.finding_data(each) for each in group] for name, group in groups.items()},
        "summary": {name: len(group) for name, group in groups.items()},
    }
    return json_v1.dump(content)


def as_markdown(comparison: Comparison, _: Style) -> str:
    """A heading, and a table of what is new; bounded as a job summary is."""
    top = [
        markdown.MARKER,
        f"## gatecli diff: {STATES[comparison.exit_code]}",
        "",
        summary(comparison),
        *(part for remark in _remarks(comparison) for part in ("", remark)),
    ]
    new = markdown.table(list(comparison.counting), markdown.SUMMARY_LIMIT - 2_000, "New")
    return "\n".join([*top, *new]) + "\n"
