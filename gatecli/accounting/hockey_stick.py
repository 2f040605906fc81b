"""Upper bounds on δ at many ε at once, in both directions: the curve that a Gaussian one must dominate.

Derivation. `tilt` composes the losses L of a pair that dominates the release, in masses m̃ tilted by θ, and

    δ(ε) = m(∞) + M Σ_{l>ε} m̃(l) e^(−θl) (1 − e^(ε−l)),

here summed from the top for every wanted ε. The slip κ e^(−θε) M and the relative errors of `tilt` are added,
and 4 N u of either sum for its own rounding.

One tilt is exact near the ε that is the mean of m̃; far from it κ weighs e^(K(θ) − θε) / δ(ε) times as much.
So the tilt aims at the middle of the ε that matter, or there are several, each aimed at the middle of a part:
the least of several upper bounds is one too.

Where no pair is known, what Rényi divergences say is a bound (Canonne, Kamath, Steinke 2020, proposition 12),
and beside ε = 0, where that is weak, what the variance χ² = e^(D₂) − 1 of the ratio R = P/Q under Q says:
E (R − γ)₊ ≤ (√(χ² + (γ − 1)²) − (γ − 1)) / 2, as x₊ = (|x| + x) / 2 and E |x| ≤ √E x².

Example. A coin told with odds 3 : 1 has δ(ε) = 3/4 − e^ε/4:

>>> from fractions import Fraction
>>> from gatecli.accounting.terms import ResponseTerm
>>> coin = ResponseTerm(2, Fraction(1, 2), zeroed=False, count=1)
>>> curve = curve_of((coin,), 1e-6)
>>> at = int(np.searchsorted(curve.epsilons, 0.5))
>>> abs(float(curve.deltas[at] + math.exp(curve.epsilons[at]) / 4) - 0.75) < 1e-5
True
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatecli.accounting.composition import Direction, compose_above, directions_of
from gatecli.accounting.convolution import branches_of, orientation_is_unknown, pairs_of
from gatecli.accounting.moments import Array, cumulants
from gatecli.accounting.rdp import ORDERS, rdp_curve
from gatecli.accounting.rounding import SLACK, NumericFailure, quiet_numerics
from gatecli.accounting.saddle import Pilots, saddle_near, saddle_of, tilt_at
from gatecli.accounting.terms import Term
from gatecli.accounting.tilt import MAX_LENGTH, UNIT, TiltedComposition

POINTS = 512
"""Points of a curve; those near ε = 0 lie closest."""

SHARE = 1e-4
"""How much wider than exact a composition is, relative to ε."""

_RARE = 1e-3
"""The share of the least δ that matters which may be given away for losses too rare to matter."""
_BEYOND = 1.25
"""A curve ends this much beyond the ε at which it is expected to have fallen far enough."""
_HEAVY = 14.0
"""A tilt is used as far from its mean as it lets rounding weigh up to e to this."""
_MOST_PARTS = 6
_FAR = 2.0
"""A composition whose expected ε is this many times the budget's is not looked at."""
_DOUBT = 1e-6
"""Relative rounding of a δ from divergences, whose exponents are thousands."""
_EXPONENT = 600.0
"""Powers of e beyond this are not formed."""


@dataclass(frozen=True, slots=True)
class HockeyStick:
    """δ is at most `deltas` at the ascending `epsilons`, of which the first is 0, in both directions."""

    epsilons: Array
    deltas: Array


@dataclass(frozen=True, slots=True)
class Budgeted:
    """What a curve is for: a composition that plainly exceeds ε at δ needs none."""

    epsilon: float
    delta: float


def curve_of(terms: tuple[Term, ...], least: float, budget: Budgeted | None = None) -> HockeyStick | None:
    """The curve of a composition, down to a δ of about `least`; None where nothing bounds it.

    No term may have a δ of its own (`answers.without_claims`). None too for what is far beyond `budget`.
    """
    try:
        with quiet_numerics():
            return _from_pairs(terms, least, budget) or _from_divergences(terms, least)
    except NumericFailure:
        return None


def _from_pairs(terms: tuple[Term, ...], least: float, budget: Budgeted | None) -> HockeyStick | None:
    """The worst of all directions of all compositions that a unit may meet."""
    directions: list[Direction] = []
    for branch in branches_of(terms):
        found = pairs_of(branch, spender=False)
        if not found or len(found) < len(branch) or orientation_is_unknown(branch):
            return None
        directions += directions_of(found, least, _RARE)
    if not directions:
        return None
    if budget is not None and any(_is_hopeless(one, budget) for one in directions):
        raise NumericFailure("far beyond the budget")
    widths = [_width(one) for one in directions]
    epsilons = _spread(min(bulk for bulk, _ in widths), max(end for _, end in widths))
    try:
        deltas = [_deltas(one, epsilons) for one in directions]
    except NumericFailure:
        return None
    return _falling(epsilons, np.max(np.stack(deltas), axis=0))


def _is_hopeless(direction: Direction, budget: Budgeted) -> bool:
    """What is within reach at a smaller δ is so at the budget's."""
    most = _FAR * budget.epsilon
    return direction.saddle.epsilon > most and saddle_of(direction.pilots, budget.delta).epsilon > most


def _width(direction: Direction) -> tuple[float, float]:
    """The spread of the losses, and an ε at which δ is expected to be small enough."""
    bulk = math.sqrt(cumulants(direction.pilots.stack, 0.0)[2])
    return bulk, direction.saddle.epsilon


def _spread(bulk: float, end: float) -> Array:
    """Points from 0 on, evenly spread within the bulk of the losses and by ratio beyond it."""
    bulk, end = max(bulk, 1e-9), max(end, 1e-9) * _BEYOND
    return np.asarray(bulk * np.sinh(np.linspace(0.0, math.asinh(end / bulk), POINTS)))


def _deltas(direction: Direction, epsilons: Array) -> Array:
    found = []
    for middle in _parts(direction.pilots, direction.saddle.epsilon):
        saddle = saddle_near(direction.pilots, direction.delta, middle, SHARE, MAX_LENGTH)
        found.append(deltas_above(compose_above(direction, saddle, SHARE), epsilons))
    return np.asarray(np.min(np.stack(found), axis=0))


def _parts(pilots: Pilots, end: float) -> list[float]:
    """The middles of as few equal parts as keep the weight of rounding small up to the ends of each."""
    for parts in range(1, _MOST_PARTS):
        half = end / (2 * parts)
        middles = [half * odd for odd in range(1, 2 * parts, 2)]
        if all(_weight(pilots, middle, half) <= _HEAVY for middle in middles):
            break
    return middles


def _weight(pilots: Pilots, middle: float, away: float) -> float:
    """How far, as a logarithm, M e^(−θε) of the tilt for `middle` lies above the least one `away` from there.

    That is nearly r²/(2 K″): it is the logarithm of a normal density.
    """
    _, _, variance = cumulants(pilots.stack, tilt_at(pilots, middle))
    return away * away / (2 * max(variance, 1e-300))


def deltas_above(composed: TiltedComposition, epsilons: Array) -> Array:
    """Upper bounds on δ at ε ≥ 0; 1 where no float holds a better one.

    Powers that no float holds are left out where that makes δ larger; where it does not, nothing is known.
    """
    losses: Array = np.asarray(composed.low + composed.step * np.arange(composed.mass.size), np.float64)
    tilt, centre = composed.tilt, max(0.0, min(float(epsilons[-1]), float(losses[-1])) / 2)
    scale = composed.log_moment - tilt * centre + composed.relative
    if tilt * centre > _EXPONENT or abs(scale) > _EXPONENT:
        return np.ones(epsilons.size)
    first = int(np.searchsorted(losses, 0.0, side="right"))
    losses, mass = losses[first:], composed.mass[first:]
    rounding = 4 * (composed.mass.size + _EXPONENT) * UNIT
    near, far = _sums_from_top(mass * _power(-tilt * (losses - centre)), losses - centre)
    at = np.searchsorted(losses, epsilons, side="right")
    start = np.where(at > 0, np.append(losses, 0.0)[at - 1], epsilons)
    slip = composed.slip * _power(-tilt * (start - centre))
    risen = epsilons - centre
    repaid = np.where(abs(risen) > _EXPONENT, 0.0, _power(risen) * far[at])
    value = np.maximum(near[at] * (1 + rounding) - repaid * (1 - rounding) + slip, 0.0)
    deltas = composed.infinite + value * math.exp(scale)
    return np.asarray(np.minimum(deltas * (1 + float(SLACK)), 1.0))


def _sums_from_top(mass: Array, risen: Array) -> tuple[Array, Array]:
    """Σ m and Σ m e^(−r) over all points from each on, r being what a loss lies above the centre."""
    repaid = np.where(risen > _EXPONENT, 0.0, mass * _power(-risen))
    near, far = (np.append(np.cumsum(part[::-1])[::-1], 0.0) for part in (mass, repaid))
    return near, far


def _power(exponents: Array) -> Array:
    return np.asarray(np.exp(np.clip(exponents, -_EXPONENT, _EXPONENT)))


def _from_divergences(terms: tuple[Term, ...], least: float) -> HockeyStick | None:
    curve = np.array(rdp_curve(terms, ORDERS))
    orders = np.array(ORDERS)
    known = np.isfinite(curve)
    if not known.any():
        return None
    orders, curve = orders[known], curve[known]
    end = float(np.min(curve + np.log1p(-1 / orders) - (math.log(least) + np.log(orders)) / (orders - 1)))
    epsilons = _spread(math.sqrt(2 * float(np.min(curve / orders))), end)
    logs = (orders - 1) * (curve - epsilons[:, None] + np.log1p(-1 / orders)) - np.log(orders)
    deltas = np.exp(np.minimum(logs.min(axis=1), 0.0))
    if (two := curve[orders >= 2]).size and two[0] < _EXPONENT:
        above = np.expm1(np.minimum(epsilons, _EXPONENT))
        variance = math.expm1(float(two[0]))
        spread = np.maximum(np.sqrt(variance + above**2) + above, 1e-300)
        deltas = np.minimum(deltas, variance / spread / 2)
    return _falling(epsilons, np.minimum(deltas * (1 + _DOUBT), 1.0))


def _falling(epsilons: Array, deltas: Array) -> HockeyStick:
    """The curve, whose bounds rounding may have let rise by a hair."""
    return HockeyStick(epsilons, np.maximum.accumulate(deltas[::-1])[::-1])
