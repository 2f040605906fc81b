"""How many rows must go, at the least, whatever a class is split into: what prunes a search.

Derivation. A class U of a node holds n rows, n_v of them with the sensitive value v. At a finer node it is
split into parts, of which some are suppressed: r rows of U, and at most R of the table's N rows.

1. Fewer than k rows or l distinct values in U are no more in its parts: r = n.
2. A share of at most x_v in each part is one of at most x_v in what stays of U. If all r rows hold v,
   n_v − r ≤ x_v (n − r), so r ≥ (n_v − x_v n) ÷ (1 − x_v). α is such a limit. So is β: a share of the table
   can grow to at most p = c_v ÷ (N − R), and x_v is (1 + β) p (Cao and Karras, "Publishing Microdata with a
   Robust Privacy Guarantee", PVLDB 5(11), 2012), for enhanced β at most p (1 − ln p), and e^δ p for δ.
   Entropy is largest where all m − 1 other values share alike, which limits x as well.
3. The distance of a union is at most the largest of its parts' (Li, Li and Venkatasubramanian, "t-Closeness",
   ICDE 2007, section 3). Dropping r of n rows moves r ÷ n of the class and R ÷ N of the table at most, so
   r ≥ n (d − t − R ÷ N). Ranks close up where a value is gone, so this is for R = 0 alone where
   values are ordered.
4. α, entropy and recursive diversity (Machanavajjhala et al., "ℓ-Diversity", TKDD 1(1), 2007, section 4), and
   for R = 0 t and β: what all parts keep, U keeps. So where U fails, r ≥ 1. δ is not of this kind.

Example. Four rows of which three hold one value, which may be half of a class: two have to go.

>>> _rows_to_remove(np.array([3]), np.array([4]), 0.5).tolist()
[2.0]
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from gatecli.anonymity.search.classes import Base, Integers, NodeClasses, Reals
from gatecli.anonymity.search.criteria import Cells, cells_of, demands_of, distance, failing_classes, monotone
from gatecli.model.anonymity import Thresholds

SLACK = 1e-6
"""Of a row: a bound is rounded down, so that no rounding rules out an answer."""

_OF_THE_TABLE = ("t", "beta", "enhanced_beta")
"""Demands that are measured against the table, which changes where rows go."""


def least_suppressed(base: Base, classes: NodeClasses, thresholds: Thresholds, most: int) -> int:
    """The rows that go at least at a node that is finer than that of `classes`, where at most `most` may."""
    stays = monotone(base, classes, thresholds)
    gone = np.where(stays, 0, classes.sizes)
    # A unit may be in several classes: only rows have bounds of the other kinds.
    if len(base.sensitive) and not base.units and int(gone.sum()) <= most:
        fixed = thresholds_of_unions(thresholds, most)
        fails = failing_classes(base, classes, np.ones(len(stays), bool), demands_of(fixed))
        gone = np.maximum(gone, fails)
        for attribute, histogram in zip(base.sensitive, classes.sensitive, strict=True):
            cells = cells_of(attribute, histogram, classes, np.ones(len(stays), bool))
            gone = np.maximum(gone, _of_shares(cells, thresholds, most))
            gone = np.maximum(gone, _of_distance(cells, thresholds, most))
    return int(gone.sum())


def thresholds_of_unions(thresholds: Thresholds, most: int) -> Thresholds:
    """The demands that a union of classes keeps where they all do."""
    kept = ("alpha", "entropy_l", "recursive", *(_OF_THE_TABLE if most == 0 else ()))
    return Thresholds(**{name: getattr(thresholds, name) for name in kept})


def _of_shares(cells: Cells, thresholds: Thresholds, most: int) -> Integers:
    limits = _largest_shares(cells, thresholds, most)
    gone = np.zeros(len(cells.sizes), np.int64)
    if limits.min(initial=1.0) < 1.0:
        at = cells.histogram
        rows = _rows_to_remove(at.counts, cells.sizes[at.classes], limits[at.values])
        np.maximum.at(gone, at.classes, np.ceil(rows - SLACK).astype(np.int64))
    return gone


def _rows_to_remove(counts: Integers, sizes: Integers, limit: Reals | float) -> Reals:
    """The rows of a value to remove before it holds at most `limit` of its class."""
    over = np.maximum(counts - limit * sizes, 0.0)
    rows: Reals = np.minimum(over / np.maximum(1.0 - limit, 1e-12), sizes)
    return rows


def _largest_shares(cells: Cells, thresholds: Thresholds, most: int) -> Reals:
    """By value, the largest share of a class that any of the demands permits."""
    share = np.minimum(cells.marginals / max(cells.total - most, 1), 1.0)
    limits = np.ones(len(share))
    if thresholds.alpha is not None:
        limits = np.minimum(limits, float(thresholds.alpha))
    if thresholds.entropy_l is not None:
        limits = np.minimum(limits, _largest_share(float(thresholds.entropy_l), len(share)))
    gains = [float(one) for one in (thresholds.beta, thresholds.enhanced_beta) if one is not None]
    if gains:
        limits = np.minimum(limits, (1.0 + min(gains)) * share)
    if thresholds.enhanced_beta is not None:
        limits = np.minimum(limits, share * (1.0 - np.log(share)))
    if thresholds.delta is not None:
        limits = np.minimum(limits, exp(min(float(thresholds.delta), 700.0)) * share)
    return limits


def _largest_share(diversity: float, values: int) -> float:
    """The largest share of one of `values` in a class whose e^H is at least `diversity`, from above."""

    def entropy(share: float) -> float:
        rest = 1.0 - share
        return -share * log(share) - (rest * log(rest / (values - 1)) if rest else 0.0)

    if values < 2 or diversity <= 1:
        return 1.0
    low, high = 1.0 / values, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(middle) >= log(diversity) else (low, middle)
    return high


def _of_distance(cells: Cells, thresholds: Thresholds, most: int) -> Integers:
    if thresholds.t is None or (cells.ordered and most):
        return np.zeros(len(cells.sizes), np.int64)
    beyond = distance(cells) - float(thresholds.t) - most / max(cells.total, 1)
    return np.maximum(np.ceil(cells.sizes * beyond - SLACK), 0).astype(np.int64)
