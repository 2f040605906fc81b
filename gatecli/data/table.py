"""The face of a table behind a budget: verbs that make a question, and nothing that shows rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gatecli.accounting.allocation import Method
from gatecli.data.answers import Answer, Receipt
from gatecli.data.expressions import ColumnKind, Expression, as_expression, column
from gatecli.data.guarded_face import GuardedFace
from gatecli.data.noise import NoiseName
from gatecli.data.numbers import flat_values, python_value
from gatecli.data.plans import Planner
from gatecli.data.queries import TableQuery, read_budget, read_weight, require_distinct_names
from gatecli.data.rehearsal import Rehearsal
from gatecli.data.respondent import Spent
from gatecli.data.standardisation import Parameters, find_parameters, show_parameters
from gatecli.data.statistics import Asked, Statistic, describing, read_statistic
from gatecli.data.views import (
    MOST_CELLS,
    Key,
    TableView,
    bounds_of,
    derive_column,
    filter_rows,
    group_by_keys,
    is_mapping,
    require_mapping,
    select_columns,
    with_bounds,
    with_keys,
    with_unknown_keys,
)
from gatecli.errors import UsageError

Number = int | float


class PrivateTable(GuardedFace):
    """A table that can only be asked within a budget. Make one by `gatecli.data.open_table`.

    Verbs that narrow it (`filter`, `derive`, `select`, `clip`, `groupby`) give another table with the same
    budget and read nothing. Verbs that ask take `epsilon`, and `delta` where Gaussian noise may be used; ε
    and δ are of one unit added or removed. What is not answered raises PermissionError, and is noted.
    """

    __slots__ = ()

    # What is public.

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._view.kinds)

    @property
    def dtypes(self) -> dict[str, ColumnKind]:
        """What the columns hold."""
        return dict(self._view.kinds)

    def keys(self) -> tuple[str, ...]:
        """The names of the columns, as of a mapping."""
        return self.columns

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The declared bounds."""
        return {name: (float(each.lower), float(each.upper)) for name, each in self._view.bounds.items()}

    @property
    def budget(self) -> Spent:
        """How the budget stands, and what each question cost."""
        return self._respondent.spending()

    # What narrows the table.

    def filter(self, condition: Expression) -> PrivateTable:
        """The rows for which a condition holds: `people.filter(column("age") >= 18)`."""
        return self._with(filter_rows(self._view, as_expression(condition)))

    def select(self, *names: str | Sequence[str]) -> PrivateTable:
        """These columns alone."""
        return self._with(select_columns(self._view, flat_values(names)))

    def derive(
        self,
        columns: Mapping[str, Expression] | None = None,
        /,
        *,
        bounds: Mapping[str, tuple[Any, Any]] | None = None,
        keys: Mapping[str, Iterable[Key]] | None = None,
        **named: Expression,
    ) -> PrivateTable:
        """New columns, with their public bounds and keys: `derive(bmi=…, bounds={"bmi": (10, 60)})`."""
        view = self._view
        given = {} if columns is None else columns
        require_mapping(given, "columns", "EXPRESSION")
        for name, expression in {**given, **named}.items():
            view = derive_column(view, name, as_expression(expression))
        bounded = with_bounds(view, {} if bounds is None else bounds)
        return self._with(with_keys(bounded, {} if keys is None else keys))

    def copy(self) -> PrivateTable:
        """The table itself: nothing in it changes."""
        return self

    def clip(self, **bounds: tuple[Number, Number]) -> PrivateTable:
        """The table with other public bounds: `clip(age=(18, 67))`."""
        return self._with(with_bounds(self._view, bounds))

    def groupby(self, *names: str | Sequence[str]) -> PrivateTable:
        """The table, split by the public keys of columns; each combination of them is answered."""
        return self._with(group_by_keys(self._view, flat_values(names)))

    # What asks.

    def agg(
        self,
        statistics: Mapping[str, str | tuple[Any, ...]] | None = None,
        /,
        *,
        epsilon: Any = None,
        delta: Any = 0,
        noise: NoiseName = "auto",
        weight: Any = 1,
        **named: str | tuple[Any, ...],
    ) -> Answer:
        """Several statistics at once: `agg(n="count", mean_age=("age", "mean"), epsilon=0.5)`.

        ε is split alike over the sums and quantiles that they need. Raises UsageError, BudgetUsedUpError.
        """
        if not is_mapping({} if statistics is None else statistics):
            raise UsageError("statistics are given by name", advice='write agg(n="count", m=("age", "mean"))')
        asked = tuple(
            read_statistic(name, given, self._view) for name, given in {**(statistics or {}), **named}.items()
        )
        return self._ask(asked, epsilon, delta, noise, weight)

    aggregate = agg

    def count(
        self,
        name: str | None = None,
        *,
        epsilon: Any = None,
        delta: Any = 0,
        noise: NoiseName = "auto",
        weight: Any = 1,
    ) -> Answer:
        """How many rows there are, or how many have a value in a column."""
        return self._ask_one(Statistic.COUNT, name, (), (epsilon, delta, noise, weight))

    def sum(
        self, name: str, *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto", weight: Any = 1
    ) -> Answer:
        """The sum of a column within its bounds."""
        return self._ask_one(Statistic.SUM, name, (), (epsilon, delta, noise, weight))

    def mean(
        self, name: str, *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto", weight: Any = 1
    ) -> Answer:
        """The mean of a column within its bounds."""
        return self._ask_one(Statistic.MEAN, name, (), (epsilon, delta, noise, weight))

    def var(
        self, name: str, *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto", weight: Any = 1
    ) -> Answer:
        """The variance of a column within its bounds, over all rows."""
        return self._ask_one(Statistic.VARIANCE, name, (), (epsilon, delta, noise, weight))

    def std(
        self, name: str, *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto", weight: Any = 1
    ) -> Answer:
        """The standard deviation of a column within its bounds, over all rows."""
        return self._ask_one(Statistic.DEVIATION, name, (), (epsilon, delta, noise, weight))

    def quantile(
        self,
        name: str,
        rank: Any = "0.5",
        *,
        epsilon: Any = None,
        delta: Any = 0,
        noise: NoiseName = "auto",
        weight: Any = 1,
    ) -> Answer:
        """A value of a column that a share `rank` of the rows is below, by thousandths of the bounds."""
        return self._ask_one(Statistic.QUANTILE, name, (rank,), (epsilon, delta, noise, weight))

    def median(
        self, name: str, *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto", weight: Any = 1
    ) -> Answer:
        """A value of a column that half of the rows is below, by thousandths of the bounds."""
        return self._ask_one(Statistic.MEDIAN, name, (), (epsilon, delta, noise, weight))

    def describe(
        self,
        *names: str | Sequence[str],
        epsilon: Any = None,
        delta: Any = 0,
        noise: NoiseName = "auto",
        weight: Any = 1,
    ) -> Answer:
        """Counts, means, deviations and quartiles of columns with bounds; of all such without names."""
        asked = describing(self._view, tuple(flat_values(names)) or tuple(self._view.bounds))
        if not asked:
            raise UsageError("no column has bounds", advice="declare them: bounds={COLUMN: (LOWER, UPPER)}")
        for each in asked:
            bounds_of(self._view, str(each.column))
        return self._ask(asked, epsilon, delta, noise, weight)

    def histogram(
        self,
        name: str,
        bins: int = 10,
        *,
        epsilon: Any = None,
        delta: Any = 0,
        noise: NoiseName = "auto",
        weight: Any = 1,
    ) -> Answer:
        """How many rows have a value in each of `bins` equal parts of a column's bounds, from the lowest.

        Bin b is from `lower + b * (upper - lower) / bins` to where the next begins. A value outside of the
        bounds counts in the part that is nearest.
        """
        bins = python_value(bins)
        bounds = bounds_of(self._view, name)
        if type(bins) is not int or not 2 <= bins <= MOST_CELLS:
            raise UsageError(
                f"bins is not a whole number from 2 to {MOST_CELLS}", advice="give for example bins=20"
            )
        label = f"{name} bin"
        width = float((bounds.upper - bounds.lower) / bins)
        place = ((column(name) - float(bounds.lower)) // width).clip(0, bins - 1)
        view = with_keys(derive_column(self._view, label, place), {label: range(bins)})
        return self._with(group_by_keys(view, [label])).agg(
            rows="count", epsilon=epsilon, delta=delta, noise=noise, weight=weight
        )

    hist = histogram

    def find_keys(self, name: str, *, epsilon: Any, delta: Any) -> FoundKeys:
        """The values of a column that many rows have, with noisy counts, and the table with these as keys.

        A value that one unit alone has shows with probability `delta` at most. Raises UsageError,
        ConfigurationError, BudgetUsedUpError.
        """
        budget = read_budget(epsilon, delta)
        self._require_alone("find_keys")
        asked = (Asked("count" if name == "rows" else "rows", Statistic.COUNT, name),)
        answer = self._respondent.ask(TableQuery(with_unknown_keys(self._view, name), asked, budget))
        found = tuple(row[name] for row in answer)
        return FoundKeys(answer, self._with(with_keys(self._view, {name: found} if found else {})))

    def standardise(
        self, names: Sequence[str], *, epsilon: Any = None, delta: Any = 0, noise: NoiseName = "auto"
    ) -> Standardised:
        """Clipping bounds, mean and deviation of columns, and the table with these columns standardised.

        ε is split alike over the columns, and in each over the bounds and the moments. Raises UsageError,
        BudgetUsedUpError.
        """
        self._require_alone("standardise")
        view = self._view
        parameters, receipts = find_parameters(
            view, self._respondent, names, epsilon=epsilon, delta=delta, noise=noise
        )
        for name, each in parameters.items():
            view = with_bounds(
                derive_column(view, name, each.scale_value(column(name))), {name: each.interval}
            )
        table = self._with(view)
        return Standardised(parameters, receipts, table)

    @contextmanager
    def plan(self, *, epsilon: Any, delta: Any = 0, method: Method = "weights") -> Iterator[PrivateTable]:
        """Several questions that are paid for at once; each gets its share when the block ends.

            with people.plan(epsilon=1.0) as plan:
                adults = plan.filter(column("age") >= 18).count(weight=2)
                mean = plan.mean("age")
            adults.value

        `method` splits by the weights, for noise of the same size (`sensitivity`), or for the least sum of
        variances (`variance`). Where the block fails nothing is asked.
        """
        budget = read_budget(epsilon, delta)
        if budget is None:
            raise UsageError("the plan says no budget", advice="give epsilon=…")
        planner = Planner(self._respondent, budget, method)
        yield PrivateTable(self._view, planner)
        planner.answer_all()

    def rehearse(self) -> PrivateTable:
        """The same table for a rehearsal: questions are judged and not paid for, and answers tell nothing."""
        return PrivateTable(self._view, Rehearsal(self._respondent))

    def write_evidence(self, path: str | os.PathLike[str]) -> None:
        """Write what this session's questions cost to a file that `gatecli release check` reads."""
        self._respondent.write_evidence(Path(path))

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        return self._respondent.is_closed

    def close(self) -> None:
        """Let go of the rows and the ledger."""
        self._respondent.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # How questions are made.

    def _require_alone(self, verb: str) -> None:
        if isinstance(self._respondent, Planner):
            raise UsageError(
                f"{verb} is not part of a plan, which is asked all at once",
                advice=f"call {verb} on the table itself, with epsilon=…",
            )

    def _with(self, view: TableView) -> PrivateTable:
        return PrivateTable(view, self._respondent)

    def _ask_one(
        self,
        statistic: Statistic,
        name: str | None,
        rest: tuple[Any, ...],
        cost: tuple[Any, Any, NoiseName, Any],
    ) -> Answer:
        asked = read_statistic(_label(statistic, name), (name, statistic.value, *rest), self._view)
        return self._ask((asked,), *cost)

    def _ask(
        self,
        asked: tuple[Asked, ...],
        epsilon: Any,
        delta: Any,
        noise: NoiseName,
        weight: Any,
    ) -> Answer:
        require_distinct_names(self._view, asked)
        budget = read_budget(epsilon, delta)
        return self._respondent.ask(TableQuery(self._view, asked, budget, noise, read_weight(weight)))


def _label(statistic: Statistic, name: object) -> str:
    return statistic.value if name is None else f"{name} {statistic.value}"


@dataclass(frozen=True, slots=True)
class Standardised:
    """What standardising found by column, what it cost, and the table that it gives."""

    parameters: Mapping[str, Parameters]
    receipts: tuple[Receipt, ...]
    table: PrivateTable

    def __str__(self) -> str:
        return show_parameters(self.parameters, self.receipts)

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The keys that were found with their noisy counts, and the table on which they are declared.

    Where none was found the table is as it was.
    """

    answer: Answer
    table: PrivateTable
