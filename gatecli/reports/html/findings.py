"""The findings of a page: those that count, worst first, and those that are forgiven."""

from __future__ import annotations

import re
from collections import Counter

from gatecli.model.finding import Finding, Rule
from gatecli.model.verdict import Verdict
from gatecli.reports.escaping import clip
from gatecli.reports.forgiven import forgiveness_of
from gatecli.reports.html.markup import (
    TEXT,
    Child,
    Markup,
    details,
    each,
    element,
    join_children,
    lines,
    table,
)
from gatecli.reports.summary import heading, label, plural, reason, suppressed_findings, worst_first

MOST = 1_000
"""Findings of a kind that a page shows: a browser lays out no table of a hundred thousand rows."""

BY_RULE_FROM = 10
"""Findings from which on a count by rule says more than the list."""

_OR = "; or "
"""The separator between several ways to fix one finding."""

_RULE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TONES = {"error": "error", "warning": "warning", "note": "note"}
_HEADS = ("Severity and rule", "Place", "Finding and how to fix it")


def findings(verdict: Verdict) -> Markup:
    """The section of the findings that count; nothing where there is none."""
    found = worst_first(verdict)
    if not found:
        return Markup()
    rows = [_row(item, label(item), _mend(item)) for item in found[:MOST]]
    return element(
        "section",
        element("h2", heading(verdict) or "Findings", id="findings"),
        Markup("\n"),
        _by_rule(found),
        _table(rows),
        _left_out(len(found)),
        aria_labelledby="findings",
    )


def forgiven_section(verdict: Verdict) -> Markup:
    """The findings that do not count, closed until somebody opens them; nothing where there is none."""
    found = suppressed_findings(verdict)
    if not found:
        return Markup()
    rows = [_row(item, "suppressed", _reason(item)) for item in found[:MOST]]
    return element(
        "section",
        element("h2", "Suppressed", id="suppressed"),
        Markup("\n"),
        _forgiveness(verdict),
        details(
            f"{plural(len(found), 'finding')} that a waiver, a baseline or a comment forgives",
            _table(rows),
            _left_out(len(found)),
        ),
        aria_labelledby="suppressed",
    )


def _forgiveness(verdict: Verdict) -> Markup:
    """Who forgave what, until when."""
    told = forgiveness_of(verdict)
    rows: list[list[Child]] = [
        [one.source, one.owner, one.end, one.findings, one.reason] for one in told[:MOST]
    ]
    left = len(told) - MOST
    more = element("p", f"{plural(left, 'more entry')} left out.", class_="soft") if left > 0 else None
    heads = ["Forgiven by", "Owner", "Until", "Findings", "Reason"]
    return lines(table(heads, rows, class_="figures words"), more)


def _table(rows: list[Markup]) -> Markup:
    """Roles are stated because a phone shows rows as blocks, which takes them from the elements."""
    heads = (element("th", head, scope="col", role="columnheader") for head in _HEADS)
    head = element("thead", element("tr", *heads, role="row"), role="rowgroup")
    body = each("tbody", rows, role="rowgroup")
    return element("table", head, Markup("\n"), body, class_="findings", role="table")


def _row(finding: Finding, word: str, below: Child) -> Markup:
    kind = join_children(element("span", word, class_="badge"), element("p", _rule(finding.rule)))
    is_told = finding.subject in {"", str(finding.place)}
    subject = None if is_told else element("p", finding.subject, class_="soft")
    place = join_children(element("code", str(finding.place)), _pointer(finding), subject)
    said = join_children(element("p", finding.message), below)
    cells = (element("td", cell, role="cell") for cell in (kind, place, said))
    return element(
        "tr", *cells, class_=_TONES.get(word, "suppressed" if word == "suppressed" else "blind"), role="row"
    )


def _pointer(finding: Finding) -> Markup | None:
    pointer = finding.place.pointer
    return element("p", element("code", pointer), class_="soft") if pointer else None


def _mend(finding: Finding) -> Markup | None:
    ways = clip(finding.remediation, TEXT).split(_OR)
    if len(ways) > 1:
        listed = each("ul", [element("li", way) for way in ways])
        return element("div", element("b", "Fix it in one of these ways:"), listed, class_="mend")
    return element("p", element("b", "Fix: "), *ways, class_="mend") if finding.remediation else None


def _reason(finding: Finding) -> Markup:
    return element("p", element("b", "Forgiven by "), reason(finding), class_="mend")


def _rule(rule: Rule) -> Markup:
    shown = element("code", rule.id)
    return element("a", shown, href=rule.url, rel="noreferrer") if _RULE_ID.fullmatch(rule.id) else shown


def _by_rule(found: list[Finding]) -> Markup:
    counts = Counter(item.rule.id for item in found)
    if len(found) < BY_RULE_FROM or len(counts) < 2:
        return Markup()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows: list[list[Child]] = [[name, f"{count:,}"] for name, count in ordered[:MOST]]
    return details(
        f"{plural(len(found), 'finding')} of {plural(len(counts), 'rule')}", table(["Rule", "Findings"], rows)
    )


def _left_out(count: int) -> Markup:
    if count <= MOST:
        return Markup()
    more = plural(count - MOST, "more finding")
    return lines(
        element(
            "p", f"{more} left out, none worse than these: the json report holds them all.", class_="soft"
        )
    )
