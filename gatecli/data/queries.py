"""A question as data: what is asked about, which statistics, and for how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.data.noise import NOISES, NoiseName
from gatecli.data.numbers import positive_number, probability, python_value
from gatecli.data.statistics import Asked, Statistic, read_statistic
from gatecli.data.views import TableView, read_view
from gatecli.errors import UsageError
from gatecli.model.budget import Budget


@dataclass(frozen=True, slots=True)
class TableQuery:
    """A question. Without a budget it is a step of a plan, of which `weight` says how much it gets."""

    view: TableView
    asked: tuple[Asked, ...]
    budget: Budget | None
    noise: NoiseName = "auto"
    weight: Fraction = Fraction(1)

    def as_data(self) -> dict[str, Any]:
        """The question as data."""
        budget = self.budget
        return {
            **self.view.as_data(),
            "ask": [each.as_data() for each in self.asked],
            "epsilon": None if budget is None else str(budget.epsilon),
            "delta": None if budget is None else str(budget.delta),
            "noise": self.noise,
            "weight": str(self.weight),
        }


SMALLEST_EPSILON = Fraction(1, 10**100)
"""With less, the width of the noise would be no double any more."""

LARGEST_WEIGHT = 10**9


def read_budget(epsilon: Any, delta: Any) -> Budget | None:
    """What a caller may spend; None where no ε is given. Raises UsageError."""
    if epsilon is None:
        if delta is not None and python_value(delta) != 0:
            raise UsageError("a delta is given without an epsilon", advice="give epsilon too")
        return None
    amount = positive_number(epsilon, "epsilon")
    if amount < SMALLEST_EPSILON:
        raise UsageError("epsilon is below 1e-100", advice="give a larger one")
    return Budget(amount, probability(0 if delta is None else delta, "delta"))


def read_weight(weight: Any) -> Fraction:
    """How much of a plan's budget a question gets, beside the others. Raises UsageError."""
    number = positive_number(weight, "weight")
    if not Fraction(1, LARGEST_WEIGHT) <= number <= LARGEST_WEIGHT:
        raise UsageError("weight is not from 1e-9 to 1e9", advice="weights only count beside each other")
    return number


def require_distinct_names(view: TableView, asked: Sequence[Asked]) -> None:
    """Raises UsageError where an answer would have two columns of one name."""
    for each in asked:
        if each.name in view.groups:
            raise UsageError(
                f"the answer would have two columns {each.name!r}: a key and a statistic",
                advice="give the statistic another name",
            )


def read_query(data: Mapping[str, Any], view: TableView) -> TableQuery:
    """A question that was written by `as_data`, to a table with the columns of `view`.

    It is judged as if it had been made of these columns here. Raises UsageError.
    """
    try:
        asked_of = read_view(data, view)
        asked = tuple(_read_asked(each, asked_of) for each in data["ask"])
        noise = data["noise"]
        budget = read_budget(data["epsilon"], data["delta"])
        weight = read_weight(data["weight"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("a question is not written as one", advice="ask by gatecli.data") from None
    if not asked:
        raise UsageError("a question asks nothing", advice="name a statistic")
    require_distinct_names(asked_of, asked)
    if noise not in NOISES:
        raise UsageError("a question names no kind of noise", advice=f"use {', '.join(NOISES)}")
    return TableQuery(asked_of, asked, budget, noise, weight)


def _read_asked(written: Any, view: TableView) -> Asked:
    name, statistic, column, rank = written
    is_ranked = rank is not None and statistic == Statistic.QUANTILE
    return read_statistic(str(name), (column, statistic, *([rank] if is_ranked else [])), view)
