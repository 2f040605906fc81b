"""Curves of releases: above the true one everywhere, in both directions, and close to it."""

from __future__ import annotations

import math
from fractions import Fraction

import dp_accounting
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution

from gatecli.accounting.hockey_stick import HockeyStick, curve_of, deltas_above
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    CurveTerm,
    FixedSizeTerm,
    GaussianTerm,
    IntegerTerm,
    LaplaceTerm,
    RepeatTerm,
    SampledGaussianTerm,
    Term,
    WorstTerm,
)
from gatecli.accounting.tilt import TiltedComposition
from tests.support.adaptive import Array, gaussian, laplace

HALF = Fraction(1, 2)


def sampled(sigma: str, rate: str, steps: int, group: int = 1) -> SampledGaussianTerm:
    return SampledGaussianTerm(Fraction(sigma), Fraction(rate), group, replaced=False, count=steps)


def curve(*terms: Term, least: float = 1e-9) -> HockeyStick:
    found = curve_of(terms, least)
    assert found is not None
    return found


def coins(epsilon: float, count: int, epsilons: Array) -> Array:
    """`count` coins, summed."""
    told = 1 / (1 + math.exp(-epsilon))
    total = np.zeros(epsilons.size)
    for number in range(count + 1):
        chance = math.comb(count, number) * told**number * (1 - told) ** (count - number)
        total += chance * np.maximum(-np.expm1(epsilons - (2 * number - count) * epsilon), 0.0)
    return total


def check_close(found: HockeyStick, true: Array, least: float, wide: float = 1.01) -> None:
    """Never below, and not far above where δ is more than what is given away."""
    assert (found.deltas >= true * (1 - 1e-12)).all()
    assert (found.deltas <= true * wide + least).all()


def test_a_curve_begins_at_zero_and_falls() -> None:
    found = curve(sampled("1.1", "0.01", 500))
    assert found.epsilons[0] == 0.0
    assert (np.diff(found.epsilons) > 0).all()
    assert (np.diff(found.deltas) <= 0).all()


def test_a_curve_falls_below_what_matters() -> None:
    for least in (1e-4, 1e-9, 1e-14):
        assert curve(sampled("1.1", "0.01", 500), least=least).deltas[-1] <= least


@pytest.mark.parametrize("mu_squared", ["0.0001", "0.3", "2", "25", "400"])
def test_the_curve_of_gaussian_noise_is_the_closed_form(mu_squared: str) -> None:
    found = curve(GaussianTerm(Fraction(mu_squared)))
    check_close(found, gaussian(math.sqrt(float(Fraction(mu_squared))), found.epsilons), 1e-11)


@pytest.mark.parametrize("size", ["0.01", "1", "5"])
def test_the_curve_of_laplace_noise_is_the_closed_form(size: str) -> None:
    found = curve(LaplaceTerm(Fraction(size), Fraction(1), 1))
    check_close(found, laplace(float(Fraction(size)), found.epsilons), 1e-10, wide=1.02)


@pytest.mark.parametrize(("epsilon", "count"), [(1.0, 1), (0.1, 100), (0.5, 20)])
def test_the_curve_of_black_boxes_is_that_of_coins(epsilon: float, count: int) -> None:
    found = curve(ClaimTerm(Fraction(epsilon), Fraction(0), count))
    check_close(found, coins(epsilon, count, found.epsilons), 1e-9, wide=1.02)


@pytest.mark.parametrize(
    ("sigma", "rate", "steps"), [(1.1, 0.01, 500), (0.7, 0.002, 1000), (4.0, 0.1, 50), (1.0, 0.3, 1)]
)
def test_the_curve_of_dp_sgd_is_above_the_optimistic_one_of_another_library(
    sigma: float, rate: float, steps: int
) -> None:
    found = curve(sampled(str(sigma), str(rate), steps))
    deltas = [
        privacy_loss_distribution.from_gaussian_mechanism(
            sigma,
            sampling_prob=rate,
            value_discretization_interval=1e-4,
            pessimistic_estimate=pessimistic,
            neighboring_relation=dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE,
        )
        .self_compose(steps)
        .get_delta_for_epsilon(found.epsilons.tolist())
        for pessimistic in (False, True)
    ]
    below, above = (np.asarray(each) for each in deltas)
    assert (found.deltas >= below - 1e-13).all()
    assert (found.deltas <= above * 1.01 + 1e-9).all()


def test_a_curve_covers_adding_and_removing() -> None:
    """With few rare batches the two directions differ much; the curve is the larger one at every ε."""
    found = curve(sampled("0.5", "0.01", 1))
    removed = privacy_loss_distribution.from_gaussian_mechanism(
        0.5, sampling_prob=0.01, value_discretization_interval=1e-4, pessimistic_estimate=False
    )
    assert (found.deltas >= np.asarray(removed.get_delta_for_epsilon(found.epsilons.tolist())) - 1e-13).all()


def test_what_has_no_pair_is_bounded_by_its_divergences() -> None:
    """ρ-zCDP of Gaussian noise: its true curve lies below."""
    for rho in ("0.0001", "0.02", "1"):
        found = curve(ConcentratedTerm(Fraction(rho)))
        true = gaussian(math.sqrt(2 * float(Fraction(rho))), found.epsilons)
        assert (found.deltas >= true).all()
        assert found.deltas[-1] <= 1e-9
        assert found.deltas[0] <= 1.5 * true[0]


def test_no_divergence_is_no_loss() -> None:
    assert not curve(ConcentratedTerm(Fraction(0))).deltas.any()


@pytest.mark.parametrize(
    "term",
    [
        FixedSizeTerm(Fraction(2), Fraction(1, 100), 1, 100),
        CurveTerm(((Fraction(2), Fraction(1, 10)), (Fraction(8), HALF)), 1),
        RepeatTerm((GaussianTerm(Fraction(1, 100)),), Fraction(5), Fraction(1), 1),
        IntegerTerm("gaussian", 1, Fraction(5), 0, 3),
        sampled("2", "0.01", 50, group=3),
        WorstTerm(((LaplaceTerm(HALF, Fraction(1), 1),), (LaplaceTerm(Fraction(1), Fraction(1), 1),)), 1),
    ],
)
def test_every_kind_of_term_has_a_curve(term: Term) -> None:
    found = curve(term, least=1e-4)
    assert 0 < found.deltas[0] <= 1
    assert found.deltas[-1] < 0.1


def test_the_worst_branch_counts() -> None:
    branch = LaplaceTerm(Fraction(1), Fraction(1), 1)
    both = curve(WorstTerm(((LaplaceTerm(HALF, Fraction(1), 1),), (branch,)), 1))
    assert (both.deltas >= laplace(1.0, both.epsilons) * (1 - 1e-12)).all()


def test_what_nothing_bounds_has_no_curve() -> None:
    assert curve_of((CurveTerm(((Fraction(1, 1), Fraction(1)),), 1),), 1e-9) is None
    skewed = IntegerTerm("binomial", 1, Fraction(1, 10), 500, 2)
    assert curve_of((skewed,), 1e-9) is None


def test_bounds_that_no_float_holds_are_one() -> None:
    """A tilt so steep that its powers overflow says nothing about small ε."""
    steep = TiltedComposition(0.0, 1.0, np.array([0.0] * 40 + [1.0]), 0.0, 500.0, 100.0, 0.0, 0.0, 2)
    assert deltas_above(steep, np.array([0.0, 40.0])).tolist() == [1.0, 1.0]


def test_bounds_hold_where_the_middle_of_the_curve_is_beyond_a_power_of_a_float() -> None:
    """What is repaid is not taken for more than it is: then δ(0) was a thousandth of the truth."""
    mass = np.zeros(2001)
    mass[[0, 150, 1600]] = 0.5005, 0.499, 0.0005
    losses, tilt = np.arange(2001.0), 1e-4
    tilted = mass * np.exp(tilt * losses)
    moment = float(tilted.sum())
    composed = TiltedComposition(0.0, 1.0, tilted / moment, 0.0, tilt, math.log(moment), 1e-12, 1e-12, 2)
    at = np.array([0.0, 20.0, 50.0, 100.0, 140.0, 300.0, 1000.0, 1500.0, 1650.0])
    true = np.maximum(-np.expm1(np.minimum(at[:, None] - losses, 0.0)), 0.0) @ mass
    assert (deltas_above(composed, at) >= true).all()


def test_lost_mass_and_rounding_are_added() -> None:
    plain = TiltedComposition(0.0, 1.0, np.array([0.5, 0.5]), 0.0, 1.0, 0.0, 0.0, 0.0, 2)
    doubtful = TiltedComposition(0.0, 1.0, np.array([0.5, 0.5]), 0.01, 1.0, 0.0, 1e-3, 1e-3, 2)
    at = np.array([0.0, 0.5])
    exact, more = deltas_above(plain, at), deltas_above(doubtful, at)
    assert exact == pytest.approx(0.5 * np.exp(-1.0) * -np.expm1(at - 1), rel=1e-8)
    assert (more >= exact * (1 + 1e-3) + 0.01 + 1e-3 * np.exp(-at)).all()
