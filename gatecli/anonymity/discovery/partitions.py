"""Partitions of the rows of a table by the values of some columns, and what they count.

Partitions stripped of rows that are already alone follow Huhtala et al., "TANE: An Efficient Algorithm
for Discovering Functional and Approximate Dependencies", The Computer Journal 42(2), 1999.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

_DENSE = 4
"""Keys are counted in an array while it is at most so many times as long as the rows."""

_BITS = 63
"""Of a positive integer."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one combination does to the rows; `pairs` are those it does not tell apart."""

    distinct: int
    unique_rows: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Partition:
    """The rows that share their values with others, ascending, and the class of each; the size of each class,
    and the pairs of rows that are in one.
    """

    rows: Codes
    labels: Codes
    sizes: Codes
    pairs: int


def whole(number: int) -> Partition:
    """All rows in one class: the partition of no column."""
    rows = number if number > 1 else 0
    sizes = np.full(min(rows, 1), rows, np.int64)
    return Partition(np.arange(rows), np.zeros(rows, np.int64), sizes, count_pairs(sizes, rows))


def refine_partition(partition: Partition, codes: Codes, cardinality: int) -> Partition:
    """The partition by one more column."""
    keys = _keys(partition, codes, cardinality)
    space = len(partition.sizes) * cardinality
    if space <= _DENSE * len(keys) + 1024:
        sizes = np.bincount(keys, minlength=space)
    else:
        keys, sizes = _number_keys(keys, space)
    shared = sizes > 1
    left = sizes[shared]
    numbers = np.cumsum(shared) - 1
    rows, number = partition.rows, int(left.sum())
    if number < len(keys):
        kept = np.flatnonzero(shared[keys])
        rows, keys = rows[kept], keys[kept]
    return Partition(rows, numbers[keys], left, count_pairs(left, number))


def refined_sizes(partition: Partition, codes: Codes, cardinality: int) -> Codes:
    """The sizes of the classes that one more column splits a partition into; some may be 0."""
    keys = _keys(partition, codes, cardinality)
    space = len(partition.sizes) * cardinality
    if space <= _DENSE * len(keys) + 1024:
        return np.bincount(keys, minlength=space)
    keys.sort()
    return _run_lengths(keys)


def _number_keys(keys: Codes, space: int) -> tuple[Codes, Codes]:
    """Keys below `space` as numbers without gaps, in their order, and how often each occurs.

    Key and row are sorted as one integer where it has room for both: several times faster than by rows.
    """
    bits = len(keys).bit_length()
    if space.bit_length() + bits >= _BITS:
        _, numbers, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        return numbers, sizes
    packed = (keys << bits) | np.arange(len(keys))
    packed.sort()
    sizes = _run_lengths(packed >> bits)
    numbers = np.empty_like(keys)
    numbers[packed & ((1 << bits) - 1)] = np.repeat(np.arange(len(sizes)), sizes)
    return numbers, sizes


def _run_lengths(ascending: Codes) -> Codes:
    """How often each value occurs."""
    ends = np.append(np.flatnonzero(ascending[1:] != ascending[:-1]), len(ascending) - 1)
    return np.diff(ends, prepend=-1)


def _keys(partition: Partition, codes: Codes, cardinality: int) -> Codes:
    """The class of each row by one more column; a class may have none."""
    keys = partition.labels * cardinality
    keys += codes if len(partition.rows) == len(codes) else codes[partition.rows]
    return keys


def count_pairs(sizes: Codes, rows: int) -> int:
    """The pairs of rows that share a class, of classes that hold so many rows."""
    return int(sizes @ sizes - rows) // 2


def count_classes(sizes: Codes, alone: int, pairs: int) -> Counts:
    """What classes of these sizes are together with rows that are alone."""
    occupied, single = np.count_nonzero(sizes), np.count_nonzero(sizes == 1)
    return Counts(alone + int(occupied), alone + int(single), pairs)


def count_combination(columns: Sequence[Codes], combination: Sequence[int], number: int) -> Counts:
    """What a combination does to `number` rows."""
    partition = whole(number)
    for column in combination:
        partition = refine_partition(partition, columns[column], cardinality_of(columns[column]))
    return count_classes(partition.sizes, number - len(partition.rows), partition.pairs)


def largest_classes(partition: Partition, most: int) -> Partition:
    """The rows of the largest classes, at most `most` of them: what they leave together, all rows do too."""
    rows_of_size = np.bincount(partition.sizes) * np.arange(int(partition.sizes.max()) + 1)
    rows_from_size = np.cumsum(rows_of_size[::-1])[::-1]
    least = int(np.searchsorted(-rows_from_size, -most))
    chosen = partition.sizes >= min(least, len(rows_of_size) - 1)
    kept = np.flatnonzero(chosen[partition.labels])[:most]
    labels = (np.cumsum(chosen) - 1)[partition.labels[kept]]
    sizes = np.bincount(labels)
    return Partition(partition.rows[kept], labels, sizes, count_pairs(sizes, len(kept)))


def pairs_by_column(
    partition: Partition, columns: Sequence[Codes], cardinalities: Sequence[int]
) -> list[int]:
    """The pairs that a partition and one column leave together, for each column."""
    spans = np.array(cardinalities, np.int64) * len(partition.sizes)
    space = int(spans.sum())
    if space > _DENSE * len(partition.rows) * len(columns) + 1024:
        return [
            count_pairs(refined_sizes(partition, column, cardinality), len(partition.rows))
            for column, cardinality in zip(columns, cardinalities, strict=True)
        ]
    starts = np.cumsum(spans) - spans
    keys = np.empty((len(columns), len(partition.rows)), np.int64)
    for at, (column, cardinality) in enumerate(zip(columns, cardinalities, strict=True)):
        np.multiply(partition.labels, cardinality, out=keys[at])
        keys[at] += column[partition.rows]
    keys += starts[:, None]
    sizes = np.bincount(keys.ravel(), minlength=space)
    pairs: list[int] = ((np.add.reduceat(sizes * sizes, starts) - len(partition.rows)) // 2).tolist()
    return pairs


def cardinality_of(codes: Codes) -> int:
    """The number of classes of a column."""
    return int(codes.max()) + 1 if len(codes) else 1


def encode_column(column: Any) -> Codes:
    """A pyarrow column as numbers from 0; a missing value is a value of its own."""
    return integers(_join_chunks(column).dictionary_encode(null_encoding="encode").indices)


def integers(column: Any) -> Codes:
    """A pyarrow column of integers without a missing one; pyarrow's own `to_numpy` imports pandas."""
    return np.asarray(np.from_dlpack(_join_chunks(column)), np.int64)


def _join_chunks(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
