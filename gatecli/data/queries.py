"""A question as data: what is asked about, which statistics, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.data.noise import NOISES, NoiseName
from gatecli.data.numbers import positive_number, probability
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


def read_budget(epsilon: Any, delta: Any) -> Budget | None:
    """What a caller may spend; None where no ε is given. Raises UsageError."""
    if epsilon is None:
        if delta:
            raise UsageError("a delta is given without an epsilon", advice="give epsilon too")
        return None
    return Budget(positive_number(epsilon, "epsilon"), probability(delta or 0, "delta"))


def read_query(data: Mapping[str, Any], view: TableView) -> TableQuery:
    """A question that was written by `as_data`, to a table with the columns of `view`.

    It is judged as if it had been made of these columns here. Raises UsageError.
    """
    try:
        asked_of = read_view(data, view)
        asked = tuple(_read_asked(each, asked_of) for each in data["ask"])
        noise = data["noise"]
        budget = read_budget(data["epsilon"], data["delta"])
        weight = positive_number(data["weight"], "weight")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("a question is not written as one", advice="ask by gatecli.data") from None
    if not asked:
        raise UsageError("a question asks nothing", advice="name a statistic")
    if noise not in NOISES:
        raise UsageError("a question names no kind of noise", advice=f"use {', '.join(NOISES)}")
    return TableQuery(asked_of, asked, budget, noise, weight)


def _read_asked(written: Any, view: TableView) -> Asked:
    name, statistic, column, rank = written
    is_ranked = rank is not None and statistic == Statistic.QUANTILE
    return read_statistic(str(name), (column, statistic, *([rank] if is_ranked else [])), view)
