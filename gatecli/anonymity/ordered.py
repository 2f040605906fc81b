"""The ordered earth mover's distance of every class, without a row for the values it does not hold.

Between two neighbouring values of a class its cumulative share Q is constant while the table's, P,
grows; the sum of |Q − P| over such a gap follows from prefix sums of P, once it is known where P
passes Q. All of it is a sort of the cells and two joins, whatever the number of distinct values.
"""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.anonymity.profiles import as_integer
from gatecli.anonymity.tables.functions import constant, keep_table, whole, window
from gatecli.anonymity.tables.interface import Column, Table


def _float(column: Column) -> Column:
    return column.cast("float64")


def cumulative(marginals: Table) -> Table:
    """Marginals by rank `s` with `below` and `upto` (cumulative counts without and with the rank), and
    `area_below` and `area_upto`, the same sums of `upto`.
    """
    first = marginals.mutate(upto=marginals["m"].sum().over(window((), [marginals["s"]])).cast("int64"))
    area = first["upto"].sum().over(window((), [first["s"]])).cast("float64")
    second = first.mutate(area_upto=area)
    return second.select(
        "s",
        "upto",
        "area_upto",
        below=second["upto"] - second["m"],
        area_below=second["area_upto"] - _float(second["upto"]),
    )


def with_ordered_distance(
    cells: Table, keys: Sequence[str], marginals: Table, total: int, values: int
) -> Table:
    """Cells with `moved`: what the value adds to the ordered distance of its class.

    `marginals` hold every rank 0 … values − 1; `total` is how many people the table holds.
    """
    sums = keep_table(cumulative(marginals))
    gaps = keep_table(_gaps(cells.join(sums, "s"), keys, sums, values))
    crossed = _crossings(gaps, sums, total)
    joined = gaps.left_join(crossed, ["reached", "size"])
    per_rank = _moved_mass(joined, total) / float(max(values - 1, 1))
    return joined.select(*cells.columns, moved=as_integer(per_rank))


def _gaps(cells: Table, keys: Sequence[str], sums: Table, values: int) -> Table:
    """Each cell with the gap that it opens: ranks s … end − 1, where the class has reached `reached`."""
    along = whole(keys, [cells["s"]])
    area, everything = sums["area_upto"].max().as_scalar(), sums["upto"].max().as_scalar()
    opened = cells.mutate(
        reached=cells["n"].sum().over(window(keys, [cells["s"]])).cast("int64"),
        end=cells["s"].lead().over(along).fill_null(values),
        before_end=cells["below"].lead().over(along).fill_null(everything),
        area_before_end=cells["area_below"].lead().over(along).fill_null(area),
        previous=cells["s"].lag().over(along),
    )
    return opened.mutate(
        share=_float(opened["reached"]) / _float(opened["size"]),
        head=opened["previous"].isnull().ifelse(opened["area_below"], 0.0),
    )


def _crossings(gaps: Table, sums: Table, total: int) -> Table:
    """For each level that is passed inside a gap, the ranks (`passed`) whose P is at most it and the sum of
    their P (`area`): the distinct levels and the ranks in one sort.
    """
    inside = _is_crossed(gaps, total)
    levels = gaps.filter(inside).select("reached", "size", "share").distinct()
    none = constant(0)
    marks = sums.select(
        share=_float(sums["upto"]) / float(total),
        is_level=none,
        reached=none,
        size=none,
        area=sums["area_upto"],
        rank=constant(1),
    )
    asked = levels.select(
        "share",
        is_level=constant(1),
        reached=levels["reached"],
        size=levels["size"],
        area=constant(0.0, "float64"),
        rank=none,
    )
    both = marks.union(asked)
    order = window((), [both["share"], both["is_level"]])
    swept = both.mutate(
        passed=both["rank"].sum().over(order).cast("int64"), area=both["area"].max().over(order)
    )
    return swept.filter(swept["is_level"] == 1).select("reached", "size", "passed", "area")


def _is_crossed(gaps: Table, total: int) -> Column:
    level = gaps["share"]
    return (level > _float(gaps["upto"]) / float(total)) & (level < _float(gaps["before_end"]) / float(total))


def _moved_mass(gaps: Table, total: int) -> Column:
    """Σ |Q − P| over the gap, and for a class's first value over the ranks before it."""
    level, length = gaps["share"], _float(gaps["end"] - gaps["s"])
    grown = (gaps["area_before_end"] - gaps["area_below"]) / float(total)
    under = level * length - grown
    passed = _float(gaps["passed"] - gaps["s"])
    grown_passed = (gaps["area"] - gaps["area_below"]) / float(total)
    crossed = 2.0 * (level * passed - grown_passed) - under
    inside = gaps["passed"].notnull() & _is_crossed(gaps, total)
    outside = (level * float(total) >= _float(gaps["before_end"])).ifelse(under, -under)
    return inside.ifelse(crossed, outside) + gaps["head"] / float(total)
