"""Dominating pairs of distributions (P, Q), cut into cells of equal privacy loss ln(P/Q).

Sources: Zhu, Dong, Wang, "Optimal Accounting of Differential Privacy via Characteristic Function"
(2022), for Poisson sampling under adding and removing; Ganesh, "Tight Group-Level DP Guarantees for
DP-SGD with Sampling via Mixture of Gaussians Mechanisms" (2024), for groups; Canonne, Kamath,
Steinke (2020) for discrete noise. The pair for replacing a Poisson-sampled unit is the one of
Koskela, Jälkö, Honkela (2020), which dp-accounting uses too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatecli.accounting.rounding import NumericFailure, above, below
from gatecli.accounting.terms import (
    ClaimTerm,
    IntegerTerm,
    LaplaceTerm,
    ResponseTerm,
    SampledGaussianTerm,
    Term,
)

Array = npt.NDArray[np.float64]

MAX_ATOMS = 200_000
"""Outcomes of a discrete pair that are looked at one by one."""

_KNOTS = 1 << 14
_SECANTS = 5
_RESIDUAL = 1e-11


@dataclass(frozen=True, slots=True)
class Curve:
    """A continuous pair on the real line whose loss never falls with x.

    `masses` gives P and Q of the cells between ascending thresholds; `ends` are the x between which
    all but a negligible mass of P and of Q lies; `work` is what one cell costs, relatively;
    `symmetric` says that (Q, P) has the same losses.
    """

    loss: Callable[[Array], Array]
    masses: Callable[[Array], tuple[Array, Array]]
    ends: tuple[float, float]
    inverse: Callable[[Array], Array] | None = None
    work: int = 1
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Atoms:
    """A discrete pair: natural logarithms of P and Q by outcome; −inf where it cannot happen."""

    upper: Array
    lower: Array


Pair = Curve | Atoms


def pair_of(term: Term, *, spender: bool) -> Pair | None:
    """The pair of one composition; None where none is known.

    Parameters are rounded towards more loss, or towards less where `spender` (for a lower bound).
    """
    less, more = (above, below) if spender else (below, above)
    match term:
        case SampledGaussianTerm():
            return _sampled_gaussian(term, less(term.sigma), min(more(term.rate), 1.0))
        case LaplaceTerm():
            return _laplace(more(term.epsilon), min(more(term.rate), 1.0))
        case ResponseTerm():
            return _response(term, less(term.noise))
        case IntegerTerm():
            return _integer(term, less(term.scale))
        case ClaimTerm() if not spender:
            return _claim(above(term.epsilon))
        case _:
            return None


def _tail(scores: Array) -> Array:
    """The standard normal mass beyond |z|, to full relative precision."""
    scaled = np.abs(scores) * math.sqrt(0.5)
    return np.fromiter(map(math.erfc, scaled.tolist()), np.float64, scaled.size) * 0.5


def _normal_masses(thresholds: Array, mean: float, sigma: float) -> Array:
    scores = (thresholds - mean) / sigma
    tails = _tail(scores)
    below_mean = np.where(scores <= 0, tails, 1 - tails)
    both_above = scores[:-1] > 0
    return np.where(both_above, tails[:-1] - tails[1:], below_mean[1:] - below_mean[:-1])


def _mixture(means: list[float], weights: list[float], sigma: float) -> Callable[[Array], Array]:
    def masses(thresholds: Array) -> Array:
        parts = [
            weight * _normal_masses(thresholds, mean, sigma)
            for mean, weight in zip(means, weights, strict=True)
        ]
        return sum(parts[1:], start=parts[0])

    return masses


def _log_mixture(means: list[float], weights: list[float], sigma: float) -> Callable[[Array], Array]:
    """Ln of a mixture's density over the density of N(0, σ²)."""
    logs = [
        math.log(weight) - mean * mean / (2 * sigma * sigma)
        for mean, weight in zip(means, weights, strict=True)
    ]

    def ratio(points: Array) -> Array:
        scaled = points / (sigma * sigma)
        total = logs[0] + means[0] * scaled
        for mean, log in zip(means[1:], logs[1:], strict=True):
            total = np.logaddexp(total, log + mean * scaled)
        return total

    return ratio


def _sampled_gaussian(term: SampledGaussianTerm, sigma: float, rate: float) -> Pair | None:
    if not 1e-6 < sigma < 1e8 or rate < 1e-12:
        return None
    if term.replaced and term.group > 1:
        return None
    sizes = list(range(term.group + 1))
    weights = [math.comb(term.group, size) * rate**size * (1 - rate) ** (term.group - size) for size in sizes]
    present = [(float(size), weight) for size, weight in zip(sizes, weights, strict=True) if weight > 0]
    means, shares = [size for size, _ in present], [weight for _, weight in present]
    upper = _mixture(means, shares, sigma)
    lower = (
        _mixture([-mean for mean in means], shares, sigma) if term.replaced else _mixture([0.0], [1.0], sigma)
    )
    ratio = _log_mixture(means, shares, sigma)
    reach = math.sqrt(2 * (math.log(term.count) + 48)) * sigma
    if term.replaced:
        return Curve(
            lambda points: ratio(points) - ratio(-points),
            lambda thresholds: (upper(thresholds), lower(thresholds)),
            (-means[-1] - reach, means[-1] + reach),
            work=max(1, len(means) // 4),
            symmetric=True,
        )
    inverse = _single_inverse(sigma, rate) if term.group == 1 else None
    return Curve(
        ratio,
        lambda thresholds: (upper(thresholds), lower(thresholds)),
        (-reach, means[-1] + reach),
        inverse,
        work=max(1, len(means) // 4),
        symmetric=rate == 1.0,
    )


def _single_inverse(sigma: float, rate: float) -> Callable[[Array], Array]:
    def inverse(losses: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inner = np.expm1(np.minimum(losses, 700.0)) + rate
            small = np.log(np.maximum(inner, 0.0) / rate)
            large = losses + np.log1p((rate - 1) * np.exp(-losses)) - math.log(rate)
            return sigma * sigma * np.where((losses > 1.0) | (rate > 0.5), large, small) + 0.5

    return inverse


def _laplace(epsilon: float, rate: float) -> Pair | None:
    if not 1e-9 < epsilon < 700 or rate < 1e-12:
        return None

    def below_threshold(points: Array, centre: float) -> Array:
        distance = epsilon * (points - centre)
        return np.where(
            distance < 0, 0.5 * np.exp(np.minimum(distance, 0)), 1 - 0.5 * np.exp(-np.maximum(distance, 0))
        )

    def masses(thresholds: Array) -> tuple[Array, Array]:
        none, one = np.diff(below_threshold(thresholds, 0.0)), np.diff(below_threshold(thresholds, 1.0))
        return (1 - rate) * none + rate * one, none

    def loss(points: Array) -> Array:
        shift = epsilon * np.clip(2 * points - 1, -1.0, 1.0)
        return np.logaddexp(math.log1p(-rate), math.log(rate) + shift) if rate < 1 else shift

    return Curve(loss, masses, (0.0, 1.0), symmetric=rate == 1.0)


def _response(term: ResponseTerm, noise: float) -> Pair | None:
    if noise <= 0:
        return None
    others = (term.categories - 1) / term.categories
    told, other = math.log1p(-noise * others), math.log(noise / term.categories)
    with np.errstate(divide="ignore"):
        if term.zeroed:
            upper = np.array([told, np.log(noise * others)])
            lower = np.array([-math.log(term.categories), np.log(others)])
            return Atoms(upper, lower)
        rest = np.log(np.float64(noise * (term.categories - 2) / term.categories))
        return Atoms(np.array([told, other, rest]), np.array([other, told, rest]))


def _claim(epsilon: float) -> Pair | None:
    """The worst pair that an ε-DP mechanism can have (Kairouz, Oh, Viswanath 2015, theorem 3.1)."""
    likely = -math.log1p(math.exp(-epsilon))
    unlikely = -epsilon + likely
    return Atoms(np.array([likely, unlikely]), np.array([unlikely, likely]))


def _integer(term: IntegerTerm, scale: float) -> Pair | None:
    match term.kind:
        case "laplace":
            return _shifted_pair(
                term.sensitivity, _two_sided(scale, lambda points: -abs(points) / scale, 50 * scale)
            )
        case "gaussian":
            return _shifted_pair(
                term.sensitivity, _two_sided(scale, lambda points: -(points**2) / (2 * scale**2), 11 * scale)
            )
        case _:
            return _shifted_pair(term.sensitivity, _binomial(term.trials, scale))


def _two_sided(scale: float, exponent: Callable[[Array], Array], reach: float) -> Array | None:
    if not scale > 1e-3 or reach * 2 > MAX_ATOMS:
        return None
    span = math.ceil(reach) + 2
    logs = exponent(np.arange(-span, span + 1, dtype=np.float64))
    return np.asarray(logs - math.log(float(np.exp(logs).sum())))


def _binomial(trials: int, probability: float) -> Array | None:
    if probability <= 0:
        return None
    spread = math.sqrt(trials * probability * (1 - probability))
    centre = trials * probability
    low, high = (
        max(0, math.floor(centre - 12 * spread - 40)),
        min(trials, math.ceil(centre + 12 * spread + 40)),
    )
    if high - low > MAX_ATOMS:
        return None
    before = np.arange(low, high, dtype=np.float64)
    rises = np.log((trials - before) / (before + 1)) + math.log(probability) - math.log1p(-probability)
    logs = np.concatenate(([0.0], np.cumsum(rises)))
    logs -= logs.max()
    return np.asarray(logs - math.log(float(np.exp(logs).sum())))


def _shifted_pair(shift: int, logs: Array | None) -> Pair | None:
    """Noise against the same noise moved by `shift`; what falls outside the window is lost to −inf."""
    if logs is None or shift > MAX_ATOMS:
        return None
    nothing = np.full(shift, -np.inf)
    return Atoms(np.concatenate((nothing, logs)), np.concatenate((logs, nothing)))


def invert(curve: Curve, losses: Array) -> Array:
    """The x at which the loss reaches each value; ±inf beyond the ends.

    A table brackets each x and secants within the bracket refine it: the residual is checked, since
    a cell must hold only the losses it is named for.
    """
    first, last = (float(end) for end in curve.loss(np.array(curve.ends)))
    inside = (losses > first) & (losses < last)
    points = np.where(losses <= first, -np.inf, np.inf)
    points[inside] = (curve.inverse or _by_table(curve))(losses[inside])
    with np.errstate(invalid="ignore"):
        residual = np.abs(curve.loss(points[inside]) - losses[inside])
    if not bool(np.all(residual <= _RESIDUAL * (1 + np.abs(losses[inside])))):
        raise NumericFailure("the privacy loss could not be inverted")
    return np.asarray(points)


def _by_table(curve: Curve) -> Callable[[Array], Array]:
    def inverse(losses: Array) -> Array:
        knots = np.linspace(*curve.ends, _KNOTS)
        values = np.maximum.accumulate(curve.loss(knots))
        at = np.clip(np.searchsorted(values, losses), 1, _KNOTS - 1)
        low, high = knots[at - 1], knots[at]
        rise = np.maximum(values[at] - values[at - 1], 1e-300)
        points = low + (high - low) * (losses - values[at - 1]) / rise
        for _ in range(_SECANTS):
            points = np.clip(points - (curve.loss(points) - losses) * (high - low) / rise, low, high)
        return np.asarray(points)

    return inverse
