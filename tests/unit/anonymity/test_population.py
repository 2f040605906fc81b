"""Estimates of population uniqueness, against populations that are known."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable
from fractions import Fraction

import pytest

from gatecli.anonymity.population import pitman, population_uniqueness, zayatz
from gatecli.model.anonymity import ClassSize

SOURCE = random.Random(7)  # noqa: S311 - test data, no secret
POPULATION = 50_000


def long_tail() -> Hashable:
    return int(SOURCE.paretovariate(0.7))


def three_columns() -> Hashable:
    return tuple(int(SOURCE.expovariate(rate)) for rate in (0.05, 0.05, 0.1))


def drawn(draw: Callable[[], Hashable], fraction: float) -> tuple[dict[int, int], float]:
    """Class sizes of a sample, and the share of the population that is unique in it."""
    people = [draw() for _ in range(POPULATION)]
    alone = sum(count == 1 for count in Counter(people).values())
    return dict(Counter(Counter(people[: int(POPULATION * fraction)]).values())), alone / POPULATION


@pytest.mark.parametrize("fraction", [0.1, 0.3])
@pytest.mark.parametrize("draw", [long_tail, three_columns])
def test_pitman_is_near_the_truth(draw: Callable[[], Hashable], fraction: float) -> None:
    sample, truth = drawn(draw, fraction)
    assert pitman(sample, fraction) == pytest.approx(truth, rel=0.3)


@pytest.mark.parametrize("draw", [long_tail, three_columns])
def test_zayatz_errs_against_the_publisher(draw: Callable[[], Hashable]) -> None:
    sample, truth = drawn(draw, 0.3)
    assert truth * 0.9 < zayatz(sample, 0.3) < 1


def sizes(classes: dict[int, int]) -> tuple[ClassSize, ...]:
    return tuple(ClassSize(size, count, size * count) for size, count in sorted(classes.items()))


def test_a_sample_without_uniques_has_none_in_the_population() -> None:
    assert population_uniqueness(sizes({2: 10, 3: 5}), Fraction(1, 10)) == 0


def test_a_whole_population_is_counted() -> None:
    assert population_uniqueness(sizes({1: 5, 5: 3}), Fraction(1)) == Fraction(1, 4)


def test_the_estimate_is_between_nothing_and_what_the_sample_says() -> None:
    found = population_uniqueness(sizes({1: 90, 2: 5}), Fraction(1, 10))
    assert 0 < found <= Fraction(90, 100)


def test_a_larger_sample_makes_its_uniques_more_telling() -> None:
    classes = {1: 50, 2: 30, 3: 10, 9: 10}
    assert zayatz(classes, 0.1) < zayatz(classes, 0.5)
    assert pitman(classes, 0.1) < pitman(classes, 0.5)
