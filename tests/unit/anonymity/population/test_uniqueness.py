"""Estimates of population uniqueness, against populations that are known."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import cache
from math import exp, lgamma, log

import pytest

from gatecli.anonymity.population.uniqueness import population_uniqueness
from gatecli.model.anonymity import ClassSize
from gatecli.model.anonymity_risks import PopulationEstimate, PopulationEstimator

POPULATION = 50_000
Draw = Callable[[random.Random], Hashable]


def long_tail(source: random.Random) -> Hashable:
    return int(source.paretovariate(0.7))


def three_columns(source: random.Random) -> Hashable:
    return tuple(int(source.expovariate(rate)) for rate in (0.05, 0.05, 0.1))


def residents(source: random.Random) -> Hashable:
    """An age, a sex and a place: a few large places, many small ones."""
    age = min(99, max(0, int(source.gauss(40, 20))))
    return age, source.randrange(2), min(2_000, int(20 * (source.paretovariate(1.2) - 1)))


def even(source: random.Random) -> Hashable:
    """Twice as many places as people, all alike: the opposite of a long tail."""
    return source.randrange(2 * POPULATION)


def two_kinds(source: random.Random) -> Hashable:
    """Half of them unique, half in classes of 50."""
    number = source.randrange(10**12)
    return number if number % 2 else number // 2 % 500


@cache
def people(draw: Draw) -> tuple[Hashable, ...]:
    source = random.Random(7)  # noqa: S311 - test data, no secret
    return tuple(draw(source) for _ in range(POPULATION))


def truth(draw: Draw) -> float:
    """The share of the population that is unique in it."""
    return sum(count == 1 for count in Counter(people(draw)).values()) / POPULATION


def sample(draw: Draw, fraction: float) -> dict[int, int]:
    """The class sizes of a sample."""
    return dict(Counter(Counter(people(draw)[: int(POPULATION * fraction)]).values()))


def sizes(classes: dict[int, int]) -> tuple[ClassSize, ...]:
    return tuple(ClassSize(size, count, size * count) for size, count in sorted(classes.items()))


def estimate(draw: Draw, fraction: str) -> PopulationEstimate:
    return population_uniqueness(sizes(sample(draw, float(fraction))), Fraction(fraction))


@pytest.mark.parametrize("fraction", ["0.5", "0.8"])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents, even, two_kinds])
def test_the_estimate_of_a_large_sample_is_near_the_truth(draw: Draw, fraction: str) -> None:
    found = estimate(draw, fraction).uniqueness
    assert found is not None
    assert float(found) == pytest.approx(truth(draw), rel=0.1)


@pytest.mark.parametrize("fraction", ["0.02", "0.05", "0.1", "0.2"])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents, even])
def test_the_estimate_of_a_small_sample_is_near_the_truth_or_withheld(draw: Draw, fraction: str) -> None:
    found = estimate(draw, fraction)
    if found.uniqueness is None:
        assert found.estimator is PopulationEstimator.WITHHELD
    else:
        assert float(found.uniqueness) == pytest.approx(truth(draw), rel=0.25)


@pytest.mark.parametrize("draw", [three_columns, residents, even])
def test_a_fifth_of_a_population_is_enough_for_an_estimate(draw: Draw) -> None:
    assert estimate(draw, "0.2").estimator is PopulationEstimator.EXTENDED_NEGATIVE_BINOMIAL


@pytest.mark.parametrize("classes", [{1: 5}, {1: 5, 3: 2}, {1: 1, 2: 1}, {1: 1, 900: 1}, {1: 8, 2: 3, 3: 1}])
def test_a_sample_that_is_too_small_to_tell_has_no_estimate(classes: dict[int, int]) -> None:
    found = population_uniqueness(sizes(classes), Fraction(1, 10))
    assert (found.uniqueness, found.estimator) == (None, PopulationEstimator.WITHHELD)


def test_a_sample_that_no_model_fits_has_no_estimate() -> None:
    """A tenth of 600,000 people is unique, the others are in 30,000 even classes: by small classes alone the
    share is a fifth of the truth, at a fraction of 0.2, and the sampling error is far below a quarter.
    """
    rate = 540_000 / 30_000 * 0.2
    classes = {size: round(30_000 * exp(size * log(rate) - rate - lgamma(size + 1))) for size in range(1, 16)}
    classes[1] += 12_000
    found = population_uniqueness(sizes(classes), Fraction(1, 5))
    assert found.estimator is PopulationEstimator.WITHHELD


def test_a_sample_without_uniques_has_none_in_the_population() -> None:
    found = population_uniqueness(sizes({2: 10, 3: 5}), Fraction(1, 10))
    assert (found.uniqueness, found.estimator) == (Fraction(0), PopulationEstimator.COUNT)


def test_a_whole_population_is_counted() -> None:
    found = population_uniqueness(sizes({1: 5, 5: 3}), Fraction(1))
    assert (found.uniqueness, found.estimator) == (Fraction(1, 4), PopulationEstimator.COUNT)


@pytest.mark.parametrize("fraction", [Fraction(1, 10**400), Fraction(1, 10**6), Fraction(1, 2)])
@pytest.mark.parametrize(
    "classes",
    [{1: 90, 2: 5}, {1: 1}, {1: 3, 900: 1}, {1: 10**9, 2: 10**8, 10**9: 3}, {1: 10**6, 2: 1}],
    ids=str,
)
def test_every_fraction_has_an_answer_within_bounds(classes: dict[int, int], fraction: Fraction) -> None:
    records = sum(size * count for size, count in classes.items())
    found = population_uniqueness(sizes(classes), fraction)
    assert found.uniqueness is None or 0 < found.uniqueness <= Fraction(classes[1], records)


@pytest.mark.parametrize("digits", [2, 6, 12, 16, 30])
def test_nearly_the_whole_population_is_nearly_counted(digits: int) -> None:
    found = population_uniqueness(sizes({1: 900, 2: 300, 3: 100}), 1 - Fraction(1, 10**digits))
    assert found.uniqueness is not None
    assert float(found.uniqueness) == pytest.approx(900 / 1800, rel=10.0 ** (1 - digits), abs=2e-6)
