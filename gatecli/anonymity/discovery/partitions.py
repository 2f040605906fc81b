"""Minimal unique and almost unique column combinations, by refining partitions of the rows.

Partitions stripped of rows that are already alone follow Huhtala et al., "TANE: An Efficient Algorithm
for Discovering Functional and Approximate Dependencies", The Computer Journal 42(2), 1999; the order of
the walk, every subset before its supersets, lets one pass decide minimality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

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
    """Minimal combinations, as ascending column numbers, in order; `complete` unless stopped early."""

    unique: tuple[tuple[int, ...], ...]
    almost: tuple[tuple[int, ...], ...]
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
    alone = number - len(partition.rows)
    return Counts(alone + partition.classes, alone, partition.pairs)


def _cardinality(codes: Codes) -> int:
    return int(codes.max()) + 1 if len(codes) else 1


def minimal_combinations(
    columns: Sequence[Codes], number: int, max_columns: int, allowed_pairs: int, budget: int = 200_000
) -> Minimal:
    """Every minimal combination of at most `max_columns` that is unique, or almost.

    `columns` hold the class of each of `number` rows, as numbers from 0. Almost unique is what leaves
    at most `allowed_pairs` pairs of rows together. Stops, incomplete, after `budget` combinations.
    """
    cardinalities = [_cardinality(codes) for codes in columns]
    order = sorted(range(len(columns)), key=lambda column: (-cardinalities[column], column))
    unique: list[int] = []
    almost: list[int] = []
    walk = _walk(columns, cardinalities, order, whole(number), max_columns, unique)
    for steps, (mask, partition) in enumerate(walk, 1):
        if steps > budget:
            return Minimal(_combinations(unique), _combinations(almost), complete=False)
        if partition.pairs == 0:
            unique.append(mask)
        if partition.pairs <= allowed_pairs and not _holds(mask, almost):
            almost.append(mask)
    return Minimal(_combinations(unique), _combinations(almost))


def _walk(
    columns: Sequence[Codes],
    cardinalities: Sequence[int],
    order: Sequence[int],
    root: Partition,
    depth: int,
    unique: list[int],
) -> Iterator[tuple[int, Partition]]:
    """Combinations in an order that has subsets first; none that holds a unique one."""

    def below(mask: int, start: int, left: int, parent: Partition) -> Iterator[tuple[int, Partition]]:
        for at in range(len(order) - 1, start - 1, -1):
            grown = mask | 1 << order[at]
            if _holds(grown, unique):
                continue
            partition = refine_partition(parent, columns[order[at]], cardinalities[order[at]])
            yield grown, partition
            if left > 1 and partition.pairs:
                yield from below(grown, at + 1, left - 1, partition)

    yield from below(0, 0, depth, root)


def _holds(mask: int, masks: Sequence[int]) -> bool:
    return any(mask & other == other for other in masks)


def _combinations(masks: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    sets = (tuple(at for at in range(mask.bit_length()) if mask >> at & 1) for mask in masks)
    return tuple(sorted(sets, key=lambda columns: (len(columns), columns)))


def encode_column(column: Any) -> Codes:
    """A pyarrow column as numbers from 0; a missing value is a value of its own."""
    return integers(_join_chunks(column).dictionary_encode(null_encoding="encode").indices)


def integers(column: Any) -> Codes:
    """A pyarrow column of integers without a missing one; pyarrow's own `to_numpy` imports pandas."""
    return np.asarray(np.from_dlpack(_join_chunks(column)), np.int64)


def _join_chunks(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
