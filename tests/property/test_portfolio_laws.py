"""Laws of the portfolio filter: no adversary spends more than the budget, and no charge is too small."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gatecli.model.budget import Budget
from tests.support.adaptive import delta_of
from tests.support.examples import share
from tests.support.portfolio_play import Adversary, dataset

BUDGETS = [("1", "1e-5"), ("3", "1e-6"), ("8", "1e-5"), ("1", "0.05"), ("0.5", "0.1"), ("2", "0")]
EACH = 1700
"""Adversaries against each budget: 10,200 in all."""


@pytest.mark.parametrize(("epsilon", "delta"), BUDGETS)
def test_no_adversary_spends_more_than_the_budget(epsilon: str, delta: str) -> None:
    budget = Budget(Fraction(epsilon), Fraction(delta))
    adversary = Adversary(dataset(budget), seed=18)
    spent = [
        delta_of(adversary.tree(depth=2 + number % 3), float(budget.epsilon)) for number in range(share(EACH))
    ]
    print(max(spent) / float(budget.delta) if budget.delta else max(spent), sum(spent) / len(spent))
    assert max(spent) <= float(budget.delta) + 1e-15
