"""Linked tables over one population: every published cell is a sum of atoms.

The categories that tables use for a dimension cut it into pieces that none of them divides: 0-14 and 0-15
cut it into 0-14 and the fifteen-year-olds. An atom is a piece of each dimension; its count is unknown and not
negative.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, prod

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.published import Label, PublishedCell, PublishedTable, categories
from gatecli.anonymity.releases.labels import Span, Tree, number_point, spans_of
from gatecli.errors import UncheckableError

MOST_ATOMS = 2_000_000
Indices = NDArray[np.int64]
Bounds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CutDimension:
    """A dimension cut into `pieces`; which of them each category has."""

    name: str
    pieces: int
    held: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class CountBox:
    """A cell as the sum of its atoms, and what is known of its count; `high` is infinite where nothing is."""

    atoms: Indices
    low: float
    high: float
    table: int
    cell: PublishedCell


@dataclass(frozen=True, slots=True)
class LinkedTables:
    """Tables as sums of atoms. `low` and `high` bound each atom as far as its own cells say."""

    tables: tuple[PublishedTable, ...]
    dimensions: tuple[CutDimension, ...]
    boxes: tuple[CountBox, ...]
    low: Bounds
    high: Bounds

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(each.pieces for each in self.dimensions)


def link(
    tables: Sequence[PublishedTable], trees: Mapping[str, Tree], *, absent_is_zero: bool
) -> LinkedTables:
    """The tables over the atoms of their dimensions; dimensions of one name are one dimension.

    Raises UncheckableError for a category that its hierarchy does not know, for more atoms than can be
    audited, and where two tables give one cell different counts.
    """
    names = tuple(dict.fromkeys(name for table in tables for name in table.dimensions))
    dimensions = tuple(_dimension(name, categories(tables, name), trees.get(name)) for name in names)
    shape = tuple(each.pieces for each in dimensions)
    if prod(shape) > MOST_ATOMS:
        raise UncheckableError(
            f"the tables have {prod(shape):,} cells together, more than the {MOST_ATOMS:,} that are audited",
            advice="link fewer tables at a time, or leave out a dimension",
        )
    low, high = np.zeros(prod(shape)), np.full(prod(shape), inf)
    boxes: list[CountBox] = []
    for number, table in enumerate(tables):
        boxes.extend(_boxes(number, table, dimensions))
        if absent_is_zero:
            for atoms in _absent(table, dimensions):
                high[atoms] = 0
    for box in boxes:
        if box.high == 0:
            high[box.atoms] = 0
        if len(box.atoms) == 1:
            low[box.atoms] = np.maximum(low[box.atoms], box.low)
            high[box.atoms] = np.minimum(high[box.atoms], box.high)
    if (low > high).any():
        raise contradiction()
    return LinkedTables(tuple(tables), dimensions, tuple(boxes), low, high)


def contradiction() -> UncheckableError:
    """The tables cannot all be true: nothing can be said about what they disclose."""
    return UncheckableError(
        "the counts contradict one another: totals are not the sums of their cells, or tables differ",
        advice="give tables of one population; name totals with --total and the base of rounding with "
        "--rounded; where the file leaves out cells that are not zero, say --absent suppressed",
    )


def _dimension(name: str, labels: Sequence[str], tree: Tree | None) -> CutDimension:
    covered = _by_tree(name, labels, tree) if tree is not None else _by_spans(labels)
    signatures: dict[frozenset[str], int] = {}
    for signature in covered:
        signatures.setdefault(signature, len(signatures))
    held: dict[str, list[int]] = {label: [] for label in labels}
    for signature, at in signatures.items():
        for label in signature:
            held[label].append(at)
    return CutDimension(
        name, max(len(signatures), 1), {label: tuple(pieces) for label, pieces in held.items()}
    )


def _by_tree(name: str, labels: Sequence[str], tree: Tree) -> list[frozenset[str]]:
    """The categories that each value of the hierarchy is in."""
    if strange := [label for label in labels if label not in tree]:
        raise UncheckableError(
            f"the hierarchy of {name} does not know {len(strange):,} of its categories",
            advice="give a hierarchy that names every category: value;level;…;*",
        )
    leaves = sorted({leaf for label in labels for leaf in tree[label]})
    return [frozenset(label for label in labels if leaf in tree[label]) for leaf in leaves]


def _by_spans(labels: Sequence[str]) -> list[frozenset[str]]:
    """The categories at and between all ends of spans; of anything but numbers each category is a piece."""
    spans = {label: spans_of(label, number_point) for label in labels}
    if any(each is None for each in spans.values()):
        return [frozenset({label}) for label in labels]
    known = {label: each or () for label, each in spans.items()}
    ends = sorted({end for each in known.values() for span in each for end in (span.low, span.high)})
    points = [*ends, *((one + other) / 2 for one, other in pairwise(end for end in ends if abs(end) < inf))]
    finite = [end for end in ends if abs(end) < inf]
    points += [finite[0] - 1, finite[-1] + 1] if finite else [0.0]
    cuts = sorted(point for point in points if abs(point) < inf)
    inside: list[list[str]] = [[] for _ in cuts]
    for label, each in known.items():
        for at in {at for span in each for at in _points_in(span, cuts)}:
            inside[at].append(label)
    return [signature for signature in dict.fromkeys(map(frozenset, inside)) if signature]


def _points_in(span: Span, points: Sequence[float]) -> range:
    """The indices of ascending points that a span holds."""
    start = bisect_right(points, span.low) if span.open_low else bisect_left(points, span.low)
    stop = bisect_left(points, span.high) if span.open_high else bisect_right(points, span.high)
    return range(start, stop)


def _pieces(table: PublishedTable, dimensions: Sequence[CutDimension]) -> list[dict[Label, Indices]]:
    """The pieces of each label by dimension; the total is that of the table's own categories."""
    found: list[dict[Label, Indices]] = []
    for dimension in dimensions:
        if dimension.name not in table.dimensions:
            found.append({None: np.arange(dimension.pieces)})
            continue
        own = table.labels_of(table.dimensions.index(dimension.name))
        whole = sorted({piece for label in own for piece in dimension.held[label]})
        pieces: dict[Label, Indices] = {label: np.array(dimension.held[label], np.int64) for label in own}
        found.append({**pieces, None: np.array(whole or range(dimension.pieces), np.int64)})
    return found


def _boxes(number: int, table: PublishedTable, dimensions: Sequence[CutDimension]) -> Iterable[CountBox]:
    pieces = _pieces(table, dimensions)
    order = [
        table.dimensions.index(each.name) if each.name in table.dimensions else None for each in dimensions
    ]
    for cell in table.cells:
        labels = [None if at is None else cell.labels[at] for at in order]
        atoms = _atoms([pieces[at][label] for at, label in enumerate(labels)], dimensions)
        yield CountBox(atoms, cell.low, inf if cell.high is None else cell.high, number, cell)


def _absent(table: PublishedTable, dimensions: Sequence[CutDimension]) -> Iterable[Indices]:
    """The atoms of the cells, margins aside, that a table does not have."""
    present = {cell.labels for cell in table.cells if None not in cell.labels}
    if not present:
        return
    shape = tuple(each.pieces for each in dimensions)
    inside = np.zeros(shape, np.bool_)
    pieces = _pieces(table, dimensions)
    inside[np.ix_(*(each[None] for each in pieces))] = True
    order = [
        table.dimensions.index(each.name) if each.name in table.dimensions else None for each in dimensions
    ]
    for labels in present:
        chosen = [pieces[at][None if own is None else labels[own]] for at, own in enumerate(order)]
        inside[np.ix_(*chosen)] = False
    yield np.flatnonzero(inside)


def _atoms(pieces: Sequence[Indices], dimensions: Sequence[CutDimension]) -> Indices:
    shape = tuple(each.pieces for each in dimensions)
    grid: Indices = np.ravel_multi_index(np.ix_(*pieces), shape).ravel()
    return grid
