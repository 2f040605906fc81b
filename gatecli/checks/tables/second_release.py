"""What two releases of one table disclose together, against the thresholds that both must keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def find_intersections(
    found: Sequence[IntersectionMeasures], thresholds: Thresholds, subject: str, place: Place
) -> Iterator[Finding]:
    """The findings of each pair of releases, and of all together."""
    for measures in found:
        about = "" if len(found) == 1 else "\0".join(measures.names)
        yield from find_intersection(measures, thresholds, subject, place, about)


def find_intersection(
    measures: IntersectionMeasures, thresholds: Thresholds, subject: str, place: Place, among: str = ""
) -> Iterator[Finding]:
    """A finding for k, and for l of each sensitive column, that releases together do not keep.

    `among` is what tells them from other releases of the subject, where there are more than two. Raises
    UsageError for an l without a sensitive column, which nothing would be measured for.
    """
    if thresholds.l is not None and not measures.distinct:
        raise UsageError(
            "l is required, but no sensitive attribute is named",
            advice="name the sensitive columns, or drop the threshold",
        )
    who = _together(measures, is_one_of_many=bool(among))
    for about, problem in (*_few_rows(measures, thresholds, who), *_few_values(measures, thresholds, who)):
        yield make_finding(
            INTERSECTION,
            problem,
            subject=subject,
            place=place,
            mend=_MEND,
            identity="\0".join([subject, place.pointer or "", about, *([among] if among else [])]),
        )


def _together(measures: IntersectionMeasures, *, is_one_of_many: bool) -> str:
    if len(measures.names) > 2:
        return f"all {len(measures.names)} releases together"
    names = f"{measures.names[0]} and {measures.names[1]} together"
    return names if is_one_of_many else "both releases together"


def _few_rows(measures: IntersectionMeasures, thresholds: Thresholds, who: str) -> Iterator[tuple[str, str]]:
    wanted = thresholds.k
    if wanted is not None and measures.k < wanted:
        *others, last = map(str, measures.alone)
        few = _pairs(count_below(measures.sizes, wanted), measures)
        problem = (
            f"k = {measures.k} < {wanted} for {who} ({', '.join(others)} and {last} alone): "
            f"{few} fewer than {wanted} rows that can be a person's"
        )
        yield "k", problem


def _few_values(
    measures: IntersectionMeasures, thresholds: Thresholds, who: str
) -> Iterator[tuple[str, str]]:
    wanted = thresholds.l
    for name, spread in sorted(measures.distinct.items()):
        if wanted is not None and spread[0][0] < wanted:
            left = "a single value" if wanted == 2 else f"fewer than {wanted} values"
            problem = (
                f"l = {spread[0][0]} < {wanted} for {name} in {who}: "
                f"{_pairs(count_below(spread, wanted), measures)} {left}"
            )
            yield name, problem


def _pairs(count: int, measures: IntersectionMeasures) -> str:
    one, many = ("pair", "pairs") if len(measures.names) == 2 else ("combination", "combinations")
    return f"1 {one} of classes leaves" if count == 1 else f"{count:,} {many} of classes leave"
