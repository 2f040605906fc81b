"""One row a class: what finds the class that is worst by each measure.

The sums are of fixed-point integers, so that the order in which an engine adds them, which differs
from run to run, never shows. They only rank the classes: the measures themselves are computed
exactly, from the counts of the worst classes (`gatecli.anonymity.exact`).
"""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.anonymity.tables.functions import constant, keep_table, largest, row_number, whole
from gatecli.anonymity.tables.interface import Column, Table

FIXED_POINT = 2**50
BEYOND = 1e300
"""Stands for infinity in a ranking."""

BEYOND_EVERY_PLACE = 2**31
"""No class holds as many distinct values."""

RANKINGS = ("alpha", "recursive", "similarity", "t", "gain", "loss", "excess")
"""Columns of a profile; the class with the largest is the worst."""


def as_integer(value: Column) -> Column:
    """A float of moderate size as an integer."""
    return (value * float(FIXED_POINT)).floor().cast("int64")


def sum_cells(cells: Table, keys: Sequence[str]) -> Table:
    """By class: `weight` (its counts, summed), `l` (its distinct values) and `only`, one of them."""
    return cells.group_by(list(keys)).aggregate(
        weight=cells["n"].sum().cast("int64"), l=cells.count(), only=cells["s"].min()
    )


def homogeneous(values: Table, marginals: Table) -> Table:
    """The values (`s`) that a class of one value can be worst by: the rarest, the first and the last.

    Whatever its size, such a class is the point mass at its value; how far that is from the table's
    distribution is convex in the rank, so an end is the farthest.
    """
    alone = keep_table(values.join(marginals, "s"))
    rankings = ([alone["m"], alone["s"]], [alone["s"]], [alone["s"].desc()])
    first, *others = [alone.order_by(by).limit(1).select("s") for by in rankings]
    return first.union(*others, distinct=True)


def mixed_classes(cells: Table, keys: Sequence[str], sums: Table, sizes: Table | None) -> Table:
    """The cells of classes of several values, with the `weight` and the `size` of their class; `sizes`
    are those of the classes where a size is not the weight (a unit may hold several values).
    """
    several = sums.filter(sums["l"] > 1).select(*keys, "weight")
    if sizes is None:
        several = several.mutate(size=several["weight"])
    else:
        several = several.join(sizes, list(keys)).select(*keys, "weight", "size")
    return cells.join(several, list(keys)).select(*keys, "s", "n", "weight", "size")


def with_shares(cells: Table, marginals: Table, total: int) -> Table:
    """Cells with `q` and `p`, the shares of the class and of the table that have the value, and `part`, the
    value's share of all that the class holds: `q`, unless units hold several.
    """
    joined = cells.join(marginals, "s")
    n = joined["n"].cast("float64")
    return joined.mutate(
        q=n / joined["size"].cast("float64"),
        part=n / joined["weight"].cast("float64"),
        p=joined["m"].cast("float64") / float(total),
    )


def categorical(cells: Table) -> Table:
    """Cells with `moved`: what the value adds to the total variation, beyond what its absence would."""
    return cells.mutate(moved=as_integer(excess_distance(cells) / 2.0))


def excess_distance(cells: Table) -> Column:
    """|q − p| − p: summed over what a class holds, it ranks classes as Σ |q − p| over all values does."""
    return (cells["q"] - cells["p"]).abs() - cells["p"]


def with_tail(cells: Table, keys: Sequence[str], recursive_l: int) -> Table:
    """Cells with `tail`: what the count adds to r_l + … + r_m of its class."""
    first = min(recursive_l - 1, BEYOND_EVERY_PLACE)  # the integers of an engine end
    ranked = cells.mutate(place=row_number().over(whole(keys, [cells["n"].desc()])))
    return ranked.mutate(tail=(ranked["place"] >= first).ifelse(ranked["n"], 0))


def profile_classes(cells: Table, keys: Sequence[str], recursive_l: int) -> Table:
    """Every ranking by class; `cells` have `q`, `p` and `moved`."""
    if recursive_l > 2:
        cells = with_tail(cells, keys, recursive_l)
    n, q, p = cells["n"], cells["q"], cells["p"]
    ratio = q / p
    sums = {
        "size": cells["size"].max(),
        "weight": cells["weight"].max(),
        "top": n.max(),
        "entropy": as_integer(cells["part"] * -cells["part"].ln()).sum().cast("int64"),
        "t": cells["moved"].sum().cast("int64"),
        "gain": ratio.max(),
        "least": ratio.min(),
        "excess": (ratio - 1.0 + p.ln()).max(),
    }
    if recursive_l > 2:
        sums["rest"] = cells["tail"].sum().cast("int64")
    grouped = cells.group_by(list(keys)).aggregate(**sums)
    top = grouped["top"].cast("float64")
    tail = _tail(grouped, recursive_l)
    return grouped.select(
        *keys,
        "t",
        "gain",
        "excess",
        alpha=top / grouped["size"].cast("float64"),
        recursive=(tail > 0).ifelse(top / largest(tail, constant(1)).cast("float64"), BEYOND),
        similarity=-grouped["entropy"],
        loss=-grouped["least"],
    )


def _tail(grouped: Table, recursive_l: int) -> Column:
    match recursive_l:
        case 1:
            return grouped["weight"]
        case 2:
            return grouped["weight"] - grouped["top"]
        case _:
            return grouped["rest"]


def worst(profile: Table, keys: Sequence[str]) -> Table:
    """The keys of a worst class by each ranking."""
    order = [profile[name] for name in keys]
    tops = [profile.order_by([profile[name].desc(), *order]).limit(1).select(*keys) for name in RANKINGS]
    first, *others = tops
    return first.union(*others, distinct=True)
