"""Laws of each member of the portfolio filter: it lets through its own share of δ*, all of it and no more."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from gatecli.accounting.portfolio import (
    BASIC_SHARE,
    GDP_SHARE,
    GDP_SLACK,
    RDP_OTHERS,
    RDP_SHARE,
    RDP_SLACK,
    limits_of,
)
from gatecli.accounting.rdp import poisson_curve
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import DpSgd
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    MEMBER_COLUMNS,
    RDP_ORDERS,
    Amounts,
    Member,
    member_share,
)
from tests.support.adaptive import Answers, Stop, curve, delta_of, exact_gaussian
from tests.support.examples import share
from tests.support.member_play import RUNS, FillingAdversary, Moves, release_moves, sampled_run
from tests.support.portfolio_play import charge, dataset

BUDGETS = [("8", "1e-5"), ("3", "1e-6"), ("4", "0.05")]
DEPTHS = (0, 1, 2, 1, 2, 3)
"""How many releases adversaries draw before they fill what is left, one after another."""
EACH = 120
"""Adversaries against each member at each budget."""
TOO_MUCH = Fraction(13, 10)
ROUNDING = 1 + 1e-9


def budget_of(epsilon: str, delta: str) -> Budget:
    return Budget(Fraction(epsilon), Fraction(delta))


CASES = [
    (epsilon, delta, member)
    for epsilon, delta in BUDGETS
    for member in Member
    if getattr(limits_of(budget_of(epsilon, delta)), MEMBER_COLUMNS[member][0])
]
"""Members that permit anything: at (3, 1e-6) the order 4 does not."""
COLUMNS_OF_MEMBERS = [(*case, column) for case in CASES for column in MEMBER_COLUMNS[case[2]]]
"""Each column with the member that it may overspend."""


@lru_cache(maxsize=len(BUDGETS))
def table_of(budget: Budget) -> tuple[Amounts, Moves]:
    """The limits of a dataset with a budget, and what may be asked of it."""
    terms = dataset(budget, Neighbouring.ADD_REMOVE)
    return terms.limits, release_moves(terms)


def owned_share(member: Member, budget: Budget) -> Fraction:
    """The δ that a member's own proof allows it."""
    shares = {Member.BASIC: BASIC_SHARE, Member.GDP: GDP_SHARE + GDP_SLACK}
    if member in shares:
        return shares[member] * budget.delta
    limit = getattr(table_of(budget)[0], MEMBER_COLUMNS[member][0]) / MEASURE_UNITS
    few = divergence_limit(RDP_ORDERS[member], budget, RDP_OTHERS)
    return ((RDP_SHARE if limit > max(few, 0.0) + 1e-6 else RDP_OTHERS) + RDP_SLACK) * budget.delta


def divergence_limit(order: int, budget: Budget, part: Fraction) -> float:
    """What converts to (ε*, that part of δ*) by proposition 12."""
    log_delta = math.log(budget.delta * part)
    return float(budget.epsilon) + (log_delta + math.log(order)) / (order - 1) - math.log1p(-1 / order)


def most_spent(
    members: tuple[Member, ...],
    budget: Budget,
    limits: Amounts,
    moves: Moves,
    games: int,
    enough: float = math.inf,
) -> float:
    """The largest δ at ε* that adversaries reach, up to one that is enough."""
    adversary = FillingAdversary(members, limits, float(budget.epsilon), seed=17)
    most = 0.0
    for game in range(games):
        tree = adversary.tree(moves, DEPTHS[game % len(DEPTHS)])
        most = max(most, delta_of(tree, float(budget.epsilon)))
        if most > enough:
            break
    return most


@pytest.mark.parametrize(("epsilon", "delta", "member"), CASES)
def test_no_adversary_spends_more_than_the_share_of_one_member(
    epsilon: str, delta: str, member: Member
) -> None:
    budget = budget_of(epsilon, delta)
    limits, moves = table_of(budget)
    spent = most_spent((member,), budget, limits, moves, share(EACH))
    assert spent <= float(owned_share(member, budget)) * ROUNDING


@pytest.mark.parametrize(("epsilon", "delta", "member"), CASES)
def test_adversaries_use_up_the_share_of_one_member(epsilon: str, delta: str, member: Member) -> None:
    """So that what is said above has no room left for a charge that is too small."""
    budget = budget_of(epsilon, delta)
    limits, moves = table_of(budget)
    spent = most_spent((member,), budget, limits, moves, len(DEPTHS))
    assert spent >= float(owned_share(member, budget)) * 0.99


@pytest.mark.parametrize(("epsilon", "delta", "member", "column"), COLUMNS_OF_MEMBERS)
def test_a_limit_that_is_a_third_too_large_is_seen(
    epsilon: str, delta: str, member: Member, column: str
) -> None:
    budget = budget_of(epsilon, delta)
    limits, moves = table_of(budget)
    larger = replace(limits, **{column: int(getattr(limits, column) * TOO_MUCH)})
    allowed = float(owned_share(member, budget)) * ROUNDING
    assert most_spent((member,), budget, larger, moves, 60, allowed) > allowed


@pytest.mark.parametrize(("epsilon", "delta", "member", "column"), COLUMNS_OF_MEMBERS)
def test_charges_that_are_a_quarter_too_small_are_seen(
    epsilon: str, delta: str, member: Member, column: str
) -> None:
    budget = budget_of(epsilon, delta)
    limits, moves = table_of(budget)
    cheaper = tuple(
        replace(
            move,
            amounts=replace(move.amounts, **{column: int(getattr(move.amounts, column) / TOO_MUCH)}),
        )
        for move in moves
    )
    allowed = float(owned_share(member, budget)) * ROUNDING
    assert most_spent((member,), budget, limits, cheaper, 60, allowed) > allowed


@pytest.mark.parametrize(("epsilon", "delta"), BUDGETS)
def test_adversaries_that_fill_the_member_that_tells_most_stay_within_the_budget(
    epsilon: str, delta: str
) -> None:
    budget = budget_of(epsilon, delta)
    limits, moves = table_of(budget)
    spent = most_spent(tuple(Member), budget, limits, moves, share(EACH))
    assert float(owned_share(Member.BASIC, budget)) * (1 - 1e-6) < spent <= float(budget.delta) * ROUNDING


def least_room(sigma: str, rate: str, steps: int, factor: Fraction = Fraction(1)) -> float:
    """What a run's certificate, divided by a factor, allows over what the run tells: the least over ε."""
    terms = dataset(budget_of("8", "1e-5"), Neighbouring.ADD_REMOVE)
    run = DpSgd(noise_multiplier=Fraction(sigma), sampling_rate=Fraction(rate), steps=steps)
    charged = charge(terms, run)
    assert member_share(Member.GDP, charged, terms.limits) <= 1
    mu = math.sqrt(charged.gdp_mu_squared / MEASURE_UNITS / factor)
    missing = charged.gdp_delta / DELTA_UNITS / float(factor)
    epsilons = np.linspace(0.0, 8.0, 81)
    first, other = sampled_run(float(sigma), float(rate), steps)
    tree = Answers(first, other, (Stop(),) * len(first))
    told = np.maximum(curve(tree, epsilons), curve(tree, epsilons, -1.0))
    allowed = [missing + (1 - missing) * exact_gaussian(mu, epsilon) for epsilon in epsilons.tolist()]
    return float((np.array(allowed) / np.maximum(told, 1e-300)).min())


@pytest.mark.parametrize(("sigma", "rate", "steps"), RUNS)
def test_the_certificate_of_a_run_is_above_what_the_run_tells(sigma: str, rate: str, steps: int) -> None:
    assert least_room(sigma, rate, steps) >= 1 - 1e-9


@pytest.mark.parametrize(("sigma", "rate", "steps"), RUNS)
def test_a_certificate_that_is_a_quarter_too_small_is_below_what_the_run_tells(
    sigma: str, rate: str, steps: int
) -> None:
    assert least_room(sigma, rate, steps, TOO_MUCH) < 1


@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("rate", [0.001, 0.1, 0.7])
def test_the_divergence_of_sampled_noise_holds_in_both_directions(sigma: float, rate: float) -> None:
    """Of the mixture against the noise, which is the dearer one, and of the noise against the mixture."""
    points = np.linspace(-40 * sigma, 40 * sigma + 40, 400_001)
    noise = -((points / sigma) ** 2) / 2 - math.log(sigma * math.sqrt(2 * math.pi))
    mixture = noise + np.log1p(rate * np.expm1((2 * points - 1) / (2 * sigma**2)))
    orders = tuple(float(order) for order in RDP_ORDERS.values())
    width = points[1] - points[0]
    for order, bound in zip(orders, poisson_curve(sigma, rate, orders), strict=True):
        for first, other in ((mixture, noise), (noise, mixture)):
            moment = np.logaddexp.reduce(order * first + (1 - order) * other) + math.log(width)
            assert moment / (order - 1) <= bound * (1 + 1e-6) + 1e-12
