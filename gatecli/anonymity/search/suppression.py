"""What a node costs where cells are suppressed too, and which node costs least.

Derivation. The pieces that `hide_cells` makes of a node's classes are grouped again by what they show, and
every demand is asked of these groups: what fails is suppressed as rows. A hidden cell loses all that it
said, as one of a suppressed row does. The search starts where every column is hidden and shows one column
more, or one finer, as long as that loses less: so it is done in few steps, and more work goes further on the
same way.

Example. Of four cells in two rows, one is hidden by suppression and one covers half of its column:

>>> (1.0 + 0.5 + 0 + 0) / 4
0.375
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from gatecli.anonymity.search.cells import Piece, hide_cells
from gatecli.anonymity.search.classes import (
    Base,
    Integers,
    Mask,
    Node,
    NodeClasses,
    Reals,
    combine_codes,
    merge_classes,
    regroup_classes,
)
from gatecli.anonymity.search.criteria import Kept, demands_of, keep, least_size, monotone
from gatecli.anonymity.search.loss import loss_by
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import Loss, LossMetric

MOST_CLASSES = 5_000
"""Beyond, a node has no single cells suppressed: the choice of cells looks at all classes again and again."""
TIE = 1e-9
"""Losses are no nearer than so: they are sums of floats."""
COST = 60
"""How much more work a choice of cells is than a regrouping."""


@dataclass(frozen=True, slots=True)
class HiddenCells:
    """A node with cells suppressed: its pieces, their groups, and which of these stay."""

    node: Node
    classes: NodeClasses
    pieces: tuple[Piece, ...]
    groups: Integers
    sizes: Integers
    kept: Mask
    suppressed: int
    loss: Loss

    @property
    def cells(self) -> tuple[int, ...]:
        """By column, the cells that are suppressed in rows that stay."""
        counts = [0] * len(self.node)
        for piece, group in zip(self.pieces, self.groups.tolist(), strict=True):
            for at in piece.hidden if self.kept[group] else ():
                counts[at] += piece.rows
        return tuple(counts)


def judges_values(thresholds: Thresholds) -> bool:
    """Whether any demand is about sensitive values."""
    return bool(demands_of(thresholds)) or (thresholds.l or 1) > 1


def hide_at(base: Base, node: Node, thresholds: Thresholds, most: int) -> HiddenCells | None:
    """A node with its cells suppressed; None where a demand fails all the same."""
    classes = regroup_classes(base, base.classes, node)
    if len(classes.sizes) > MOST_CLASSES:
        return None
    codes = [
        dimension.codes[level][raw]
        for dimension, level, raw in zip(base.dimensions, node, classes.members, strict=True)
    ]
    stays = monotone(base, classes, thresholds)
    whole = judges_values(thresholds)
    pieces = tuple(hide_cells(classes.sizes, stays, codes, least_size(thresholds), whole=whole))
    groups, number = _group_pieces(pieces, codes)
    rows = np.array([piece.rows for piece in pieces], np.int64)
    if whole:
        held, merged = base, merge_classes(base, classes, groups, number)
    else:
        held = replace(base, sensitive=())
        sizes = np.bincount(groups, weights=rows, minlength=number).astype(np.int64)
        merged = NodeClasses((), sizes, np.zeros(number), ())
    kept = keep(held, merged, thresholds, most)
    if kept is None:
        return None
    loss = _loss(base, node, classes, pieces, kept.classes[groups], merged.sizes[kept.classes], thresholds)
    return HiddenCells(node, classes, pieces, groups, merged.sizes, kept.classes, kept.suppressed, loss)


def _group_pieces(pieces: Sequence[Piece], codes: Sequence[Integers]) -> tuple[Integers, int]:
    """Which pieces show the same."""
    at = np.array([piece.row for piece in pieces], np.int64)
    shown = [codes_of[at] + 1 for codes_of in codes]
    for place, piece in enumerate(pieces):
        for column in piece.hidden:
            shown[column][place] = 0
    return combine_codes(shown, [int(column.max()) + 1 for column in shown])


def _loss(
    base: Base,
    node: Node,
    classes: NodeClasses,
    pieces: Sequence[Piece],
    stays: Mask,
    sizes: Integers,
    thresholds: Thresholds,
) -> Loss:
    at = np.array([piece.row for piece in pieces], np.int64)
    rows = np.array([piece.rows for piece in pieces], np.int64)
    width, kept = len(node), int(sizes.sum())
    hidden = np.zeros((width, len(pieces)), bool)
    for place, piece in enumerate(pieces):
        hidden[list(piece.hidden), place] = True
    hidden |= ~stays

    def total(what: str, all_of_it: float) -> float:
        values: list[Reals] = [
            np.where(gone, all_of_it, getattr(dimension, what)[level][raw[at]])
            for dimension, level, raw, gone in zip(
                base.dimensions, node, classes.members, hidden, strict=True
            )
        ]
        if what == "rows_alike":
            values = [np.log2(value) for value in values]
        return float(sum(float((rows * value).sum()) for value in values))

    raw_bits = float(base.classes.surprise.sum())
    bits = float(np.log2(base.rows)) * width * base.rows - raw_bits
    return Loss(
        generalised=total("extent", 1.0) / (base.rows * width),
        certainty=total("certainty", 1.0) / (base.rows * width),
        entropy=min(max((total("rows_alike", base.rows) - raw_bits) / bits, 0.0), 1.0) if bits > 0 else 0.0,
        discernibility=sum(int(size) ** 2 for size in sizes) + (base.rows - kept) * base.rows,
        average_class=Fraction(kept, len(sizes) * least_size(thresholds)),
    )


def loss_figure(loss: Loss, metric: LossMetric) -> float:
    """The figure that a search makes small."""
    return float(getattr(loss, metric.value.replace("-", "_")))


def hide_least(
    base: Base, thresholds: Thresholds, metric: LossMetric, most: int, work: int
) -> HiddenCells | None:
    """The node that loses least with cells suppressed, as far as `work` goes; None where none was found."""
    top = tuple(len(dimension.codes) - 1 for dimension in base.dimensions)
    best: HiddenCells | None = None
    here, judged = top, {top}
    while work > 0:
        nearest: HiddenCells | None = None
        for bound, node in sorted((_least_lost(base, node, metric), node) for node in _finer(here)):
            if node in judged or work <= 0:
                continue
            if nearest and bound > loss_figure(nearest.loss, metric) + TIE:
                break
            judged.add(node)
            work -= COST * 200 + len(base.classes.sizes) * (1 + len(base.sensitive))
            hidden = hide_at(base, node, thresholds, most)
            if hidden is not None:
                work -= COST * len(hidden.sizes)
                nearest = hidden if nearest is None else min(nearest, hidden, key=_rank_by(metric))
        if nearest is None or (best and loss_figure(nearest.loss, metric) >= loss_figure(best.loss, metric)):
            break
        best, here = nearest, nearest.node
    return best


def _rank_by(metric: LossMetric) -> Callable[[HiddenCells], tuple[float, int, Node]]:
    return lambda each: (loss_figure(each.loss, metric), each.suppressed, each.node)


def _least_lost(base: Base, node: Node, metric: LossMetric) -> float:
    """What the node loses without a suppressed cell: no more than with some, where a loss is one of cells."""
    if metric in (LossMetric.DISCERNIBILITY, LossMetric.AVERAGE_CLASS):
        return 0.0
    everything = Kept(np.ones(len(base.classes.sizes), bool), base.rows, 0)
    return loss_by(metric, base, base.classes, node, everything, 1)


def _finer(node: Node) -> Iterator[Node]:
    """The nodes of which one level is lower, by one or more."""
    for at, level in enumerate(node):
        for lower in range(level - 1, -1, -1):
            yield (*node[:at], lower, *node[at + 1 :])
