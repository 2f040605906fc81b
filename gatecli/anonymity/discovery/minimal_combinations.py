"""Minimal unique and almost unique column combinations, by refining partitions of the rows.

The order of the walk, every subset before its supersets, lets one pass decide minimality. Two rows that
agree on some columns refute every combination of those (the difference sets of Birnick et al., "Hitting Set
Enumeration with Partial Information for Unique Column Combination Discovery", PVLDB 13(11), 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gatecli.anonymity.discovery.column_sets import ColumnSets, columns_of, mask_of
from gatecli.anonymity.discovery.partitions import (
    Codes,
    Counts,
    Partition,
    cardinality_of,
    count_classes,
    count_pairs,
    largest_classes,
    pairs_by_column,
    refine_partition,
    refined_sizes,
    whole,
)

BUDGET = 2_000_000
ROWS_OF_A_STEP = 5_000
"""Looking at a combination is a step of the budget, and so is refining as many rows."""

LOOKED_AT = 512
"""Rows of a partition among which two that agree on many columns are looked for."""

LARGEST_SHARES, FEWEST_ROWS = (16, 4), 2_048
"""Combinations are first tried on one row in so many, those of the largest classes, and on so many rows."""


@dataclass(frozen=True, slots=True)
class Minimal:
    """Minimal combinations, as ascending column numbers, in order; `complete` unless stopped early.

    `counts` are what each of them does to the rows.
    """

    unique: tuple[tuple[int, ...], ...]
    almost: tuple[tuple[int, ...], ...]
    counts: Mapping[tuple[int, ...], Counts]
    complete: bool = True


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
    counts = {columns_of(mask): counts for mask, counts in walk.counts.items()}
    return Minimal(unique, almost, counts, is_complete)


@dataclass(slots=True)
class GrowingCombination:
    """A combination that grows by columns.

    `known` is its partition; until that is needed, the combination that it grew from by one column.
    """

    columns: tuple[int, ...]
    known: Partition | GrowingCombination

    @property
    def mask(self) -> int:
        """Its columns as bits."""
        return mask_of(self.columns)


@dataclass(frozen=True, slots=True)
class _OpenCombination:
    """A combination that is not decided yet: the column it grew by, and how many pairs it may leave together
    to be kept.
    """

    mask: int
    column: int
    limit: int


class _CombinationWalk:
    """Combinations in an order that has subsets first; rows are looked at only where nothing else tells.

    A partition leaves the fewest pairs together where its classes are split evenly, and at least those that
    its largest classes leave together.
    """

    def __init__(self, columns: Sequence[Codes], number: int, allowed_pairs: int, budget: int) -> None:
        self.columns, self.number = columns, number
        self.cardinalities = [cardinality_of(codes) for codes in columns]
        self.order = sorted(range(len(columns)), key=lambda column: (-self.cardinalities[column], column))
        self.allowed = allowed_pairs
        self.left = budget
        self.unique, self.almost, self.agreeing = (ColumnSets(len(columns)) for _ in range(3))
        self.counts: dict[int, Counts] = {}

    def below(self, parent: GrowingCombination, start: int, depth: int) -> bool:
        """Visit what grows from a combination; False where the budget was spent."""
        if depth == 1:
            return self._judge_last(parent, start)
        for at in range(len(self.order) - 1, start - 1, -1):
            node = GrowingCombination((*parent.columns, self.order[at]), parent)
            if self.unique.holds_subset_of(node.mask):
                continue
            self.left -= 1
            if self.left < 0:
                return False
            is_grown = not self._judge(node) and self._may_end(node, self.order[at + 1 :][: depth - 1])
            if is_grown and not self.below(node, at + 1, depth - 1):
                return False
        return True

    def _judge(self, node: GrowingCombination) -> bool:
        """Whether a combination is unique; one that is, or the first of its kind that almost is, is kept."""
        mask = node.mask
        limit = self._limit(mask)
        if limit is None or self._fewest_pairs(node) > limit:
            return False
        partition = self._refine(node)
        if partition.pairs <= limit:
            alone = self.number - len(partition.rows)
            self._keep(mask, count_classes(partition.sizes, alone, partition.pairs))
        return partition.pairs == 0

    def _judge_last(self, parent: GrowingCombination, start: int) -> bool:
        """Judge the combinations of a parent and one column more, which grow no further; False where the
        budget was spent.
        """
        found = list(self._open(parent, self.order[start:][::-1]))
        if found and self.left >= 0:
            partition = self._refine(parent)
            for one in self._left_open(partition, found):
                self.left -= len(partition.rows) // ROWS_OF_A_STEP
                codes, cardinality = self.columns[one.column], self.cardinalities[one.column]
                sizes = refined_sizes(partition, codes, cardinality)
                pairs = count_pairs(sizes, len(partition.rows))
                if pairs <= one.limit:
                    self._keep(one.mask, count_classes(sizes, self.number - len(partition.rows), pairs))
        return self.left >= 0

    def _open(self, parent: GrowingCombination, columns: Sequence[int]) -> Iterator[_OpenCombination]:
        is_almost = self.almost.holds_subset_of(parent.mask)
        unique = self.unique.columns_to_a_superset(parent.mask)
        almost = -1 if is_almost else self.almost.columns_to_a_superset(parent.mask)
        for column in columns:
            if unique >> column & 1:
                continue
            self.left -= 1
            mask = parent.mask | 1 << column
            limit = 0 if almost >> column & 1 else self.allowed
            is_refuted = limit == 0 and self.agreeing.holds_superset_of(mask)
            if not is_refuted and self._fewest_pairs(parent, (column,)) <= limit:
                yield _OpenCombination(mask, column, limit)

    def _left_open(
        self, partition: Partition, found: Sequence[_OpenCombination]
    ) -> Sequence[_OpenCombination]:
        """Those that the largest classes of a partition do not refute."""
        for share in LARGEST_SHARES:
            most = max(len(partition.rows) // share, FEWEST_ROWS)
            if len(partition.rows) <= most or not found:
                break
            largest = largest_classes(partition, most)
            self.left -= len(largest.rows) * len(found) // ROWS_OF_A_STEP
            columns = [self.columns[one.column] for one in found]
            pairs = pairs_by_column(largest, columns, [self.cardinalities[one.column] for one in found])
            found = [one for one, least in zip(found, pairs, strict=True) if least <= one.limit]
        return found

    def _limit(self, mask: int) -> int | None:
        """The pairs that a combination may leave together to be kept; None where it is known not to be."""
        if not self.almost.holds_subset_of(mask):
            return self.allowed
        return None if self.agreeing.holds_superset_of(mask) else 0

    def _keep(self, mask: int, counts: Counts) -> None:
        self.counts[mask] = counts
        if not self.almost.holds_subset_of(mask):
            self.almost.add(mask)
        if counts.pairs == 0:
            self.unique.add(mask)

    def _refine(self, node: GrowingCombination) -> Partition:
        """The partition of a combination; two rows that it leaves together are remembered."""
        if isinstance(node.known, Partition):
            return node.known
        parent, column = self._refine(node.known), node.columns[-1]
        self.left -= len(parent.rows) // ROWS_OF_A_STEP
        node.known = partition = refine_partition(parent, self.columns[column], self.cardinalities[column])
        if not self.agreeing.holds_superset_of(node.mask):
            agreeing = _agreeing(self.columns, partition)
            if agreeing is not None:
                self.agreeing.add(agreeing)
        return partition

    def _may_end(self, node: GrowingCombination, more: Sequence[int]) -> bool:
        """Whether a combination, with some columns more, can leave as few pairs together as are allowed."""
        limit = 0 if self.almost.holds_subset_of(node.mask) else self.allowed
        return self._fewest_pairs(node, more) <= limit

    def _fewest_pairs(self, node: GrowingCombination, more: Sequence[int] = ()) -> int:
        """The pairs that a combination and more columns leave together, were each class split evenly."""
        cells = prod(self.cardinalities[column] for column in more)
        known = node.known
        while not isinstance(known, Partition):
            cells *= self.cardinalities[node.columns[-1]]
            node, known = known, known.known
        rows = len(known.rows)
        squares = 2 * known.pairs + rows
        return (squares // cells - rows) // 2


def _agreeing(columns: Sequence[Codes], partition: Partition) -> int | None:
    """Of some pairs of rows that a partition leaves together, the columns of the pair that agrees on most."""
    some = np.argsort(partition.labels[:LOOKED_AT], kind="stable")
    rows, labels = partition.rows[some], partition.labels[some]
    pairs = np.flatnonzero(labels[1:] == labels[:-1])
    if not len(pairs):
        return None
    first, second = rows[pairs], rows[pairs + 1]
    same = np.array([codes[first] == codes[second] for codes in columns])
    best = int(same.sum(axis=0).argmax())
    return mask_of(np.flatnonzero(same[:, best]).tolist())


def _combinations(masks: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(map(columns_of, masks), key=lambda columns: (len(columns), columns)))
