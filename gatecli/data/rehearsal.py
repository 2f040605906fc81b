"""Questions judged before the first of them is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gatecli.accounting.allocation import Method
from gatecli.data.aggregation import cells_of
from gatecli.data.answers import Answer, Receipt
from gatecli.data.queries import TableQuery
from gatecli.data.refusals import RefusedError
from gatecli.data.respondent import Respondent, Spent
from gatecli.data.statistics import Asked, Statistic
from gatecli.data.views import TableView, bounds_of
from gatecli.errors import UsageError
from gatecli.model.budget import Budget

_QUANTILES = (Statistic.QUANTILE, Statistic.MEDIAN)


class Rehearsal:
    """Judges questions, and answers them with what is public: the middle of bounds, and None."""

    def __init__(self, respondent: Respondent) -> None:
        self._respondent = respondent

    def ask(self, query: TableQuery) -> Answer:
        """An answer that tells nothing."""
        if query.budget is None:
            raise UsageError("the question says no budget", advice="give epsilon=…")
        self.judge(query)
        view = query.view
        rows = tuple(
            dict(zip(view.groups, cell, strict=True))
            | {each.name: _public_value(each, view) for each in query.asked}
            for cell in (cells_of(view) if view.unknown is None else ())
        )
        receipt = Receipt("", query.budget.epsilon, query.budget.delta, "", "")
        return Answer(view.groups, tuple(each.name for each in query.asked), rows, receipt)

    def judge(self, query: TableQuery) -> None:
        """Have it judged."""
        self._respondent.judge(query)

    def ask_plan(self, queries: Sequence[TableQuery], budget: Budget, method: Method) -> NoReturn:  # noqa: ARG002 - the interface's
        """There are no plans in a rehearsal."""
        raise UsageError("a rehearsal answers no plan", advice="plan on the table itself")

    def refuse(self, name: str) -> RefusedError:
        """Note a refusal."""
        return self._respondent.refuse(name)

    def spending(self) -> Spent:
        """How the budget stands."""
        return self._respondent.spending()

    def write_evidence(self, path: Path) -> None:  # noqa: ARG002 - the interface's
        """Nothing was asked."""
        raise UsageError("a rehearsal asks nothing", advice="write evidence of the table")

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        return self._respondent.is_closed

    def close(self) -> None:
        """The table stays open."""


def _public_value(asked: Asked, view: TableView) -> Any:
    return float(bounds_of(view, str(asked.column)).middle) if asked.statistic in _QUANTILES else None
