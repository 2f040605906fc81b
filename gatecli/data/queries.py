"""A question as data: what is asked about, which statistics, and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.data.noise import NoiseName
from gatecli.data.numbers import positive_number, probability
from gatecli.data.statistics import Asked
from gatecli.data.views import TableView
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
