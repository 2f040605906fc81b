"""Equivalence classes as counts: fetched once, then regrouped at any node of the lattice without the engine.

Derivation. A node gives every quasi-identifier a level of its hierarchy, and levels are nested: values
that one level joins stay joined at the next. So

1. a class of a coarser node is the union of the classes whose members generalise to the same values, and
   one member of each finer class is enough to tell which (the "rollup property": LeFevre, DeWitt and
   Ramakrishnan, "Incognito: Efficient Full-Domain k-Anonymity", SIGMOD 2005, section 3);
2. sizes, histograms of sensitive values and sums over rows of a union are the sums of its parts';
3. a combination of codes c₁, c₂, … is one number, (c₁ · n₂ + c₂) · n₃ + …, so grouping is counting numbers.

Example. Three classes of 2, 1 and 4 rows, of which a coarser level joins the first and the last:

>>> labels, number = combine_codes([np.array([0, 1, 0]), np.array([2, 2, 2])], [2, 3])
>>> labels.tolist(), sum_by_label(labels, np.array([2, 1, 4]), number).tolist()
([0, 1, 0], [6, 1])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.hierarchies import Hierarchy

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]

Node = tuple[int, ...]

LARGEST_KEY = 2**62
DENSE = 32
"""Keys are renumbered through a map of all possible keys where it is at most so many times as long."""
LARGEST_MAP = 2**26


@dataclass(frozen=True, slots=True)
class Dimension:
    """One quasi-identifier: for every level, the code of each distinct raw value.

    `extent` is how much of the column's range a raw value's generalised value covers (0 … 1, for the
    loss metrics), `certainty` the same in NCP's way, `rows_alike` how many rows share it. `values` are
    the raw values themselves, which never leave the engine but to be suppressed in it.
    """

    hierarchy: Hierarchy
    values: Any
    codes: tuple[Integers, ...]
    cardinalities: tuple[int, ...]
    extent: tuple[Reals, ...]
    certainty: tuple[Reals, ...]
    rows_alike: tuple[Reals, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each sensitive value stands in each class, sorted by class and value."""

    classes: Integers
    values: Integers
    counts: Integers


@dataclass(frozen=True, slots=True)
class NodeClasses:
    """The equivalence classes at a node.

    `members[i]` are raw codes of one member of each class in dimension i; `surprise` is Σ log2 of the
    frequency of the raw values of its rows, over all dimensions. `units` are the rows of each unit in each
    class, where classes count units.
    """

    members: tuple[Integers, ...]
    sizes: Integers
    surprise: Reals
    sensitive: tuple[Histogram, ...]
    units: Histogram | None = None

    @property
    def people(self) -> Integers:
        """What each class counts: its rows, or the distinct units of them."""
        if self.units is None:
            return self.sizes
        return np.bincount(self.units.classes, minlength=len(self.sizes)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A sensitive attribute; the codes of an ordered one are the ranks of its values.

    Where classes count units, histograms are of pairs of a unit and a value, and `values` are the codes of
    the values of these pairs: a value counts once for each unit that has it.
    """

    name: str
    ordered: bool
    cardinality: int
    values: Integers | None = None

    def count(self, histogram: Histogram) -> Histogram:
        """The values of each class, each with what it counts."""
        if self.values is None:
            return histogram
        number = int(self.values.max(initial=0)) + 1
        keys = histogram.classes * number + self.values[histogram.values]
        found, counts = np.unique(keys, return_counts=True)
        return Histogram(found // number, found % number, counts.astype(np.int64))


@dataclass(frozen=True, slots=True)
class Base:
    """A table as counts: dimensions, sensitive attributes and the classes of the raw values.

    `units` is the number of units where classes count them, else 0.
    """

    dimensions: tuple[Dimension, ...]
    sensitive: tuple[Sensitive, ...]
    classes: NodeClasses
    rows: int
    units: int = 0


def renumber_keys(keys: Integers, space: int) -> tuple[Integers, int]:
    """Keys renumbered from 0 without gaps, in ascending order, and how many there are."""
    if space <= min(DENSE * len(keys) + 1024, LARGEST_MAP):
        present = np.zeros(space, bool)
        present[keys] = True
        places = np.cumsum(present, dtype=np.int32)
        return places[keys].astype(np.int64) - 1, int(places[-1]) if space else 0
    found, labels = np.unique(keys, return_inverse=True)
    return labels.astype(np.int64), len(found)


def combine_codes(columns: Sequence[Integers], cardinalities: Sequence[int]) -> tuple[Integers, int]:
    """One number for every combination of codes: the same for the same, and how many there are."""
    keys, space = columns[0], cardinalities[0]
    for codes, cardinality in zip(columns[1:], cardinalities[1:], strict=True):
        if space * cardinality >= LARGEST_KEY:
            keys, space = renumber_keys(keys, space)
        keys, space = keys * cardinality + codes, space * cardinality
    return renumber_keys(keys, space)


def regroup_classes(base: Base, finer: NodeClasses, node: Node) -> NodeClasses:
    """The classes at `node`, from those of any finer node."""
    return merge_classes(base, finer, *label_classes(base, finer, node))


def label_classes(base: Base, finer: NodeClasses, node: Node) -> tuple[Integers, int]:
    """For each class of a finer node, which class of `node` it is in, and how many there are."""
    codes, sizes = [np.zeros(len(finer.sizes), np.int64)], [1]
    for dimension, level, raw in zip(base.dimensions, node, finer.members, strict=True):
        if dimension.cardinalities[level] > 1:
            codes.append(dimension.codes[level][raw])
            sizes.append(dimension.cardinalities[level])
    return combine_codes(codes, sizes)


def merge_classes(base: Base, finer: NodeClasses, labels: Integers, number: int) -> NodeClasses:
    """The classes that are now alike, joined."""
    first = np.zeros(number, np.int64)
    first[labels[::-1]] = np.arange(len(labels))[::-1]
    return NodeClasses(
        tuple(raw[first] for raw in finer.members),
        sum_by_label(labels, finer.sizes, number),
        np.bincount(labels, weights=finer.surprise, minlength=number).astype(np.float64),
        tuple(
            merge_histogram(labels, histogram, attribute.cardinality)
            for histogram, attribute in zip(finer.sensitive, base.sensitive, strict=True)
        ),
        None if finer.units is None else merge_histogram(labels, finer.units, base.units),
    )


def sum_by_label(labels: Integers, counts: Integers, number: int) -> Integers:
    """The sum of `counts` by label; exact below 2^53."""
    return np.bincount(labels, weights=counts, minlength=number).astype(np.int64)


def merge_histogram(labels: Integers, histogram: Histogram, cardinality: int) -> Histogram:
    """A histogram whose class i is now class `labels[i]`."""
    keys = labels[histogram.classes] * cardinality + histogram.values
    space = (int(labels.max()) + 1) * cardinality if len(labels) else 1
    cells, number = renumber_keys(keys, space)
    first = np.zeros(number, np.int64)
    first[cells] = keys
    return Histogram(first // cardinality, first % cardinality, sum_by_label(cells, histogram.counts, number))
