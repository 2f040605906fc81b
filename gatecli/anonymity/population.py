"""Uniqueness in the population that a table was sampled from, estimated from its class sizes.

Which estimator answers is decided by Dankar, El Emam, Neisa and Roffey, "Estimating the
Re-identification Risk of Clinical Data Sets", BMC Medical Informatics and Decision Making 12:66, 2012:
Pitman's up to a sampling fraction of 0.1, above it the smaller of the slide negative binomial and
Zayatz's (the constants are also those of ARX's `RiskModelPopulationUniqueness`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import exp, floor, lgamma, log

from gatecli.anonymity.population_snb import snb
from gatecli.model.anonymity import ClassSize
from gatecli.model.anonymity_risks import PopulationEstimate, PopulationEstimator

SMALL_FRACTION = Fraction(1, 10)
"""Up to here Zayatz's estimate is several times too high, and Pitman's model counts."""

_STEPS = 80
_GOLDEN = 0.6180339887498949
_EDGE = 1e-6


def population_uniqueness(sizes: Sequence[ClassSize], sampling_fraction: Fraction) -> PopulationEstimate:
    """The share of the table's records that are unique in the population, in millionths, rounded up.

    `sampling_fraction` is the table's share of its population, above 0 and at most 1; at 1 the table is
    the population, and its own share of unique records is the answer. Never above that share.
    """
    classes = {item.size: item.classes for item in sizes}
    alone = Fraction(classes.get(1, 0), sum(size * count for size, count in classes.items()))
    if not alone or sampling_fraction == 1:
        return PopulationEstimate(alone, PopulationEstimator.COUNT)
    estimate, estimator = _decided(
        classes, float(sampling_fraction), is_small=sampling_fraction <= SMALL_FRACTION
    )
    return PopulationEstimate(min(alone, Fraction(floor(estimate * 10**6) + 1, 10**6)), estimator)


def _decided(
    classes: Mapping[int, int], fraction: float, *, is_small: bool
) -> tuple[float, PopulationEstimator]:
    if is_small:
        return pitman(classes, fraction), PopulationEstimator.PITMAN
    estimate = (zayatz(classes, fraction), PopulationEstimator.ZAYATZ)
    slide = snb(classes, fraction)
    return estimate if slide is None else min(estimate, (slide, PopulationEstimator.SNB))


def zayatz(classes: Mapping[int, int], fraction: float) -> float:
    """Zayatz, "Estimation of the Number of Unique Population Elements Using a Sample" (U.S. Bureau of the
    Census, 1991): classes of the population are taken to be as large as those of the sample, and Bayes'
    rule gives the probability that a record that is unique in the sample is so in the population.
    Since those of a small sample are smaller, it then errs far upwards.
    """
    n = sum(size * count for size, count in classes.items())
    population = n / fraction
    weights = {size: count * _draws_one(size, n, population) for size, count in classes.items()}
    given_unique = weights.get(1, 0.0) / sum(weights.values())
    return given_unique * classes.get(1, 0) / n


def _draws_one(size: int, n: int, population: float) -> float:
    """The hypergeometric probability that of a class of `size` one record is drawn."""
    rest = population - size
    if rest < n - 1:
        return 0.0
    return size * exp(_choose(rest, n - 1) - _choose(population, n))


def _choose(total: float, taken: float) -> float:
    return lgamma(total + 1) - lgamma(taken + 1) - lgamma(total - taken + 1)


def pitman(classes: Mapping[int, int], fraction: float) -> float:
    """Pitman's sampling formula with two parameters by maximum likelihood (Hoshino, "Applying Pitman's
    Sampling Formula to Microdata Disclosure Risk Assessment", Journal of Official Statistics 17(4),
    2001): the probability that a record of the population shares its class with no other.
    """
    n = sum(size * count for size, count in classes.items())
    alpha, theta = _likeliest(classes, n)
    population = n / fraction
    gone = lgamma(theta + alpha + population - 1) - lgamma(theta + population)
    return exp(min(0.0, gone + lgamma(theta + 1) - lgamma(theta + alpha)))


def _likeliest(classes: Mapping[int, int], n: int) -> tuple[float, float]:
    number = sum(classes.values())

    def of_sizes(alpha: float) -> float:
        single = lgamma(1 - alpha)
        return sum(count * (lgamma(size - alpha) - single) for size, count in classes.items())

    def of_theta(alpha: float, log_theta: float) -> float:
        theta = exp(log_theta)
        opened = (number - 1) * log(alpha) + lgamma(theta / alpha + number) - lgamma(theta / alpha + 1)
        return opened - lgamma(theta + n) + lgamma(theta + 1)

    def best_theta(alpha: float) -> float:
        return _highest(lambda log_theta: of_theta(alpha, log_theta), log(_EDGE), log(100.0 * n))

    alpha = _highest(lambda one: of_sizes(one) + of_theta(one, best_theta(one)), _EDGE, 1 - _EDGE)
    return alpha, exp(best_theta(alpha))


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one peak is highest: golden section search."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
