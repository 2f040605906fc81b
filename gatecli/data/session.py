"""One table, one budget, one engine: questions in, noisy answers out.

The order is always the same: judge the question, reserve what it costs, read, add noise, settle. Exact
sums are in local variables of `_add_noise` alone, and an error on the way is replaced by one without a
past: neither its text nor a traceback's frames hold a value.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from gatecli import package
from gatecli.accounting.allocation import Method
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.data.aggregation import (
    Cell,
    Contributions,
    ExactSums,
    add_up,
    cells_of,
    count_values,
    kinds_in,
)
from gatecli.data.answers import Answer, Receipt, noise_width
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.key_search import choose_key_noise, threshold_of
from gatecli.data.noise import ChosenNoise, choose_noise
from gatecli.data.plans import share_out
from gatecli.data.queries import TableQuery
from gatecli.data.refusals import RefusedError, refusal, require_open, require_own_process
from gatecli.data.respondent import RefusedName, Spent
from gatecli.data.spending import NamedTier, Purse, require_within
from gatecli.data.statistics import (
    CANDIDATES,
    GRID,
    Part,
    Rank,
    Statistic,
    SumTerm,
    answer_of,
    parts_of,
    quantile_scores,
)
from gatecli.data.views import TableView, bounds_of
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.budget import Budget
from gatecli.model.ledger import identity_digest
from gatecli.model.mechanism import Approximate, DiscreteGaussian, DiscreteLaplace, Mechanism, ReportNoisyMax
from gatecli.model.table_evidence import AnsweredQuestion

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class OpenedRows:
    """The rows, and what tells whether they changed: it is compared before and after each question.

    `require_apart` raises UsageError for a file that the session reads, over which nothing is written.
    """

    opened: OpenedTable
    state: Callable[[], object]
    require_apart: Callable[[Path], None] = lambda _: None


class TableSession:
    """A table behind a budget, in this process."""

    def __init__(
        self,
        source: OpenedRows,
        contributions: Contributions,
        purse: Purse,
        engine: NoiseEngine,
        tiers: Sequence[NamedTier] = (),
    ) -> None:
        self._source, self._contributions = source, contributions
        self._purse, self._engine, self._tiers = purse, engine, tiers
        self._process, self._lock = os.getpid(), threading.Lock()
        self._state = source.state()
        self.name = secrets.token_hex(6)
        # What a program forgets to close is closed when the session is forgotten.
        self._closing = weakref.finalize(self, _close_all, self._process, source.opened.close, purse.close)
        self.records: list[AnsweredQuestion] = []
        self.refused: list[RefusedName] = []

    @property
    def view(self) -> TableView:
        """The table's own columns."""
        return TableView(kinds_in(self._source.opened.table.schema()))

    @property
    def rows_per_unit(self) -> int:
        """How many rows of one unit are counted at most."""
        return self._contributions.rows

    def ask(self, query: TableQuery) -> Answer:
        """Judge, reserve, read, add noise, settle."""
        noise = self._noise_of(query)
        (answer,) = self._ask_together([(query, noise)], Budget(_budget_of(query).epsilon, noise.delta))
        return answer

    def judge(self, query: TableQuery) -> None:
        """Raises what `ask` would raise before it pays, whether the budget suffices or not."""
        for mechanism in self._noise_of(query).mechanisms:
            self._engine.require_drawable(mechanism)

    def _noise_of(self, query: TableQuery) -> ChosenNoise:
        budget = _budget_of(query)
        if query.view.unknown is not None:
            return choose_key_noise(budget, self.rows_per_unit)
        return choose_noise(parts_of(query.asked), self.rows_per_unit, budget, query.noise, self._engine)

    def ask_plan(self, queries: Sequence[TableQuery], budget: Budget, method: Method) -> list[Answer]:
        """One budget, split over several questions."""
        if any(query.view.unknown is not None for query in queries):
            raise UsageError("a plan finds no keys", advice="find them before it, with a budget of their own")
        noises = share_out(queries, self.rows_per_unit, budget, method)
        return self._ask_together(list(zip(queries, noises, strict=True)), budget)

    def _ask_together(
        self, questions: Sequence[tuple[TableQuery, ChosenNoise]], cost: Budget
    ) -> list[Answer]:
        """Answers to questions whose noise is fixed, paid for at once: all of them, or none is read."""
        # Before the lock, which another thread may have held when this process was forked.
        require_own_process(self._process)
        mechanisms = tuple(each for _, noise in questions for each in noise.mechanisms)
        for mechanism in mechanisms:
            self._engine.require_drawable(mechanism)
        with self._lock:
            require_open(is_closed=self.is_closed)
            self._require_within_tiers(cost)
            subject = f"data/{self.name}/{secrets.token_hex(8)}"
            asked = identity_digest({"questions": [query.as_data() for query, _ in questions]})
            self._reserve(
                AnsweredQuestion(
                    subject=subject,
                    question=asked,
                    epsilon=cost.epsilon,
                    delta=cost.delta,
                    answered=False,
                    mechanisms=mechanisms,
                )
            )
            found, problem = without_past(
                lambda: [self._add_noise(query, noise) for query, noise in questions]
            )
            if problem is None:
                self.records[-1] = self.records[-1].model_copy(update={"answered": True})
            self._purse.settle(subject)
        if problem is not None:
            raise problem
        return [
            self._answer(query, noise, noisy, subject, cost)
            for (query, noise), noisy in zip(questions, found or (), strict=True)
        ]

    def _reserve(self, question: AnsweredQuestion) -> None:
        """Pay for a question. It is noted first: an interruption may come when it is paid for already."""
        self.records.append(question)
        try:
            self._purse.reserve(question)
        except Exception:
            self.records.pop()
            raise

    def _require_within_tiers(self, cost: Budget) -> None:
        """With a ledger a session has no budget of its own: what it spends in sum is judged."""
        if not self._tiers:
            return
        epsilon = sum((each.epsilon for each in self.records), cost.epsilon)
        delta = sum((each.delta for each in self.records), cost.delta)
        require_within(self._tiers, Budget(epsilon, delta))

    def _add_noise(self, query: TableQuery, noise: ChosenNoise) -> dict[Cell, dict[Part, int | float]]:
        """Noise on every part of every group. What is exact does not leave this function."""
        parts = parts_of(query.asked)
        if query.view.unknown is not None:
            return self._add_noise_to_keys(query.view, query.view.unknown, parts[0], noise.mechanisms[0])
        self._require_unchanged()
        exact = add_up(self._source.opened.table, query.view, parts, self._contributions)
        self._require_unchanged()
        cells = cells_of(query.view)
        noisy: dict[Cell, dict[Part, int | float]] = {cell: {} for cell in cells}
        for part, mechanism in zip(parts, noise.mechanisms, strict=True):
            for cell, value in zip(cells, self._draw(part, mechanism, exact, cells, query.view), strict=True):
                noisy[cell][part] = value
        return noisy

    def _add_noise_to_keys(
        self, view: TableView, name: str, part: Part, mechanism: Mechanism
    ) -> dict[Cell, dict[Part, int | float]]:
        """Noise on the rows of every value that occurs; those that reach the threshold, sorted."""
        if not isinstance(mechanism, Approximate):
            raise TypeError
        least = threshold_of(mechanism.epsilon, mechanism.delta, self.rows_per_unit)
        self._require_unchanged()
        exact = count_values(self._source.opened.table, view, name, self._contributions)
        self._require_unchanged()
        keys = sorted(exact)
        counts = [exact[key] for key in keys]
        shown = self._engine.add_laplace_above(counts, least.scale, least.threshold)
        return {(keys[place],): {part: shown[place]} for place in sorted(shown)}

    def _require_unchanged(self) -> None:
        if self._source.state() != self._state:
            raise UncheckableError(
                f"{self._source.opened.name} changed since it was opened", advice="open it again"
            )

    def _draw(
        self, part: Part, mechanism: Mechanism, exact: ExactSums, cells: Sequence[Cell], view: TableView
    ) -> Sequence[int | float]:
        match mechanism, part:
            case DiscreteLaplace(scale=scale), SumTerm():
                return self._engine.add_laplace([exact.sums[cell][part] for cell in cells], scale)
            case DiscreteGaussian(standard_deviation=deviation), SumTerm():
                return self._engine.add_gaussian([exact.sums[cell][part] for cell in cells], deviation)
            case ReportNoisyMax(epsilon=epsilon), Rank(column, rank):
                return [
                    self._quantile(exact.ladders[column][cell], rank, epsilon, view, column) for cell in cells
                ]
        raise TypeError

    def _quantile(
        self, ladder: Sequence[int], rank: Fraction, epsilon: Fraction, view: TableView, column: str
    ) -> float:
        """The middle of a step of the bounds, in which the value lies that a share `rank` is below."""
        scores = quantile_scores(ladder, rank)
        change = max(rank.numerator, rank.denominator - rank.numerator) * self.rows_per_unit
        place = self._engine.choose_least(scores, change, epsilon)
        bounds = bounds_of(view, column)
        return float(bounds.lower + (bounds.upper - bounds.lower) * (2 * place + 1) / (2 * CANDIDATES))

    def _answer(
        self,
        query: TableQuery,
        noise: ChosenNoise,
        noisy: Mapping[Cell, Mapping[Part, int | float]],
        subject: str,
        cost: Budget,
    ) -> Answer:
        view = query.view
        rows = tuple(
            dict(zip(view.groups, cell, strict=True))
            | {each.name: answer_of(each, found, view) for each in query.asked}
            for cell, found in noisy.items()
        )
        engine = f"{self._engine.name} {self._engine.version} ({self._engine.reason})"
        receipt = Receipt(
            subject, cost.epsilon, cost.delta, noise.reason, engine, noise.mechanisms, _errors(query, noise)
        )
        return Answer(view.groups, tuple(each.name for each in query.asked), rows, receipt)

    def refuse(self, name: str) -> RefusedError:
        """Note a refusal."""
        self.refused.append(RefusedName(name))
        return refusal(name)

    def spending(self) -> Spent:
        """How the budget stands."""
        return Spent(self._purse.holding(), tuple(self.records), tuple(self.refused))

    def write_evidence(self, path: Path) -> None:
        """Write what was spent."""
        self._source.require_apart(path)
        evidence = package.module("data.evidence_file")
        found = evidence.evidence_of(
            self._source.opened, self._contributions, self._purse, self._engine, self.records
        )
        evidence.write_evidence(found, path)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        return not self._closing.alive

    def close(self) -> None:
        """Let go of the rows and the ledger."""
        self._closing()


def _budget_of(query: TableQuery) -> Budget:
    if query.budget is None:
        raise UsageError("the question says no budget", advice="give epsilon=…")
    return query.budget


def _close_all(process: int, *each: Callable[[], None]) -> None:
    """Close all, in the process that opened them: a fork of it has neither their threads nor their files."""
    if os.getpid() != process:
        # Nor may their engine be torn down when this process ends, since that waits for threads: DuckDB may
        # say then that something was leaked, and it was.
        for close in each:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(close))
        return
    for close in each:
        close()


def _errors(query: TableQuery, noise: ChosenNoise) -> dict[str, float]:
    """Half of each 95 % interval, for what is a noisy sum and nothing else."""
    widths = dict(zip(parts_of(query.asked), map(noise_width, noise.mechanisms), strict=True))
    found = {}
    for each in query.asked:
        if each.statistic not in (Statistic.COUNT, Statistic.SUM):
            continue
        (part,) = parts_of((each,))
        is_sum = each.statistic is Statistic.SUM
        step = float(bounds_of(query.view, str(each.column)).largest) / GRID if is_sum else 1.0
        width = widths[part]
        if width is not None:
            found[each.name] = width * step
    return found


def without_past(work: Callable[[], Result]) -> tuple[Result | None, BaseException | None]:
    """What some work gives, or an error that holds no text, no frame and no cause of the one that came up.

    An interruption stays one, also where the engine makes an error of its own of it.
    """
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 - an engine's error may hold rows, whatever its class is
        problem = _bare_error(error)
    return None, problem


def _bare_error(error: BaseException) -> BaseException:
    if _is_interruption(error):
        return KeyboardInterrupt()
    if isinstance(error, GatecliError):
        return UncheckableError(error.message, advice=error.advice)
    if isinstance(error, Exception):
        advice = "it stays spent; check that the table can be read: gatecli anonymity check"
        return UncheckableError(f"the question failed ({type(error).__name__})", advice=advice)
    error.args, error.__cause__, error.__context__ = (), None, None
    return error.with_traceback(None)


def _is_interruption(error: BaseException) -> bool:
    """Whether the user interrupted: DuckDB raises a RuntimeError then, from KeyboardInterrupt or alone."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        if isinstance(seen, RuntimeError) and str(seen) == "Query interrupted":
            return True
        seen = seen.__cause__ or seen.__context__
    return False
