"""A question as data: what is asked about, which statistics, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.data.expressions import read_expression
from gatecli.data.noise import NoiseName
from gatecli.data.numbers import positive_number, probability
from gatecli.data.statistics import Asked, read_statistic
from gatecli.data.views import TableView, derive_column, filter_rows, group_by_keys, with_bounds, with_keys
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
    """The question that `TableQuery.as_data` wrote, about a table's own columns. Raises UsageError."""
    for step in data["steps"]:
        if "filter" in step:
            view = filter_rows(view, read_expression(step["filter"]))
        else:
            view = derive_column(view, str(step["derive"]), read_expression(step["as"]))
    view = group_by_keys(with_keys(with_bounds(view, data["bounds"]), data["keys"]), data["groups"])
    asked = tuple(
        read_statistic(
            name, (column, statistic) if rank is None else (column, statistic, Fraction(rank)), view
        )
        for name, statistic, column, rank in data["ask"]
    )
    budget = read_budget(data["epsilon"], data["delta"])
    return TableQuery(view, asked, budget, data["noise"], positive_number(data["weight"], "weight"))
