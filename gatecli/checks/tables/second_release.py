"""What two releases of one table disclose together, against the thresholds that both must keep."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.errors import UsageError
from gatecli.model.anonymity import Thresholds
from gatecli.model.disclosure import IntersectionMeasures, count_below
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

INTERSECTION = Rule(
    "anon-intersection", Severity.ERROR, "Two releases of one table disclose together what neither does alone"
)

RELEASE_RULES: tuple[Rule, ...] = (INTERSECTION,)

_MEND = (
    "publish the new release with the generalisation of the earlier one, or coarser in every column; what is "
    "out cannot be called back"
)


def find_intersection(
    measures: IntersectionMeasures, thresholds: Thresholds, subject: str, place: Place
) -> Iterator[Finding]:
    """A finding for k, and for l of each sensitive column, that both releases together do not keep.

    Raises UsageError for an l without a sensitive column, which nothing would be measured for.
    """
    if thresholds.l is not None and not measures.distinct:
        raise UsageError(
            "l is required, but no sensitive attribute is named",
            advice="name the sensitive columns, or drop the threshold",
        )
    for about, problem in (*_few_rows(measures, thresholds), *_few_values(measures, thresholds)):
        yield make_finding(
            INTERSECTION,
            problem,
            subject=subject,
            place=place,
            mend=_MEND,
            identity=f"{subject}\0{place.pointer or ''}\0{about}",
        )


def _few_rows(measures: IntersectionMeasures, thresholds: Thresholds) -> Iterator[tuple[str, str]]:
    wanted = thresholds.k
    if wanted is not None and measures.k < wanted:
        one, two = measures.alone
        problem = (
            f"k = {measures.k} < {wanted} for both releases together ({one} and {two} alone): "
            f"{_pairs(count_below(measures.sizes, wanted))} fewer than {wanted} rows that can be a person's"
        )
        yield "k", problem


def _few_values(measures: IntersectionMeasures, thresholds: Thresholds) -> Iterator[tuple[str, str]]:
    wanted = thresholds.l
    for name, spread in sorted(measures.distinct.items()):
        if wanted is not None and spread[0][0] < wanted:
            left = "a single value" if wanted == 2 else f"fewer than {wanted} values"
            problem = (
                f"l = {spread[0][0]} < {wanted} for {name} in both releases together: "
                f"{_pairs(count_below(spread, wanted))} {left}"
            )
            yield name, problem


def _pairs(count: int) -> str:
    return "1 pair of classes leaves" if count == 1 else f"{count:,} pairs of classes leave"
