"""What a node of the lattice costs, in the field's metrics (see `gatecli.model.generalisation.Loss`).

Derivation. Rows of a class are generalised alike, so every metric is a sum over classes of size times
what one member loses, plus the suppressed rows, which lose all:

1. Iyengar's metric (KDD 2002) and the normalised certainty penalty (Xu et al., KDD 2006): the mean
   over all cells of what the generalised value covers, 1 for a suppressed cell.
2. Non-uniform entropy (Gionis and Tassa, IEEE TKDE 21(2), 2009): a cell that generalises a raw value shared
   by r rows to one shared by g loses log₂(g/r) bits, a suppressed one log₂(rows/r). As a share of hiding
   everything.
3. Discernibility (Bayardo and Agrawal, ICDE 2005): Σ size² + suppressed · rows.
4. Average class (LeFevre et al., "Mondrian", ICDE 2006): rows that stay ÷ classes ÷ k.

Example. Ten rows in kept classes of 3 and 4, with 3 rows suppressed, have a discernibility of
3² + 4² + 3 · 10 = 55, and at k = 2 an average class of 7 / (2 · 2).

>>> sum(size**2 for size in (3, 4)) + 3 * 10, Fraction(7, 2 * 2)
(55, Fraction(7, 4))
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gatecli.anonymity.search.classes import Base, Node, NodeClasses, Reals
from gatecli.anonymity.search.criteria import Kept
from gatecli.model.generalisation import Loss, LossMetric


def loss_at(base: Base, classes: NodeClasses, node: Node, kept: Kept, k: int) -> Loss:
    """The loss of a node where `kept` stays; `k` is what was demanded."""
    sizes = classes.sizes[kept.classes]
    return Loss(
        generalised=_mean(base, classes, node, kept, "extent"),
        certainty=_mean(base, classes, node, kept, "certainty"),
        entropy=_entropy(base, classes, node, kept),
        discernibility=sum(int(size) ** 2 for size in sizes) + kept.suppressed * base.rows,
        average_class=Fraction(kept.rows, len(sizes) * k),
    )


def loss_by(metric: LossMetric, base: Base, classes: NodeClasses, node: Node, kept: Kept, k: int) -> float:
    """One figure of `loss_at`; infinite where nothing stays.

    It never falls where a node is coarser and the same rows stay, nor where fewer rows do, but for the
    average class: this falls with its rows, and rises only where classes are fewer.
    """
    match metric:
        case LossMetric.GENERALISED:
            return _mean(base, classes, node, kept, "extent")
        case LossMetric.CERTAINTY:
            return _mean(base, classes, node, kept, "certainty")
        case LossMetric.ENTROPY:
            return _entropy(base, classes, node, kept)
        case LossMetric.DISCERNIBILITY:
            squares = float((classes.sizes[kept.classes].astype(np.float64) ** 2).sum())
            return squares + float(kept.suppressed) * base.rows
        case LossMetric.AVERAGE_CLASS:
            number = int(kept.classes.sum())
            return kept.rows / (number * k) if number else float("inf")


def _at(base: Base, classes: NodeClasses, node: Node, what: str) -> list[Reals]:
    """A figure of each dimension, for a member of each class."""
    return [
        getattr(dimension, what)[level][raw]
        for dimension, level, raw in zip(base.dimensions, node, classes.members, strict=True)
    ]


def _mean(base: Base, classes: NodeClasses, node: Node, kept: Kept, what: str) -> float:
    rows = classes.sizes * kept.classes
    covered = sum(float((rows * share).sum()) for share in _at(base, classes, node, what))
    width = len(base.dimensions)
    return (covered + kept.suppressed * width) / (base.rows * width)


def _entropy(base: Base, classes: NodeClasses, node: Node, kept: Kept) -> float:
    """Σ log2(rows that share the generalised value ÷ rows that share the raw one), as a share."""
    everything = float(np.log2(base.rows)) * len(base.dimensions) * base.rows
    raw = float(base.classes.surprise.sum())
    most = everything - raw
    if most <= 0:
        return 0.0
    coarse = sum(np.log2(shared) for shared in _at(base, classes, node, "rows_alike"))
    kept_bits = float(((classes.sizes * coarse - classes.surprise) * kept.classes).sum())
    suppressed_raw = raw - float((classes.surprise * kept.classes).sum())
    suppressed_bits = kept.suppressed * len(base.dimensions) * float(np.log2(base.rows)) - suppressed_raw
    return min(max((kept_bits + suppressed_bits) / most, 0.0), 1.0)
