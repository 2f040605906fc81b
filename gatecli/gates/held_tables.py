"""Tables that are asked about, held to what the policy states for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gatecli.checks.tables.stated_questions import AskedTable, find_narrowed
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.gates.stated_tables import StatedTables, place_of
from gatecli.gates.table_task import TableTask
from gatecli.model.anonymity import Thresholds
from gatecli.model.finding import Finding
from gatecli.model.thresholds import strictest


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task whose demands are no less than the policy's, and what its question falls short in."""

    task: TableTask
    findings: tuple[Finding, ...] = ()


def hold_to(stated: StatedTables, task: TableTask) -> HeldTask:
    """The task with the demands of the policy beside its own; its columns are for whoever asks to mend."""
    is_file = "://" not in task.source
    place = place_of(task.source) if is_file else ""
    questions = list(
        stated.of(place=place, name=task.dataset, digest=lambda: stated.digest_at(place) if is_file else "")
    )
    if not questions:
        return HeldTask(task)
    try:
        demands = strictest([task.demands, *(each.demands for each in questions)])
    except ValueError as error:
        mend = "demand what the policy demands"
        return HeldTask(task, (uncheckable(task.name, task.place, f"{error}", mend),))
    question = replace(task.question, recursive_l=demands.recursive_l)
    held = replace(task, demands=demands, question=question)
    asked = _question_of(held, demands)
    found = [each for own in questions for each in find_narrowed(asked, own, held.name, held.place)]
    return HeldTask(held, _each_once(found))


def _question_of(task: TableTask, demands: Thresholds) -> AskedTable:
    question = task.question
    return AskedTable(
        task.source,
        "",
        question.quasi_identifiers,
        question.sensitive,
        question.missing.value,
        question.unit,
        question.normalise,
        demands,
        question.trajectory,
        question.known,
        question.household,
        {column: scale.value for column, scale in question.scales.items()},
        {column: written.value for column, written in question.formats.items()},
        tuple(map(str, question.missing_codes)),
        tuple(map(str, question.suppressed_codes)),
        question.weights,
    )


def _each_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple({finding.fingerprint: finding for finding in findings}.values())
