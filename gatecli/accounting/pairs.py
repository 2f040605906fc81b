"""Dominating pairs of distributions (P, Q), cut into cells of equal privacy loss ln(P/Q).

Derivation. A mechanism is (ε, δ)-DP where E_Q (P/Q − e^ε)₊ ≤ δ for its outputs P, Q on every two
neighbours. A pair whose value is the largest for every ε stands for all of them, in any composition (Zhu,
Dong, Wang, "Optimal Accounting of Differential Privacy via Characteristic Function", 2022, theorem 10).

1. Noise N(0, σ²) on a sum that one unit moves by at most 1: N(1, σ²) against N(0, σ²). On a Poisson sample
   of rate q, P = (1 − q) N(0, σ²) + q N(1, σ²) against Q = N(0, σ²) when the unit is removed, and the same
   turned round when it is added (the same paper, theorem 11). The loss is ln(1 + q (e^y − 1)) with
   y = (2x − 1)/(2σ²).
2. k records of one unit, each sampled on its own: the weight of N(j, σ²) is binomial (Ganesh, "Tight
   Group-Level DP Guarantees for DP-SGD with Sampling via Mixture of Gaussians Mechanisms", 2024).
3. A sampled unit that is replaced by another: q N(1, σ²) against q N(−1, σ²), both beside (1 − q) N(0, σ²)
   (Koskela, Jälkö, Honkela, "Computing Tight Differential Privacy Guarantees Using FFT", 2020;
   dp-accounting uses it too).
4. Laplace noise of scale 1/ε: losses between −ε and ε, both of which have a mass of their own. Discrete
   noise: outcome by outcome (Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy",
   2020). A black box that is ε-DP: a coin told truthfully with e^ε/(1 + e^ε) (Kairouz, Oh, Viswanath, "The
   Composition Theorem for Differential Privacy", 2015, theorem 3.1).

Masses of cells are P − Q and Q, not P and Q: where q is small, both agree to more digits than a float has.

Example. One step with σ = 1, q = 1/10 at x = 1.5: y = 1, and the loss is ln(1 + (e − 1)/10) = 0.1586. All
of the sum's cells together have P − Q = 0 and Q = 1:

>>> from fractions import Fraction
>>> from gatecli.accounting.terms import SampledGaussianTerm as Step
>>> pair = pair_of(Step(Fraction(1), Fraction(1, 10), 1, replaced=False, count=1), spender=True)
>>> round(float(pair.loss(np.array([1.5]))[0]), 4)
0.1586
>>> cells = pair.masses(np.array([-np.inf, 0.0, 1.5, np.inf]))
>>> round(float(cells.lower.sum()), 12), round(abs(float(cells.excess.sum())), 12)
(1.0, 0.0)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gatecli.accounting.moments import Array
from gatecli.accounting.rounding import above, below
from gatecli.accounting.terms import (
    ClaimTerm,
    IntegerTerm,
    LaplaceTerm,
    ResponseTerm,
    SampledGaussianTerm,
    Term,
)

MAX_ATOMS = 200_000
"""Outcomes of a discrete pair that are looked at one by one."""

_REACH = 50
"""Scales of Laplace noise beyond which less than e^−50 is left."""

_KNOTS = 1 << 14
"""Entries of a table from which thresholds are read."""
_SECANTS = 5
"""They take a threshold to float accuracy or near; no bound relies on it."""
_ROUNDING = 8 * 2.0**-53
"""What one float operation or error function may be off by, eightfold."""
_LARGE = 30.0
"""Above this power of e the terms without it no longer need their own digits."""
_MISSING = 2e-21
"""More than the tables of integer noise leave out: e^−50 = 2e-22 on either side."""
_FARTHEST = 92.0
"""All compositions together miss a mass of at most e^−92 = 1e-40 beyond the ends of a curve."""


@dataclass(frozen=True, slots=True)
class LossCells:
    """Masses of cells: Q as `lower` and P − Q as `excess`, which is known up to ± `noise`.

    P and Q nearly agree where little is lost, so their difference is computed on its own: taken from
    two rounded masses it would be rounding alone.
    """

    lower: Array
    excess: Array
    noise: Array

    @property
    def upper(self) -> Array:
        """P of the cells."""
        return np.maximum(self.lower + self.excess, 0.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A continuous pair on the real line whose loss never falls with x.

    `masses` gives the cells between ascending thresholds; `ends` are the x between which all but a
    negligible mass of P and of Q lies; `symmetric` says that (Q, P) has the same losses; `bounded`
    that the loss is constant beyond the ends.
    """

    loss: Callable[[Array], Array]
    masses: Callable[[Array], LossCells]
    ends: tuple[float, float]
    inverse: Callable[[Array], Array] | None = None
    symmetric: bool = False
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Atoms:
    """A discrete pair: natural logarithms of P and Q by outcome; −inf where it cannot happen.

    `missing` is at least the mass of the outcomes that the table leaves out.
    """

    upper: Array
    lower: Array
    missing: float = 0.0


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
            return None if spender and is_wide(term) else _integer(term, less(term.scale))
        case ClaimTerm() if not spender:
            return _claim(above(term.epsilon))
        case _:
            return None


def _tail(scores: Array) -> Array:
    """The standard normal mass beyond |z|, to full relative precision."""
    scaled = np.abs(scores) * math.sqrt(0.5)
    return np.fromiter(map(math.erfc, scaled.tolist()), np.float64, scaled.size) * 0.5


def _normal_masses(scores: Array, tails: Array) -> Array:
    below_mean = np.where(scores <= 0, tails, 1 - tails)
    both_above = scores[:-1] > 0
    return np.asarray(np.where(both_above, tails[:-1] - tails[1:], below_mean[1:] - below_mean[:-1]))


def _components(thresholds: Array, means: list[float], sigma: float) -> Iterator[tuple[Array, Array]]:
    """The masses of N(mean, σ²) in every cell, and how far float rounding may have moved them.

    An error function is right to a unit in the last place of the nearer tail, and its argument to
    two: relatively (1 + z²) times as much. Where a cell holds the mean, both tails are taken from 1.
    """
    for mean in means:
        scores = (thresholds - mean) / sigma
        tails = _tail(scores)
        with np.errstate(invalid="ignore"):
            error = np.where(tails > 0, tails * (1 + scores * scores), 0.0)
        across = (scores[:-1] <= 0) & (scores[1:] > 0)
        yield _normal_masses(scores, tails), _ROUNDING * (error[:-1] + error[1:] + across)


def _mixture_cells(means: list[float], weights: list[float], sigma: float) -> Callable[[Array], LossCells]:
    """Cells of P = Σ weight · N(mean, σ²) against Q = N(0, σ²); the rest of P's weight is Q's own."""

    def masses(thresholds: Array) -> LossCells:
        (lower, error), *others = _components(thresholds, [0.0, *means], sigma)
        excess, noise = np.zeros(lower.size), np.zeros(lower.size)
        for weight, (mass, moved) in zip(weights, others, strict=True):
            excess += weight * (mass - lower)
            noise += weight * (moved + error)
        return LossCells(lower, excess, noise)

    return masses


def _opposed_cells(mean: float, weight: float, sigma: float) -> Callable[[Array], LossCells]:
    """Cells of P, whose weight is at `mean`, against Q, whose weight is at −`mean`."""

    def masses(thresholds: Array) -> LossCells:
        (none, _), (there, moved), (here, error) = _components(thresholds, [0.0, mean, -mean], sigma)
        lower = (1 - weight) * none + weight * here
        return LossCells(lower, weight * (there - here), weight * (moved + error))

    return masses


def _log_mixture(means: list[float], weights: list[float], sigma: float) -> Callable[[Array], Array]:
    """Ln of (1 − Σ weight + Σ weight · N(mean, σ²)) over N(0, σ²), to full relative precision."""
    rest = 1 - math.fsum(weights)

    def ratio(points: Array) -> Array:
        powers = [(2 * points - mean) * (mean / (2 * sigma * sigma)) for mean in means]
        parts = [w * np.expm1(np.minimum(power, _LARGE)) for w, power in zip(weights, powers, strict=True)]
        near = (powers[-1] <= _LARGE) & (rest > 0.5)
        small = np.log1p(sum(parts[1:], start=parts[0]), where=near, out=np.zeros(points.size))
        return small if near.all() else np.where(near, small, _log_sum(rest, weights, powers))

    return ratio


def _log_sum(rest: float, weights: list[float], powers: list[Array]) -> Array:
    """Ln of rest + Σ weight · e^power."""
    total = np.full(powers[0].size, math.log(rest) if rest > 0 else -math.inf)
    for weight, power in zip(weights, powers, strict=True):
        total = np.logaddexp(total, math.log(weight) + power)
    return total


def _sampled_gaussian(term: SampledGaussianTerm, sigma: float, rate: float) -> Pair | None:
    if not 1e-6 < sigma < 1e8 or rate < 1e-12:
        return None
    if term.replaced and term.group > 1:
        return None
    sizes = range(1, term.group + 1)
    weights = [math.comb(term.group, size) * rate**size * (1 - rate) ** (term.group - size) for size in sizes]
    present = [(float(size), weight) for size, weight in zip(sizes, weights, strict=True) if weight > 0]
    means, shares = [size for size, _ in present], [weight for _, weight in present]
    ratio = _log_mixture(means, shares, sigma)
    reach = math.sqrt(2 * (math.log(term.count) + _FARTHEST)) * sigma
    if term.replaced:
        return Curve(
            lambda points: ratio(points) - ratio(-points),
            _opposed_cells(1.0, rate, sigma),
            (-1.0 - reach, 1.0 + reach),
            _opposed_inverse(sigma, rate),
            symmetric=True,
        )
    return Curve(
        ratio,
        _mixture_cells(means, shares, sigma),
        (-reach, means[-1] + reach),
        _single_inverse(sigma, rate) if term.group == 1 else None,
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


def _opposed_inverse(sigma: float, rate: float) -> Callable[[Array], Array]:
    """With z = e^(x/σ²), c = q e^(−1/(2σ²)) and R = e^loss: c z² + (1 − q)(1 − R) z − c R = 0."""

    def inverse(losses: Array) -> Array:
        size = np.abs(losses)
        log_share = math.log(rate) - 1 / (2 * sigma * sigma)
        with np.errstate(divide="ignore", over="ignore"):
            # For R ≥ 1, by symmetry; divided by R, so that no power overflows: b = (1 − q)(1 − 1/R)/(2c).
            half = -np.expm1(-size) * (1 - rate) / 2
            log_root = np.logaddexp(2 * np.log(half), 2 * log_share - size) / 2
            log_z = size - log_share + np.logaddexp(np.log(half), log_root)
        return np.asarray(np.copysign(sigma * sigma * log_z, losses))

    return inverse


def _laplace(epsilon: float, rate: float) -> Pair | None:
    if not 1e-9 < epsilon < 700 or rate < 1e-12:
        return None

    def below_threshold(points: Array, centre: float) -> Array:
        distance = epsilon * (points - centre)
        return np.where(
            distance < 0, 0.5 * np.exp(np.minimum(distance, 0)), 1 - 0.5 * np.exp(-np.maximum(distance, 0))
        )

    def masses(thresholds: Array) -> LossCells:
        none, one = np.diff(below_threshold(thresholds, 0.0)), np.diff(below_threshold(thresholds, 1.0))
        return LossCells(none, rate * (one - none), np.full(none.size, 2 * rate * _ROUNDING))

    def loss(points: Array) -> Array:
        shift = epsilon * np.clip(2 * points - 1, -1.0, 1.0)
        return np.log1p(rate * np.expm1(shift)) if rate < 1 else shift

    return Curve(loss, masses, (0.0, 1.0), symmetric=rate == 1.0, bounded=True)


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
        case "laplace" if is_wide(term):
            return _claim(above(term.sensitivity / term.scale))
        case "laplace":
            logs = _two_sided(scale, lambda points: -abs(points) / scale, _REACH * scale)
        case "gaussian":
            logs = _two_sided(scale, lambda points: -(points**2) / (2 * scale**2), 11 * scale)
        case _:
            logs = _binomial(term.trials, scale)
    return _shifted_pair(term.sensitivity, logs)


def is_wide(term: Term) -> bool:
    """Whether it is Laplace noise on whole numbers that no table holds: its pure ε bounds it from above."""
    if not isinstance(term, IntegerTerm) or term.kind != "laplace":
        return False
    return 2 * _REACH * term.scale > MAX_ATOMS or term.sensitivity > MAX_ATOMS


def _two_sided(scale: float, exponent: Callable[[Array], Array], reach: float) -> Array | None:
    """The table's ends carry less than e^−50, and what lies beyond them less than that too."""
    if not scale > 1e-3 or reach * 2 > MAX_ATOMS:
        return None
    span = math.ceil(reach) + 2
    logs = exponent(np.arange(-span, span + 1, dtype=np.float64))
    return np.asarray(logs - math.log(float(np.exp(logs).sum())))


def _binomial(trials: int, probability: float) -> Array | None:
    """All outcomes but some beyond twelve standard deviations and forty: less than e^−50 (Bernstein)."""
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
    return Atoms(np.concatenate((nothing, logs)), np.concatenate((logs, nothing)), _MISSING)


def invert(curve: Curve, losses: Array) -> Array:
    """The x at which the loss reaches each value, nearly; ±inf beyond the ends.

    Where no formula is known, a table brackets each x and secants within the bracket refine it. No
    bound relies on it: cells are cut where x lies, whatever was aimed at.
    """
    first, last = (float(end) for end in curve.loss(np.array(curve.ends)))
    inside = (losses > first) & (losses < last)
    points = np.where(losses <= first, -np.inf, np.inf)
    points[inside] = (curve.inverse or _by_table(curve))(losses[inside])
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
