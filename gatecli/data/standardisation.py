"""Standardising columns: clipping bounds by private quantiles, then a mean and a deviation within them.

Half of a column's ε finds two quantiles, between which values are kept; half of it the mean and the deviation
of the values that are clipped to them, whose noise shrinks with the bounds. Everything is accounted once.
`benchmarks/data_standardise.py` measures it beside OpenDP alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.data.answers import Receipt, align_columns, noise_width, show_value
from gatecli.data.expressions import Expression
from gatecli.data.noise import NoiseName
from gatecli.data.numbers import flat_values
from gatecli.data.queries import TableQuery, read_budget
from gatecli.data.refusals import BudgetUsedUpError
from gatecli.data.respondent import Respondent
from gatecli.data.spending import STEPS_OF_ROOM
from gatecli.data.statistics import CANDIDATES, GRID, Asked, Moment, Statistic, SumTerm, parts_of
from gatecli.data.views import FARTHEST_BOUND, Interval, TableView, bounds_of, with_bounds
from gatecli.errors import UsageError
from gatecli.model.budget import Budget
from gatecli.model.number import show

LOW, HIGH = Fraction(1, 50), Fraction(49, 50)
"""The quantiles that become clipping bounds."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a column is standardised by: values are clipped to `low` and `high` first."""

    low: float
    high: float
    mean: float
    deviation: float

    def scale_value(self, value: Expression) -> Expression:
        """(clipped value − mean) / deviation."""
        return (value.clip(self.low, self.high) - self.mean) / self.deviation

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of the scaled values, a little wider than what rounding makes of them."""
        margin = 1e-9
        low, high = ((each - self.mean) / self.deviation for each in (self.low, self.high))
        return low - margin * (1 + abs(low)), high + margin * (1 + abs(high))


def find_parameters(
    view: TableView,
    respondent: Respondent,
    names: Sequence[str],
    *,
    epsilon: Any = None,
    delta: Any = 0,
    noise: NoiseName = "auto",
) -> tuple[dict[str, Parameters], tuple[Receipt, ...]]:
    """The parameters of each column, and two receipts for each. Raises UsageError, BudgetUsedUpError."""
    columns = [names] if isinstance(names, str) else list(dict.fromkeys(flat_values(names)))
    whole = read_budget(epsilon, delta)
    if whole is None or not columns:
        raise UsageError(
            "standardise names no column or no epsilon", advice='standardise(["age"], epsilon=0.3)'
        )
    if view.groups:
        raise UsageError("a grouped table is not standardised", advice="standardise before groupby")
    for name in columns:
        _require_steps(name, bounds_of(view, name))
    _require_room(respondent, whole.epsilon)
    half = whole.epsilon / (2 * len(columns))
    moments = Budget(half, whole.delta / len(columns))
    found, receipts = {}, []
    for name in columns:
        parameters, paid = _find(view, respondent, name, (Budget(half, Fraction(0)), moments), noise)
        found[name] = parameters
        receipts.extend(paid)
    return found, tuple(receipts)


def _require_room(respondent: Respondent, epsilon: Fraction) -> None:
    """Raises BudgetUsedUpError where not all of the questions will fit: none of them is asked then."""
    holding = respondent.spending().holding
    if epsilon > holding.left + holding.budget.epsilon / STEPS_OF_ROOM:
        raise BudgetUsedUpError(holding.dataset, holding.left)


def _require_steps(name: str, bounds: Interval) -> None:
    """Raises UsageError where quantiles, which are a step apart or more, could be too close for bounds."""
    step = bounds.half * 2 / CANDIDATES
    if step < 8 * Fraction(math.ulp(float(bounds.largest))) or step < Fraction(4, FARTHEST_BOUND):
        raise UsageError(
            f"the bounds of {name} are too close for doubles to tell a thousand steps of them apart",
            advice="declare bounds farther apart, or derive the distance from the lower bound",
        )


def _find(
    view: TableView, respondent: Respondent, name: str, budgets: tuple[Budget, Budget], noise: NoiseName
) -> tuple[Parameters, list[Receipt]]:
    asked = tuple(
        Asked(label, Statistic.QUANTILE, name, rank) for label, rank in (("low", LOW), ("high", HIGH))
    )
    edges = respondent.ask(TableQuery(view, asked, budgets[0], "laplace"))
    low, high = _clipping_bounds(edges.rows[0]["low"], edges.rows[0]["high"], view, name)
    narrow = with_bounds(view, {name: (low, high)})
    wanted = (
        Asked("rows", Statistic.COUNT, name),
        Asked("mean", Statistic.MEAN, name),
        Asked("std", Statistic.DEVIATION, name),
    )
    moments = respondent.ask(TableQuery(narrow, wanted, budgets[1], noise))
    found = moments.rows[0]
    if found["mean"] is None:
        return Parameters(low, high, (low + high) / 2, (high - low) / 4), [edges.receipt, moments.receipt]
    widths = dict(zip(parts_of(wanted), map(noise_width, moments.receipt.mechanisms), strict=True))
    least = least_deviation(low, high, found["rows"], widths[SumTerm(Moment.FIRST, name)] or 0.0)
    parameters = Parameters(low, high, found["mean"], max(least, found["std"]))
    return parameters, [edges.receipt, moments.receipt]


def least_deviation(low: float, high: float, rows: int, noise: float) -> float:
    """The least deviation that is divided by: a thousandth of the bounds, and that of the noise on the mean.

    `noise` is half the 95 % interval of the noise on the sum of the values, about twice its deviation, in
    steps of half the bounds over `GRID`. Where nothing varies, it would fill the scaled column otherwise.
    """
    return max((high - low) / CANDIDATES, (high - low) / 2 * (noise / 2) / GRID / max(rows, 1))


def _clipping_bounds(one: float, other: float, view: TableView, name: str) -> tuple[float, float]:
    """The outer ends of the steps that two quantiles are in, within the public bounds."""
    bounds = bounds_of(view, name)
    half = float(bounds.upper - bounds.lower) / (2 * CANDIDATES)
    return max(float(bounds.lower), min(one, other) - half), min(float(bounds.upper), max(one, other) + half)


def show_parameters(parameters: Mapping[str, Parameters], receipts: Sequence[Receipt]) -> str:
    """What was found of each column, and what it cost, as lines of text."""
    header = (
        "column",
        "low",
        "high",
        "mean",
        "deviation",
        "ε of low and high",
        "ε of mean and deviation",
    )
    lines = [
        (
            name,
            *(show_value(float(each)) for each in (found.low, found.high, found.mean, found.deviation)),
            show(bounds.epsilon),
            show(moments.epsilon),
        )
        for (name, found), bounds, moments in zip(
            parameters.items(), receipts[::2], receipts[1::2], strict=True
        )
    ]
    last = receipts[-1]
    delta = sum((each.delta for each in receipts), Fraction(0))
    cost = f"ε = {show(sum((each.epsilon for each in receipts), Fraction(0)))}"
    cost += f", δ = {show(delta)}" if delta else ""
    return f"{align_columns([header, *lines])}\n({cost}; {last.reason}; drawn by {last.engine})"
