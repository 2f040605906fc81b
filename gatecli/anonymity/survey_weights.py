"""Sampling weights: what a class of a sample stands for in the population, and the risks that follow.

A weight is the number of people that a row stands for. It is read to nine decimals and summed in integers,
so that no engine's order of adding shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from math import fsum
from typing import Any

import numpy as np

from gatecli.anonymity.contingency import CELLS_IN_MEMORY, through
from gatecli.anonymity.dictionary_encoding import NUMBER, EncodedTable
from gatecli.anonymity.discovery.partitions import integers
from gatecli.anonymity.population.individual_risk import ERROR, Floats, Integers, individual_risks
from gatecli.anonymity.tables.functions import arrow, constant, keep_table, only_row, row_number, times
from gatecli.anonymity.tables.interface import Column, OpenedTable, Table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion
from gatecli.model.anonymity_risks import WeightedRisks

PARTS = 10**9
LARGEST = 10**10
"""A row does not stand for more people than live; sums then fit into 64 bits."""

_UPWARDS = Context(prec=12, rounding=ROUND_CEILING)
_SIZES = ("size", "whole", "part")


@dataclass(frozen=True, slots=True)
class _Frequencies:
    """By class, or by several of one size and weight: f, whether F is f (or less), r, F, and the members."""

    sizes: Integers
    is_census: Any
    risks: Floats
    populations: Floats
    members: Integers


def read_weights(opened: OpenedTable, question: AnonymityQuestion, source: Table) -> Table:
    """`source` with its weights `w` as numbers.

    Raises UncheckableError for weights that are missing, not numbers, not above 0, or too large.
    """
    column = source["w"]
    kind = column.type()
    if kind.is_string():
        _require(opened, question, {"not numeric": ~column.re_search(NUMBER)}, source)
    elif not kind.is_numeric() or kind.is_boolean():
        raise UncheckableError(
            f"{opened.name}: the weights in {question.weights!r} are not numbers",
            advice="name the column of the sampling weights",
        )
    number = column.cast("float64")
    wrong = {
        "missing": number.isnull(),
        "not above 0": number <= 0,
        f"above {LARGEST:,}": number > LARGEST,
    }
    _require(opened, question, wrong, source)
    return source.mutate(w=number)


def _require(
    opened: OpenedTable, question: AnonymityQuestion, wrong: dict[str, Column], source: Table
) -> None:
    counts = only_row(
        source.aggregate(**{f"n{at}": times(condition) for at, condition in enumerate(wrong.values())})
    )
    for at, what in enumerate(wrong):
        if count := int(counts[f"n{at}"]):
            noun, verb = ("weight", "is") if count == 1 else ("weights", "are")
            raise UncheckableError(
                f"{opened.name}: {count:,} {noun} in {question.weights!r} {verb} {what}",
                advice="mend the weights: each says how many people of the population its row stands for",
            )


def measure_weighted(opened: OpenedTable, codes: EncodedTable, pairs: Table | None) -> WeightedRisks:
    """The risks of all records, or units, from the weights of their classes.

    Raises UncheckableError for more classes or rows of households than memory should hold.
    """
    classes = keep_table(_weigh_classes(codes, pairs))
    sums = classes.group_by(list(_SIZES)).aggregate(members=classes["own"].sum().cast("int64"))
    found = _fetch(opened, keep_table(sums))
    members = int(found.members.sum())
    expected = _sum_up(found)
    households = _household_risks(opened, codes, classes) if "h" in codes.table.columns else None
    return WeightedRisks(
        population=_weigh_members(codes),
        max_risk=_highest(found),
        average_risk=expected / members,
        expected=expected,
        uniqueness=_uniqueness(found, members),
        max_household_risk=None if households is None else _round_up(float(households.max())),
        average_household_risk=None
        if households is None
        else min(Fraction(1), _round_up(fsum(households.tolist())) / len(households)),
    )


def _weigh_classes(codes: EncodedTable, pairs: Table | None) -> Table:
    """By class: its `size`, the sum of its weights (`whole` + `part` ÷ `PARTS`) and its `own` members."""
    keys = list(codes.keys)
    own = _sum_weights(codes.table, keys, codes.unit)
    if pairs is None:
        return own.mutate(own=own["size"])
    own = keep_table(own)
    if codes.unit is None:
        merged = through(own, pairs, keys)
        sums = {name: merged[name].sum().cast("int64") for name in _SIZES}
        every = merged.group_by(keys).aggregate(**sums)
    else:
        rows = through(codes.table.select(*keys, codes.unit, "w"), pairs, keys)
        every = _sum_weights(rows, keys, codes.unit)
    return every.join(own.select(*keys, own="size"), keys).select(*keys, *_SIZES, "own")


def _sum_weights(table: Table, keys: Sequence[str], unit: str | None) -> Table:
    """`size`, `whole` and `part` by `keys`; a unit of several rows weighs as much as its lightest."""
    each = table if unit is None else table.group_by([*keys, unit]).aggregate(w=table["w"].min())
    whole, part = _split(each["w"])
    split = each.mutate(whole=whole, part=part)
    sums = {"whole": split["whole"].sum().cast("int64"), "part": split["part"].sum().cast("int64")}
    if not keys:
        return split.aggregate(size=split.count(), **sums)
    return split.group_by(list(keys)).aggregate(size=split.count(), **sums)


def _split(weight: Column) -> tuple[Column, Column]:
    """The whole people, and the rest in billionths, to the nearest."""
    whole = weight.floor()
    return whole.cast("int64"), ((weight - whole) * float(PARTS) + 0.5).floor().cast("int64")


def _weigh_members(codes: EncodedTable) -> Fraction:
    """The sum of the weights, of a unit once."""
    row = only_row(_sum_weights(codes.table, (), codes.unit))
    return int(row["whole"]) + Fraction(int(row["part"]), PARTS)


def _fetch(opened: OpenedTable, sums: Table) -> _Frequencies:
    _require_few(opened, sums, "classes of different weights")
    table = arrow(sums)
    return _frequencies(table, integers(table["members"]))


def _frequencies(table: Any, members: Integers) -> _Frequencies:
    sizes, whole, part = (integers(table[name]) for name in _SIZES)
    excess = np.maximum((whole - sizes) + part / PARTS, 0.0)
    return _Frequencies(
        sizes, excess == 0, individual_risks(sizes, excess), sizes.astype(np.float64) + excess, members
    )


def _require_few(opened: OpenedTable, table: Table, what: str) -> None:
    number = int(only_row(table.aggregate(rows=table.count()))["rows"])
    if number * len(table.columns) > CELLS_IN_MEMORY:
        raise UncheckableError(
            f"{opened.name}: {number:,} {what} are too many to hold in memory",
            advice="generalise the quasi-identifiers first, or name fewer",
        )


def _sum_up(found: _Frequencies) -> Fraction:
    """Σ r over the members: exact where a class is its own population, else rounded up; never above Σ 1/f."""
    inexact = ~found.is_census
    sampled = _inverse_sizes(found.sizes, found.members)
    rest = _round_up(fsum((found.risks[inexact] * found.members[inexact]).tolist()))
    exact = _inverse_sizes(found.sizes[found.is_census], found.members[found.is_census])
    return min(sampled, exact + rest)


def _inverse_sizes(sizes: Integers, members: Integers) -> Fraction:
    """Σ members ÷ size."""
    distinct, where = np.unique(sizes, return_inverse=True)
    held = np.zeros(len(distinct), np.int64)
    np.add.at(held, where, members)
    pairs = zip(held.tolist(), distinct.tolist(), strict=True)
    return sum((Fraction(many, size) for many, size in pairs), start=Fraction(0))


def _highest(found: _Frequencies) -> Fraction:
    """Never above 1 ÷ f of the class that it is of."""
    at = int(found.risks.argmax())
    risk, size = float(found.risks[at]), int(found.sizes[at])
    return min(Fraction(1, size), _round_up(risk))


def _uniqueness(found: _Frequencies, members: int) -> Fraction:
    """The share of members that are expected to be unique: of a class of 1, h = 1 with probability p."""
    alone = found.sizes == 1
    inexact = alone & ~found.is_census
    exact = int(found.members[alone & found.is_census].sum())
    rest = _round_up(fsum((found.members[inexact] / found.populations[inexact]).tolist()))
    return min(Fraction(int(found.members[alone].sum())), exact + rest) / members


def _round_up(risk: float) -> Fraction:
    """Above what it is an approximation of."""
    return Fraction(_UPWARDS.multiply(Decimal(risk), Decimal(1 + 2 * ERROR))) if risk else Fraction(0)


def _household_risks(opened: OpenedTable, codes: EncodedTable, classes: Table) -> Floats:
    """1 − Π(1 − r) of every household, ascending; a member without one is one alone."""
    keys = list(codes.keys)
    unit = [] if codes.unit is None else [codes.unit]
    table = codes.table.select("h", *keys, *unit)
    table = table.distinct() if unit else table
    placed = table.join(classes.select(*keys, *_SIZES), keys).select("h", *_SIZES)
    counted = keep_table(placed.group_by(["h", *_SIZES]).aggregate(n=placed.count()))
    known = counted.filter(counted["h"].notnull())
    numbered = keep_table(known.select("h").distinct().mutate(g=row_number()))
    together = known.join(numbered, "h").select("g", "n", *_SIZES)
    together = together.mutate(g=together["g"].cast("int64"))  # Spark's row numbers have 32 bits
    alone = counted.filter(counted["h"].isnull()).select("n", *_SIZES).mutate(g=constant(-1))
    every = keep_table(together.union(alone.select("g", "n", *_SIZES)))
    _require_few(opened, every, "members of households")
    fetched = arrow(every)
    return _join_risks(_frequencies(fetched, integers(fetched["n"])), integers(fetched["g"]))


def _join_risks(found: _Frequencies, groups: Integers) -> Floats:
    """In the order of the risks of each household, so that rounding does not depend on that of the rows."""
    order = np.lexsort((found.risks, groups))
    risks, members, groups = found.risks[order], found.members[order], groups[order]
    alone = groups == -1
    lone = np.repeat(risks[alone], members[alone])
    risks, members, groups = risks[~alone], members[~alone], groups[~alone]
    if not len(groups):
        return np.sort(lone)
    with np.errstate(divide="ignore"):
        kept = np.log1p(-risks) * members
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    together = -np.expm1(np.add.reduceat(kept, starts))
    return np.sort(np.concatenate((lone, together)))
