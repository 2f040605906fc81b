"""Minimal unique and almost unique column combinations, by refining partitions of the rows.

Partitions stripped of rows that are already alone follow Huhtala et al., "TANE: An Efficient Algorithm
for Discovering Functional and Approximate Dependencies", The Computer Journal 42(2), 1999; the order of
the walk, every subset before its supersets, lets one pass decide minimality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

BUDGET = 2_000_000
ROWS_OF_A_STEP = 5_000
"""Looking at a combination is a step of the budget, and so is refining as many rows."""

_BITS = 64
_LOOKED_AT = 512
"""Rows of a partition among which two that agree on many columns are looked for."""

_DENSE = 4
"""Keys are counted in an array while it is at most so many times as long as the rows."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one combination does to the rows; `pairs` are those it does not tell apart."""

    distinct: int
    unique_rows: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Minimal:
    """Minimal combinations, as ascending column numbers, in order; `complete` unless stopped early.

    `counts` are what each of them does to the rows.
    """

    unique: tuple[tuple[int, ...], ...]
    almost: tuple[tuple[int, ...], ...]
    counts: Mapping[tuple[int, ...], Counts]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Partition:
    """The rows that share their values with others, and the class of each."""

    rows: Codes
    labels: Codes
    classes: int
    pairs: int


def whole(number: int) -> Partition:
    """All rows in one class: the partition of no column."""
    if number < 2:
        return Partition(np.zeros(0, np.int64), np.zeros(0, np.int64), 0, 0)
    return Partition(np.arange(number), np.zeros(number, np.int64), 1, number * (number - 1) // 2)


def refine_partition(partition: Partition, codes: Codes, cardinality: int) -> Partition:
    """The partition by one more column."""
    keys = partition.labels * cardinality + codes[partition.rows]
    space = partition.classes * cardinality
    if space <= _DENSE * len(keys) + 1024:
        sizes = np.bincount(keys, minlength=max(space, 1))
    else:
        _, keys, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    shared = sizes > 1
    kept = shared[keys]
    labels = (np.cumsum(shared) - 1)[keys[kept]]
    left = sizes[shared]
    return Partition(partition.rows[kept], labels, len(left), int((left * (left - 1) // 2).sum()))


def count_combination(columns: Sequence[Codes], combination: Sequence[int], number: int) -> Counts:
    """What a combination does to `number` rows."""
    partition = whole(number)
    for column in combination:
        partition = refine_partition(partition, columns[column], _cardinality(columns[column]))
    return _counts(partition, number)


def _counts(partition: Partition, number: int) -> Counts:
    alone = number - len(partition.rows)
    return Counts(alone + partition.classes, alone, partition.pairs)


def _cardinality(codes: Codes) -> int:
    return int(codes.max()) + 1 if len(codes) else 1


def minimal_combinations(
    columns: Sequence[Codes], number: int, max_columns: int, allowed_pairs: int, budget: int = BUDGET
) -> Minimal:
    """Every minimal combination of at most `max_columns` that is unique, or almost.

    `columns` hold the class of each of `number` rows, as numbers from 0. Almost unique is what leaves
    at most `allowed_pairs` pairs of rows together. Stops, incomplete, after `budget` rows were looked at.
    """
    walk = _CombinationWalk(columns, number, allowed_pairs, budget)
    is_complete = walk.below(GrowingCombination((), whole(number)), 0, max_columns)
    unique, almost = _combinations(walk.unique.masks), _combinations(walk.almost.masks)
    counts = {_columns(mask): counts for mask, counts in walk.counts.items()}
    return Minimal(unique, almost, counts, is_complete)


@dataclass(slots=True)
class GrowingCombination:
    """A combination that grows by columns; the partition by the first `refined` of them is known."""

    columns: tuple[int, ...]
    partition: Partition
    refined: int = 0

    @property
    def mask(self) -> int:
        """Its columns as bits."""
        return sum(1 << column for column in self.columns)


class _CombinationWalk:
    """Combinations in an order that has subsets first; a partition is refined only where nothing else tells.

    Two rows that agree on some columns refute every combination of those (the difference sets of Birnick
    et al., "Hitting Set Enumeration with Partial Information for Unique Column Combination Discovery",
    PVLDB 13(11), 2020). A partition leaves the fewest pairs together where its classes are split evenly.
    """

    def __init__(self, columns: Sequence[Codes], number: int, allowed_pairs: int, budget: int) -> None:
        self.columns, self.number = columns, number
        self.cardinalities = [_cardinality(codes) for codes in columns]
        self.order = sorted(range(len(columns)), key=lambda column: (-self.cardinalities[column], column))
        self.allowed = allowed_pairs
        self.left = budget
        self.unique, self.almost, self.agreeing = (MaskSet(len(columns)) for _ in range(3))
        self.counts: dict[int, Counts] = {}

    def below(self, parent: GrowingCombination, start: int, depth: int) -> bool:
        """Visit what grows from a combination; False where the budget was spent."""
        for at in range(len(self.order) - 1, start - 1, -1):
            node = GrowingCombination((*parent.columns, self.order[at]), parent.partition, parent.refined)
            if self.unique.holds_subset_of(node.mask):
                continue
            self.left -= 1
            if self.left < 0:
                return False
            is_grown = (
                not self._judge(node) and depth > 1 and self._may_end(node, self.order[at + 1 :][: depth - 1])
            )
            if is_grown and not self.below(node, at + 1, depth - 1):
                return False
        return True

    def _judge(self, node: GrowingCombination) -> bool:
        """Whether a combination is unique; one that is, or the first of its kind that almost is, is kept."""
        mask = node.mask
        if self.agreeing.holds_superset_of(mask) and self.almost.holds_subset_of(mask):
            return False
        if not self._may_end(node, ()):
            return False
        pairs = self._refine(node).pairs
        kept = [
            (pairs <= self.allowed and not self.almost.holds_subset_of(mask), self.almost),
            (pairs == 0, self.unique),
        ]
        for is_kept, masks in kept:
            if is_kept:
                masks.add(mask)
                self.counts[mask] = _counts(node.partition, self.number)
        return pairs == 0

    def _refine(self, node: GrowingCombination) -> Partition:
        """The partition of a combination; two rows that it leaves together are remembered."""
        for column in node.columns[node.refined :]:
            self.left -= len(node.partition.rows) // ROWS_OF_A_STEP
            node.partition = refine_partition(
                node.partition, self.columns[column], self.cardinalities[column]
            )
        node.refined = len(node.columns)
        if not self.agreeing.holds_superset_of(node.mask):
            agreeing = _agreeing(self.columns, node.partition)
            if agreeing is not None:
                self.agreeing.add(agreeing)
        return node.partition

    def _may_end(self, node: GrowingCombination, more: Sequence[int]) -> bool:
        """Whether a combination, with some columns more, can leave as few pairs together as are allowed."""
        cells = prod(self.cardinalities[column] for column in (*node.columns[node.refined :], *more))
        rows = len(node.partition.rows)
        squares = 2 * node.partition.pairs + rows
        return (squares // cells - rows) // 2 <= self.allowed


class MaskSet:
    """Sets of columns as bits, of which many are compared at once."""

    def __init__(self, columns: int) -> None:
        self._words = -(-max(columns, 1) // _BITS)
        self._held = np.zeros((_BITS, self._words), np.uint64)
        self.masks: list[int] = []

    def add(self, mask: int) -> None:
        """Hold one more."""
        if len(self.masks) == len(self._held):
            self._held = np.concatenate([self._held, np.zeros_like(self._held)])
        self._held[len(self.masks)] = self._split(mask)
        self.masks.append(mask)

    def holds_subset_of(self, mask: int) -> bool:
        """Whether a set is held that has no column but those of the mask."""
        outside = self._held[: len(self.masks)] & ~self._split(mask)
        return bool(np.any(~np.any(outside, axis=1)))

    def holds_superset_of(self, mask: int) -> bool:
        """Whether a set is held that has all columns of the mask."""
        wanted = self._split(mask)
        missing = ~self._held[: len(self.masks)] & wanted
        return bool(np.any(~np.any(missing, axis=1)))

    def _split(self, mask: int) -> NDArray[np.uint64]:
        words = [mask >> (_BITS * word) & (1 << _BITS) - 1 for word in range(self._words)]
        return np.array(words, np.uint64)


def _agreeing(columns: Sequence[Codes], partition: Partition) -> int | None:
    """Of some pairs of rows that a partition leaves together, the columns of the pair that agrees on most."""
    some = np.argsort(partition.labels[:_LOOKED_AT], kind="stable")
    rows, labels = partition.rows[some], partition.labels[some]
    pairs = np.flatnonzero(labels[1:] == labels[:-1])
    if not len(pairs):
        return None
    first, second = rows[pairs], rows[pairs + 1]
    same = np.array([codes[first] == codes[second] for codes in columns])
    best = int(same.sum(axis=0).argmax())
    return sum(1 << int(column) for column in np.flatnonzero(same[:, best]))


def _combinations(masks: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(map(_columns, masks), key=lambda columns: (len(columns), columns)))


def _columns(mask: int) -> tuple[int, ...]:
    return tuple(at for at in range(mask.bit_length()) if mask >> at & 1)


def encode_column(column: Any) -> Codes:
    """A pyarrow column as numbers from 0; a missing value is a value of its own."""
    return integers(_join_chunks(column).dictionary_encode(null_encoding="encode").indices)


def integers(column: Any) -> Codes:
    """A pyarrow column of integers without a missing one; pyarrow's own `to_numpy` imports pandas."""
    return np.asarray(np.from_dlpack(_join_chunks(column)), np.int64)


def _join_chunks(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
