"""Which classes at a node may stay: floats decide where they are clear, exact numbers where they are near.

Suppression drops whole classes. Dropping one changes the table's own distribution, so what is measured
against it (t, β, δ) is measured again until no further class falls: those criteria are not monotone
under suppression, and are verified rather than assumed.

Derivation of what is not read off a definition.

1. k-anonymity (Sweeney 2002) and distinct l-diversity (Machanavajjhala et al., "ℓ-Diversity", TKDD 1(1),
   2007) only grow when classes are joined: `monotone` decides them first, and the search relies on it.
2. Every other demand is one number a class against a limit; classes that fail leave, the table's shares
   change, and the demands are asked again. Rows only leave, so this ends.
3. t of an ordered attribute is Σ |Q − P| over the m ranks, divided by m − 1, Q and P being the cumulative
   shares of class and table (Li, Li and Venkatasubramanian, "t-Closeness", ICDE 2007, section 4). Between
   two values of a class Q stands still at some q, and P rises through it at one rank x: Σ |q − P| from rank
   a to b is q (2x − a − b) + A(a) + A(b) − 2 A(x), with A the sum of P below a rank. So the cost is that of
   the class's own values, not of all m.

Example. A class that holds only the middle of three values, each a third of the table: P = 1/3, 2/3, 1 and
Q = 0, 1, 1, so t = (1/3 + 1/3 + 0) / 2 = 1/3.

>>> one = Histogram(np.array([0]), np.array([1]), np.array([5]))
>>> distance(Cells(one, np.array([5]), np.array([5, 5, 5]), 15, ordered=True)).round(6).tolist()
[0.333333]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any

import numpy as np

from gatecli.anonymity import exact
from gatecli.anonymity.exact import ClassCounts
from gatecli.anonymity.search.classes import (
    Base,
    Histogram,
    Integers,
    Mask,
    NodeClasses,
    Reals,
    Sensitive,
    sum_by_label,
)
from gatecli.model.anonymity import Thresholds

NEAR = 1e-9
"""How close to a limit, relative to it, a float no longer decides."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Which classes stay, the rows in them, and how many rows are suppressed."""

    classes: Mask
    rows: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Cells:
    """The histogram of one attribute over the classes that stay, with what criteria need of it."""

    histogram: Histogram
    sizes: Integers
    marginals: Integers
    total: int
    ordered: bool

    def of(self, number: int) -> ClassCounts:
        """One class for the exact measures."""
        classes = self.histogram.classes
        low, high = np.searchsorted(classes, [number, number + 1])
        counts = zip(
            self.histogram.values[low:high].tolist(), self.histogram.counts[low:high].tolist(), strict=True
        )
        return ClassCounts(dict(counts), int(self.sizes[number]))

    def shares(self) -> dict[int, int]:
        """The marginals of the values that there are, for the exact measures."""
        return {code: count for code, count in enumerate(self.marginals.tolist()) if count}


def least_size(thresholds: Thresholds) -> int:
    """The smallest class that may stay: k, or what the highest risk 1 ÷ k demands."""
    risk = thresholds.max_risk
    return max(thresholds.k or 1, ceil(1 / risk) if risk else 1)


def monotone(base: Base, classes: NodeClasses, thresholds: Thresholds) -> Mask:
    """The classes of k rows (or units) and l distinct values: a row that stays, stays at coarser nodes."""
    kept = classes.people >= least_size(thresholds)
    if thresholds.l and thresholds.l > 1:
        for attribute, histogram in zip(base.sensitive, classes.sensitive, strict=True):
            held = attribute.count(histogram)
            kept &= np.bincount(held.classes, minlength=len(kept)) >= thresholds.l
    return np.asarray(kept)


def keep(base: Base, classes: NodeClasses, thresholds: Thresholds, most: int) -> Kept | None:
    """The classes to keep so that all thresholds hold for what remains; None where that suppresses more
    than `most` rows, or all.
    """
    kept = monotone(base, classes, thresholds)
    demands = demands_of(thresholds)
    while True:
        rows = int(classes.sizes[kept].sum())
        if rows == 0 or base.rows - rows > most:
            return None
        fails = failing_classes(base, classes, kept, demands)
        if not fails.any():
            break
        kept = kept & ~fails
    risk = thresholds.average_risk
    if risk is not None and Fraction(int(kept.sum()), int(classes.people[kept].sum())) > risk:
        return None
    return Kept(kept, rows, base.rows - rows)


def keeps_demands(base: Base, classes: NodeClasses, thresholds: Thresholds) -> Mask:
    """Which classes keep every demand on a class, in a table of which no row is suppressed."""
    kept = monotone(base, classes, thresholds)
    for attribute, histogram, raw in zip(
        base.sensitive, classes.sensitive, base.classes.sensitive, strict=True
    ):
        marginals = sum_by_label(raw.values, raw.counts, attribute.cardinality)
        cells = Cells(histogram, classes.sizes, marginals, base.rows, attribute.ordered)
        for demand in demands_of(thresholds):
            kept &= _passing(cells, demand)
    return kept


def failing_classes(base: Base, classes: NodeClasses, kept: Mask, demands: tuple[Demand, ...]) -> Mask:
    """Of the classes that are kept, those that break a demand."""
    failing = np.zeros(len(kept), bool)
    for attribute, histogram in zip(base.sensitive, classes.sensitive, strict=True) if demands else ():
        cells = cells_of(attribute, histogram, classes, kept)
        for demand in demands:
            failing |= kept & ~_passing(cells, demand)
    return failing


def cells_of(attribute: Sensitive, histogram: Histogram, classes: NodeClasses, kept: Mask) -> Cells:
    """The cells of the classes that are kept."""
    left = _filter(histogram, kept)
    if attribute.values is None:
        marginals = sum_by_label(left.values, left.counts, attribute.cardinality)
    else:
        marginals = np.bincount(attribute.values[np.unique(left.values)])
        left = attribute.count(left)
    present = marginals > 0  # a value that is nowhere any more has no rank
    ranks = np.cumsum(present) - 1
    total = int(left.counts.sum()) if classes.units is None else _count_units(classes.units, kept)
    left = replace(left, values=ranks[left.values])
    return Cells(left, classes.people, marginals[present], total, attribute.ordered)


def _filter(histogram: Histogram, kept: Mask) -> Histogram:
    stay = kept[histogram.classes]
    return Histogram(histogram.classes[stay], histogram.values[stay], histogram.counts[stay])


def _count_units(units: Histogram, kept: Mask) -> int:
    return len(np.unique(_filter(units, kept).values))


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand on a class: its measure in floats (NaN decides nothing), the exact one, and the limit."""

    measure: Callable[[Cells], Reals]
    exactly: Callable[[Cells, ClassCounts], Fraction | None]
    limit: Fraction
    at_least: bool = False
    strict: bool = False

    def holds(self, value: Fraction | None) -> bool:
        """Whether an exact value meets the limit; None is beyond every limit."""
        if value is None:
            return False
        if self.strict:
            return value < self.limit
        return value >= self.limit if self.at_least else value <= self.limit


def _passing(cells: Cells, demand: Demand) -> Mask:
    values = demand.measure(cells)
    limit = float(demand.limit)
    passing = values >= limit if demand.at_least else values <= limit
    near = np.flatnonzero(np.isnan(values) | (np.abs(values - limit) <= NEAR * max(1.0, abs(limit))))
    held = {int(at) for at in np.unique(cells.histogram.classes[np.isin(cells.histogram.classes, near)])}
    decided = cache(lambda item: demand.holds(demand.exactly(cells, ClassCounts(dict(item[0]), item[1]))))
    for at in sorted(held):
        item = cells.of(at)
        passing[at] = decided((tuple(item.counts.items()), item.size))
    return np.asarray(passing)


def demands_of(thresholds: Thresholds) -> tuple[Demand, ...]:
    """The demands beside k and l that are one number a class against a limit."""
    recursive = thresholds.recursive
    wanted: tuple[tuple[Fraction | None, Callable[[Fraction], Demand]], ...] = (
        (thresholds.alpha, lambda limit: Demand(_alpha, lambda _, item: exact.alpha(item), limit)),
        (
            thresholds.entropy_l,
            lambda limit: Demand(_entropy, lambda _, item: exact.entropy_l(item), limit, at_least=True),
        ),
        (
            recursive.c if recursive else None,
            lambda limit: _recursive_demand(limit, recursive.l if recursive else 1),
        ),
        (thresholds.t, lambda limit: Demand(distance, _exact_distance, limit)),
        (
            thresholds.beta,
            lambda limit: Demand(
                _gain, lambda cells, item: exact.basic_beta(item, cells.shares(), cells.total), limit
            ),
        ),
        (
            thresholds.enhanced_beta,
            lambda limit: Demand(
                _enhanced_beta,
                lambda cells, item: exact.enhanced_beta(item, cells.shares(), cells.total),
                limit,
            ),
        ),
        (
            thresholds.delta,
            lambda limit: Demand(
                _delta,
                lambda cells, item: exact.delta_disclosure(item, cells.shares(), cells.total),
                limit,
            ),
        ),
    )
    return tuple(make(limit) for limit, make in wanted if limit is not None)


def _recursive_demand(c: Fraction, depth: int) -> Demand:
    return Demand(
        lambda cells: _recursive(cells, depth),
        lambda _, item: exact.recursive_c(item, depth),
        c,
        strict=True,
    )


def _per_class(cells: Cells, values: Any, ufunc: str = "add") -> Reals:
    """The sum (or `maximum`) of the cells of each class; 0 for a class that is not kept."""
    out = np.zeros(len(cells.sizes))
    starts = np.flatnonzero(_opens(cells))
    out[cells.histogram.classes[starts]] = getattr(np, ufunc).reduceat(values, starts)
    return out


def _opens(cells: Cells) -> Mask:
    """Which cells are the first of their class."""
    classes = cells.histogram.classes
    return np.append([True], classes[1:] != classes[:-1])


def _own_shares(cells: Cells) -> Reals:
    return cells.histogram.counts / cells.sizes[cells.histogram.classes]


def _table_shares(cells: Cells) -> Reals:
    return (cells.marginals / max(cells.total, 1))[cells.histogram.values]


def _alpha(cells: Cells) -> Reals:
    return _per_class(cells, _own_shares(cells), "maximum")


def _entropy(cells: Cells) -> Reals:
    """Where units hold several values, their shares sum to more than one, and are divided by the sum."""
    weights = _per_class(cells, cells.histogram.counts)
    shares = cells.histogram.counts / weights[cells.histogram.classes]
    return np.asarray(np.exp(_per_class(cells, -shares * np.log(shares))))


def _recursive(cells: Cells, depth: int) -> Reals:
    """r₁ ÷ (r_l + … + r_m), counts descending; infinite where fewer than l values are there."""
    classes, counts = cells.histogram.classes, cells.histogram.counts
    order = np.lexsort((-counts, classes))
    opens = _opens(cells)
    place = np.arange(len(classes)) - np.flatnonzero(opens)[np.cumsum(opens) - 1]
    tail = place >= depth - 1
    rest = np.bincount(classes[order][tail], weights=counts[order][tail], minlength=len(cells.sizes))
    top = _per_class(cells, counts, "maximum")
    ratios: Reals = np.divide(top, rest, out=np.full(len(top), np.inf), where=rest > 0)
    return ratios


def distance(cells: Cells) -> Reals:
    """How far each class is from the table: t."""
    if cells.ordered:
        return _ordered_distance(cells)
    own, table = _own_shares(cells), _table_shares(cells)
    absent = cells.marginals.sum() / max(cells.total, 1) - _per_class(cells, table)
    far: Reals = np.minimum((_per_class(cells, np.abs(own - table)) + absent) / 2, 1.0)
    return far


def _exact_distance(cells: Cells, item: ClassCounts) -> Fraction:
    far = exact.ordered_distance if cells.ordered else exact.total_variation
    return far(item, cells.shares(), cells.total)


def _ordered_distance(cells: Cells) -> Reals:
    """Σ |Q − P| over ranks ÷ (m − 1), gap by gap: between two values of a class Q stands still."""
    ranks = len(cells.marginals)
    if ranks < 2:
        return np.zeros(len(cells.sizes))
    table = np.cumsum(cells.marginals) / cells.total
    area = np.concatenate(([0.0], np.cumsum(table)))
    classes, values = cells.histogram.classes, cells.histogram.values
    within = np.cumsum(cells.histogram.counts)
    opens = _opens(cells)
    before = np.append([0], within)[np.flatnonzero(opens)]
    reached = (within - before[np.cumsum(opens) - 1]) / cells.sizes[classes]
    last = np.append(opens[1:], [True])
    ends = np.where(last, ranks, np.append(values[1:], [ranks]))
    crossing = np.clip(np.searchsorted(table, reached), values, ends)
    moved = reached * (2.0 * crossing - values - ends) + area[values] + area[ends] - 2.0 * area[crossing]
    moved += np.where(opens, area[values], 0.0)
    far: Reals = np.minimum(_per_class(cells, moved) / (ranks - 1), 1.0)
    return far


def _gain(cells: Cells) -> Reals:
    return _per_class(cells, _own_shares(cells) / _table_shares(cells) - 1.0, "maximum")


def _enhanced_beta(cells: Cells) -> Reals:
    """The basic β; infinite where a value gains more than −ln of its own share, NaN where that is close."""
    shares = _table_shares(cells)
    gains = np.maximum(_own_shares(cells) / shares - 1.0, 0.0)
    excess = gains + np.log(shares)
    clear = np.where(excess > NEAR, np.inf, np.where(excess < -NEAR, gains, np.nan))
    return _per_class(cells, clear, "maximum")


def _delta(cells: Cells) -> Reals:
    return _per_class(cells, np.abs(np.log(_own_shares(cells) / _table_shares(cells))), "maximum")
