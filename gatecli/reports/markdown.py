"""GitHub-flavoured Markdown for a job summary or a pull-request comment: bounded, and nobody is pinged.

A stranger's text is shown as text. Characters that mean something to Markdown become character
references, which can never be structure (CommonMark, section 2.5). A word that a forge would turn
into a link, a mention or a reference to an issue becomes a code span, where forges leave it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.verdict import Verdict
from gatecli.reports.escaping import clip, inert, visible
from gatecli.reports.forgiven import Forgiveness, forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.summary import condense, gate_state, heading, label, plural, state, summary, worst_first

name = "markdown"

MARKER = "<!-- gatecli -->"
"""First line, hidden: a later run finds its own comment by it."""

SUMMARY_LIMIT = 1_048_576
"""Bytes of a job summary; a longer one is dropped whole."""

COMMENT_LIMIT = 65_536
"""Characters of a comment; counted here as bytes, of which there are never fewer."""

CELL = 2_000
"""Characters of a cell, so that one stranger's text does not crowd out the other rows."""

_RESERVE = 200
_SHARE = 4
"""Of the room, what is forgiven takes one part at most."""
_LEAST = 4_096

_REFERENCES = str.maketrans({char: f"&#{ord(char)};" for char in "\\`*_[]|~$"}) | str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_LIVE_WORD = re.compile(r"[@#!]\w|://|www\.|\bgh-\d|\w@|:\w+:", re.IGNORECASE)
_RULE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GATES = ("| gate | state | checked | errors | warnings | notes |", "| --- | --- | --: | --: | --: | --: |")
_FORGIVEN = ("| forgiven by | owner | until | findings | reason |", "| --- | --- | --- | --- | --- |")
_HEAD = ("| severity | rule | place | finding | fix |", "| --- | --- | --- | --- | --- |")


def code(text: str) -> str:
    """A code span that holds the text and nothing else; a pipe, which would end a cell, stands outside."""
    spans = [_span(part) for part in visible(text).split("|")]
    return "&#124;".join(spans)


def _span(text: str) -> str:
    if not text.strip(" "):
        return text
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def inline(text: str) -> str:
    """A text that stays text: no structure, no HTML, no link, no mention, no reference."""
    words = visible(text).split(" ")
    return " ".join(code(word) if _LIVE_WORD.search(word) else word.translate(_REFERENCES) for word in words)


def _rule(rule: Rule) -> str:
    shown = code(rule.id)
    return f"[{shown}]({rule.url})" if _RULE_ID.fullmatch(rule.id) else shown


def _row(finding: Finding) -> str:
    cells = (
        label(finding),
        _rule(finding.rule),
        code(clip(visible(str(finding.place)), CELL)),
        inline(clip(visible(finding.message), CELL)),
        inline(clip(visible(finding.remediation), CELL)),
    )
    return inert(f"| {' | '.join(cells)} |")


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _rows_that_fit(lines: Iterable[str], room: int) -> list[str]:
    """The first rows that fit into `room` bytes; no row is cut."""
    rows: list[str] = []
    for row in lines:
        room -= _size(row)
        if room < 0:
            break
        rows.append(row)
    return rows


def _gate(part: Verdict) -> str:
    counts = (len(part.checked), *(part.count(severity) for severity in Severity))
    return f"| {' | '.join([inline(part.gate), gate_state(part), *map(str, counts)])} |"


def _gates(verdict: Verdict) -> list[str]:
    """A row a gate, where several were run."""
    return ["", *_GATES, *map(_gate, verdict.parts)] if verdict.parts else []


def table(findings: list[Finding], room: int, title: str = "") -> list[str]:
    """A table of findings in at most `room` bytes; nothing where there is none."""
    if not findings:
        return []
    head = [*(["", f"### {title}"] if title else []), "", *_HEAD]
    rows = _rows_that_fit(map(_row, findings), room - sum(map(_size, head)) - _RESERVE)
    left = len(findings) - len(rows)
    more = ["", f"{plural(left, 'more finding')} left out for length, none worse than these."] if left else []
    return [*head, *rows, *more]


def _forgiven_row(one: Forgiveness) -> str:
    cells = (one.source, one.owner, one.end, one.findings, one.reason)
    return inert(f"| {' | '.join(map(inline, cells))} |")


def _forgiven_table(verdict: Verdict, room: int) -> list[str]:
    """Who forgave what until when, in at most `room` bytes; nothing where nothing was forgiven."""
    told = forgiveness_of(verdict)
    if not told:
        return []
    head = ["", "### Forgiven", "", *_FORGIVEN]
    rows = _rows_that_fit(map(_forgiven_row, told), room - sum(map(_size, head)) - _RESERVE)
    left = len(told) - len(rows)
    more = ["", f"{plural(left, 'more entry')} left out for length: the JSON report has all."] if left else []
    return [*(head if rows else []), *rows, *more]


def render(verdict: Verdict, _: Style, /, *, limit: int = SUMMARY_LIMIT) -> str:
    """A heading with the state of the gate and a table, worst first, in at most `limit` bytes.

    Raises ValueError for a limit below 4,096, in which the heading is not sure to fit.
    """
    if limit < _LEAST:
        raise ValueError(f"a markdown report needs at least {_LEAST} bytes")
    top = [
        MARKER,
        f"## gatecli {inline(verdict.gate)}: {state(verdict)}",
        "",
        inert(inline(summary(verdict))),
        *_gates(verdict),
    ]
    room = limit - sum(map(_size, top))
    forgiven = _forgiven_table(verdict, room // _SHARE)
    room -= sum(map(_size, forgiven))
    found = table(condense(worst_first(verdict)), room, heading(verdict))
    return "\n".join([*top, *found, *forgiven]) + "\n"
