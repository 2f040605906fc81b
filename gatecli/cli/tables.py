"""From a table's name to what is judged about it: opened, measured, its columns' roles, what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gatecli.anonymity.discovery import Classify, discover
from gatecli.anonymity.discovery_roles import Discovery
from gatecli.anonymity.generalisation import Proposal, describe
from gatecli.anonymity.hierarchies import Hierarchy, Mapped, hierarchy_from_csv
from gatecli.anonymity.measure import Tell, measure, untold
from gatecli.anonymity.pictures import draw
from gatecli.anonymity.proposing import propose
from gatecli.anonymity.reference import compare
from gatecli.anonymity.search import MAX_SUPPRESSION
from gatecli.anonymity.suda import suda
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.checks.anonymity import AnonymitySubject
from gatecli.checks.anonymity_table import JudgedTable, find_in_table, uncheckable
from gatecli.cli.table_task import TableTask
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.anonymity import Measures, Missing, Scale, Thresholds
from gatecli.model.examined import Examined
from gatecli.model.thresholds import as_mapping

PROPOSALS = 3
ADVISED_ROWS = 5_000_000
"""Beyond, findings come without proposals: the search would take longer than the measures."""

ROLE_COLUMNS = 2
"""Columns of a combination that a check looks at; `anonymity discover` looks further."""


@dataclass(frozen=True, slots=True)
class Aid:
    """What is looked at besides the measures: `classify` is None where roles are not.

    `picture` is for a report that draws; `tell` hears of progress.
    """

    classify: Classify | None = None
    advice: bool = True
    suda: bool = False
    picture: bool = False
    tell: Tell = untold


def measured_tables(tasks: Iterable[TableTask], aid: Aid) -> list[Examined]:
    """Every table, measured; one that cannot be is a problem, so that none hides another.

    Raises UsageError and NothingToCheckError for a table that the command line itself names.
    """
    return [measured_table(task, aid) for task in tasks]


def measured_table(task: TableTask, aid: Aid) -> Examined:
    """One of them."""
    try:
        return _measured(task, aid).examined
    except GatecliError as error:
        if not (task.is_declared or isinstance(error, UncheckableError)):
            raise
        return Examined(problems=(uncheckable(task.name, task.place, error.message, error.advice),))


def _measured(task: TableTask, aid: Aid) -> JudgedTable:
    """The table with all that is judged about it. Raises what `open_table` and `measure` raise."""
    with open_table(task.source, task.options) as opened:
        measures = _measures(opened, task, aid)
        subject = AnonymitySubject(task.name, task.place, measures, opened.digest, task.declared_digest)
        judged = JudgedTable(subject, task.demands, inputs=_inputs(opened, task))
        is_broken = any(find_in_table(judged))  # its measures alone, up to the first: is advice needed?
        found = proposals(opened, task, measures) if aid.advice and is_broken else ()
        discovery = _roles(opened, aid)
        return replace(
            judged,
            subject=replace(subject, advice=tuple(map(describe, found))),
            discovery=discovery,
            picture=draw(opened, task.question, measures, found, discovery, thresholds=task.demands)
            if aid.picture
            else None,
        )


def _measures(opened: OpenedTable, task: TableTask, aid: Aid) -> Measures:
    measures = measure(opened, task.question, aid.tell)
    if aid.suda:
        measures = replace(measures, suda=suda(opened, task.question))
    if task.reference is None:
        return measures
    options = replace(task.options, table=None)
    with open_table(task.reference, options) as reference:
        return replace(measures, reference=compare(opened, reference, task.question))


def _roles(opened: OpenedTable, aid: Aid) -> Discovery | None:
    if aid.classify is None:
        return None
    with computing(opened):
        return discover(opened.table, max_columns=ROLE_COLUMNS, classify=aid.classify)


def proposals(opened: OpenedTable, task: TableTask, measures: Measures) -> tuple[Proposal, ...]:
    """What would make the table keep its demands; () where nothing is known to."""
    question = task.question
    scales = {values.attribute: values.scale for values in measures.by_sensitive}
    has_gaps = question.missing is Missing.WILDCARD and bool(measures.missing)
    demands = replace(task.demands, k_map=None, delta_presence=None, max_population_uniqueness=None)
    fits = question.unit is None and not has_gaps and Scale.HIERARCHICAL not in scales.values()
    if not fits or demands == Thresholds() or measures.records > ADVISED_ROWS:
        return ()
    return propose(
        opened,
        question,
        demands,
        [each for each in task.hierarchies if each.column in question.quasi_identifiers],
        max_suppression=MAX_SUPPRESSION if task.max_suppression is None else task.max_suppression,
        scales=scales,
        best=PROPOSALS,
    )


def _inputs(opened: OpenedTable, task: TableTask) -> Mapping[str, object]:
    """What the verdict is bound to."""
    question = task.question
    unit = {} if question.unit is None else {"unit": question.unit}
    return {
        "sha256": opened.digest,
        "digestOf": opened.digest_of,
        "engine": opened.engine,
        "columns": dict(opened.columns),
        "quasiIdentifiers": list(question.quasi_identifiers),
        "sensitive": list(question.sensitive),
        **unit,
        "missing": question.missing.value,
        "normalise": question.normalise,
        "thresholds": as_mapping(task.demands),
    }


def hierarchies_of(files: Mapping[str, str]) -> tuple[Hierarchy, ...]:
    """Hierarchies by column from files. Raises UsageError for a file that cannot be read."""
    return tuple(hierarchy_from_csv(column, _text(Path(file))) for column, file in files.items())


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"{path}: {why}", advice="give a text file: value;level;…;*") from None


def tree_of(hierarchy: Hierarchy) -> Mapping[str, tuple[str, ...]]:
    """A sensitive column's values with their ancestors, from a hierarchy's file."""
    levels = [dict(level.labels) for level in hierarchy.levels if isinstance(level, Mapped)]
    return {value: tuple(level[value] for level in levels) for value in levels[0]} if levels else {}
