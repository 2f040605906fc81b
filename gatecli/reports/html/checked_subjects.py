"""What a page says of each subject that was really judged: its measures, and its picture where it has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from gatecli.model.finding import Severity
from gatecli.model.verdict import Checked, Verdict
from gatecli.reports.html.markup import Child, Markup, details, each, element, join_children, lines
from gatecli.reports.html.statement import statement
from gatecli.reports.html.table_charts import figures
from gatecli.reports.summary import plural
from gatecli.reports.words import groups_in_words

MOST = 1_000
CARDS = 20
"""Subjects that get a card each; of more, those without a picture are a plain list."""


def subjects_section(verdict: Verdict, made_at: str = "") -> Markup:
    """The section of all subjects; nothing where nothing was checked."""
    if not verdict.checked:
        return Markup()
    worst = _worst_of_subjects(verdict)
    pictured = [item for item in verdict.checked if item.picture is not None]
    others = [item for item in verdict.checked if item.picture is None]
    carded, listed = ([*pictured, *others], []) if len(verdict.checked) <= CARDS else (pictured, others)
    cards = (
        _card(item, worst.get(item.name, Counter()), f"c{at}", statement(item, verdict, made_at))
        for at, item in enumerate(carded)
    )
    return element(
        "section",
        element("h2", "Checked", id="checked"),
        Markup("\n"),
        lines(*cards, _list(listed)),
        aria_labelledby="checked",
    )


def _worst_of_subjects(verdict: Verdict) -> Mapping[str, Counter[Severity]]:
    counts: dict[str, Counter[Severity]] = {}
    for finding in verdict.active:
        counts.setdefault(finding.subject, Counter())[finding.severity] += 1
    return counts


def _card(item: Checked, counts: Counter[Severity], key: str, signed: Markup) -> Markup:
    badges = (
        join_children(" ", element("span", plural(counts[level], level.value), class_=f"badge {level.value}"))
        for level in Severity
        if counts[level]
    )
    card = element(
        "div",
        element("h3", item.name, *badges),
        element("p", f"{item.kind} · ", element("code", item.path), class_="soft"),
        signed or None,
        _measures(item.measures, folded=item.picture is not None),
        _inputs(item.inputs),
        class_="card",
    )
    return card if item.picture is None else lines(card, figures(item.picture, key))


def _measures(measures: Mapping[str, object], *, folded: bool) -> Markup:
    if not measures:
        return Markup()
    whole = lines(*_groups(measures))
    return (
        details("All measures", Markup("\n"), whole)
        if folded
        else join_children(Markup("\n"), whole, Markup("\n"))
    )


def _inputs(inputs: Mapping[str, object]) -> Markup:
    return details("What this verdict is bound to", lines(*_groups(inputs))) if inputs else Markup()


def _groups(measures: Mapping[str, object]) -> Iterator[Markup]:
    """The plain measures, then each nested group under its name."""
    for title, group in groups_in_words(measures):
        if title:
            yield element("h4", title, class_="group")
        pairs = (element("div", element("dt", label), element("dd", value)) for label, value in group)
        yield element("dl", *pairs, class_="measures")


def _list(items: list[Checked]) -> Markup:
    if not items:
        return Markup()
    rows = [element("li", *_line(item)) for item in items[:MOST]]
    left = len(items) - MOST
    more = element("p", f"{plural(left, 'more subject')} left out.", class_="soft") if left > 0 else None
    return details(plural(len(items), "subject"), each("ul", rows), more)


def _line(item: Checked) -> tuple[Child, ...]:
    return f"{item.kind} {item.name} ", element("code", item.path)
