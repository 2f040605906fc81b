"""Questions from a file: what `gatecli data query` reads, and asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gatecli.data.answers import Answer
from gatecli.data.evidence_target import require_apart
from gatecli.data.expression_text import parse_expression
from gatecli.data.opening import open_table
from gatecli.data.table import PrivateTable, Standardised
from gatecli.errors import GatecliError
from gatecli.model.table_questions import TableQuestion, TableQuestions, TableQuestionsSpec
from gatecli.reports.escaping import visible
from gatecli.sources.single_document import read_single

Found: TypeAlias = Answer | Standardised


@dataclass(frozen=True, slots=True)
class NamedAnswer:
    """What a question was answered with."""

    name: str
    answer: Found


def read_questions(path: Path) -> TableQuestions:
    """The questions of a file. Raises UsageError with the place of each mistake."""
    return read_single(path, TableQuestions)[0]


def open_questions(asked: TableQuestions, folder: Path, *, isolated: bool = False) -> PrivateTable:
    """The table that they are about; paths are relative to `folder`. Raises GatecliError."""
    spec = asked.spec
    return open_table(
        _place(folder, spec.table),
        dataset=spec.dataset,
        budget=None if spec.budget is None else {"epsilon": spec.budget.epsilon, "delta": spec.budget.delta},
        ledger=_place(folder, spec.ledger),
        ledger_key=_place(folder, spec.ledger_key),
        policy=_place(folder, spec.policy),
        sensitivity=spec.sensitivity,
        unit=spec.unit,
        rows_per_unit=spec.rows_per_unit,
        bounds=spec.bounds,
        keys=spec.keys,
        engine=spec.engine,
        isolated=isolated,
    )


def require_evidence_apart(target: Path, path: Path, asked: TableQuestions) -> None:
    """Raises UsageError where evidence would replace what is read. Judge it before anything is paid."""
    spec, folder = asked.spec, path.parent
    files = [_place(folder, each) for each in (spec.ledger, spec.ledger_key, spec.policy)]
    require_apart(target, _place(folder, spec.table), [str(path), *filter(None, files)])


def _place(folder: Path, named: str | None) -> Any:
    return named if named is None or "://" in named else str(folder / named)


def ask_all(table: PrivateTable, spec: TableQuestionsSpec) -> Iterator[NamedAnswer]:
    """Each answer as it comes; those of a plan at once. An error says which question it is of.

    All questions are judged before the first is paid for, but for whether the budget suffices.
    """
    if spec.plan is None:
        rehearsal = table.rehearse()
        for question in spec.questions:
            _ask(rehearsal, question)
        for question in spec.questions:
            yield NamedAnswer(question.name, _ask(table, question))
        return
    whole = spec.plan
    with table.plan(epsilon=whole.epsilon, delta=whole.delta, method=whole.method) as plan:
        planned = [NamedAnswer(question.name, _ask(plan, question)) for question in spec.questions]
    yield from planned


def _ask(table: PrivateTable, question: TableQuestion) -> Found:
    with _naming(question.name):
        return _answer(_narrow(table, question), question)


def _answer(table: PrivateTable, question: TableQuestion) -> Found:
    """The answer to the one of the verbs that the question has."""
    cost = _cost(question)
    if question.find_keys is not None:
        return table.find_keys(question.find_keys, epsilon=question.epsilon, delta=question.delta).answer
    if question.histogram is not None:
        return table.histogram(question.histogram.column, question.histogram.bins, **cost)
    if question.standardise:
        return table.standardise(question.standardise, **cost)
    if question.describe:
        return table.describe(*question.describe, **cost)
    return table.agg(question.ask, **cost)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except GatecliError as error:
        error.message = f"question {visible(name)}: {error.message}"
        raise


def _narrow(table: PrivateTable, question: TableQuestion) -> PrivateTable:
    derived = {name: parse_expression(text) for name, text in question.derive.items()}
    table = table.derive(derived, bounds=question.bounds, keys=question.keys)
    if question.filter is not None:
        table = table.filter(parse_expression(question.filter))
    return table.groupby(*question.group_by) if question.group_by else table


def _cost(question: TableQuestion) -> dict[str, Any]:
    if question.epsilon is None:
        return {"noise": question.noise, "weight": question.weight}
    return {"epsilon": question.epsilon, "delta": question.delta, "noise": question.noise}
