"""Estimates of population uniqueness, against populations that are known."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import cache

import pytest

from gatecli.anonymity.population.pitman import pitman
from gatecli.anonymity.population.snb import shlosser, snb
from gatecli.anonymity.population.uniqueness import population_uniqueness, zayatz
from gatecli.model.anonymity import ClassSize
from gatecli.model.anonymity_risks import PopulationEstimator

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
    """Twice as many places as people, all alike: the opposite of what Pitman's model expects."""
    return source.randrange(2 * POPULATION)


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


def ratio(draw: Draw, fraction: Fraction) -> float:
    found = population_uniqueness(sizes(sample(draw, float(fraction))), fraction)
    return float(found.uniqueness) / truth(draw)


@pytest.mark.parametrize("fraction", [0.1, 0.3])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents])
def test_pitman_is_near_the_truth(draw: Draw, fraction: float) -> None:
    assert pitman(sample(draw, fraction), fraction) == pytest.approx(truth(draw), rel=0.3)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents, even])
def test_the_slide_negative_binomial_is_near_the_truth(draw: Draw, fraction: float) -> None:
    rel = 0.35 if fraction < 0.5 else 0.1
    assert snb(sample(draw, fraction), fraction) == pytest.approx(truth(draw), rel=rel)


@pytest.mark.parametrize("draw", [long_tail, three_columns, residents])
def test_zayatz_errs_against_the_publisher(draw: Draw) -> None:
    assert truth(draw) * 0.9 < zayatz(sample(draw, 0.3), 0.3) < 1


@pytest.mark.parametrize("draw", [three_columns, residents])
def test_zayatz_is_several_times_too_high_for_a_small_sample(draw: Draw) -> None:
    """Why the decision rule does not ask it there."""
    assert zayatz(sample(draw, 0.01), 0.01) > 2 * truth(draw)
    assert zayatz(sample(draw, 0.8), 0.8) == pytest.approx(truth(draw), rel=0.05)


@pytest.mark.parametrize("fraction", [Fraction(1, 2), Fraction(4, 5)])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents, even])
def test_the_decision_rule_is_near_the_truth_for_a_large_sample(draw: Draw, fraction: Fraction) -> None:
    assert ratio(draw, fraction) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("fraction", [Fraction(1, 10), Fraction(1, 5)])
@pytest.mark.parametrize("draw", [long_tail, three_columns, residents, even])
def test_the_decision_rule_is_within_a_third_for_a_smaller_sample(draw: Draw, fraction: Fraction) -> None:
    assert ratio(draw, fraction) == pytest.approx(1, rel=0.35)


def test_the_rule_asks_pitman_up_to_a_tenth_and_not_above() -> None:
    classes = sizes(sample(residents, 0.1))
    assert population_uniqueness(classes, Fraction(1, 10)).estimator is PopulationEstimator.PITMAN
    above = population_uniqueness(classes, Fraction(101, 1000)).estimator
    assert above in {PopulationEstimator.SNB, PopulationEstimator.ZAYATZ}


def test_above_a_tenth_the_smaller_estimate_counts() -> None:
    classes = sample(residents, 0.3)
    found = population_uniqueness(sizes(classes), Fraction(3, 10))
    slide = snb(classes, 0.3)
    assert slide is not None
    assert float(found.uniqueness) == pytest.approx(min(slide, zayatz(classes, 0.3)), abs=1e-6)


def test_zayatz_stands_in_where_the_slide_negative_binomial_has_no_answer() -> None:
    """Without a class of two there is nothing to fit."""
    assert snb({1: 5, 3: 2}, 0.5) is None
    assert population_uniqueness(sizes({1: 5, 3: 2}), Fraction(1, 2)).estimator is PopulationEstimator.ZAYATZ


def test_the_number_of_classes_is_known_for_a_large_sample() -> None:
    classes = len(set(people(residents)))
    assert shlosser(sample(residents, 0.8), 0.8) == pytest.approx(classes, rel=0.02)


def test_a_sample_without_uniques_has_none_in_the_population() -> None:
    found = population_uniqueness(sizes({2: 10, 3: 5}), Fraction(1, 10))
    assert (found.uniqueness, found.estimator) == (Fraction(0), PopulationEstimator.COUNT)


def test_a_whole_population_is_counted() -> None:
    found = population_uniqueness(sizes({1: 5, 5: 3}), Fraction(1))
    assert (found.uniqueness, found.estimator) == (Fraction(1, 4), PopulationEstimator.COUNT)


@pytest.mark.parametrize("fraction", [Fraction(1, 10), Fraction(1, 2), Fraction(99, 100)])
@pytest.mark.parametrize("classes", [{1: 90, 2: 5}, {1: 1}, {1: 1, 2: 1}, {1: 3, 2: 1, 900: 1}])
def test_the_estimate_is_between_nothing_and_what_the_sample_says(
    classes: dict[int, int], fraction: Fraction
) -> None:
    records = sum(size * count for size, count in classes.items())
    found = population_uniqueness(sizes(classes), fraction)
    assert 0 < found.uniqueness <= Fraction(classes[1], records)


def test_a_larger_sample_makes_its_uniques_more_telling() -> None:
    classes = {1: 50, 2: 30, 3: 10, 9: 10}
    assert zayatz(classes, 0.1) < zayatz(classes, 0.5)
    assert pitman(classes, 0.1) < pitman(classes, 0.5)
