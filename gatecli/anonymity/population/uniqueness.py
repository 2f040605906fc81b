"""Uniqueness in the population that a table was sampled from, estimated from its class sizes.

Which estimator answers is decided by Dankar, El Emam, Neisa and Roffey, "Estimating the
Re-identification Risk of Clinical Data Sets", BMC Medical Informatics and Decision Making 12:66, 2012:
Pitman's up to a sampling fraction of 0.1, above it the smaller of the slide negative binomial and
Zayatz's (the constants are also those of ARX's `RiskModelPopulationUniqueness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import exp, floor

from gatecli.anonymity.population.pitman import log_rising, pitman
from gatecli.anonymity.population.snb import snb
from gatecli.model.anonymity import ClassSize
from gatecli.model.anonymity_risks import PopulationEstimate, PopulationEstimator

SMALL_FRACTION = Fraction(1, 10)
"""Up to here Zayatz's estimate is several times too high, and Pitman's model counts."""

_LEAST_FRACTION = Fraction(1, 10**200)
"""The estimates do not rise as the fraction falls; a smaller one leaves the range of a double."""


def population_uniqueness(sizes: Sequence[ClassSize], sampling_fraction: Fraction) -> PopulationEstimate:
    """The share of the table's records that are unique in the population, in millionths, rounded up.

    `sampling_fraction` is the table's share of its population, above 0 and at most 1; at 1 the table is
    the population, and its own share of unique records is the answer. Never above that share.
    """
    classes = {item.size: item.classes for item in sizes}
    alone = Fraction(classes.get(1, 0), sum(size * count for size, count in classes.items()))
    fraction = float(max(sampling_fraction, _LEAST_FRACTION))
    if not alone or fraction == 1:
        return PopulationEstimate(alone, PopulationEstimator.COUNT)
    estimate, estimator = _choose_estimate(classes, fraction, is_small=sampling_fraction <= SMALL_FRACTION)
    return PopulationEstimate(min(alone, Fraction(floor(estimate * 10**6) + 1, 10**6)), estimator)


def _choose_estimate(
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
    spared = population - n - size + 1
    if spared < 0:
        return 0.0
    missed = log_rising(spared + 1, size - 1) - log_rising(population - size + 1, size)
    return size * n * exp(missed)
