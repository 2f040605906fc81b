"""Statistics, what must be added up exactly for each, and how noisy sums become an answer.

Every sum is of whole numbers: of a bounded value, its distance from the middle of the bounds in steps of
half their width over `GRID`. What one row adds is at most `GRID` then, exactly; no float is added up, so the
noise need not cover rounding (Casacuberta, Shoemate, Vadhan and Wagaman 2022 show how floats leak).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from gatecli.data.expressions import ColumnKind, require_name
from gatecli.data.numbers import exact_number
from gatecli.data.views import Interval, TableView, bounds_of, require_column
from gatecli.errors import UsageError

GRID = 1 << 20
"""Steps from the middle of the bounds to either: a millionth of the noise at ε = 1 for one row."""

CANDIDATES = 1000
"""Steps of the bounds that a quantile is looked for among."""


class Statistic(StrEnum):
    """What can be asked of each group."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    VARIANCE = "var"
    DEVIATION = "std"
    QUANTILE = "quantile"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class Asked:
    """A statistic under the name that its answer has; a count of no column is of rows.

    `rank` is that of a quantile, from 0 to 1.
    """

    name: str
    statistic: Statistic
    column: str | None = None
    rank: Fraction | None = None

    def as_data(self) -> list[Any]:
        """The statistic as data."""
        rank = None if self.rank is None else str(self.rank)
        return [self.name, self.statistic.value, self.column, rank]


class Moment(StrEnum):
    """What is added up over the rows of a group."""

    ROWS = "rows"
    PRESENT = "present"
    """Rows that have a value."""
    AMOUNT = "amount"
    """Values, over the largest distance of the bounds from 0."""
    FIRST = "first"
    """Distances from the middle of the bounds, over half their width."""
    SECOND = "second"
    """Squares of these, from 0 to 1, moved to −1 to 1."""


@dataclass(frozen=True, slots=True)
class SumTerm:
    """One sum of a question, and the most that one row adds to it, to either side."""

    moment: Moment
    column: str | None = None

    @property
    def sensitivity(self) -> int:
        return 1 if self.moment in (Moment.ROWS, Moment.PRESENT) else GRID


@dataclass(frozen=True, slots=True)
class Rank:
    """A quantile to look for."""

    column: str
    rank: Fraction


Part = SumTerm | Rank
"""What of a question gets noise of its own."""

NEEDED: Mapping[Statistic, tuple[Moment, ...]] = MappingProxyType(
    {
        Statistic.SUM: (Moment.AMOUNT,),
        Statistic.MEAN: (Moment.PRESENT, Moment.FIRST),
        Statistic.VARIANCE: (Moment.PRESENT, Moment.FIRST, Moment.SECOND),
        Statistic.DEVIATION: (Moment.PRESENT, Moment.FIRST, Moment.SECOND),
    }
)


def read_statistic(name: str, given: Any, view: TableView) -> Asked:
    """`"count"`, `(COLUMN, STATISTIC)`, `(COLUMN, "quantile", RANK)`. Raises UsageError."""
    require_name(name, "a statistic", 'write agg(n="count")')
    parts = (
        (None, given) if isinstance(given, str) else tuple(given) if isinstance(given, list | tuple) else ()
    )
    if len(parts) not in (2, 3) or not isinstance(parts[1], str) or parts[1] not in list(Statistic):
        raise UsageError(
            f"{name} is not a statistic",
            advice=f'write "count" or (COLUMN, STATISTIC) with one of {", ".join(Statistic)}',
        )
    column, statistic = parts[0], Statistic(parts[1])
    if column is None and statistic is not Statistic.COUNT:
        raise UsageError(f"{name} is of no column", advice=f'write (COLUMN, "{statistic}")')
    if column is not None:
        require_column(view, column)
    if statistic is not Statistic.COUNT:
        bounds_of(view, str(column))
    return Asked(name, statistic, column, _read_rank(name, statistic, parts[2:]))


def _read_rank(name: str, statistic: Statistic, given: tuple[Any, ...]) -> Fraction | None:
    if statistic is Statistic.MEDIAN and not given:
        return Fraction(1, 2)
    if (statistic is Statistic.QUANTILE) is not bool(given):
        raise UsageError(f"{name} has no rank, or one too many", advice='write (COLUMN, "quantile", 0.9)')
    if not given:
        return None
    rank = exact_number(given[0], f"the rank of {name}")
    if not 0 <= rank <= 1 or rank.denominator > 1000:
        raise UsageError(
            f"the rank of {name} is not from 0 to 1 in thousandths", advice="write for example 0.9"
        )
    return rank


def parts_of(asked: tuple[Asked, ...]) -> tuple[Part, ...]:
    """What is noised for some statistics: what several need, once."""
    parts: dict[Part, None] = {}
    for each in asked:
        if each.rank is not None:
            parts[Rank(str(each.column), each.rank)] = None
        elif each.statistic is Statistic.COUNT:
            parts[SumTerm(Moment.ROWS) if each.column is None else SumTerm(Moment.PRESENT, each.column)] = (
                None
            )
        else:
            parts.update({SumTerm(moment, each.column): None for moment in NEEDED[each.statistic]})
    return tuple(parts)


def answer_of(asked: Asked, noisy: Mapping[Part, int | float], view: TableView) -> int | float | None:
    """The statistic of one group from what was noised; None where too few rows are left to say it."""
    if asked.rank is not None:
        return float(noisy[Rank(str(asked.column), asked.rank)])
    if asked.statistic is Statistic.COUNT:
        return int(
            noisy[SumTerm(Moment.ROWS) if asked.column is None else SumTerm(Moment.PRESENT, asked.column)]
        )
    bounds = bounds_of(view, str(asked.column))
    return _FINISHED[asked.statistic](str(asked.column), noisy, bounds)


def _sum(column: str, noisy: Mapping[Part, int | float], bounds: Interval) -> float:
    return float(bounds.largest * Fraction(noisy[SumTerm(Moment.AMOUNT, column)]) / GRID)


def _mean(column: str, noisy: Mapping[Part, int | float], bounds: Interval) -> float | None:
    centred = _ratio(noisy, Moment.FIRST, column)
    return None if centred is None else float(bounds.middle + bounds.half * centred)


def _variance(column: str, noisy: Mapping[Part, int | float], bounds: Interval) -> float | None:
    """E[y²] − E[y]², in the square of half the bounds' width; at least 0."""
    centred, moved = _ratio(noisy, Moment.FIRST, column), _ratio(noisy, Moment.SECOND, column)
    if centred is None or moved is None:
        return None
    return float(bounds.half**2 * max((moved + 1) / 2 - centred**2, Fraction(0)))


def _deviation(column: str, noisy: Mapping[Part, int | float], bounds: Interval) -> float | None:
    variance = _variance(column, noisy, bounds)
    return None if variance is None else math.sqrt(variance)


def _ratio(noisy: Mapping[Part, int | float], moment: Moment, column: str) -> Fraction | None:
    """A noisy sum over the noisy number of rows, from −1 to 1."""
    rows = Fraction(noisy[SumTerm(Moment.PRESENT, column)])
    if rows < 1:
        return None
    return min(max(Fraction(noisy[SumTerm(moment, column)]) / (rows * GRID), Fraction(-1)), Fraction(1))


_FINISHED: Mapping[Statistic, Callable[[str, Mapping[Part, int | float], Interval], float | None]] = (
    MappingProxyType(
        {
            Statistic.SUM: _sum,
            Statistic.MEAN: _mean,
            Statistic.VARIANCE: _variance,
            Statistic.DEVIATION: _deviation,
        }
    )
)


def quantile_scores(ladder: Sequence[int], rank: Fraction) -> list[int]:
    """By how much each step misses a rank; `ladder` has how many values are below each step, and then all.

    For the rank a/b of n values, of which l are below a step and u below the next: max(b·l − a·n, a·n − b·u,
    0). With a row more n grows by 1, and l and u by 1 or not at all. So each term changes by a or b − a,
    and a score by max(a, b − a) at most. For the median of 1, 1 and 9 the step of 1 has 0, and others more:
    of equal values their own step is chosen (OpenDP's quantiles count ties in the same way).
    """
    above, whole = rank.numerator, rank.denominator
    wanted = above * ladder[-1]
    return [max(whole * below - wanted, wanted - whole * upto, 0) for below, upto in pairwise(ladder)]


def describing(view: TableView, columns: tuple[str, ...]) -> tuple[Asked, ...]:
    """What `describe` asks of columns with bounds: how many values, mean, deviation, quartiles."""
    statistics = [(Statistic.COUNT, None), (Statistic.MEAN, None), (Statistic.DEVIATION, None)]
    ranks = [(Statistic.QUANTILE, Fraction(each, 4)) for each in (1, 2, 3)]
    return tuple(
        Asked(f"{column} {_label(statistic, rank)}", statistic, column, rank)
        for column in columns
        if require_column(view, column) is ColumnKind.NUMBER
        for statistic, rank in (*statistics, *ranks)
    )


def _label(statistic: Statistic, rank: Fraction | None) -> str:
    return statistic.value if rank is None else f"{int(rank * 100)}%"
