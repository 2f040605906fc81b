"""Uniqueness in the population that a table was sampled from, estimated from its class sizes.

Two models; the larger answer counts, so that the estimate errs against the publisher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import exp, floor, lgamma, log

from gatecli.model.anonymity import ClassSize

_STEPS = 80
_GOLDEN = 0.6180339887498949
_EDGE = 1e-6


def population_uniqueness(sizes: Sequence[ClassSize], sampling_fraction: Fraction) -> Fraction:
    """The share of the population's records that are unique in it, in millionths, rounded up.

    `sampling_fraction` is the table's share of its population, above 0 and at most 1; at 1 the table is
    the population, and its own share of unique records is the answer.
    """
    share = {item.size: item.classes for item in sizes}
    records = sum(size * classes for size, classes in share.items())
    if 1 not in share:
        return Fraction(0)
    if sampling_fraction == 1:
        return Fraction(share[1], records)
    estimate = max(zayatz(share, float(sampling_fraction)), pitman(share, float(sampling_fraction)))
    return min(Fraction(share[1], records), Fraction(floor(estimate * 10**6) + 1, 10**6))


def zayatz(classes: Mapping[int, int], fraction: float) -> float:
    """Zayatz, "Estimation of the Number of Unique Population Elements Using a Sample" (U.S. Bureau of the
    Census, 1991): classes of the population are taken to be as large as those of the sample, and Bayes'
    rule gives the probability that a record that is unique in the sample is so in the population.
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
