"""Workflow commands of GitHub Actions: annotations at the line, worst first within the caps.

A step shows ten annotations of each level and drops the rest in silence, so the tenth says how many
more there are. Data escapes `%` first, then CR and LF; properties also `:` and `,`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.escaping import clip, inert, visible
from gatecli.reports.forgiven import MOST, forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.summary import COULD_NOT_CHECK, plural, state, summary, worst_first

name = "github"

MAX_OF_A_LEVEL = 10
MAX_LENGTH = 4_000
"""Of a line, in characters, so that one stranger's text does not crowd out the others."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def escape_data(text: str) -> str:
    """The message of a workflow command; `%` goes first, or the others would be escaped twice."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The value of a property, which `:` and `,` would end."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _command(level: str, *lines: str, **properties: object) -> str:
    """One workflow command; each of `lines` is a line of the annotation."""
    shown = ",".join(
        f"{key}={escape_property(visible(str(value)))}"
        for key, value in properties.items()
        if value not in {None, ""}
    )
    message = "\n".join(clip(visible(line), MAX_LENGTH) for line in lines if line)
    return f"::{level} {shown}::{escape_data(message)}"


def _annotation(level: str, finding: Finding) -> str:
    place, rule = finding.place, finding.rule
    title = f"{COULD_NOT_CHECK}: {rule.id}" if rule.uncheckable else rule.id
    mend = f"fix: {finding.remediation}" if finding.remediation else ""
    at = {"file": place.path, "line": place.line, "col": place.column}
    return _command(level, finding.message, mend, **at, title=title)


def _level(finding: Finding) -> str:
    return _COMMANDS[Severity.ERROR if finding.rule.uncheckable else finding.severity]


def _cap_annotations(level: str, findings: list[Finding]) -> Iterator[str]:
    over = len(findings) > MAX_OF_A_LEVEL
    shown = findings[: MAX_OF_A_LEVEL - 1] if over else findings
    yield from (_annotation(level, finding) for finding in shown)
    if over:
        more = plural(len(findings) - len(shown), f"more {level}")
        yield _command(level, f"and {more}: the text, json and sarif reports hold them all", title="gatecli")


def render(verdict: Verdict, _: Style, /) -> str:
    """Annotations by level, then plain lines: who forgave what, and the summary."""
    findings = worst_first(verdict)
    lines = [
        line
        for level in _COMMANDS.values()
        for line in _cap_annotations(level, [finding for finding in findings if _level(finding) == level])
    ]
    if verdict.exit_code is ExitCode.NOTHING:
        lines.insert(0, _command("error", f"{state(verdict)}: that is never a pass", title="gatecli"))
    forgiven = [clip(f"forgiven {each.sentence}", MAX_LENGTH) for each in forgiveness_of(verdict)[:MOST]]
    return "\n".join([*lines, *map(inert, forgiven), inert(summary(verdict))]) + "\n"
