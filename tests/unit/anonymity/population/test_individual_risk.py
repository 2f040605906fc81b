"""The individual risk against the sum that defines it, its closed forms and its limits."""

from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.population.individual_risk import ERROR, LARGE, individual_risks
from tests.support.anonymity_weight_oracle import closed_risk, posterior_risk

SIZES = st.integers(1, 60) | st.integers(1, 10**9)
EXCESS = st.floats(1e-9, 1e12)


def risk(size: int, population: Fraction | float) -> float:
    excess = float(Fraction(population) - size)
    return float(individual_risks(np.array([size]), np.array([excess]))[0])


@pytest.mark.parametrize("size", [1, 2, 3, 7, LARGE - 1, LARGE, LARGE + 1])
@pytest.mark.parametrize(
    "p", [Fraction(99, 100), Fraction(2, 3), Fraction(1, 2), Fraction(9, 20), Fraction(1, 5)]
)
def test_the_risk_is_the_mean_of_1_over_h_by_the_negative_binomial_posterior(size: int, p: Fraction) -> None:
    """After 400 terms less than 10⁻²⁰ of the posterior is left."""
    assert risk(size, size / p) == pytest.approx(float(posterior_risk(size, p, 400)), rel=1e-12)


@pytest.mark.parametrize("p", [1e-9, 1e-4, 0.03, 0.3, 0.5, 0.51, 0.7])
def test_the_risk_has_closed_forms_for_small_classes(p: float) -> None:
    odds, logarithm = p / (1 - p), log(1 / p)
    forms = [
        odds * logarithm,
        odds - odds**2 * logarithm,
        odds / 2 - odds**2 + odds**3 * logarithm,
    ]
    for size, form in enumerate(forms, start=1):
        assert risk(size, size / Fraction(p)) == pytest.approx(form, rel=1e-11)


def test_risks_are_those_of_the_worked_example() -> None:
    """They are ln 2, 1 − ln 2 and ln 2 − ½: p = ½ makes p/q 1."""
    found = [risk(size, 2 * size) for size in (1, 2, 3)]
    assert found == pytest.approx([log(2), 1 - log(2), log(2) - 0.5], rel=1e-14)


@pytest.mark.parametrize("size", [*range(1, LARGE + 3), 100])
def test_twelve_digits_are_right_for_every_population(size: int) -> None:
    for excess in ("0.001", "0.1", "1", "7.25", "100", "12345.5", "1000000", "90000000000"):
        population = size + Fraction(excess)
        expected = float(closed_risk(size, population))
        assert risk(size, population) == pytest.approx(expected, rel=ERROR)


@given(SIZES)
def test_a_class_that_is_its_own_population_has_the_risk_of_the_sample(size: int) -> None:
    assert risk(size, size) == 1 / size


@given(SIZES, EXCESS)
def test_the_risk_is_between_those_of_the_population_and_the_sample(size: int, excess: float) -> None:
    """By Jensen's inequality E(1/h) ≥ 1 ÷ E(h), and E(h) = F."""
    found = float(individual_risks(np.array([size]), np.array([excess]))[0])
    assert (1 - ERROR) / (size + excess) <= found <= (1 + ERROR) / size


@given(SIZES, EXCESS, st.floats(1.001, 100))
def test_a_larger_population_makes_the_risk_smaller(size: int, excess: float, factor: float) -> None:
    one, other = individual_risks(np.array([size] * 2), np.array([excess, excess * factor]))
    assert other <= one * (1 + ERROR)


@given(st.integers(3, 10**6), EXCESS)
def test_the_usual_approximation_is_on_the_safe_side(size: int, excess: float) -> None:
    """That of sdcMicro, p ÷ (f − q), is above the risk by at most 4.1 %."""
    p, q = size / (size + excess), excess / (size + excess)
    found = float(individual_risks(np.array([size]), np.array([excess]))[0])
    assert found * (1 - 1e-9) <= p / (size - q) <= found * 1.041
