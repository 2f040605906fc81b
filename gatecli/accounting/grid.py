"""Privacy loss distributions on a grid of losses, on either safe side of the true one.

Derivation. Write R = P/Q for the likelihood ratio of a pair and L = ln R for its loss. The pair
dominates another one, whatever both are composed with, exactly where the hockey-stick curve
k ↦ E_Q (R − k)₊ of the one lies above that of the other (Blackwell; Zhu, Dong, Wang 2022, theorem 10).
Such curves are convex, and one of finitely many losses is linear between them. So:

1. Upper bounds: the chord over a cell [a, b] of losses lies above the curve. It is the curve of a
   distribution that moves the cell to its two ends and keeps its masses under P and under Q:
   P(b) = (P − e^a Q) / (1 − e^(a−b)), P(a) = P − P(b). This is "connect the dots" (Doroshenko,
   Ghazi, Kamath, Kumar, Manurangsi 2022). With D = P − Q, P − e^a Q = D − (e^a − 1) Q,
   which is computed without cancelling.
2. Lower bounds: a tangent lies below the curve. Merging a cell to one outcome of loss ln(P/Q) is
   post-processing, and takes the tangents at the cell's ends. Where the merged loss lies below the
   grid point c it is meant for, as much of the next cell is merged into it as lifts it to c: the
   share β = (e^c Q − P) / (P' − e^c Q'), (P', Q') being the next cell's masses. What is still off
   the grid is rounded down.
3. A cell of width w adds at most w²/4 to the variance of a loss, and merging takes at most as much:
   both errors fall with the square of the width (see `resolution` for what that does to ε).

Float rounding: the masses of Q are exact for thresholds a few units in the last place away, and the
difference D is known up to `LossCells.noise`. Upper bounds move noise/(1 − e^(a−b)), `_GUARD` of every
cell and what a relative error `_LOSS` of its ends can matter to the upper end in addition; lower
bounds take the noise off P and count a loss within `TIE` steps below a grid point as on it, which
the caller subtracts. Missing mass counts as infinite loss above, and as no loss below.

Example. The pair of one coin told truthfully with 3/4 and falsely with 1/4 has losses ± ln 3; a
grid with steps of ln 3 holds it as it is:

>>> from fractions import Fraction
>>> from gatecli.accounting.pairs import pair_of
>>> from gatecli.accounting.terms import ResponseTerm
>>> coin = pair_of(ResponseTerm(2, Fraction(1, 2), zeroed=False, count=1), spender=True)
>>> found = optimistic(coin, 1, 1.0986122886681098)
>>> found.index.tolist(), found.mass.round(6).tolist()
([-1, 1], [0.25, 0.75])
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gatecli.accounting.moments import Array
from gatecli.accounting.pairs import Atoms, Curve, LossCells, Pair, invert

Indices = npt.NDArray[np.int64]

TIE = 1e-7
"""Lower bounds: a loss this close (in steps) below a grid point counts as on it, and is paid for."""

_GUARD = 1e-9
"""Upper bounds: the share of every cell moved up in addition."""
_LOSS = 1e-12
"""Upper bounds: relative error of a loss at a threshold, from rounding it and the masses around it."""
_AIM = 0.03
"""Lower bounds: how far, in cells, cuts lie below the middle: merged losses then lie below their points."""
_LIFT = 1.2
"""Lower bounds: cuts around a merged loss above its point are lowered by this much of the difference."""
_NEAR = 0.01
"""Lower bounds: a loss this close (in steps) above its point is rounded down rather than lifted."""
_SUBSTITUTIONS = 8
_ENOUGH = 1 + 1e-9
"""Lower bounds: more than the share that lifts a loss to its point, so that rounding keeps it there."""
_GENEROUS = 0.2
"""Lower bounds: the share of the heaviest outcome that may be given to others."""
_ALIKE = 16
"""Lower bounds: discrete outcomes whose losses share a 16th of a step are merged."""
_OFFSETS = 6
"""Lower bounds: grids tried for a discrete pair, through its likeliest outcomes."""
_HIGHEST = 700.0
"""The largest loss whose ratio a float holds with room to spare."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The distribution of one composition's loss under P: `mass[i]` at offset + index[i] · step."""

    index: Indices
    mass: Array
    infinite: float
    step: float
    count: int
    offset: float = 0.0

    @property
    def losses(self) -> Array:
        """The losses that have mass."""
        return np.asarray(self.offset + self.step * self.index)


def swap_pair(pair: Pair) -> Pair:
    """The pair of the other direction: adding where it was removing."""
    if isinstance(pair, Atoms):
        return Atoms(pair.lower, pair.upper, pair.missing)
    masses, loss, inverse = pair.masses, pair.loss, pair.inverse

    def turn_thresholds(thresholds: Array) -> LossCells:
        cells = masses(-thresholds[::-1])
        return LossCells(cells.upper[::-1], -cells.excess[::-1], cells.noise[::-1])

    return replace(
        pair,
        loss=lambda points: -loss(-points),
        masses=turn_thresholds,
        ends=(-pair.ends[1], -pair.ends[0]),
        inverse=None if inverse is None else lambda losses: -inverse(-np.asarray(losses)),
    )


def atom_losses(pair: Atoms) -> tuple[Array, Array, float]:
    """Finite losses, their masses under P, and the mass of what Q cannot produce."""
    chance = np.exp(pair.upper)
    finite = np.isfinite(pair.lower) & np.isfinite(pair.upper)
    outside = float(chance[~np.isfinite(pair.lower)].sum())
    return pair.upper[finite] - pair.lower[finite], chance[finite], outside


def pessimistic(
    pair: Pair, count: int, step: float, points: Indices | None = None, offset: float = 0.0
) -> Losses:
    """A distribution that dominates the pair's; a curve is cut near the losses offset + `points` · step."""
    if isinstance(pair, Atoms):
        losses, chance, outside = atom_losses(pair)
        return replace(_split_to_grid(losses, chance, outside + pair.missing, step, offset), count=count)
    points = every_point(pair, step) if points is None else points
    losses, cells = _cut(pair, np.asarray(points * step + offset, dtype=np.float64))
    losses = np.maximum.accumulate(losses)
    width = np.maximum(np.diff(losses), 1e-300)
    inner, mass = slice(1, -1), cells.upper + cells.noise
    gain = cells.excess[inner] - np.expm1(losses[:-1]) * cells.lower[inner] + cells.noise[inner]
    share = gain / -np.expm1(-width)
    largest = np.maximum(np.abs(losses[:-1]), np.abs(losses[1:]))
    share += mass[inner] * (_GUARD + _LOSS * largest / width)
    raised = np.clip(np.where(losses[1:] < _HIGHEST, share, mass[inner]), 0.0, mass[inner])
    at = np.zeros(losses.size)
    at[:-1] += mass[inner] - raised
    at[1:] += raised
    at[0] += mass[0]
    beyond = float(mass[-1])
    if pair.bounded:
        at[-1], beyond = at[-1] + beyond, 0.0
    return replace(_split_to_grid(losses, at, beyond, step, offset), count=count)


def every_point(pair: Curve, step: float) -> Indices:
    """Every grid point from below the least to above the largest loss between the ends."""
    first, last = (float(end) for end in pair.loss(np.array(pair.ends)))
    return np.arange(np.floor(first / step), np.ceil(last / step) + 1).astype(np.int64)


def _cut(pair: Curve, losses: Array) -> tuple[Array, LossCells]:
    """The losses where a curve is cut, near `losses`, and the cells between and beyond the cuts."""
    within = np.clip(invert(pair, losses), *pair.ends)
    cuts = np.unique(np.concatenate((pair.ends, within)))
    return pair.loss(cuts), pair.masses(np.concatenate(([-np.inf], cuts, [np.inf])))


def _split_to_grid(losses: Array, mass: Array, infinite: float, step: float, offset: float) -> Losses:
    """Every loss moved to the grid points around it, which keeps the masses under P and under Q."""
    low = np.floor((losses - offset) / step).astype(np.int64)
    over = np.expm1(low * step + offset - losses) / np.expm1(-step)
    over = np.clip(over + _GUARD + _LOSS * np.abs(losses) / step, 0.0, 1.0)
    both = np.concatenate((low, low + 1)), np.concatenate((mass * (1 - over), mass * over))
    return replace(_gather_losses(*both, step, offset), infinite=infinite if losses.size else 1.0)


def _gather_losses(index: Indices, mass: Array, step: float, offset: float) -> Losses:
    """Masses by grid point; the only one, without mass, where there are none."""
    points, which = np.unique(index if index.size else np.zeros(1, np.int64), return_inverse=True)
    total = np.bincount(which, mass if index.size else None, points.size).astype(np.float64)
    if not index.size or not total.any():
        return Losses(np.zeros(1, np.int64), np.zeros(1), 0.0, step, 1, offset)
    return Losses(points[total > 0], total[total > 0], 0.0, step, 1, offset)


def optimistic(
    pair: Pair,
    count: int,
    step: float,
    points: Indices | None = None,
    offset: float = 0.0,
    spare: float = 0.0,
) -> Losses:
    """A distribution that the pair's dominates; mass may be missing (it counts as −infinity).

    Several are tried where the first rounds a mean loss of more than `spare` away: the best has the
    largest E e^L.
    """
    if isinstance(pair, Atoms):
        return replace(_contracted_atoms(pair, step, offset), count=count)
    points = every_point(pair, step) if points is None else points
    if pair.bounded and offset == 0:
        offset = math.fmod(float(pair.loss(np.array(pair.ends))[1]), step)
    masses = _merge_cells(pair, points, step, offset)
    found, rounded, worst = _contract_losses(*masses, step, offset)
    if rounded <= spare:
        return replace(found, count=count)
    tried = [found, _place_on_grid(*_swept(*masses, step, offset), step, offset)]
    shifted = worst - step * round(worst / step)
    masses = _merge_cells(pair, points, step, shifted)
    tried += [
        _contract_losses(*masses, step, shifted)[0],
        _place_on_grid(*_swept(*masses, step, shifted), step, shifted),
    ]
    return replace(max(tried, key=_moment), count=count)


def _moment(found: Losses) -> float:
    """E (e^L − 1), without what no float holds."""
    return float((found.mass * np.expm1(np.minimum(found.losses, _HIGHEST))).sum())


def _contracted_atoms(pair: Atoms, step: float, offset: float) -> Losses:
    losses, chance, outside = atom_losses(pair)
    if not losses.size:
        return Losses(np.zeros(1, np.int64), np.zeros(1), outside, step, 1)
    offset = _offset(losses, chance, step, offset)
    alike = np.floor((losses - offset) * (_ALIKE / step) + 0.5).astype(np.int64)
    _, which = np.unique(alike, return_inverse=True)
    upper = np.bincount(which, chance).astype(np.float64)
    lower = np.bincount(which, chance * np.exp(-losses)).astype(np.float64)
    return replace(_contract_losses(lower, upper - lower, step, offset)[0], infinite=outside)


def _merge_cells(pair: Curve, points: Indices, step: float, offset: float) -> tuple[Array, Array]:
    """Q and P − Q of cells around the grid points, cut such that their losses lie a little below these."""
    gaps = np.diff(points)
    nearest = np.minimum(gaps, np.concatenate((gaps[:1], gaps[:-1])))
    cuts = points[:-1] + nearest / 2 - _AIM * gaps
    around = pair.masses(np.concatenate(([-np.inf], invert(pair, cuts * step + offset), [np.inf])))
    above = np.nan_to_num((_log_ratio(around) - offset) / step - points)
    lowered = np.clip(np.maximum(above[:-1], above[1:]) * _LIFT, 0.0, nearest / 3)
    _, cells = _cut(pair, (cuts - lowered) * step + offset)
    excess = cells.excess - cells.noise
    seen = (cells.lower > 0) & (cells.lower + excess > 0)
    return cells.lower[seen], excess[seen]


def _log_ratio(cells: LossCells) -> Array:
    seen = (cells.lower > 0) & (cells.upper > 0)
    ratio = np.divide(cells.excess, cells.lower, where=seen, out=np.full(seen.size, np.nan))
    return np.asarray(np.log1p(ratio))


def _contract_losses(lower: Array, excess: Array, step: float, offset: float) -> tuple[Losses, float, float]:
    """Outcomes of ascending loss on grid points: each below its point is lifted by a share of the next.

    Also the mean loss that is rounded away, and the loss of which most is.
    """
    aim = np.expm1(np.ceil((np.log1p(excess / lower) - offset) / step - _NEAR) * step + offset)
    lacking = np.maximum(aim * lower - excess, 0.0)[:-1] * _ENOUGH
    gain = excess[1:] - aim[:-1] * lower[1:]
    share = _shares(np.divide(lacking, gain, where=gain > lacking, out=np.zeros(lacking.size)))
    left = np.where(gain > lacking, 0.0, lacking)
    lower, excess = _lifted_by_heaviest(lower, excess, np.append(left, 0.0), aim)
    kept, taken = np.pad(1 - share, (1, 0), constant_values=1.0), np.pad(share, (0, 1))
    lower = kept * lower + taken * np.pad(lower[1:], (0, 1))
    excess = kept * excess + taken * np.pad(excess[1:], (0, 1))
    losses = np.log1p(excess / lower)
    scaled = (losses - offset) / step
    rounded = step * (lower + excess) * (scaled - np.floor(scaled + TIE))
    return (
        _place_on_grid(lower, excess, step, offset),
        float(rounded.sum()),
        float(losses[np.argmax(rounded)]),
    )


def _lifted_by_heaviest(lower: Array, excess: Array, lacking: Array, aim: Array) -> tuple[Array, Array]:
    """Outcomes that their thin neighbours cannot lift take shares of the heaviest one above them."""
    donor = int(np.argmax(lower + excess))
    needy = np.flatnonzero(lacking[:donor])
    gain = excess[donor] - aim[needy] * lower[donor]
    if not needy.size or not (gain > 0).all() or (share := lacking[needy] / gain).sum() > _GENEROUS:
        return lower, excess
    lower, excess = lower.copy(), excess.copy()
    lower[needy] += share * lower[donor]
    excess[needy] += share * excess[donor]
    rest = 1 - float(share.sum())
    lower[donor], excess[donor] = rest * lower[donor], rest * excess[donor]
    return lower, excess


def _place_on_grid(lower: Array, excess: Array, step: float, offset: float) -> Losses:
    """Outcomes on the grid points at or below their losses."""
    index = np.floor((np.log1p(excess / lower) - offset) / step + TIE).astype(np.int64)
    return _gather_losses(index, lower + excess, step, offset)


def _swept(lower: Array, excess: Array, step: float, offset: float) -> tuple[Array, Array]:
    """As `_contract_losses`, one by one: an outcome that the next cannot lift takes it whole, and more.

    So the heavy least losses of a rarely sampled mechanism find a grid point too; it costs more
    information where few outcomes are there to lift with.
    """
    masses, found = list(zip(lower.tolist(), excess.tolist(), strict=True))[::-1], []
    while masses:
        own, more = masses.pop()
        aim = math.expm1(math.ceil((math.log1p(more / own) - offset) / step - _NEAR) * step + offset)
        while masses and (lacking := (aim * own - more) * _ENOUGH) > 0:
            next_own, next_more = masses.pop()
            gain = next_more - aim * next_own
            share = lacking / gain if gain > lacking else 1.0
            own, more = own + share * next_own, more + share * next_more
            if share < 1:
                masses.append(((1 - share) * next_own, (1 - share) * next_more))
        found.append((own, more))
    return np.array([own for own, _ in found]), np.array([more for _, more in found])


def _shares(needed: Array) -> Array:
    """Shares of the next outcomes, where an outcome that gave a share of itself needs less of the next.

    Solves share[i] = (1 − share[i − 1]) · needed[i] by substitution, which errs on either side in turn;
    after an even number of steps no share is too small.
    """
    share = needed
    for _ in range(_SUBSTITUTIONS):
        share = needed * (1 - np.concatenate(([0.0], share[:-1])))
    return share


def _offset(losses: Array, chance: Array, step: float, offset: float) -> float:
    """The grid through one of the likeliest outcomes, or `offset`, that leaves the least to be rounded."""
    likely = losses[np.argsort(-chance)[:_OFFSETS]]
    tried = [offset, *(float(offset) for offset in likely - np.round(likely / step) * step)]

    def cost(offset: float) -> float:
        scaled = (losses - offset) / step
        return float(((scaled - np.floor(scaled + TIE)) * chance).sum())

    return min(tried, key=cost)
