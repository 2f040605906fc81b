"""Privacy loss distributions on a grid of losses: discretised on either safe side, composed by FFT.

Upper bounds spread every cell over its two ends so that the masses of P and of Q are kept: the
"connect the dots" discretisation (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022). Lower bounds
merge every cell to one outcome, which is post-processing and can only lose information, and round
its loss down. Composition is convolution of losses (Sommer, Meiser, Mohammadi 2019; Koskela, Jälkö,
Honkela 2020). What truncation, wrapping and float rounding may do to δ is returned as `slip`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gatecli.accounting.pairs import Atoms, Curve, Pair, invert
from gatecli.accounting.rounding import NumericFailure

Array = npt.NDArray[np.float64]

STEP = 1e-4
"""The finest step between losses: dp-accounting's own default, so that answers are comparable."""

MAX_CELLS = 1 << 19
"""Cells of one mechanism (over the components of a mixture); wider losses get a coarser grid."""

MAX_LENGTH = 1 << 22
"""Points of a composed distribution: about 1 s and 300 MB at worst."""

_RESOLUTION = 64
_OFFSETS = 6
_KNOTS = 2048
_TAIL = 1e-18
_ORDERS = tuple(2.0**power for power in range(-10, 11))
_SHIFT = 1e-5
"""Lower bounds: how far, in steps, the mean losses of cells are kept above grid points."""
TIE = 1e-7
"""Lower bounds: a loss this close (in steps) below a grid point counts as on it, and is paid for."""
_FAINT = 1e-150
"""Chernoff: factors below this are dropped before squaring; subnormal numbers are a hundred times slower."""
_EXPONENT = 690.0
_GUARD = 1e-7
"""Upper bounds: the share of every cell moved up in addition, more than float rounding can misplace."""
_ULP = 2.3e-16


class TooWide(NumericFailure):
    """A composed distribution would need `factor` times more points than are affordable."""

    def __init__(self, factor: float) -> None:
        super().__init__("the composed distribution is too wide")
        self.factor = factor


@dataclass(frozen=True, slots=True)
class Losses:
    """The distribution of one composition's loss under P: `mass[i]` at offset + (first + i) · step."""

    first: int
    mass: Array
    infinite: float
    step: float
    count: int
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class ComposedLosses:
    """A composition: `mass[i]` at loss low + i · step; δ is known up to `slip`."""

    low: float
    step: float
    mass: Array
    infinite: float
    slip: float


def step_for(pairs: tuple[Pair, ...]) -> float:
    """The step for upper bounds: never finer than STEP, and no mechanism needs too many cells."""
    return max([STEP, *(_coarsest(pair) for pair in pairs)])


def fine_step_for(pairs: tuple[Pair, ...]) -> float:
    """The step for lower bounds: it resolves the narrowest loss, which merging cells would blur.

    A mechanism that stands alone gets its largest loss on the grid: rounding that down costs nothing.
    """
    finest = min([STEP, *(_spread(pair) / _RESOLUTION for pair in pairs if isinstance(pair, Curve))])
    step = max([finest, *(_coarsest(pair) for pair in pairs)])
    widest = max(_reach(pair) for pair in pairs)
    return widest / math.ceil(widest / step) if len(pairs) == 1 and widest > 0 else step


def _coarsest(pair: Pair) -> float:
    work = pair.work if isinstance(pair, Curve) else 1
    return 2 * _reach(pair) * work / MAX_CELLS


def _spread(pair: Curve) -> float:
    """How far apart the losses of the middle four fifths of the mass lie."""
    knots = np.linspace(*pair.ends, _KNOTS)
    reached = np.cumsum(pair.masses(knots)[0])
    low, high = (float(knots[min(int(np.searchsorted(reached, at)), _KNOTS - 1)]) for at in (0.1, 0.9))
    least, most = (float(loss) for loss in pair.loss(np.array([low, high])))
    return most - least if most > least else STEP * _RESOLUTION


def _reach(pair: Pair) -> float:
    if isinstance(pair, Curve):
        return float(np.abs(pair.loss(np.array(pair.ends))).max())
    losses = _atom_losses(pair)[0]
    return float(np.abs(losses).max()) if losses.size else 0.0


def _atom_losses(pair: Atoms) -> tuple[Array, Array, float]:
    """Finite losses, their masses under P, and the mass of what Q cannot produce."""
    chance = np.exp(pair.upper)
    finite = np.isfinite(pair.lower) & np.isfinite(pair.upper)
    lost = max(0.0, 1.0 - float(chance[finite].sum()))
    outside = float(chance[~np.isfinite(pair.lower)].sum())
    return pair.upper[finite] - pair.lower[finite], chance[finite], max(lost, outside)


def swap_pair(pair: Pair) -> Pair:
    """The pair of the other direction: adding where it was removing."""
    if isinstance(pair, Atoms):
        return Atoms(pair.lower, pair.upper)
    masses, loss, inverse = pair.masses, pair.loss, pair.inverse

    def turn_thresholds(thresholds: Array) -> tuple[Array, Array]:
        upper, lower = masses(-thresholds[::-1])
        return lower[::-1], upper[::-1]

    return Curve(
        lambda points: -loss(-points),
        turn_thresholds,
        (-pair.ends[1], -pair.ends[0]),
        None if inverse is None else lambda losses: -inverse(-np.asarray(losses)),
        pair.work,
        pair.symmetric,
    )


def pessimistic(pair: Pair, count: int, step: float) -> Losses:
    """A distribution that dominates the pair's."""
    if isinstance(pair, Atoms):
        losses, chance, infinite = _atom_losses(pair)
        index = np.floor(losses / step).astype(np.int64)
        over = -np.expm1(index * step - losses) / -math.expm1(-step)
        over = np.clip(over + _GUARD, 0.0, 1.0)
        return _gather_losses(index, chance * (1 - over), index + 1, chance * over, infinite, step, count)
    first, last = (float(end) for end in pair.loss(np.array(pair.ends)))
    points: Array = np.arange(math.floor(first / step) - 1, math.ceil(last / step) + 1, dtype=np.float64)
    grid: Array = np.multiply(points, step)
    upper, lower = pair.masses(_bound_thresholds(invert(pair, grid)))
    infinite = float(upper[-1])
    head, upper, lower = float(upper[0]), upper[1:-1], lower[1:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        share = (upper - np.exp(grid[:-1]) * lower) / -math.expm1(-step)
    over = np.clip(np.where(np.isfinite(share), share, upper) + _GUARD * upper, 0.0, upper)
    mass = np.zeros(grid.size)
    mass[:-1] += upper - over
    mass[1:] += over
    mass[0] += head
    return Losses(int(points[0]), mass, infinite, step, count)


def _bound_thresholds(thresholds: Array) -> Array:
    return np.asarray(np.pad(thresholds, 1, constant_values=(-np.inf, np.inf)), dtype=np.float64)


def _gather_losses(
    low: npt.NDArray[np.int64],
    low_mass: Array,
    high: npt.NDArray[np.int64],
    high_mass: Array,
    infinite: float,
    step: float,
    count: int,
) -> Losses:
    if not low.size:
        return Losses(0, np.zeros(1), 1.0, step, count)
    first = int(min(low.min(), high.min()))
    size = int(max(low.max(), high.max())) - first + 1
    mass = np.bincount(low - first, low_mass, size) + np.bincount(high - first, high_mass, size)
    return Losses(first, mass.astype(np.float64), infinite, step, count)


def optimistic(pair: Pair, count: int, step: float) -> Losses:
    """A distribution that the pair's dominates; mass may be missing (it counts as −infinity)."""
    if isinstance(pair, Atoms):
        losses, chance, _ = _atom_losses(pair)
        outside, offset = float(np.exp(pair.upper[~np.isfinite(pair.lower)]).sum()), 0.0
    else:
        losses, chance, offset = _merge_cells(pair, step)
        outside = 0.0
    offset = min([offset, *_offsets(losses, chance, step)], key=_cost_of(losses, chance, step))
    index = np.floor((losses - offset) / step + TIE).astype(np.int64)
    found = _gather_losses(index, chance, index, np.zeros(index.size), outside, step, count)
    return replace(found, offset=offset)


def _offsets(losses: Array, chance: Array, step: float) -> list[float]:
    """Grids through the likeliest outcomes, one of which rounding down may leave cheapest."""
    likely = losses[np.argsort(-chance)[:_OFFSETS]]
    return [float(offset) for offset in likely - np.round(likely / step) * step]


def _cost_of(losses: Array, chance: Array, step: float) -> Callable[[float], float]:
    def cost(offset: float) -> float:
        scaled = (losses - offset) / step
        return float(((scaled - np.floor(scaled + TIE)) * chance).sum())

    return cost


def _merge_cells(pair: Curve, step: float) -> tuple[Array, Array, float]:
    """Losses and masses of cells moved so that their mean losses lie just above grid points.

    Where exactly the cells are cut decides how tight the bound is, never whether it holds.
    """
    first, last = (float(end) for end in pair.loss(np.array(pair.ends)))
    edges: Array = np.arange(math.floor(first / step) - 2, math.ceil(last / step) + 3, dtype=np.float64) - 0.5
    losses, chance = _cells(pair, edges * step)
    seen = np.isfinite(losses)
    offset = _offsets(losses[seen], chance[seen], step)[0]
    moved = edges
    for margin in (0.0, 1.0):
        losses, _ = _cells(pair, moved * step + offset)
        off = np.nan_to_num((losses[2:-2] - offset) / step - (edges[:-1] + 0.5))
        rough = np.pad(np.abs(np.diff(off)), 1)
        around = np.convolve(np.pad(off, 1, mode="edge"), (0.5, 0.5), mode="valid")
        shift: Array = np.clip(moved - edges - around + margin * (rough + _SHIFT), -0.45, 0.45)
        moved = edges + shift
    losses, chance = _cells(pair, moved * step + offset)
    seen = np.isfinite(losses)
    return losses[seen], chance[seen], offset


def _cells(pair: Curve, edges: Array) -> tuple[Array, Array]:
    """The loss and the mass under P of the cells between edges; nan where nothing lies."""
    first, last = pair.ends
    within = np.clip(invert(pair, edges), first, last)
    upper, lower = pair.masses(_bound_thresholds(np.pad(within, 1, constant_values=(first, last))))
    seen = (upper > 0) & (lower > 0)
    return np.log(upper, where=seen, out=np.full(upper.size, np.nan)) - np.log(
        lower, where=seen, out=np.zeros(upper.size)
    ), upper


def compose(parts: tuple[Losses, ...], limit: int = MAX_LENGTH) -> ComposedLosses:
    """The distribution of the sum of all losses. Raises TooWide where the grid is too fine for it."""
    step = parts[0].step
    low, high = _window(parts)
    length = 1 << max(4, math.ceil((high - low) / step) + 2).bit_length()
    if length > limit:
        raise TooWide(length / limit)
    spectrum: npt.NDArray[np.complex128] = np.ones(length // 2 + 1, dtype=np.complex128)
    for part in parts:
        folded = np.bincount(np.arange(part.mass.size) % length, part.mass, length)
        spectrum *= np.fft.rfft(folded) ** part.count
    mass = np.fft.irfft(spectrum, length)
    origin = sum(part.first * part.count for part in parts)
    offset = sum(part.offset * part.count for part in parts)
    start = math.floor((low - offset) / step)
    mass = np.maximum(np.roll(mass, -((start - origin) % length)), 0.0)
    total = sum(part.count for part in parts)
    finite = sum(part.count * math.log1p(-min(part.infinite, 1 - 1e-16)) for part in parts)
    return ComposedLosses(
        start * step + offset, step, mass, -math.expm1(finite), 3 * _TAIL + 1e-14 + 2 * _ULP * total
    )


def _window(parts: tuple[Losses, ...]) -> tuple[float, float]:
    """Losses between which all but _TAIL of the mass lies on either side, by Chernoff's bound."""
    step = parts[0].step
    offset = sum(part.count * part.offset for part in parts)
    least = offset + sum(part.count * part.first for part in parts) * step
    most = offset + sum(part.count * (part.first + part.mass.size - 1) for part in parts) * step
    up = _cumulants(parts, 1)
    down = _cumulants(parts, -1)
    high = min((value - math.log(_TAIL)) / order for value, order in zip(up, _ORDERS, strict=True))
    low = max((math.log(_TAIL) - value) / order for value, order in zip(down, _ORDERS, strict=True))
    return max(low, least) - step, min(high, most) + step


def _cumulants(parts: tuple[Losses, ...], sign: int) -> list[float]:
    """Ln E exp(± order · loss) of the composition at every order, each by squaring the one before."""
    totals = [0.0] * len(_ORDERS)
    for part in parts:
        losses = sign * (part.offset + part.step * (part.first + np.flatnonzero(part.mass)))
        chance = part.mass[part.mass > 0]
        if not chance.size:
            raise NumericFailure("a distribution without mass")
        peak = float(losses.max())
        powers = np.exp(_ORDERS[0] * (losses - peak))
        for at, order in enumerate(_ORDERS):
            totals[at] += part.count * (order * peak + math.log(float((powers * chance).sum())))
            powers[powers < _FAINT] = 0.0
            np.multiply(powers, powers, out=powers)
    return totals


def epsilon_at(composed: ComposedLosses, delta: float) -> float:
    """The smallest ε ≥ 0 whose δ is at most `delta`; infinity where there is none."""
    if composed.infinite > delta:
        return math.inf
    losses = composed.low + composed.step * np.arange(composed.mass.size)
    centred = losses - (losses[0] + losses[-1]) / 2
    if centred[-1] > _EXPONENT:
        raise NumericFailure("losses are spread too far for one float range")
    upper = np.cumsum(composed.mass[::-1])[::-1] + composed.infinite
    lower = np.cumsum((composed.mass * np.exp(-centred))[::-1])[::-1]
    excess = upper - np.exp(centred) * lower
    at = min(int(np.searchsorted(-excess, -delta)), losses.size - 1)
    if lower[at] <= 0 or upper[at] <= delta:
        return max(0.0, float(losses[at]))
    return max(0.0, float(losses[at] - centred[at]) + math.log((upper[at] - delta) / lower[at]))
