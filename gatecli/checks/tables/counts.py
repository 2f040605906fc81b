"""What tables of counts disclose, against the threshold rule and what suppression must hide."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.disclosure import CountDemands, CountMeasures
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

SMALL = Rule("anon-small-count", Severity.ERROR, "A published count is below the threshold")
EXPOSED = Rule(
    "anon-exposed-count", Severity.ERROR, "A suppressed or small count can be computed from what is published"
)
UNIFORM = Rule(
    "anon-uniform-group",
    Severity.ERROR,
    "All people of a group are in the same category of a sensitive dimension",
)

COUNT_RULES: tuple[Rule, ...] = (SMALL, EXPOSED, UNIFORM)

Breach = tuple[Rule, str, str, str]
"""A rule, what it is about, a message, how to fix it."""

_SUPPRESS = "suppress more cells with: gatecli anonymity suppress; or merge categories"


def find_in_counts(
    measures: CountMeasures, demands: CountDemands, subject: str, place: Place
) -> Iterator[Finding]:
    """A finding for each way in which the tables disclose too much."""
    for rule, about, problem, mend in (*_small(measures, demands), *_groups(measures, demands)):
        yield make_finding(
            rule,
            problem,
            subject=subject,
            place=place,
            mend=mend,
            identity=f"{subject}\0{place.pointer or ''}\0{about}",
        )


def _small(measures: CountMeasures, demands: CountDemands) -> Iterator[Breach]:
    least = demands.minimum
    if measures.small:
        verb = "is" if measures.small == 1 else "are"
        count = _many(measures.small, "count")
        problem = f"{count} {verb} below {least} and not 0; the least is {measures.minimum}"
        yield SMALL, "small", problem, "merge categories, round, or suppress with: gatecli anonymity suppress"
    if measures.exposed:
        problem = (
            f"{_many(measures.exposed, 'suppressed count')} can be computed to an interval narrower than "
            f"{demands.protection}, the narrowest to one of {measures.narrowest}"
        )
        yield EXPOSED, "suppressed", problem, _SUPPRESS
    if measures.derived:
        problem = (
            f"{_many(measures.derived, 'count')} that no cell gives can be computed, and "
            f"{'is' if measures.derived == 1 else 'are'} below {least} and not 0"
        )
        yield EXPOSED, "derived", problem, "use the same categories in all tables, or suppress more cells"


def _groups(measures: CountMeasures, demands: CountDemands) -> Iterator[Breach]:
    for name, groups in sorted(measures.groups.items()):
        if groups:
            few = (
                "a single category" if demands.distinct == 2 else f"fewer than {demands.distinct} categories"
            )
            problem = f"all people of {_many(groups, 'group')} are in {few} of {name}"
            yield UNIFORM, name, problem, f"merge groups, or categories of {name}, until each group has more"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
