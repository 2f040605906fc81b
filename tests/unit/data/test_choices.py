"""What a quantile costs: a noisy maximum with exponential noise is ε-private, and nothing better."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import pytest

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.data.noise import choice_at
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import Exponential, Mechanism, Pure
from tests.support.private_tables import small_table

EPSILON = Fraction(1, 10)


def cost(mechanism: Mechanism, times: int) -> Fraction:
    question = Question((mechanism,) * times, Fraction(1, 10**6), Neighbouring.ADD_REMOVE)
    found = account(question)
    assert isinstance(found, Bounds)
    assert found.upper is not None
    return found.upper


def permute_and_flip(scores: list[int], epsilon: float) -> list[float]:
    """The exact distribution: in a random order, the first whose coin, e^(−ε·gap/2), comes up."""
    best = min(scores)
    chances = [math.exp(-epsilon * (score - best) / 2) for score in scores]
    found = [0.0] * len(scores)
    orders = list(permutations(range(len(scores))))
    for order in orders:
        left = 1.0 / len(orders)
        for place in order:
            found[place] += left * chances[place]
            left *= 1 - chances[place]
    return found


def test_losses_of_permute_and_flip_have_a_wider_range_than_those_of_the_exponential_mechanism() -> None:
    one, other = [0, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0]
    both = zip(permute_and_flip(one, 1), permute_and_flip(other, 1), strict=True)
    losses = [math.log(here / there) for here, there in both]
    assert max(map(abs, losses)) <= 1 + 1e-9
    assert max(losses) - min(losses) > 1.1


def test_a_choice_is_accounted_as_private_and_nothing_more() -> None:
    assert cost(choice_at(EPSILON), 100) == cost(Pure(epsilon=EPSILON), 100)
    assert cost(choice_at(EPSILON), 100) > cost(Exponential(epsilon=EPSILON), 100) * Fraction(3, 2)


@pytest.mark.parametrize("delta", [0, 1e-7])
def test_every_quantile_is_such_a_choice(delta: float) -> None:
    table = small_table()
    alone = table.median("age", epsilon=1, delta=delta).receipt.mechanisms
    beside = table.agg(n="count", q=("age", "quantile", "0.9"), epsilon=1, delta=delta).receipt.mechanisms
    with table.plan(epsilon=1, delta=delta) as plan:
        planned = plan.median("age")
        plan.count()
    for mechanisms in (alone, beside, planned.receipt.mechanisms):
        kinds = [each.kind for each in mechanisms]
        assert "exponential" not in kinds
        assert "report-noisy-max" in kinds
