"""Laws of the portfolio filter: no adversary spends more than the budget, and no charge is too small."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import account
from gatecli.accounting.gaussian_curve import largest_mu
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    DiscreteGaussian,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Parallel,
    Pure,
    ZeroConcentrated,
)
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    MEMBER_COLUMNS,
    RDP_ORDERS,
    Amounts,
    Member,
    member_holds,
    member_share,
)
from tests.support.adaptive import delta_of, exact_gaussian
from tests.support.examples import share
from tests.support.portfolio_play import Adversary, charge, dataset

MODEST = settings(max_examples=share(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
ADD_REMOVE = Neighbouring.ADD_REMOVE
NUMERIC = 1 + 2e-3
"""What two compositions of the same mechanisms may differ by on two grids."""

BUDGETS = [("1", "1e-5"), ("3", "1e-6"), ("8", "1e-5"), ("1", "0.05"), ("0.5", "0.1"), ("2", "0")]
EACH = 1700
"""Adversaries against each budget: 10,200 in all."""

DEPTHS = (2, 3, 2, 3, 2, 3, 2, 4)
"""How many mechanisms they ask for, one adversary after another."""


def hundredths(low: int, high: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda number: Fraction(number, 100))


sgd = st.builds(
    lambda sigma, rate, steps: DpSgd(noise_multiplier=sigma, sampling_rate=rate, steps=steps),
    hundredths(60, 400),
    hundredths(1, 30),
    st.integers(1, 400),
)
single: st.SearchStrategy[Any] = st.one_of(
    sgd,
    hundredths(100, 2000).map(lambda scale: Laplace(scale=scale)),
    hundredths(100, 2000).map(lambda sigma: Gaussian(standard_deviation=sigma)),
    hundredths(200, 2000).map(lambda sigma: DiscreteGaussian(standard_deviation=sigma)),
    hundredths(1, 100).map(lambda epsilon: Pure(epsilon=epsilon)),
    st.builds(lambda e, d: Approximate(epsilon=e, delta=d), hundredths(0, 50), st.just(Fraction(1, 10**8))),
    hundredths(1, 10).map(lambda rho: ZeroConcentrated(rho=rho)),
    st.lists(hundredths(200, 900), min_size=1, max_size=2).map(
        lambda scales: Parallel(partitions=tuple(Laplace(scale=scale) for scale in scales))
    ),
)
known: st.SearchStrategy[Any] = st.one_of(
    sgd,
    hundredths(100, 2000).map(lambda scale: Laplace(scale=scale)),
    hundredths(100, 2000).map(lambda sigma: Gaussian(standard_deviation=sigma)),
    hundredths(1, 100).map(lambda epsilon: Pure(epsilon=epsilon)),
)
"""Mechanisms whose privacy loss is known, so that a plan composes it."""

releases = st.lists(single, min_size=1, max_size=3).map(tuple)
budgets = st.builds(
    lambda epsilon, power: Budget(epsilon, Fraction(1, 10**power)), hundredths(50, 1500), st.integers(2, 10)
)


@pytest.mark.parametrize(("epsilon", "delta"), BUDGETS)
def test_no_adversary_spends_more_than_the_budget(epsilon: str, delta: str) -> None:
    budget = Budget(Fraction(epsilon), Fraction(delta))
    adversary = Adversary(dataset(budget), seed=18)
    spent = play(adversary, budget, share(EACH))
    assert max(spent) <= float(budget.delta) + 1e-15


@pytest.mark.parametrize(("epsilon", "delta"), BUDGETS[:-1])
def test_the_same_adversaries_overspend_members_that_own_all_of_delta(epsilon: str, delta: str) -> None:
    """So they would see shares that are too large."""
    budget = Budget(Fraction(epsilon), Fraction(delta))
    whole = replace(dataset(budget), limits=_without_shares(budget))
    adversary = Adversary(whole, seed=18)
    spent = play(adversary, budget, 200)
    assert max(spent) > 1.05 * float(budget.delta)


def play(adversary: Adversary, budget: Budget, games: int) -> list[float]:
    """The exact δ at ε* of what each was let through."""
    trees = (adversary.tree(DEPTHS[game % len(DEPTHS)]) for game in range(games))
    return [delta_of(tree, float(budget.epsilon)) for tree in trees]


def _without_shares(budget: Budget) -> Amounts:
    """What each member would permit if all of δ* were its own."""
    mu = largest_mu(float(budget.epsilon), math.log(budget.delta))
    return replace(
        limits_of(budget),
        basic_delta=int(budget.delta * DELTA_UNITS),
        gdp_mu_squared=int(mu * mu * MEASURE_UNITS),
    )


def admitted_delta(limits: Amounts, epsilon: Fraction) -> float:
    """Σ δ_j of all members at their limits, by formulas of its own."""
    measures = [amount / MEASURE_UNITS for amount in limits]
    slacks = [amount / DELTA_UNITS for amount in limits]
    delta = slacks[1] + exact_gaussian(math.sqrt(measures[2]), float(epsilon)) + slacks[3] + slacks[8]
    for divergence, order in zip(measures[4:8], RDP_ORDERS.values(), strict=True):
        if divergence > 0:
            log = (order - 1) * (divergence - float(epsilon) + math.log1p(-1 / order)) - math.log(order)
            delta += math.exp(log)
    return delta


@MODEST
@given(budgets)
def test_what_all_members_permit_is_within_the_budget(budget: Budget) -> None:
    assert admitted_delta(limits_of(budget), budget.epsilon) <= float(budget.delta) * (1 + 1e-9)


@MODEST
@given(budgets, st.integers(2, 9))
def test_more_budget_never_permits_less(budget: Budget, times: int) -> None:
    before = limits_of(budget)
    after = limits_of(Budget(budget.epsilon * times, budget.delta))
    assert all(
        more >= less for more, less in zip(_without_orders(after), _without_orders(before), strict=True)
    )


def _without_orders(limits: Amounts) -> tuple[int, ...]:
    """Which order has the largest share depends on the budget."""
    return (*tuple(limits)[:4], limits.rdp_delta)


def ask(mechanisms: tuple[Mechanism, ...], delta: Fraction) -> Bounds | None:
    """What is known about them without a ledger."""
    found = account(Question(mechanisms, delta, ADD_REMOVE))
    return found if isinstance(found, Bounds) else None


@MODEST
@given(releases, budgets)
def test_the_basic_charge_is_no_less_than_the_loss(release: tuple[Mechanism, ...], budget: Budget) -> None:
    terms = dataset(budget, ADD_REMOVE)
    charged = charge(terms, *release)
    if not member_holds(Member.BASIC, charged, terms.limits):
        return
    bounds = ask(release, Fraction(charged.basic_delta, DELTA_UNITS))
    assert bounds is not None
    assert bounds.lower <= Fraction(charged.basic_epsilon, MEASURE_UNITS)


@MODEST
@given(releases, budgets, st.floats(0.0, 8.0))
def test_the_gaussian_charge_dominates_at_every_ratio(
    release: tuple[Mechanism, ...], budget: Budget, scores: float
) -> None:
    """At ε = `scores` · μ the curve of the charge is a δ that is enough, by another way to account."""
    terms = dataset(budget, ADD_REMOVE)
    charged = charge(terms, *release)
    if not member_holds(Member.GDP, charged, terms.limits):
        return
    mu = math.sqrt(charged.gdp_mu_squared / MEASURE_UNITS)
    missing = charged.gdp_delta / DELTA_UNITS
    delta = missing + (1 - missing) * exact_gaussian(mu, scores * mu)
    bounds = ask(release, Fraction(delta))
    assert bounds is not None
    assert float(bounds.lower) <= scores * mu * (1 + 1e-9)


@MODEST
@given(releases, budgets, st.sampled_from(sorted(RDP_ORDERS)), st.integers(2, 12))
def test_the_renyi_charge_is_no_less_than_the_loss(
    release: tuple[Mechanism, ...], budget: Budget, member: Member, power: int
) -> None:
    terms = dataset(budget, ADD_REMOVE)
    charged = charge(terms, *release)
    if not member_holds(member, charged, terms.limits):
        return
    order = RDP_ORDERS[member]
    divergence = getattr(charged, MEMBER_COLUMNS[member][0]) / MEASURE_UNITS
    epsilon = divergence + math.log1p(-1 / order) + (power * math.log(10) - math.log(order)) / (order - 1)
    bounds = ask(release, Fraction(1, 10**power) + Fraction(charged.rdp_delta, DELTA_UNITS))
    assert bounds is not None
    assert float(bounds.lower) <= max(epsilon, 0.0) * (1 + 1e-9)


@MODEST
@given(releases, budgets, st.integers(2, 20))
def test_more_of_the_same_never_costs_less(
    release: tuple[Mechanism, ...], budget: Budget, count: int
) -> None:
    terms = dataset(budget, ADD_REMOVE)
    once = charge(terms, *release)
    often = charge(terms, Composed(mechanisms=release, count=count))
    for member in Member:
        measure, _ = MEMBER_COLUMNS[member]
        if member_holds(member, often, terms.limits):
            assert member_holds(member, once, terms.limits)
            assert getattr(once, measure) <= getattr(often, measure) * NUMERIC + 1


@MODEST
@given(
    st.lists(known, min_size=1, max_size=3).map(tuple),
    st.lists(known, min_size=1, max_size=3).map(tuple),
    budgets,
)
def test_a_plan_never_costs_more_than_its_releases(
    first: tuple[Mechanism, ...], second: tuple[Mechanism, ...], budget: Budget
) -> None:
    terms = dataset(budget, ADD_REMOVE)
    apart = charge(terms, *first) + charge(terms, *second)
    together = charge(terms, *first, *second)
    for member in Member:
        if member_holds(member, apart, terms.limits):
            most = float(member_share(member, apart, terms.limits))
            assert float(member_share(member, together, terms.limits)) <= most * NUMERIC + 1e-9


@MODEST
@given(releases, budgets)
def test_a_charge_is_never_negative_nor_far_beyond_a_limit(
    release: tuple[Mechanism, ...], budget: Budget
) -> None:
    terms = dataset(budget, ADD_REMOVE)
    for one, most in zip(charge(terms, *release), terms.limits, strict=True):
        assert 0 <= one <= most + 1


@MODEST
@given(releases, budgets, st.integers(2, 4))
def test_more_records_of_one_unit_never_cost_less(
    release: tuple[Mechanism, ...], budget: Budget, group: int
) -> None:
    terms = dataset(budget, ADD_REMOVE)
    one = charge(terms, *release)
    many = amounts_of(Question(release, Fraction(0), ADD_REMOVE, group), terms)
    if isinstance(many, NoBound):
        return
    for member in Member:
        measure, _ = MEMBER_COLUMNS[member]
        if member_holds(member, many, terms.limits):
            assert getattr(one, measure) <= getattr(many, measure) * NUMERIC + 1


@MODEST
@given(releases, budgets)
def test_the_order_of_mechanisms_does_not_matter(release: tuple[Mechanism, ...], budget: Budget) -> None:
    terms = dataset(budget, ADD_REMOVE)
    forward, backward = charge(terms, *release), charge(terms, *release[::-1])
    for one, other in zip(forward, backward, strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=2)


def test_the_charges_of_a_dataset_do_not_depend_on_its_name_or_size() -> None:
    """Refusals follow from what is declared, never from data."""
    terms = dataset(Budget(Fraction(8), Fraction(1, 10**5)), ADD_REMOVE)
    other: DatasetTerms = replace(terms, name="others", records=7)
    noise = Gaussian(standard_deviation=Fraction(5))
    assert charge(terms, noise) == charge(other, noise)
