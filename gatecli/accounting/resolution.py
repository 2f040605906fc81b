"""How fine a grid must be: the step and the cuts that a wanted width of the bounds needs.

None of this decides whether a bound holds, only how narrow it is and what it costs.

Derivation, with K and θ as in `saddle`.

1. Step. A cell of width w, cut at its ends (see `grid`), adds w²/6 to the variance of a loss spread
   evenly over it; merging takes w²/12. At a given ε, v more of variance adds θ(1 + θ) v/2 to ln δ of each
   composition, so (1 + θ) v/2 to ε: T (1 + θ) w²/12 in all. For a share t of ε half of that may come
   from the step h: h² = 6 t ε / (T (1 + θ)).
2. Cuts. Where losses are thin, cells may be wider: with the tilted density f of the loss the sum of
   f w² is least, for n cells, at w = S f^(−1/3) / n where S = ∫ f^(1/3); it is S³/n². The other half
   of t ε gives n² = S³ T (1 + θ) parts / (6 t ε).
3. A loss that happens once, however rare, may decide δ alone: no cell is wider than T = 1 allows.

Example. At θ = 6.3 and ε = 2.39, 14040 compositions allow for t = 2e-5 a step of 5.3e-5:

>>> import math
>>> round(math.sqrt(6 * 2e-5 * 2.39 / (14040 * 7.3)), 6)
5.3e-05
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gatecli.accounting.grid import Indices
from gatecli.accounting.moments import Array
from gatecli.accounting.pairs import Atoms, Pair
from gatecli.accounting.saddle import KNOTS, LEAST, ROOM, Pilot, Pilots, square_allowed
from gatecli.accounting.tilt import Saddle

_FEWEST, _MOST = 256, 100_000
"""Cells of one mechanism."""
_ALIGNED = 1e-10
"""Losses this close, relatively to their range, count as one."""
_COARSEST = 64
"""Steps that the losses of a composition span at least."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A step, the grid points at which each pair is cut (None for a discrete one), and their offset.

    `finest` says that it is as fine as was allowed, and coarser than was wanted.
    """

    step: float
    points: tuple[Indices | None, ...]
    offset: float
    finest: bool


def trim_pair(pair: Pair, count: int, rare: float) -> Pair:
    """The pair with ends beyond which `count` compositions meet no more than a mass of `rare`.

    Losses that rare decide nothing, but tilted they would seem to.
    """
    if isinstance(pair, Atoms) or pair.bounded:
        return pair
    knots = np.linspace(*pair.ends, KNOTS + 1)
    mass = pair.masses(np.concatenate(([-np.inf], knots, [np.inf]))).upper
    low = max(int(np.searchsorted(np.cumsum(mass), rare / count)) - 1, 0)
    high = KNOTS - max(int(np.searchsorted(np.cumsum(mass[::-1]), rare / count)) - 1, 0)
    return replace(pair, ends=(float(knots[low]), float(knots[high]))) if low < high else pair


def resolution_for(pilots: Pilots, saddle: Saddle, share: float, most_points: int) -> Resolution:
    """The grid whose cells widen each bound by about `share` of ε, as far as `most_points` allow."""
    allowed = square_allowed(pilots, saddle, share)
    span, wanted = max(saddle.span, LEAST), math.sqrt(allowed)
    finest = min(wanted, max(span, wanted) / _COARSEST)
    single = allowed * pilots.count
    step, offset = _align_step(pilots, max(finest, span / (ROOM * most_points)), math.sqrt(single))
    each = ((pilot, single / (len(pilots.each) * pilot.count)) for pilot in pilots.each)
    points = tuple(_points(pilot, step, offset, saddle.tilt, most, math.sqrt(single)) for pilot, most in each)
    return Resolution(step, points, offset, finest=step > wanted and step * most_points < 2 * span)


def _align_step(pilots: Pilots, step: float, once: float) -> tuple[float, float]:
    """The step and offset for a mechanism that stands alone: its least and largest loss are grid points.

    Where all its losses are equally far apart, as those of randomised response and of (ε, δ) claims,
    the grid is made of them. It is exact, except that upper bounds are moved up a little out of caution;
    steps of at most `once` keep that small.
    """
    (first, *others) = pilots.each
    least, most = (float(first.cuts[0]), float(first.cuts[-1])) if first.cuts.size else _range(first.losses)
    if others or most <= least:
        return step, 0.0
    if not first.cuts.size and (apart := _common_step(first.losses)):
        apart /= math.ceil(apart / max(once, step))
        return apart, math.fmod(least, apart)
    step = (most - least) / math.ceil((most - least) / step)
    return step, math.fmod(least, step)


def _range(losses: Array) -> tuple[float, float]:
    return float(losses.min()), float(losses.max())


def _common_step(losses: Array) -> float | None:
    """The distance of which all differences of losses are multiples; None where none is seen."""
    different = np.unique(losses)
    gaps = np.diff(different)
    gaps = gaps[gaps > _ALIGNED * (different[-1] - different[0])]
    apart = float(gaps.min())
    multiples = (losses - different[0]) / apart
    return apart if float(np.abs(multiples - np.round(multiples)).max()) < _ALIGNED * _MOST else None


def _points(
    pilot: Pilot, step: float, offset: float, tilt: float, allowed: float, once: float
) -> Indices | None:
    """Grid points from below the least to above the largest loss.

    `allowed` is the mean square width of cells, and `once` the width of one whose loss, however rare,
    may alone decide δ.
    """
    if not pilot.cuts.size:
        return None
    rises = np.diff(pilot.cuts)
    powers = tilt * pilot.cuts[1:]
    tilted = pilot.between * np.exp(powers - powers.max())
    roots = np.cbrt(tilted / (tilted.sum() or 1.0) * rises * rises)
    number = min(max(math.sqrt(roots.sum() ** 3 / allowed), _FEWEST), _MOST)
    dense = np.maximum(roots * (number / (roots.sum() or 1.0)), rises / once)
    dense *= min(1.0, _MOST / (dense.sum() or 1.0))
    widths = np.exp2(np.floor(np.log2(np.maximum(rises / np.maximum(dense, 1e-300) / step, 1.0))))
    return _multiples((pilot.cuts - offset) / step, np.minimum(widths, 2.0**40))


def _multiples(cuts: Array, widths: Array) -> Indices:
    """Between each two cuts the multiples of a width; and the whole numbers around all of them."""
    changes = np.flatnonzero(np.diff(widths)) + 1
    starts, stops = np.concatenate(([0], changes)), np.concatenate((changes, [widths.size]))
    inner = [
        np.arange(np.ceil(cuts[start] / widths[start]), np.ceil(cuts[stop] / widths[start])) * widths[start]
        for start, stop in zip(starts, stops, strict=True)
    ]
    return np.unique(np.concatenate(([np.floor(cuts[0])], *inner, [np.ceil(cuts[-1])]))).astype(np.int64)
