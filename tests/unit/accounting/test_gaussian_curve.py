"""The Gaussian curve: published numbers, and every rounding on its safe side."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from gatecli.accounting.gaussian_curve import (
    epsilon_at,
    epsilon_on_line,
    largest_mu,
    log_delta,
    log_tail,
    mu_of_pure,
)
from tests.support.adaptive import gaussian


def exact(mu: float, epsilon: float) -> float:
    return float(gaussian(mu, np.array([epsilon]))[0])


@pytest.mark.parametrize(
    ("epsilon", "delta", "mu"),
    [(8, 1e-5, 1.6660305978), (1, 1e-5, 0.2680511232), (3, 1e-6, 0.6477265307)],
)
def test_the_largest_mu_of_a_budget_is_the_known_one(epsilon: float, delta: float, mu: float) -> None:
    assert largest_mu(epsilon, math.log(delta)) == pytest.approx(mu, rel=1e-9)


@pytest.mark.parametrize("epsilon", [0.01, 1.0, 8.0, 300.0, 1e4])
@pytest.mark.parametrize("delta", [1e-17, 1e-9, 0.1])
def test_the_largest_mu_is_within_the_budget_and_a_larger_one_is_not(epsilon: float, delta: float) -> None:
    mu = largest_mu(epsilon, math.log(delta))
    assert log_delta(mu, epsilon, pessimistic=True) <= math.log(delta)
    assert log_delta(mu * (1 + 1e-6), epsilon, pessimistic=False) > math.log(delta)


@pytest.mark.parametrize(("epsilon", "mu"), [(1.0, 1.232035385344901), (0.1, 0.12530901221160773)])
def test_the_mu_of_randomised_response_is_the_known_one(epsilon: float, mu: float) -> None:
    assert mu_of_pure(epsilon) == pytest.approx(mu, rel=1e-10)


@pytest.mark.parametrize("epsilon", [1e-9, 1e-3, 0.5, 1.999, 2.001, 30.0, 600.0])
def test_the_mu_of_what_is_pure_is_rounded_up(epsilon: float) -> None:
    half = mu_of_pure(epsilon) / 2
    lied = -epsilon - math.log1p(math.exp(-epsilon))
    assert log_tail(half) <= lied
    if epsilon > 0.1:
        assert log_tail(half * (1 - 1e-9)) > lied


def test_what_tells_nothing_has_no_mu() -> None:
    assert mu_of_pure(0.0) == 0.0


def test_the_mu_of_what_is_pure_dominates_a_coin_at_every_ratio() -> None:
    """A coin's curve is the tangent of the Gaussian one at γ = 1: they touch there, and nowhere else."""
    for epsilon in (0.1, 1.0, 4.0):
        ratios = np.linspace(-2 * epsilon, 2 * epsilon, 401)
        told = 1 / (1 + math.exp(-epsilon))
        coin = np.maximum(told - np.exp(ratios) * (1 - told), 0.0)
        assert (gaussian(mu_of_pure(epsilon), ratios) >= coin - 1e-15).all()
        assert exact(mu_of_pure(epsilon), 0.0) == pytest.approx(2 * told - 1, rel=1e-9)


@pytest.mark.parametrize("mu", [1e-3, 0.5, 2.0])
@pytest.mark.parametrize("slope", [1e-9, 1e-6, 1e-2])
def test_measure_and_slack_meet_on_the_line(mu: float, slope: float) -> None:
    epsilon = epsilon_on_line(mu, math.log(slope))
    assert epsilon is not None
    assert exact(mu, epsilon) <= slope * epsilon * (1 + 1e-9)
    assert exact(mu, epsilon * (1 - 1e-6)) > slope * epsilon * (1 - 1e-6)


@pytest.mark.parametrize("mu", [math.inf, 1e5])
def test_what_fits_into_no_budget_meets_no_line(mu: float) -> None:
    assert epsilon_on_line(mu, math.log(1e-6)) is None


def test_no_noise_costs_nothing() -> None:
    assert epsilon_on_line(0.0, math.log(1e-6)) == 0.0


def test_epsilon_is_on_the_asked_side() -> None:
    enough, missing = (epsilon_at(1.0, math.log(1e-5), pessimistic=side) for side in (True, False))
    assert exact(1.0, enough) <= 1e-5 * (1 + 1e-9)
    assert exact(1.0, missing) >= 1e-5 * (1 - 1e-9)


def test_the_tail_is_the_normal_one() -> None:
    for score in (-5.0, 0.0, 3.0, 29.9):
        assert log_tail(score) == pytest.approx(math.log(ndtr(-score)), rel=1e-12)
    assert log_tail(30.0) == pytest.approx(log_tail(30.0 - 1e-9), rel=1e-9)
