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
    choices = [_Choice.of(hidden, labels) for hidden, labels in _groups(columns)]
    for _ in range(MOST_ROUNDS if failing.any() else 0):
        need = _Need(np.where(failing, left, 0.0), np.where(failing, 0.0, left), k, whole=whole)
        best = _cheapest(need, choices)
        if best is None:
            break
        changed = best.help(left, failing, k, whole=whole)
        for choice in choices:
            choice.is_stale[changed] = True
        if not failing.any():
            break
    hidden_in = [((), left), *((choice.hidden, choice.moved) for choice in choices)]
    pieces = [
        Piece(int(at), hidden, int(rows[at])) for hidden, rows in hidden_in for at in np.flatnonzero(rows)
    ]
    return sorted(pieces, key=lambda piece: (piece.row, piece.hidden))


def _cheapest(need: _Need, choices: Sequence[_Choice]) -> _Choice | None:
    """The first set of columns that costs least; None where none helps.

    A failing row costs a cell a column at least, so wider sets are not looked at once one has been found for
    no more.
    """
    best, price = None, float("inf")
    for choice in choices:
        if price <= len(choice.hidden):
            break
        choice.renew_prices(need)
        least = float(choice.prices.min())
        if least < price:
            best, price = choice, least
    return best


@dataclass(slots=True)
class _Choice:
    """A set of columns to hide, the groups that are alike without them, and what is known so far: the rows of
    each class that have joined, and the cells a failing row of each group costs.

    Prices depend on their own group alone, so only those are computed again of which a class has changed.
    """

    hidden: tuple[int, ...]
    labels: Integers
    moved: Integers
    prices: Reals
    is_stale: Mask

    @classmethod
    def of(cls, hidden: tuple[int, ...], labels: Integers) -> _Choice:
        number, classes = int(labels.max()) + 1, len(labels)
        return cls(hidden, labels, np.zeros(classes, np.int64), np.zeros(number), np.ones(classes, bool))

    def renew_prices(self, need: _Need) -> None:
        """Compute the prices of the groups of which a class has changed."""
        changed = np.flatnonzero(self.is_stale)
        if not len(changed):
            return
        groups = np.zeros(len(self.prices), bool)
        groups[self.labels[changed]] = True
        self.prices[groups] = np.inf
        fails = np.zeros(len(self.prices), bool)
        fails[self.labels[need.failing > 0]] = True
        groups &= fails
        at = np.flatnonzero(groups[self.labels])
        if len(at):
            labels = (np.cumsum(groups) - 1)[self.labels[at]]
            self.prices[groups] = need.price(len(self.hidden), at, labels, self.moved[at])
        self.is_stale[:] = False

    def help(self, left: Integers, failing: Mask, k: int, *, whole: bool) -> Integers:
        """Hide the columns where that costs least, in those that fail and who joins them; what changed."""
        changed: list[int] = []
        for group in np.flatnonzero(self.prices < self.prices.min() + 1).tolist():
            alike = np.flatnonzero(self.labels == group)
            standing = int(self.moved[alike].sum())
            for at, rows in _moving(left, failing, standing, alike, k, whole=whole):
                self.moved[at] += rows
                left[at] -= rows
                failing[at] = False
                changed.append(at)
        return np.array(changed, np.int64)


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

    def price(self, width: int, at: Integers, labels: Integers, moved: Integers) -> Reals:
        """Cells to hide for each failing row of a group; infinite where that does not help.

        `labels` and `moved` are of the classes `at`; every group has a failing row.
        """
        number = int(labels.max()) + 1
        failing, others = self.failing[at], self.others[at]
        helped = np.bincount(labels, weights=failing, minlength=number)
        standing = np.bincount(labels, weights=moved, minlength=number)
        joining = np.maximum(self.k - helped - standing, 0)
        if self.whole:
            lacking = standing == 0
        else:
            spare = np.bincount(labels, weights=np.maximum(others - self.k, 0), minlength=number)
            lacking = joining > spare
        if lacking.any():
            chosen = np.flatnonzero(lacking[labels] & (others > 0))
            smallest = np.full(number, np.inf)
            np.minimum.at(smallest, labels[chosen], others[chosen])
            alone = self.whole & (joining == 0) & np.isinf(smallest)
            joining = np.where(lacking & ~alone, smallest, joining)
        price: Reals = width * (helped + joining) / helped
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
