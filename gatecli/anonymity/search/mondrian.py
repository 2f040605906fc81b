"""Boxes of rows that are recoded together, each in its own way: strict multidimensional recoding.

Derivation (LeFevre, DeWitt and Ramakrishnan, "Mondrian Multidimensional K-Anonymity", ICDE 2006).

1. All rows are one box. A box is cut along one axis into parts that keep every demand, until no cut is
   allowed. The axis is the one on which the box is widest, as a share of the column.
2. On an ordered axis a box is cut behind the value that is nearest to half of its rows: equal values are
   never parted, so the boxes do not overlap. A missing value comes before all others.
3. Along a hierarchy it is cut into the values of the coarsest level at which it holds several. Those that
   fail a demand stay together, with the smallest of the others if they must, at the level above.
4. Demands are measured against the whole table, of which no row is suppressed. So each box that is
   left keeps them, whichever else is cut: they are not assumed to be monotone.

All boxes are cut at once, one axis each, so the work is one pass over the classes for each axis and round.
The unit is the class of equal raw values, not the row.

Example. Six rows with the values 1, 1, 1, 2, 3, 4; for k = 2 the first cut is behind the 1, the next behind
the 2 would leave one row alone:

>>> _medians(np.array([0, 1, 2, 3]), np.array([3, 1, 1, 1]), np.zeros(4, np.int64), 1).tolist()
[0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from gatecli.anonymity.search.classes import (
    Base,
    Histogram,
    Integers,
    Mask,
    NodeClasses,
    Reals,
    merge_histogram,
    renumber_keys,
    sum_by_label,
)
from gatecli.anonymity.search.criteria import demands_of, keeps_demands, least_size
from gatecli.model.anonymity import Thresholds

MOST_JOINED = 3
"""How many values that could be parts of their own may join those that fail, before a cut is given up."""


@dataclass(frozen=True, slots=True)
class Axis:
    """How a quasi-identifier is cut, by raw code: `ranks` in the order of the values, 0 a missing one, or
    None where only its hierarchy orders it.

    `levels` are the codes at each level, one row a level. `places` are the ranks as shares of the column, and
    `extent` what a level covers, one row a level.
    """

    levels: Integers
    extent: Reals
    ranks: Integers | None
    places: Reals


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a cut along one axis would bring each class of the boxes, and of which boxes it is allowed."""

    parts: Integers
    number: int
    allowed: Mask
    width: Reals


def cut_into_boxes(base: Base, axes: Sequence[Axis], thresholds: Thresholds) -> Integers | None:
    """For each raw class its box, from 0 without gaps; None where the whole table breaks a demand."""
    asked = _asked_of_boxes(thresholds)
    if not demands_of(asked) and (asked.l or 1) < 2:
        base = replace(base, sensitive=(), classes=replace(base.classes, sensitive=()))
    classes = base.classes
    everything = _merge(base, classes, np.zeros(len(classes.sizes), np.int64), 1)
    if not keeps_demands(base, everything, asked).all():
        return None
    boxes = np.zeros(len(classes.sizes), np.int64)
    active, number = np.arange(len(boxes)), 1
    while len(active):
        order = np.argsort(boxes[active], kind="stable")
        active = active[order]
        labels, _ = renumber_keys(boxes[active], number)
        here = _subset(classes, active)
        cuts = [
            _cut(base, here, axis, raw, labels, asked) for axis, raw in zip(axes, here.members, strict=True)
        ]
        chosen = _widest(cuts)
        stays = chosen[labels] >= 0
        active, labels = active[stays], labels[stays]
        parts = np.choose(chosen[labels], [cut.parts[stays] for cut in cuts]) if len(active) else labels
        keys = labels * (max(cut.number for cut in cuts) + 1) + parts
        found, held = renumber_keys(keys, int(keys.max(initial=0)) + 1)
        boxes[active] = found + number
        number += held
        active = active[_divisible(found, classes.sizes[active], held, least_size(asked))]
    return renumber_keys(boxes, number)[0]


def _asked_of_boxes(thresholds: Thresholds) -> Thresholds:
    """The same demands, each of one box: an average risk of at most r holds where no box has a larger."""
    least = least_size(thresholds)
    if thresholds.average_risk:
        least = max(least, ceil(1 / thresholds.average_risk))
    return replace(thresholds, k=least, max_risk=None, average_risk=None)


def _divisible(labels: Integers, sizes: Integers, number: int, k: int) -> Mask:
    return np.asarray(sum_by_label(labels, sizes, number)[labels] >= 2 * k)


def _subset(classes: NodeClasses, chosen: Integers) -> NodeClasses:
    """Some of the classes, in their new order."""
    places = np.full(len(classes.sizes), -1)
    places[chosen] = np.arange(len(chosen))
    histograms = []
    for histogram in classes.sensitive:
        new = places[histogram.classes]
        held = new >= 0
        histograms.append(Histogram(new[held], histogram.values[held], histogram.counts[held]))
    members = tuple(raw[chosen] for raw in classes.members)
    return NodeClasses(members, classes.sizes[chosen], classes.surprise, tuple(histograms))


def _merge(base: Base, classes: NodeClasses, labels: Integers, number: int) -> NodeClasses:
    """Sizes and histograms alone: who is a member of a part does not matter to its demands."""
    histograms = tuple(
        merge_histogram(labels, histogram, attribute.cardinality)
        for histogram, attribute in zip(classes.sensitive, base.sensitive, strict=True)
    )
    return NodeClasses((), sum_by_label(labels, classes.sizes, number), classes.surprise, histograms)


def _cut(
    base: Base, classes: NodeClasses, axis: Axis, raw: Integers, boxes: Integers, asked: Thresholds
) -> _Cut:
    """`boxes` ascend."""
    number = int(boxes[-1]) + 1
    starts = np.searchsorted(boxes, np.arange(number))
    codes = (
        _tree_codes(axis.levels, raw, boxes, starts)
        if axis.ranks is None
        else axis.ranks[raw] > _medians(axis.ranks[raw], classes.sizes, boxes, number)[boxes]
    ).astype(np.int64)
    space = int(codes.max()) + 1
    parts, held = renumber_keys(boxes * space + codes, number * space)
    box = np.zeros(held, np.int64)
    box[parts] = boxes
    for _ in range(MOST_JOINED + 1):
        merged = _merge(base, classes, parts, held)
        fails = (merged.sizes > 0) & ~keeps_demands(base, merged, asked)
        if not fails.any():
            break
        parts = _join(merged.sizes, fails, box)[parts]
    broken = np.zeros(number, bool)
    broken[box[fails]] = True
    divided = np.minimum.reduceat(parts, starts) < np.maximum.reduceat(parts, starts)
    return _Cut(parts, held, divided & ~broken, box_widths(axis, raw, starts))


def _join(sizes: Integers, fails: Mask, box: Integers) -> Integers:
    """The parts of each box that fail as one; a part that fails alone takes the smallest other one in."""
    own = np.arange(len(sizes))
    alone = np.bincount(box[fails], minlength=int(box.max()) + 1) == 1
    others = np.flatnonzero(~fails & (sizes > 0) & alone[box])
    others = others[np.lexsort((others, sizes[others], box[others]))]
    smallest = others[np.flatnonzero(np.diff(box[others], prepend=-1))]
    joining = np.sort(np.concatenate((np.flatnonzero(fails), smallest)))
    first = np.full(int(box.max()) + 1, len(own))
    np.minimum.at(first, box[joining], joining)
    own[joining] = first[box[joining]]
    return own


def _tree_codes(levels: Integers, raw: Integers, boxes: Integers, starts: Integers) -> Integers:
    """The code of each class at the coarsest level at which its box holds several."""
    level = np.zeros(len(starts), np.int64)
    for at in range(len(levels) - 1, 0, -1):
        codes = levels[at][raw]
        several = np.minimum.reduceat(codes, starts) < np.maximum.reduceat(codes, starts)
        level[several & (level == 0)] = at
    return levels[level[boxes], raw]


def _medians(ranks: Integers, sizes: Integers, boxes: Integers, number: int) -> Integers:
    """For each box the last rank before its cut, which parts its rows as evenly as can be."""
    space = int(ranks.max()) + 1
    cells, held = renumber_keys(boxes * space + ranks, number * space)
    rows = sum_by_label(cells, sizes, held)
    key = np.zeros(held, np.int64)
    key[cells] = boxes * space + ranks
    box, rank = key // space, key % space
    starts = np.searchsorted(box, np.arange(number))
    reached = np.cumsum(rows)
    total = np.add.reduceat(rows, starts)
    left = reached - (reached[starts] - rows[starts])[box]
    uneven = np.abs(2 * left - total[box])
    uneven[left == total[box]] = 2 * int(reached[-1])  # nothing would be behind the last rank
    best = np.flatnonzero(uneven == np.minimum.reduceat(uneven, starts)[box])
    cut = np.zeros(number, np.int64)
    cut[box[best[::-1]]] = rank[best[::-1]]
    return cut


def shown_levels(levels: Integers, raw: Integers, starts: Integers) -> Integers:
    """For each box the finest level at which its classes agree; `raw` ascends by box from `starts`."""
    shown = np.full(len(starts), len(levels) - 1)
    for at in range(len(levels) - 1, -1, -1):
        codes = levels[at][raw]
        shown[np.minimum.reduceat(codes, starts) == np.maximum.reduceat(codes, starts)] = at
    return shown


def box_widths(axis: Axis, raw: Integers, starts: Integers) -> Reals:
    """What each box covers of the column, 0 … 1; one with missing and other values covers all of it."""
    if axis.ranks is None:
        widths: Reals = axis.extent[shown_levels(axis.levels, raw, starts), raw[starts]]
        return widths
    places, ranks = axis.places[raw], axis.ranks[raw]
    low, high = np.minimum.reduceat(ranks, starts), np.maximum.reduceat(ranks, starts)
    covered = np.maximum.reduceat(places, starts) - np.minimum.reduceat(places, starts)
    return np.where((low == 0) & (high > 0), 1.0, covered)


def _widest(cuts: Sequence[_Cut]) -> Integers:
    """For each box the axis along which it is cut: the widest that is allowed, -1 for none."""
    widths = np.array([np.where(cut.allowed, cut.width, -1.0) for cut in cuts])
    return np.where(widths.max(axis=0) < 0, -1, widths.argmax(axis=0))
