"""Certificates: a Gaussian that dominates is one everywhere, and a smaller one is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution

from gatecli.accounting.domination import costs_by_curve, dominates, least_mu, on_line, tails
from gatecli.accounting.gaussian_curve import mu_of_pure
from gatecli.accounting.hockey_stick import HockeyStick, curve_of
from gatecli.accounting.portfolio import limits_of
from gatecli.accounting.terms import ClaimTerm, GaussianTerm, LaplaceTerm, SampledGaussianTerm, Term
from gatecli.model.budget import Budget
from tests.support.adaptive import Array, gaussian, laplace

LIMITS = limits_of(Budget(Fraction(8), Fraction(1, 10**5)))
SLACK, MOST = 1e-6, 1.6


def curve(term: Term, least: float = 1e-9) -> HockeyStick:
    found = curve_of((term,), least)
    assert found is not None
    return found


def certificate(found: HockeyStick) -> tuple[float, float]:
    certified = least_mu(found, SLACK, MOST)
    assert certified is not None
    return certified


def permitted(mu: float, missing: float, epsilons: Array) -> Array:
    return np.asarray(missing + (1 - missing) * gaussian(mu, epsilons))


def test_a_gaussian_dominates_itself_and_nothing_larger() -> None:
    found = curve(GaussianTerm(Fraction(1, 4)))
    mu, _ = certificate(found)
    assert mu == pytest.approx(0.5, rel=1e-3)
    assert dominates(0.501, 1e-8, found)
    assert not dominates(0.499, 1e-8, found)


def test_the_certificate_of_a_coin_is_the_closed_form() -> None:
    mu, missing = certificate(curve(ClaimTerm(Fraction(1), Fraction(0), 1)))
    assert mu == pytest.approx(mu_of_pure(1.0), rel=1e-4)
    assert missing == SLACK * mu * mu


@pytest.mark.parametrize("size", [0.05, 0.5, 1.5])
def test_the_certificate_of_laplace_noise_holds_at_random_ratios(size: float) -> None:
    mu, missing = certificate(curve(LaplaceTerm(Fraction(size), Fraction(1), 1)))
    epsilons = np.random.default_rng(1).uniform(0, 2 * size, 1000)
    assert (laplace(size, epsilons) <= permitted(mu, missing, epsilons) + 1e-15).all()


@pytest.mark.parametrize(
    ("sigma", "rate", "steps"), [(1.0, 0.01, 500), (0.7, 0.002, 1000), (4.0, 0.1, 50), (2.0, 0.3, 1)]
)
def test_the_certificate_of_dp_sgd_holds_at_random_ratios_and_is_tight(
    sigma: float, rate: float, steps: int
) -> None:
    """By the pessimistic and the optimistic composition of another library."""
    step = SampledGaussianTerm(Fraction(str(sigma)), Fraction(str(rate)), 1, replaced=False, count=steps)
    mu, missing = certificate(curve(step))
    epsilons = np.sort(np.random.default_rng(2).uniform(0, 8 * mu, 300))
    below, above = (
        np.asarray(
            privacy_loss_distribution.from_gaussian_mechanism(
                sigma,
                sampling_prob=rate,
                value_discretization_interval=1e-4,
                pessimistic_estimate=pessimistic,
            )
            .self_compose(steps)
            .get_delta_for_epsilon(epsilons.tolist())
        )
        for pessimistic in (False, True)
    )
    assert (below <= permitted(mu, missing, epsilons) + 1e-15).all()
    assert (above > permitted(mu * 0.99, missing * 0.98, epsilons)).any()


def test_a_violation_between_two_points_is_seen() -> None:
    """At the points the Gaussian lies above; the chord between them does not."""
    at = np.array([0.0, 2.0, 8.0])
    sparse = HockeyStick(at, gaussian(1.0, at) * (1 - 1e-6))
    assert (permitted(1.0, 1e-7, at) >= sparse.deltas).all()
    assert not dominates(1.0, 1e-7, sparse)


def test_a_chord_is_not_compared_with_two_lines_at_once() -> None:
    """It begins below the tangent and ends below d; in between the Gaussian falls to d faster."""
    sparse = HockeyStick(np.array([0.0, 0.1]), np.array([0.01 + 0.99 * 0.0038, 0.0055]))
    steep = sparse.deltas[0] + math.expm1(0.02) / math.expm1(0.1) * (sparse.deltas[1] - sparse.deltas[0])
    assert steep > permitted(0.01, 0.01, np.array([0.02]))[0]
    assert not dominates(0.01, 0.01, sparse)


def test_more_points_prove_more() -> None:
    at = np.linspace(0.0, 8.0, 2001)
    assert dominates(1.001, 1e-7, HockeyStick(at, gaussian(1.0, at)))


def test_a_violation_beyond_the_last_point_is_seen() -> None:
    at = np.linspace(0.0, 4.0, 501)
    cut = HockeyStick(at, gaussian(1.0, at))
    assert not dominates(1.1, float(cut.deltas[-1]) * 0.999, cut)
    assert dominates(1.1, float(cut.deltas[-1]) * 1.001, cut)


def test_a_violation_at_one_point_is_seen() -> None:
    at = np.linspace(0.0, 8.0, 2001)
    deltas = gaussian(1.0, at)
    deltas[:900] = np.maximum(deltas[:900], deltas[890] * 1.1)
    assert not dominates(1.0005, 1e-7, HockeyStick(at, deltas))


def test_what_fits_into_no_budget_has_no_certificate() -> None:
    assert least_mu(curve(GaussianTerm(Fraction(4))), SLACK, MOST) is None


def test_the_slack_grows_with_the_measure() -> None:
    """Of two equal parts and both together: measure and slack run out at the same time."""
    small, missing = certificate(
        curve(SampledGaussianTerm(Fraction(2), Fraction(1, 20), 1, replaced=False, count=500))
    )
    large, more = certificate(
        curve(SampledGaussianTerm(Fraction(2), Fraction(1, 20), 1, replaced=False, count=1000))
    )
    assert missing / small**2 == pytest.approx(more / large**2)
    assert large**2 <= 2 * small**2


@pytest.mark.parametrize("slope", [1e-8, 1e-5, 1e-2])
def test_the_point_on_the_line_is_enough_and_nearly_least(slope: float) -> None:
    found = on_line(curve(GaussianTerm(Fraction(1, 4))), slope)
    assert found is not None
    epsilon, delta = found
    assert gaussian(0.5, np.array([epsilon]))[0] <= delta <= slope * epsilon * (1 + 1e-12)
    assert gaussian(0.5, np.array([epsilon * 0.995]))[0] > slope * epsilon * 0.995


def test_a_curve_that_stays_above_the_line_has_no_point_on_it() -> None:
    flat = HockeyStick(np.array([0.0, 1.0]), np.array([0.5, 0.4]))
    assert on_line(flat, 1e-3) is None


def test_a_curve_of_nothing_costs_nothing() -> None:
    nothing = HockeyStick(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
    assert on_line(nothing, 1e-3) == (0.0, 0.0)


@pytest.mark.parametrize("epsilons", [np.array([0.0, 1.0, 5000.0]), np.linspace(0.0, 20000.0, 50)])
def test_ratios_that_no_float_holds_prove_nothing(epsilons: Array) -> None:
    with np.errstate(all="ignore"):
        assert not dominates(1.0, 1e-3, HockeyStick(epsilons, np.linspace(0.5, 0.0, epsilons.size)))


def test_both_members_get_their_costs_from_one_curve() -> None:
    step = SampledGaussianTerm(Fraction(1), Fraction(1, 100), 1, replaced=False, count=500)
    costs = costs_by_curve((step,), LIMITS, 0.2)
    assert costs.basic is not None
    assert costs.gdp is not None
    assert costs.basic[1] == pytest.approx(costs.basic[0] * 4.375e-6 / 8, rel=0.05)
    assert costs.gdp[1] == pytest.approx(costs.gdp[0] * 9.375e-7 / (LIMITS.gdp_mu_squared / 1e12), rel=1e-6)


def test_the_tails_are_those_of_the_normal_distribution() -> None:
    assert tails(np.array([-40.0, 0.0, 1.959963984540054])) == pytest.approx([1.0, 0.5, 0.025])
    assert tails(np.array([10.0]))[0] == pytest.approx(7.619853024160527e-24, rel=1e-12)
    assert math.isclose(float(tails(np.array([60.0]))[0]), 0.0)
