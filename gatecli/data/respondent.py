"""Who answers a table's questions, and what is known of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gatecli.accounting.allocation import Method
from gatecli.data.answers import Answer
from gatecli.data.queries import TableQuery
from gatecli.data.refusals import RefusedError
from gatecli.data.spending import Holding
from gatecli.model.budget import Budget
from gatecli.model.number import show, show_percent
from gatecli.model.table_evidence import AnsweredQuestion


@dataclass(frozen=True, slots=True)
class RefusedName:
    """A name that was asked for and refused."""

    name: str


@dataclass(frozen=True, slots=True)
class Spent:
    """How a budget stands, what this session's questions cost, and what was refused, in their order."""

    holding: Holding
    questions: tuple[AnsweredQuestion, ...]
    refused: tuple[RefusedName, ...] = ()

    def __str__(self) -> str:
        holding, asked = self.holding, len(self.questions)
        questions = f"{asked} question{'' if asked == 1 else 's'}"
        budget = f"ε = {show(holding.budget.epsilon)}"
        budget += f", δ = {show(holding.budget.delta)}" if holding.budget.delta else ""
        return (
            f"{show_percent(holding.share)} of {budget} of {holding.dataset} is spent; one more question may "
            f"have ε = {show(holding.left)} at most; {questions} of this session"
        )


class Respondent(Protocol):
    """Who answers a table's questions: a session here or in another process, or a plan that collects them."""

    def ask(self, query: TableQuery) -> Answer:
        """The answer. Raises BudgetUsedUpError, UsageError, GatecliError."""
        ...

    def judge(self, query: TableQuery) -> None:
        """Raises what `ask` would raise before it pays, whether the budget suffices or not."""
        ...

    def ask_plan(self, queries: Sequence[TableQuery], budget: Budget, method: Method) -> list[Answer]:
        """Answers to questions without budgets, each of which gets a share of one."""
        ...

    def refuse(self, name: str) -> RefusedError:
        """Note that a name was refused; returns what to raise."""
        ...

    def spending(self) -> Spent:
        """How the budget stands."""
        ...

    def write_evidence(self, path: Path) -> None:
        """Write what was spent to a file. Raises UsageError."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        ...

    def close(self) -> None:
        """Let go of the rows and the ledger."""
        ...
