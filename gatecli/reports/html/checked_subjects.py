"""What a page says of each subject that was really judged: its measures, and its picture where it has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from gatecli.model.finding import Severity
from gatecli.model.verdict import Checked, Verdict
from gatecli.reports.html.markup import Child, Markup, details, each, element, join_children, lines
from gatecli.reports.html.statement import ESTIMATORS, statement
from gatecli.reports.html.table_charts import figures
from gatecli.reports.measures import measure_text
from gatecli.reports.summary import plural

MOST = 1_000
CARDS = 20
"""Subjects that get a card each; of more, those without a picture are a plain list."""

LABELS = {
    "accountant": "accountant",
    "alpha": "α, the largest share of one value in a class",
    "averageRisk": "average risk of a record",
    "basicBeta": "basic β-likeness",
    "averageHouseholdRisk": "average risk of a household",
    "classes": "classes",
    "delta": "δ",
    "deltaDisclosure": "δ-disclosure (natural logarithm)",
    "enhancedBeta": "enhanced β-likeness",
    "entropyL": "entropy l",
    "epsilonLower": "ε, at least",
    "epsilonUpper": "ε, at most",
    "k": "k, the smallest class",
    "l": "l, the fewest distinct values in a class",
    "marketerRisk": "marketer risk",
    "maxRisk": "largest risk of a record",
    "neighbouring": "neighbouring relation",
    "alone": "by it alone",
    "cells": "cells",
    "cellsOfFew": "cells of too few contributors",
    "derivedCells": "small counts that can be computed",
    "dominatedCells": "cells that a contributor dominates",
    "unsettledCells": "counts of which it was not found out",
    "exposedCells": "suppressed counts that can be computed too closely",
    "forbiddenColumns": "columns with what is forbidden",
    "kAlone": "k of each release alone",
    "largestShare": "largest share of one contributor",
    "linkedBy": "columns that link the rows",
    "narrowestInterval": "width of the narrowest interval",
    "notChecked": "not checked",
    "pairs": "pairs of classes that overlap",
    "samePeople": "both are of the same people",
    "smallCells": "small counts that are published",
    "suppressedCells": "suppressed counts",
    "tables": "tables",
    "deltaPresence": "largest share of a reference's class in the data",
    "deltaPresenceMin": "smallest share of a reference's class in the data",
    "digestOf": "the digest covers",
    "dis": "DIS, the chance that a unique match is correct",
    "distinction": "distinction",
    "engine": "read by",
    "exposedHouseholds": "households with a member in a class of one",
    "format": "format",
    "household": "household",
    "households": "households",
    "known": "rows of a unit that others may know",
    "missingCodes": "codes for a missing value",
    "rowsWithoutUnit": "rows that name no unit",
    "suppressedCodes": "codes for a suppressed value",
    "suppressedRows": "suppressed rows, in no class",
    "trajectory": "others may know all rows of a unit",
    "excessRecords": "records beyond what the reference holds",
    "journalistRisk": "journalist's risk",
    "kMap": "k-map, the smallest class in the reference",
    "maxPopulationUniqueness": "unique in the population, at most",
    "missing": "a missing value is",
    "normalise": "case and outer blanks are ignored",
    "populationEstimator": "estimated by",
    "populationUniqueness": "unique in the population (estimate)",
    "quasiIdentifiers": "quasi-identifiers",
    "referenceMarketerRisk": "marketer risk, by the reference",
    "sensitive": "sensitive columns",
    "separation": "separation",
    "sha256": "SHA-256 of the data",
    "uncoveredRecords": "records that the reference lacks",
    "unit": "unit",
    "expectedReidentifications": "expected re-identifications",
    "records": "records",
    "recursiveC": "c of recursive (c,l)-diversity",
    "recursiveL": "l of recursive (c,l)-diversity",
    "sampleUniqueness": "unique in this table (share)",
    "scale": "scale",
    "t": "t, the farthest class from the table",
    "uniqueRecords": "unique records",
    "units": "units",
    "values": "distinct values",
}
"""What a reader calls a measure; one without a label goes by its name in the json report."""


TITLES = {
    "attributes": "how well quasi-identifiers tell rows apart",
    "byAttribute": "",
    "bySensitive": "",
    "columns": "columns and their types",
    "formats": "formats, as stated",
    "scales": "scales, as stated",
    "reference": "against the reference table",
    "thresholds": "limits",
    "classSizes": "classes of size",
    "contributions": "what each column contributes",
    "minimalUniques": "by number of columns",
    "suda": "special uniques (SUDA)",
    "uniformGroups": "groups of too few categories",
}
"""What a reader calls a group of measures; "" for one whose members say it themselves."""


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


def _groups(measures: Mapping[str, object], title: str = "") -> Iterator[Markup]:
    """The plain measures, then each nested group under its name."""
    plain = {key: value for key, value in measures.items() if not isinstance(value, Mapping)}
    if plain:
        if title:
            yield element("h4", title, class_="group")
        yield element("dl", *(_measure(name, value) for name, value in plain.items()), class_="measures")
    for key, value in measures.items():
        if isinstance(value, Mapping):
            yield from _groups(value, ": ".join(filter(None, (title, TITLES.get(key, str(key))))))


def _measure(name: str, value: object) -> Markup:
    told = ESTIMATORS.get(str(value)) if name == "populationEstimator" else None
    shown = told or measure_text(name, value)
    return element("div", element("dt", LABELS.get(name, name)), element("dd", shown))


def _list(items: list[Checked]) -> Markup:
    if not items:
        return Markup()
    rows = [element("li", *_line(item)) for item in items[:MOST]]
    left = len(items) - MOST
    more = element("p", f"{plural(left, 'more subject')} left out.", class_="soft") if left > 0 else None
    return details(plural(len(items), "subject"), each("ul", rows), more)


def _line(item: Checked) -> tuple[Child, ...]:
    return f"{item.kind} {item.name} ", element("code", item.path)
