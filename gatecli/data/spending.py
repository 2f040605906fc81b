"""Where the budget of a table's questions comes from: a ledger, or an amount that one session may spend.

A question is reserved before anything is read, and stays spent from then on: what nobody saw cannot be told
from what somebody did. Both purses admit by the portfolio filter (docs/adr/0017), which is valid for
questions that are chosen after seeing earlier answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.data.refusals import BudgetUsedUpError
from gatecli.errors import ConfigurationError, UsageError
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import Approximate, DiscreteGaussian, Mechanism, Pure
from gatecli.model.number import show
from gatecli.model.portfolio import NOTHING, Amounts, clip, held_share, is_admitted
from gatecli.model.table_evidence import AnsweredQuestion, ChargedLedger

STEPS_OF_ROOM = 1000
"""What is left is said in so many parts of the budget."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How a dataset's budget stands: its guarantee, the share that is held (by anybody), and the largest ε of
    one more question with Laplace noise.
    """

    dataset: str
    budget: Budget
    share: Fraction
    left: Fraction


class Purse(Protocol):
    """A budget that questions are paid from."""

    @property
    def ledger(self) -> ChargedLedger | None:
        """The ledger; None where the budget is of one session, and no ledger knows of it."""
        ...

    @property
    def terms(self) -> DatasetTerms:
        """The dataset, its unit and its budget."""
        ...

    def reserve(self, asked: AnsweredQuestion) -> None:
        """Take what a question costs, durably, before anything is read.

        Raises BudgetUsedUpError where it does not fit, GatecliError where the ledger does not answer.
        """
        ...

    def settle(self, subject: str) -> None:
        """Say that the answer was given. What was reserved is spent whether this is said or not."""
        ...

    def holding(self) -> Holding:
        """How the budget stands."""
        ...

    def close(self) -> None:
        """Let go of the ledger."""
        ...


def question_of(mechanisms: Sequence[Mechanism], terms: DatasetTerms) -> Question:
    return Question(tuple(mechanisms), terms.budget.delta, Neighbouring.ADD_REMOVE)


def unbounded_cost(reasons: Sequence[str]) -> UsageError:
    return UsageError(
        f"what the question costs is not bounded: {reasons[0]}", advice="ask with Laplace noise"
    )


def largest_epsilon(terms: DatasetTerms, held: Amounts) -> Fraction:
    """The largest ε, in thousandths of the whole, that one more pure question may have."""
    low, high = 0, STEPS_OF_ROOM
    while low < high:
        middle = (low + high + 1) // 2
        part = Pure(epsilon=terms.budget.epsilon * middle / STEPS_OF_ROOM)
        cost = amounts_of(question_of([part], terms), terms)
        fits = isinstance(cost, Amounts) and is_admitted(held + cost, terms.limits, terms.admission)
        low, high = (middle, high) if fits else (low, middle - 1)
    return terms.budget.epsilon * low / STEPS_OF_ROOM


def used_up(terms: DatasetTerms, held: Amounts, asked: AnsweredQuestion) -> BudgetUsedUpError:
    """What to raise for a question that does not fit into what is left: δ is short where its ε would fit."""
    left = largest_epsilon(terms, held)
    has_delta = any(isinstance(each, DiscreteGaussian | Approximate) for each in asked.mechanisms)
    return BudgetUsedUpError(terms.name, left, needs_delta=has_delta and asked.epsilon <= left)


class SessionPurse:
    """An amount that one session may spend; gone with it."""

    ledger = None

    def __init__(self, dataset: str, unit: str, budget: Budget) -> None:
        try:
            limits = limits_of(budget)
        except ValueError as error:
            raise UsageError(str(error), advice="give a smaller budget") from None
        self.terms = DatasetTerms(dataset, unit, Neighbouring.ADD_REMOVE, budget, limits)
        self._held = NOTHING

    def reserve(self, asked: AnsweredQuestion) -> None:
        """Take what a question costs."""
        terms = self.terms
        cost = amounts_of(question_of(asked.mechanisms, terms), terms)
        if isinstance(cost, NoBound):
            raise unbounded_cost(cost.reasons)
        held = self._held + clip(cost, terms.limits)
        if not is_admitted(held, terms.limits, terms.admission):
            raise used_up(terms, self._held, asked)
        self._held = held

    def settle(self, subject: str) -> None:
        """Nothing is kept of it."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def holding(self) -> Holding:
        """How the budget stands."""
        terms = self.terms
        share = held_share(self._held, terms.limits, terms.admission)
        return Holding(terms.name, terms.budget, share, largest_epsilon(terms, self._held))


@dataclass(frozen=True, slots=True)
class NamedTier:
    """A tier of the policy by its name, and what it permits; None permits all."""

    name: str
    max_epsilon: Fraction | None
    max_delta: Fraction | None


def require_within(tiers: Sequence[NamedTier], spent: Budget) -> None:
    """Raises ConfigurationError where a session would spend more than a tier permits."""
    for tier in tiers:
        most_epsilon, most_delta = tier.max_epsilon, tier.max_delta
        if (most_epsilon is not None and spent.epsilon > most_epsilon) or (
            most_delta is not None and spent.delta > most_delta
        ):
            raise ConfigurationError(
                f"the budget of ε = {show(spent.epsilon)} at δ = {show(spent.delta)} is beyond what the tier "
                f"{tier.name} permits",
                advice="spend less, or name another sensitivity",
            )
