"""Tables of magnitudes: cells whose total tells one contributor's value to another.

The rules are those of Hundepool et al., "Statistical Disclosure Control" (2012), chapter 4, with x₁ ≥ x₂ ≥ …
the contributors' values of a cell and X their sum. A cell is sensitive

    by p %        where X − x₁ − x₂ < p/100 · x₁: the second contributor learns the first to within p %
    by pq         where q/100 · (X − x₁ − x₂) < p/100 · x₁: the same, of one who knew the rest to within q %
    by (n, k)     where x₁ + … + xₙ > k/100 · X.

All is computed with exact fractions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.text_rows import Row, distinct_rows
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import MagnitudeDemands, MagnitudeMeasures

MOST_DIMENSIONS = 8
"""Each margin is a table of its own: twice as many with every dimension."""

Cell = tuple[Row, tuple[int, ...]]
"""The categories of a cell, and the dimensions that they are of; the others are summed over."""

Contributions = Mapping[Cell, Sequence[Fraction]]
"""The values of a cell's contributors, the largest first; of a given cell, the rest is the last value."""


def contributions(
    opened: OpenedTable, dimensions: Sequence[str], value: str, contributor: str | None
) -> Contributions:
    """Cells of rows of contributors, and all margins; a contributor's rows in a cell are added up.

    Without a contributor's column every row is a contributor. Raises UsageError for a missing column,
    UncheckableError for a value that is not a number or negative.
    """
    _require_few(dimensions)
    people = () if contributor is None else (contributor,)
    sums: dict[Cell, dict[object, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    width = len(dimensions)
    for number, (row, times) in enumerate(distinct_rows(opened, (*dimensions, *people, value))):
        amount = _amount(opened.name, value, row[-1])
        for cell in _cells(row[:width]):
            if contributor is not None:
                sums[cell][row[width]] += amount * times
            else:
                for copy in range(times):
                    sums[cell][number, copy] = amount
    return {cell: sorted(each.values(), reverse=True) for cell, each in sums.items()}


def given_cells(
    opened: OpenedTable, dimensions: Sequence[str], total: str, largest: Sequence[str]
) -> Contributions:
    """Cells that are given by their total and their largest contributions, a row each.

    Raises UncheckableError for figures that are not the parts of a total.
    """
    width = len(dimensions)
    found: dict[Cell, Sequence[Fraction]] = {}
    for row, times in distinct_rows(opened, (*dimensions, total, *largest)):
        whole = _amount(opened.name, total, row[width])
        named = zip(largest, row[width + 1 :], strict=True)
        parts = sorted((_amount(opened.name, name, text or "0") for name, text in named), reverse=True)
        rest = whole - sum(parts)
        cell = (row[:width], tuple(range(width)))
        if rest < 0 or times > 1 or cell in found:
            raise UncheckableError(
                f"{opened.name}: the largest contributions of a cell are more than its total, "
                "or a cell has two rows",
                advice=f"give each cell one row, with its total in {total}",
            )
        found[cell] = [*parts, rest]
    return found


def measure_magnitudes(
    cells: Contributions, demands: MagnitudeDemands, given: int | None
) -> MagnitudeMeasures:
    """How many cells each rule finds sensitive; `given` is how many of the largest contributions are known.

    Raises UsageError for a rule that needs more of them.
    """
    _require_known(demands, given)
    sensitive, few = 0, 0
    share = Fraction(0)
    for values in cells.values():
        named = values[:given] if given is not None else values
        total = sum(values, start=Fraction(0))
        if total:
            share = max(share, named[0] / total)
        sensitive += any(rule for rule in _rules(named, total, demands))
        active = sum(1 for value in named if value)
        least = demands.contributors
        few += given is None and least is not None and 0 < active < least
    return MagnitudeMeasures(len(cells), sensitive, few, share)


def _require_few(dimensions: Sequence[str]) -> None:
    if len(dimensions) > MOST_DIMENSIONS:
        raise UsageError(
            f"{len(dimensions)} dimensions have too many margins", advice=f"name at most {MOST_DIMENSIONS}"
        )


def _require_known(demands: MagnitudeDemands, given: int | None) -> None:
    if given is None:
        return
    needed = max(demands.n or 0, 2 if demands.p is not None else 0)
    if given < needed or demands.contributors is not None:
        raise UsageError(
            f"the rules need the {needed} largest contributions, or the contributors themselves",
            advice="name their columns with --largest, or give the table of contributors",
        )


def _rules(values: Sequence[Fraction], total: Fraction, demands: MagnitudeDemands) -> Iterator[bool]:
    first = values[0] if values else Fraction(0)
    if demands.p is not None:
        rest = total - sum(values[:2])
        yield demands.q / 100 * rest < demands.p / 100 * first
    if demands.n is not None and demands.k is not None:
        yield sum(values[: demands.n]) > demands.k / 100 * total


def _cells(labels: Row) -> Iterator[Cell]:
    """A row's cell, and those of every margin that it is in."""
    places = range(len(labels))
    for size in range(len(labels) + 1):
        for chosen in combinations(places, size):
            yield tuple(labels[at] for at in chosen), chosen


def _amount(name: str, column: str, text: str | None) -> Fraction:
    try:
        amount = Fraction((text or "").strip())
    except (ValueError, ZeroDivisionError):
        raise UncheckableError(
            f"{name}: a value of {column} is not a number", advice="fill in or drop the rows without a number"
        ) from None
    if amount < 0:
        raise UncheckableError(
            f"{name}: a value of {column} is negative, which the rules do not cover",
            advice="check what its absolute values would disclose, or split profits from losses",
        )
    return amount
