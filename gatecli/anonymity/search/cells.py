"""Cell suppression: single values of few rows become `*`, so that a column need not for all rows.

Derivation. At a node, some classes are too small. Where the columns S of their rows are hidden, rows that
agree on all other columns are alike: they are a class of their own, which needs k rows, and l values where
that is demanded. What is missing comes from classes that keep enough, or whole from the smallest. So a choice
of S for a group of rows costs |S| cells for each failing row and each that joins them; the cheapest per
failing row is taken first, until none fails or nothing helps (the greedy choice of μ-Argus and sdcMicro:
Hundepool et al., "Statistical Disclosure Control", 2012, section 3.2.3; the optimum is NP-hard: Meyerson and
Williams, PODS 2004). What fails then is suppressed as a row, within the limit.

A hidden value is a value of its own here: k holds for whoever takes `*` as written, and all the more
for who takes it as any value.

Example. Three rows alike, one with a wild first value; for k = 2 it is hidden in that row and in one more:

>>> sizes, columns = np.array([3, 1, 2]), [np.array([0, 1, 2]), np.array([0, 0, 1])]
>>> pieces = hide_cells(sizes, np.array([True, False, True]), columns, 2)
>>> [(piece.row, piece.hidden, piece.rows) for piece in pieces]
[(0, (), 2), (0, (0,), 1), (1, (0,), 1), (2, (), 2)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gatecli.anonymity.search.classes import Integers, Mask, Reals, combine_codes

WIDEST = 3
"""The most columns that are hidden together."""
MOST_CHOICES = 40
MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one class that have the same columns hidden; `row` is the class's place."""

    row: int
    hidden: tuple[int, ...]
    rows: int


def hide_cells(
    sizes: Integers, stays: Mask, columns: Sequence[Integers], k: int, *, whole: bool = False
) -> list[Piece]:
    """The pieces that classes of `sizes` come apart into; those that do not `stays` have to be helped.

    `columns` are the codes of each class. `whole` classes alone may join others, and always do: what their
    rows hold besides matters.
    """
    left, failing = sizes.copy(), ~stays
    groups = list(_groups(columns))
    moved = [np.zeros(len(sizes), np.int64) for _ in groups]
    for _ in range(MOST_ROUNDS if failing.any() else 0):
        need = _Need(np.where(failing, left, 0.0), np.where(failing, 0.0, left), k, whole=whole)
        best, prices = _cheapest(need, groups, moved)
        if not np.isfinite(prices.min(initial=np.inf)):
            break
        labels = groups[best][1]
        for group in np.flatnonzero(prices < prices.min() + 1).tolist():
            alike = np.flatnonzero(labels == group)
            standing = int(moved[best][alike].sum())
            for at, rows in _moving(left, failing, standing, alike, k, whole=whole):
                moved[best][at] += rows
                left[at] -= rows
                failing[at] = False
        if not failing.any():
            break
    hidden_in = [((), left), *((hidden, rows) for (hidden, _), rows in zip(groups, moved, strict=True))]
    pieces = [
        Piece(int(at), hidden, int(rows[at])) for hidden, rows in hidden_in for at in np.flatnonzero(rows)
    ]
    return sorted(pieces, key=lambda piece: (piece.row, piece.hidden))


def _cheapest(
    need: _Need, groups: Sequence[tuple[tuple[int, ...], Integers]], moved: Sequence[Integers]
) -> tuple[int, Reals]:
    """The first set of columns that costs least, and its prices. A failing row costs a cell a column at
    least, so wider sets are not looked at once one has been found for no more.
    """
    best, prices = 0, np.full(1, np.inf)
    for at, ((hidden, labels), rows) in enumerate(zip(groups, moved, strict=True)):
        if prices.min() <= len(hidden):
            break
        found = need.price(len(hidden), labels, rows)
        if found.min() < prices.min():
            best, prices = at, found
    return best, prices


def _groups(columns: Sequence[Integers]) -> Iterator[tuple[tuple[int, ...], Integers]]:
    """Sets of columns, small ones first, and which classes are alike without them: something is shown of
    every row, since a row of which nothing is shown is a suppressed row.
    """
    shown = [at for at, codes in enumerate(columns) if codes.max(initial=0) > 0]
    cards = [int(codes.max(initial=0)) + 1 for codes in columns]
    everything = (
        each for width in range(1, min(WIDEST + 1, len(shown))) for each in combinations(shown, width)
    )
    for hidden, _ in zip(everything, range(MOST_CHOICES), strict=False):
        rest = [at for at in shown if at not in hidden]
        none = np.zeros(len(columns[0]), np.int64)
        yield (
            hidden,
            combine_codes([none, *(columns[at] for at in rest)], [1, *(cards[at] for at in rest)])[0],
        )


@dataclass(frozen=True, slots=True)
class _Need:
    """The rows of each class that fail, and of those that do not."""

    failing: Reals
    others: Reals
    k: int
    whole: bool

    def price(self, width: int, labels: Integers, moved: Integers) -> Reals:
        """Cells to hide for each failing row of a group; infinite where that does not help, or none fails."""
        number = int(labels.max()) + 1
        helped = np.bincount(labels, weights=self.failing, minlength=number)
        standing = np.bincount(labels, weights=moved, minlength=number)
        spare = np.bincount(labels, weights=np.maximum(self.others - self.k, 0), minlength=number)
        joining = np.maximum(self.k - helped - standing, 0)
        lacking = (helped > 0) & ((standing == 0) if self.whole else (joining > spare))
        if lacking.any():
            at = np.flatnonzero(lacking[labels] & (self.others > 0))
            smallest = np.full(number, np.inf)
            np.minimum.at(smallest, labels[at], self.others[at])
            alone = self.whole & (joining == 0) & np.isinf(smallest)
            joining = np.where(lacking & ~alone, smallest, joining)
        cells = width * (helped + joining)
        price: Reals = np.divide(cells, helped, out=np.full(number, np.inf), where=helped > 0)
        return price


def _moving(
    left: Integers, failing: Mask, standing: int, alike: Integers, k: int, *, whole: bool
) -> Iterator[tuple[int, int]]:
    """The classes of a group whose rows are hidden, and how many: all that fail, and who joins them."""
    held = [(int(left[at]), int(at)) for at in alike if left[at]]
    helped = [(size, at) for size, at in held if failing[at]]
    others = sorted((size, at) for size, at in held if not failing[at])
    needed = max(k - sum(size for size, _ in helped) - standing, 0)
    spare = sum(max(size - k, 0) for size, _ in others)
    yield from ((at, size) for size, at in helped)
    if needed > spare or (whole and others and not standing):
        size, at = others[0]
        yield at, size
        return
    for size, at in reversed(others):
        taken = min(needed, max(size - k, 0))
        if taken:
            yield at, taken
        needed -= taken
