"""Where to look at a composition: the tilt, near which ε, and how wide a window of losses.

None of this decides whether a bound holds, only how narrow it is and what it costs.

Derivation. A pilot cuts every pair into about a thousand cells, which gives K(θ) = Σ T ln E e^(θL)
and its derivatives nearly.

1. Without an ε at hand, the saddle point solves ln δ = K − θ K′ − ln((1 + θ √(2π K″)) (1 + θ)), and ε
   is near K′(θ): the Gaussian of mean K′ and variance K″ stands for the tilted loss (Daniels,
   "Saddlepoint Approximations in Statistics", 1954; for privacy: Alghamdi, Gomez, Asoodeh, Calmon,
   Kosut, Sankar, "The Saddle-Point Method in Differential Privacy", 2023).
2. Near a known ε the tilt with K′(θ) = ε weighs numeric errors least: by e^(K − θε)/δ. Where rare large
   losses decide δ the tilted loss is spread far beyond ε there. Smaller tilts are then tried, and the
   one with the fewest points and the least rounding is taken.

Example. 14040 steps with σ = 1.1 and q = 0.00426667 cost 2.38 at δ = 1e-5, and the saddle point says so:

>>> from fractions import Fraction
>>> from gatecli.accounting.pairs import pair_of
>>> from gatecli.accounting.terms import SampledGaussianTerm
>>> term = SampledGaussianTerm(Fraction("1.1"), Fraction("0.00426667"), 1, replaced=False, count=14040)
>>> saddle = saddle_of(pilots_of([(pair_of(term, spender=True), 14040)]), 1e-5)
>>> round(saddle.tilt, 1), round(saddle.epsilon, 2)
(6.3, 2.39)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gatecli.accounting.grid import atom_losses
from gatecli.accounting.moments import Array, Stack, cumulants, log_moment, stack_of
from gatecli.accounting.pairs import Atoms, Pair
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.tilt import LOG_TAIL, SPANS, Saddle

KNOTS, KNOTS_OF_MANY = 1024, 160
"""Cells of a pilot, and of each where there are more than a few."""

LEAST = 1e-9
"""Below this ε, widths are not taken relative to it."""

ROOM = 0.7
"""The share of the affordable points that a window is planned to take."""

_SEVERAL = 8
"""Mechanisms up to which each has a pilot of the finer kind."""
_HALVINGS = 22
"""They take ln θ to about 5e-6: a tilt need not be better."""
_STEEPEST = 600.0
"""The largest tilt times loss of one step whose power a float holds."""
_TAIL_SPAN = 15.0
"""Standard deviations, on both sides of the mean together, that hold all but 1e-12 of a normal loss."""
_EASY = 1 << 19
"""Points up to which the tilt that is best for exactness is taken without trying others."""
_TRIED = range(-12, 5, 2)
"""Eighths of octaves away from that tilt that are tried else."""
_TRANSFORM = 2e-14
"""About what a transform's rounding comes to, over the root of the number of compositions and the spread."""
_FLAT = 1e-6
"""A tilt so small that the spread there is that of the loss itself."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pair cut coarsely: losses and masses under P of its cells; for a curve, also losses at the cuts.

    `between` are the masses between the cuts, without the cells beyond the outermost.
    """

    losses: Array
    mass: Array
    cuts: Array
    between: Array
    count: int


@dataclass(frozen=True, slots=True)
class Pilots:
    """The pilots of a composition, and all of them in one stack."""

    each: tuple[Pilot, ...]
    stack: Stack

    @property
    def count(self) -> int:
        """How many mechanisms are composed."""
        return sum(pilot.count for pilot in self.each)

    @property
    def most(self) -> float:
        """The largest loss of one mechanism, by absolute value."""
        return max(float(np.abs(pilot.losses).max()) for pilot in self.each)


def pilots_of(found: Sequence[tuple[Pair, int]]) -> Pilots:
    """The pilots of pairs and how often each is composed."""
    knots = KNOTS if len(found) <= _SEVERAL else KNOTS_OF_MANY
    each = tuple(_pilot(pair, count, knots) for pair, count in found)
    if not all(pilot.losses.size for pilot in each):
        raise NumericFailure("a pair without common outcomes")
    return Pilots(each, stack_of([(pilot.losses, np.log(pilot.mass), pilot.count) for pilot in each]))


def _pilot(pair: Pair, count: int, knots: int) -> Pilot:
    if isinstance(pair, Atoms):
        losses, mass, _ = atom_losses(pair)
        return Pilot(losses[mass > 0], mass[mass > 0], np.empty(0), np.empty(0), count)
    points = np.linspace(*pair.ends, knots + 1)
    cells = pair.masses(np.concatenate(([-np.inf], points, [np.inf])))
    mass = cells.upper
    seen = (cells.lower > 0) & (mass > 0)
    losses = np.log1p(cells.excess[seen] / cells.lower[seen])
    cuts = np.maximum.accumulate(pair.loss(points))
    return Pilot(losses, mass[seen], cuts, mass[1:-1], count)


def saddle_of(pilots: Pilots, delta: float) -> Saddle:
    """The saddle point of the composition at `delta`."""
    _, tilt = _bisect_tilt(pilots, lambda tilt: _log_delta(pilots, tilt) > math.log(delta))
    _, mean, variance = cumulants(pilots.stack, tilt)
    return Saddle(tilt, max(mean, 0.0), _TAIL_SPAN * math.sqrt(variance))


def _log_delta(pilots: Pilots, tilt: float) -> float:
    cumulant, mean, variance = cumulants(pilots.stack, tilt)
    spread = tilt * math.sqrt(2 * math.pi * variance)
    return cumulant - tilt * mean - math.log1p(spread) - math.log1p(tilt)


def saddle_near(pilots: Pilots, delta: float, epsilon: float, share: float, limit: int) -> Saddle:
    """The tilt at which a composition is cheapest to compute near `epsilon`, and exact to `share` of it.

    The best tilt for exactness solves K′ = ε. Where rare large losses decide δ, its window is far too
    wide; a smaller tilt narrows it, and lets float rounding weigh e^(K − θε)/δ times as much.
    """
    best = tilt_at(pilots, epsilon)
    saddle = _window(pilots, best, epsilon, delta, share)
    wanted = math.sqrt(square_allowed(pilots, saddle, share))
    if saddle.span / wanted <= _EASY:
        return saddle
    tried = [_window(pilots, best * 2 ** (power / 8), epsilon, delta, share) for power in _TRIED]
    return min(tried, key=lambda one: _strain(pilots, one, share, limit))


def _strain(pilots: Pilots, saddle: Saddle, share: float, limit: int) -> float:
    """How much a tilt asks for beyond what is wanted: points beyond the limit, or rounding beyond share."""
    spread = math.sqrt(cumulants(pilots.stack, _FLAT)[2])
    rounding = _TRANSFORM * math.sqrt(pilots.count) / (spread * saddle.tilt * (1 + saddle.tilt))
    log_slip = saddle.log_weight + math.log(rounding)
    slip = math.exp(min(log_slip, _STEEPEST)) / max(1.0, saddle.tilt)
    points = saddle.span / math.sqrt(square_allowed(pilots, saddle, share))
    wider = max(points / (ROOM * limit), 1.0) ** 2
    return points / limit + wider + 2 * slip / (share * saddle.epsilon or LEAST)


def square_allowed(pilots: Pilots, saddle: Saddle, share: float) -> float:
    """The mean square width of the cells of a mechanism that half of `share` allows (see `resolution`)."""
    return 6 * share * max(saddle.epsilon, LEAST) / (pilots.count * (1 + saddle.tilt))


def tilt_at(pilots: Pilots, epsilon: float) -> float:
    """The tilt at which the mean of the composed loss is `epsilon`."""
    tilt, _ = _bisect_tilt(pilots, lambda tilt: cumulants(pilots.stack, tilt)[1] < epsilon)
    return tilt


def _bisect_tilt(pilots: Pilots, is_small: Callable[[float], bool]) -> tuple[float, float]:
    """The last tilt that is too small, and the first that is not, by bisection on ln θ."""
    high = math.log(_STEEPEST / (pilots.most or 1.0))
    low = min(high, 0.0) - 15.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if is_small(math.exp(middle)):
            low = middle
        else:
            high = middle
    return math.exp(low), math.exp(high)


def _window(pilots: Pilots, tilt: float, epsilon: float, delta: float, share: float) -> Saddle:
    """The tilt with the width of its window, by Chernoff's bound as in `tilt`.

    What lies outside is weighed e^(K − θε)/δ times: it may cost a twentieth of the wanted share.
    """
    cumulant, _, variance = cumulants(pilots.stack, tilt)
    weight = cumulant - tilt * epsilon - math.log(delta)
    tail = min(LOG_TAIL, math.log(share * max(epsilon, LEAST) * tilt / 20) - weight)
    base = math.sqrt(-2 * tail / max(variance, 1e-300))
    up, down = (
        [
            (log_moment(pilots.stack, tilt + sign * base * span) - cumulant - tail) / (base * span)
            for span in SPANS
        ]
        for sign in (1.0, -1.0)
    )
    return Saddle(tilt, epsilon, min(up) + min(down), tail, weight)
