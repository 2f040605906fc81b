"""Several questions paid for at once: collected first, then each given its share of one budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import NoReturn

from gatecli.accounting.account import account
from gatecli.accounting.allocation import Allocation, Method, NoiseKind, QueryStep, allocate
from gatecli.accounting.calibration import rounded_up
from gatecli.data.answers import Answer
from gatecli.data.noise import DIGITS, ChosenNoise, choice_at
from gatecli.data.queries import TableQuery
from gatecli.data.refusals import RefusedError
from gatecli.data.respondent import Respondent, Spent
from gatecli.data.statistics import Moment, Part, Rank, SumTerm, parts_of
from gatecli.data.views import TableView, bounds_of
from gatecli.errors import UsageError
from gatecli.model.budget import Budget
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace, Mechanism

METHODS: tuple[Method, ...] = ("weights", "sensitivity", "variance")


class PlannedAnswer(Answer):
    """An answer that is there when the plan's block ends."""

    __slots__ = ()

    def __init__(self) -> None:
        """Its fields are not set before."""

    def __getattr__(self, name: str) -> NoReturn:
        if name in {each.name for each in fields(Answer)}:
            raise UsageError(
                "the plan has not been answered", advice="read answers after its block has ended"
            )
        raise AttributeError(name)

    def fulfil(self, answer: Answer) -> None:
        """Become the answer."""
        for each in fields(Answer):
            object.__setattr__(self, each.name, getattr(answer, each.name))


class Planner:
    """Collects questions, and asks all of them when the block ends."""

    def __init__(self, respondent: Respondent, budget: Budget, method: Method) -> None:
        if method not in METHODS:
            raise UsageError(f"{method!r} is not a way to split a budget", advice=f"use {', '.join(METHODS)}")
        self._respondent, self._budget, self._method = respondent, budget, method
        self._waiting: list[tuple[TableQuery, PlannedAnswer]] = []

    def ask(self, query: TableQuery) -> Answer:
        """Keep a question."""
        if query.budget is not None:
            raise UsageError("a question in a plan has a budget of its own", advice="give weight=… instead")
        self._waiting.append((query, answer := PlannedAnswer()))
        return answer

    def judge(self, query: TableQuery) -> NoReturn:  # noqa: ARG002 - the interface's
        """A question has its share, and so its noise, when the plan is whole."""
        raise UsageError("a plan is judged as a whole", advice="rehearse questions of the table itself")

    def answer_all(self) -> None:
        """Ask what was collected."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            raise UsageError("the plan asks nothing", advice="ask questions of it within its block")
        answers = self._respondent.ask_plan([query for query, _ in waiting], self._budget, self._method)
        for (_, planned), answer in zip(waiting, answers, strict=True):
            planned.fulfil(answer)

    def ask_plan(self, queries: Sequence[TableQuery], budget: Budget, method: Method) -> NoReturn:  # noqa: ARG002 - the interface's
        """There are no plans in a plan."""
        raise UsageError("a plan cannot hold another plan", advice="put its questions into the first")

    def refuse(self, name: str) -> RefusedError:
        """Note a refusal."""
        return self._respondent.refuse(name)

    def spending(self) -> Spent:
        """How the budget stands."""
        return self._respondent.spending()

    def write_evidence(self, path: Path) -> None:  # noqa: ARG002 - the interface's
        """Evidence is of what was answered."""
        raise UsageError(
            "a plan has no evidence of its own", advice="write that of the table after its block"
        )

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        return self._respondent.is_closed

    def close(self) -> None:
        """The table stays open."""


def share_out(queries: Sequence[TableQuery], rows: int, budget: Budget, method: Method) -> list[ChosenNoise]:
    """The noise of each question: the budget split over all that they add up. Raises UsageError.

    Laplace where δ is 0: ε adds up. Else Gaussian: ρ of zero-concentrated privacy does, and a choice that is
    ε-private has ρ = ε²/2 (Bun and Steinke 2016, proposition 1.4), so that its ε is the root of 2ρ.
    """
    kind: NoiseKind = "gaussian" if budget.delta else "laplace"
    placed = [(number, part) for number, query in enumerate(queries) for part in parts_of(query.asked)]
    steps = tuple(
        _step(f"{number}.{place}", part, queries[number], rows, kind, method)
        for place, (number, part) in enumerate(placed)
    )
    found = allocate(budget, steps, method, account)
    if not isinstance(found, Allocation):
        raise UsageError(f"the plan's budget cannot be split: {found.reasons[0]}", advice="see the weights")
    reason = f"{kind.capitalize()}, a share of a plan by {method}"
    mechanisms: list[list[Mechanism]] = [[] for _ in queries]
    for (number, part), share in zip(placed, found.rows, strict=True):
        mechanisms[number].append(_mechanism(part, share.spent, rows, is_basic=found.composition == "basic"))
    return [ChosenNoise(tuple(each), reason) for each in mechanisms]


def _step(name: str, part: Part, query: TableQuery, rows: int, kind: NoiseKind, method: Method) -> QueryStep:
    """A part as allocation knows it: its sensitivity is in the units of the answer."""
    weight = query.weight if method == "sensitivity" else query.weight / len(parts_of(query.asked))
    if isinstance(part, Rank):
        return QueryStep(name, "laplace", Fraction(rows), weight)
    return QueryStep(name, kind, rows * _natural_size(part, query.view), weight)


def _natural_size(term: SumTerm, view: TableView) -> Fraction:
    match term.moment:
        case Moment.ROWS | Moment.PRESENT:
            return Fraction(1)
        case Moment.AMOUNT:
            return bounds_of(view, str(term.column)).largest
        case _:
            return bounds_of(view, str(term.column)).half


def _mechanism(part: Part, spent: Fraction, rows: int, *, is_basic: bool) -> Mechanism:
    epsilon = spent if is_basic else _root_below(2 * spent)
    if isinstance(part, Rank):
        return choice_at(epsilon)
    most = part.sensitivity * rows
    if is_basic:
        return DiscreteLaplace(sensitivity=most, scale=rounded_up(most / spent, DIGITS))
    return DiscreteGaussian(sensitivity=most, standard_deviation=rounded_up(most / epsilon, DIGITS))


def _root_below(square: Fraction) -> Fraction:
    """A number of twelve digits or so whose square is at most `square`."""
    scale = 10**24
    return Fraction(isqrt(square.numerator * scale // square.denominator), 10**12)
