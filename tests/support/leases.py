"""Ledgers that pay for answers: clocks that tests set, accounts, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count

from gatecli.accounting.portfolio import limits_of
from gatecli.ledger.interface import Store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms, Parent
from gatecli.model.mechanism import DiscreteLaplace
from gatecli.model.portfolio import Amounts
from gatecli.serving.leases import AnswerCost
from gatecli.serving.paid_answers import LeaseClock
from tests.support.ledgers import AT

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE = DiscreteLaplace(sensitivity=1, scale=Fraction(1))
"""ε = 1 an answer."""
COST = AnswerCost("churn", "people", ONE)
UNIT = 10**12
"""ε = 1 in a ledger."""


@dataclass(slots=True)
class SetClock:
    """A clock that a test sets."""

    seconds: float = 0.0
    names: count[int] = field(default_factory=count)

    def lease_clock(self, prefix: str = "lease") -> LeaseClock:
        return LeaseClock(lambda: NOW, lambda: self.seconds, lambda: f"{prefix}-{next(self.names)}")


def people(
    store: Store,
    epsilon: Fraction | int | str = 10,
    delta: Fraction | str | int = 0,
    name: str = "people",
    parents: tuple[Parent, ...] = (),
) -> None:
    """Begin an account with a budget."""
    budget = Budget(Fraction(epsilon), Fraction(delta))
    terms = DatasetTerms(name, "person", Neighbouring.ADD_REMOVE, budget, limits_of(budget), parents=parents)
    store.add_dataset(terms, AT)


def held(store: Store, name: str = "people") -> Amounts:
    """What an account holds."""
    account = store.account(name)
    assert account is not None
    return account.held


def answers_held(store: Store, name: str = "people") -> Fraction:
    """What an account holds, in answers of ε = 1."""
    return Fraction(held(store, name).basic_epsilon, UNIT)
