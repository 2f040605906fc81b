"""What a privacy officer reads first of a table, and signs: when, what, by which limits, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatecli import package
from gatecli.model.finding import Severity
from gatecli.model.verdict import Checked, Verdict
from gatecli.reports.html.markup import Child, Markup, each, element, join_children, table
from gatecli.reports.measures import measure_text
from gatecli.reports.summary import plural
from gatecli.reports.words import ESTIMATORS

DEMANDS: Mapping[str, tuple[str, str, str]] = {
    "k": ("records in the smallest class (k)", "at least", "k"),
    "l": ("distinct sensitive values in a class (l)", "at least", "l"),
    "entropyL": ("entropy l", "at least", "entropyL"),
    "recursive": ("c of recursive (c,l)-diversity", "below", "recursiveC"),
    "t": ("distance of a class from the table (t)", "at most", "t"),
    "alpha": ("largest share of one value in a class (α)", "at most", "alpha"),
    "beta": ("basic β-likeness", "at most", "basicBeta"),
    "enhancedBeta": ("enhanced β-likeness", "at most", "enhancedBeta"),
    "delta": ("δ-disclosure (natural logarithm)", "below", "deltaDisclosure"),
    "maxRisk": ("largest risk of a record", "at most", "maxRisk"),
    "averageRisk": ("average risk of a record", "at most", "averageRisk"),
    "kMap": ("records in the smallest class of the reference (k-map)", "at least", "kMap"),
    "deltaPresence": ("largest share of a reference's class in the data", "at most", "deltaPresence"),
    "maxPopulationUniqueness": (
        "share unique in the population (estimate)",
        "at most",
        "populationUniqueness",
    ),
}
"""By the name of a threshold: what is limited, from which side, and the measure of it."""

OF_PUBLICATIONS: Mapping[tuple[str, str], str] = {
    ("count table", "k"): "the smallest count above 0",
    ("count table", "l"): "categories in a group",
    ("release pair", "k"): "records that can be a person’s",
    ("release pair", "l"): "sensitive values that can be a person’s",
}
"""By kind and threshold, what is limited where it is not a class of rows."""

ROLES = {
    "quasiIdentifiers": "Quasi-identifiers: what others may know",
    "sensitive": "Sensitive: what nobody may learn",
    "unit": "Unit: whom a row is about",
    "weights": "Sampling weights: how many people a row stands for",
    "trajectory": "Others may know all rows of a unit",
    "known": "Others may know any so many rows of a unit",
    "household": "Household: whose members are found together",
    "scales": "Scales, as stated",
    "formats": "Formats, as stated",
    "missingCodes": "Codes for a missing value",
    "suppressedCodes": "Codes for a suppressed value",
}

LEFT_OUT = {
    "rowsWithoutUnit": "Rows that name no unit",
    "suppressedRows": "Suppressed rows, in no class",
}
"""Rows that a reader has to know of before the figures."""

SIGNED = ("Name and role", "Date", "Signature")


def statement(item: Checked, verdict: Verdict, made_at: str) -> Markup:
    """Roles, limits, estimates and a sentence to sign; nothing for a subject of which no limits are known."""
    limits = item.inputs.get("thresholds")
    if not isinstance(limits, Mapping) or not limits:
        return Markup()
    heads = ["What is limited", "Demanded", "Measured"]
    return element(
        "div",
        each("dl", [*_roles(item.inputs), *_left_out(item.measures)], class_="facts"),
        table(heads, list(_limits(item, limits)), class_="figures words"),
        _estimate(item.measures),
        element("p", _sentence(item, verdict, made_at), class_="sentence"),
        each("dl", [_blank(name) for name in SIGNED], class_="signed"),
        class_="statement",
    )


def _roles(inputs: Mapping[str, object]) -> Iterator[Markup]:
    for key, called in ROLES.items():
        names = _words(inputs.get(key))
        if names:
            yield join_children(element("dt", called), element("dd", names))


def _words(stated: object) -> str:
    match stated:
        case None | False:
            return ""
        case True:
            return "yes"
        case Mapping():
            return ", ".join(f"{name}: {value}" for name, value in stated.items())
        case list() | tuple():
            return ", ".join(map(str, stated))
        case _:
            return str(stated)


def _left_out(measures: Mapping[str, object]) -> Iterator[Markup]:
    for key, called in LEFT_OUT.items():
        if measures.get(key):
            yield join_children(element("dt", called), element("dd", str(measures[key])))


def _limits(item: Checked, limits: Mapping[str, object]) -> Iterator[list[Child]]:
    flat = {**_reference(item.measures), **item.measures}
    for name, limit in limits.items():
        usual, side, measure = DEMANDS.get(name, (name, "", name))
        called = OF_PUBLICATIONS.get((item.kind, name), usual)
        wanted = limit.get("c") if isinstance(limit, Mapping) else limit
        found = measure_text(measure, flat[measure]) if measure in flat else "see the measures"
        yield [called, f"{side} {wanted}".strip(), found]


def _reference(measures: Mapping[str, object]) -> Mapping[str, object]:
    found = measures.get("reference")
    return {str(key): value for key, value in found.items()} if isinstance(found, Mapping) else {}


def _estimate(measures: Mapping[str, object]) -> Markup | None:
    estimator = measures.get("populationEstimator")
    if estimator is None:
        return None
    how = ESTIMATORS.get(str(estimator), str(estimator))
    if measures.get("populationUniqueness") is None:
        return element(
            "p", f"Estimated share of records that are unique in the population: {how}.", class_="group"
        )
    share = measure_text("populationUniqueness", measures.get("populationUniqueness"))
    return element(
        "p", f"Estimated share of records that are unique in the population: {share} ({how}).", class_="group"
    )


def _sentence(item: Checked, verdict: Verdict, made_at: str) -> str:
    """What was done and found; it says no more than the measures do."""
    day = f"On {made_at.replace('T', ' ').replace('Z', ' UTC')}, gatecli" if made_at else "gatecli"
    named = item.inputs.get("quasiIdentifiers")
    who = (
        f"For others who know the {plural(len(named), 'named quasi-identifier')}, the table"
        if isinstance(named, Sequence) and named
        else "The data"
    )
    digest = item.inputs.get("sha256")
    data = f"{item.name} (SHA-256 {digest})" if digest else item.name
    policy = f"“{verdict.policy.name}” (SHA-256 {verdict.policy.sha256})"
    # By the rule's own severity: a policy that only warns of a limit does not make it met.
    wrong = [
        one for one in verdict.findings if one.subject == item.name and one.rule.severity is Severity.ERROR
    ]
    found = "meets every limit that is listed here"
    if wrong:
        is_forgiven = not any(map(verdict.closed_by, wrong))
        found = "does not meet what is demanded of it" + (", which is forgiven" if is_forgiven else "")
    return (
        f"{day} {package.VERSION} measured {data} by the policy {policy}. {who} {found}. "
        "This does not say that nobody in it can ever be "
        "recognised, nor what other columns or other tables tell."
    )


def _blank(name: str) -> Markup:
    return element("div", element("dt", name), element("dd", "\u00a0"))
