"""The Gaussian on Poisson batches that are cut to a fixed size: a pair for upper bounds.

Derivation (as in dp-accounting 0.6, `from_truncated_subsampled_gaussian_mechanism`; "TruncatedSubsampled
GaussianDpEvent" there). Let n be the records, q the rate and B the largest batch.

1. Whether the batch would be cut if the unit were in it depends on the other n − 1 records alone: with
   τ = Pr[Bin(n − 1, q) ≥ B]. An adversary who is told so loses nothing.
2. Where it is not cut, the step is an ordinary Poisson-sampled one: the pair of rate q and noise σ.
3. Where it is, the unit is in the batch with q' = Pr[Bin(n, q) > B] · B / (n τ), in the place of another
   record: the sum moves by up to two norms. The pair of a replaced unit of rate q' and noise σ/2 bounds that.
4. So δ(ε) is at most (1 − τ) times that of 2. plus τ times that of 3. Both losses share one axis: cells
   between two losses hold the masses of both. The axis is u with loss = s sinh u, so that equal steps of u
   are fine around 0, where most losses lie, and coarse far away.

A zeroed unit keeps its place: the same records are drawn and cut with and without it. Where the batch is not
cut, zeroing is removing; where it is, the unit adds its vector or nothing in the place of another record, and
3. bounds any two vectors there. So zero-out has the bound of add-remove.

τ and q' are floats with a relative error below `_SLACK`; both weights and q' are raised by it.

Example. Of 10 records with q = 1/2, batches of at most 5: nine others are at least 5 with τ = 1/2, and the
unit is then in the batch with q' = Pr[Bin(10, 1/2) > 5] · 5 / (10 · 1/2) = 386/1024.

>>> told, rate = truncation_of(10, 0.5, 5)
>>> round(told, 9), round(rate * 1024, 6)
(0.5, 386.0)
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from gatecli.accounting.moments import Array
from gatecli.accounting.pairs import Curve, LossCells, invert, pair_of
from gatecli.accounting.rounding import above, below
from gatecli.accounting.terms import SampledGaussianTerm, TruncatedGaussianTerm

_SLACK = 1e-10
_REACH = 14.0
"""Standard deviations (and forty more records) beyond which a binomial has less than 1e-20."""
_FAR = 1e-20


def truncated_pair(term: TruncatedGaussianTerm) -> Curve | None:
    """A pair that bounds one step from above; None where the parts' own pairs are unknown."""
    plain = SampledGaussianTerm(term.sigma, term.rate, 1, replaced=term.replaced, count=term.count)
    told, rate = truncation_of(term.size, min(above(term.rate), 1.0), term.batch)
    swapped = replace(plain, sigma=term.sigma / 2, rate=Fraction(rate), replaced=True)
    pairs = [pair_of(one, spender=False) for one in (plain, swapped)]
    curves = [pair for pair in pairs if isinstance(pair, Curve)]
    if len(curves) < len(pairs) or rate <= 0:
        return None
    spread = below(term.rate) * math.sqrt(math.expm1(min(1 / below(term.sigma) ** 2, 50.0)))
    return _blend_pairs(curves, [1 - told + _SLACK, told * (1 + _SLACK)], min(max(spread, 1e-9), 1.0))


def truncation_of(size: int, rate: float, batch: int) -> tuple[float, float]:
    """τ and q' of the module's derivation; a τ too small to be computed is rounded up, and q' is 1 there."""
    told = _tail(size - 1, rate, batch)
    if told <= _FAR:
        return _FAR, 1.0
    return told, min(1.0, _tail(size, rate, batch + 1) * batch / (told * size) * (1 + 2 * _SLACK))


def _tail(trials: int, rate: float, least: int) -> float:
    """Pr[Bin(trials, rate) ≥ least], by ratios of neighbouring probabilities from the mean outwards."""
    if rate >= 1:
        return float(least <= trials)
    spread, mean = math.sqrt(trials * rate * (1 - rate)), trials * rate
    low = max(0, math.floor(mean - _REACH * spread - 40))
    high = min(trials, math.ceil(mean + _REACH * spread + 40))
    before = np.arange(low, high, dtype=np.float64)
    rises = np.log((trials - before) / (before + 1)) + math.log(rate) - math.log1p(-rate)
    middle = min(max(round(mean) - low, 0), rises.size)
    logs = np.concatenate((-np.cumsum(rises[:middle][::-1])[::-1], [0.0], np.cumsum(rises[middle:])))
    chances = np.exp(logs)
    at = min(max(least - low, 0), chances.size)
    return math.fsum(chances[at:]) / math.fsum(chances)


def _blend_pairs(curves: list[Curve], weights: list[float], scale: float) -> Curve:
    """One of the curves, which the adversary is told, as one curve over losses."""
    ends = [curve.loss(np.array(curve.ends)) for curve in curves]

    def loss(points: Array) -> Array:
        return np.asarray(scale * np.sinh(points))

    def masses(thresholds: Array) -> LossCells:
        losses = loss(thresholds)
        parts = [curve.masses(invert(curve, losses)) for curve in curves]
        lower, excess, noise = (
            sum(
                (weight * part for weight, part in zip(weights, column, strict=True)),
                np.zeros(losses.size - 1),
            )
            for column in zip(*((one.lower, one.excess, one.noise) for one in parts), strict=True)
        )
        return LossCells(lower, excess, noise)

    first, last = min(float(end[0]) for end in ends), max(float(end[1]) for end in ends)
    return Curve(
        loss, masses, (math.asinh(first / scale), math.asinh(last / scale)), lambda at: np.arcsinh(at / scale)
    )
