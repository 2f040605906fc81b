"""From a table's name to what is judged about it: opened, measured, its columns' roles, what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gatecli.anonymity.attributes import attribute_risk
from gatecli.anonymity.dictionary_encoding import searchable_table
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.roles import Discovery
from gatecli.anonymity.hierarchies import ALL, Hierarchy, Mapped, hierarchy_from_csv, literal
from gatecli.anonymity.measure import measure
from gatecli.anonymity.pictures.table_picture import draw
from gatecli.anonymity.reference import compare
from gatecli.anonymity.search.generalisation import Proposal, describe
from gatecli.anonymity.search.lattice import SearchEndedError
from gatecli.anonymity.search.proposals import SearchedTable, propose
from gatecli.anonymity.suda import suda
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.checks.tables.statements import ask_for_formats
from gatecli.checks.tables.table_findings import JudgedTable, find_in_table, uncheckable
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.gates.table_task import MeasurementOptions, TableTask
from gatecli.model.anonymity import AnonymityQuestion, Doubt, Measures, Missing, Scale, Thresholds
from gatecli.model.thresholds import as_mapping
from gatecli.model.verdict import Examined

PROPOSALS = 3
ADVISED_CLASSES = 1_000_000
"""Beyond, proposals are searched for only where they are asked for: it takes longer than the measures."""

MOST_CLASSES = 5_000_000
"""Each is some hundred bytes of memory to a search; beyond, none is made."""

ROLE_COLUMNS = 2
"""Columns of a combination that a check looks at; `anonymity discover` looks further."""


def measure_table(task: TableTask, wanted: MeasurementOptions) -> Examined:
    """A table, measured; one that cannot be is a problem, so that none hides another.

    Raises UsageError and NothingToCheckError for a table that the command line itself names.
    """
    try:
        return _judge_table(task, wanted).examined
    except GatecliError as error:
        if not (task.is_declared or isinstance(error, UncheckableError)):
            raise
        return Examined(problems=(uncheckable(task.name, task.place, error.message, error.advice),))


def _judge_table(task: TableTask, wanted: MeasurementOptions) -> JudgedTable:
    """The table with all that is judged about it. Raises what `open_table` and `measure` raise."""
    with open_table(task.source, task.options) as opened:
        measures = _measures(opened, task, wanted)
        subject = AnonymitySubject(task.name, task.place, measures, opened.digest, task.declared_digest)
        judged = JudgedTable(subject, task.demands, inputs=_inputs(opened, task))
        is_broken = any(find_in_table(judged))  # its measures alone, up to the first: is advice needed?
        is_searched = is_broken and _is_searched(task, measures, wanted)
        found, advice = (
            _advise(opened, task, measures) if is_searched else ((), _left_out(task, measures, wanted))
        )
        discovery = _roles(opened, wanted)
        return replace(
            judged,
            subject=replace(subject, advice=advice),
            discovery=discovery,
            picture=draw(opened, task.question, measures, found, discovery, thresholds=task.demands)
            if wanted.picture
            else None,
        )


def _advise(
    opened: OpenedTable, task: TableTask, measures: Measures
) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """What would make the table keep its demands, and in words; why not, where nothing does."""
    try:
        found = search_table(opened, task, measures).proposals
    except SearchEndedError as ended:
        return (), (f"{ended.message}; {ended.advice}",)
    words = tuple(map(describe, found)) or (f"ask for less: {without_answer(opened, task, measures)}",)
    return found, (*words, *ask_for_formats(doubts_of(task, measures)))


def doubts_of(task: TableTask, measures: Measures) -> Mapping[str, Doubt]:
    """The quasi-identifiers that can be read in two ways, and for which no hierarchy is given."""
    given = {each.column for each in task.hierarchies}
    return {name: doubt for name, doubt in measures.doubts.items() if name not in given}


def without_answer(opened: OpenedTable, task: TableTask, measures: Measures) -> str:
    """Why no generalisation keeps the demands: what fails where every quasi-identifier says nothing."""
    hidden = {name: literal(ALL) for name in task.question.quasi_identifiers}
    scales = {each.attribute: each.scale for each in measures.by_sensitive}
    question = replace(task.question, scales=scales)
    most_general = replace(opened, table=opened.table.mutate(**hidden))
    subject = AnonymitySubject(task.name, task.place, measure(most_general, question))
    broken = next(find_anonymity(subject, searchable(task)), None)
    why = "too many rows would have to be suppressed" if broken is None else broken.message
    return f"no generalisation meets the thresholds, not even {ALL} in every quasi-identifier: {why}"


def _measures(opened: OpenedTable, task: TableTask, wanted: MeasurementOptions) -> Measures:
    measures = measure(opened, task.question, wanted.tell)
    if wanted.suda:
        measures = replace(measures, suda=suda(opened, task.question))
    if wanted.attributes:
        measures = replace(measures, attributes=attribute_risk(opened, task.question))
    if task.reference is None:
        return measures
    options = replace(task.options, table=None)
    with open_table(task.reference, options) as reference:
        return replace(measures, reference=compare(opened, reference, task.question))


def _roles(opened: OpenedTable, wanted: MeasurementOptions) -> Discovery | None:
    if wanted.classify is None:
        return None
    with computing(opened):
        return discover(opened.table, max_columns=ROLE_COLUMNS, classify=wanted.classify)


def _is_searched(task: TableTask, measures: Measures, wanted: MeasurementOptions) -> bool:
    most = ADVISED_CLASSES if wanted.advice is None else MOST_CLASSES
    return wanted.advice is not False and _has_answer(task, measures) and _search_size(measures) <= most


def _search_size(measures: Measures) -> int:
    """What a search counts again and again: classes, or the units of each, at most as many as rows."""
    return measures.classes if measures.question.unit is None else measures.records


def _left_out(task: TableTask, measures: Measures, wanted: MeasurementOptions) -> tuple[str, ...]:
    """How to have a search that takes long and was not asked for."""
    is_slow = ADVISED_CLASSES < _search_size(measures) <= MOST_CLASSES
    if wanted.advice is not None or not is_slow or not _has_answer(task, measures):
        return ()
    what = "classes" if measures.question.unit is None else "rows"
    counted = f"{_search_size(measures):,} {what}"
    return (f"generalise the quasi-identifiers: --advice searches for the least, in {counted}",)


def _has_answer(task: TableTask, measures: Measures) -> bool:
    """Whether what merged classes hold follows from what each holds, and anything is demanded of that."""
    question = task.question
    has_gaps = question.missing is Missing.WILDCARD and bool(measures.missing)
    has_tree = any(values.scale is Scale.HIERARCHICAL for values in measures.by_sensitive)
    is_distance = has_tree and task.demands.t is not None
    return not question.is_joined and not has_gaps and not is_distance and searchable(task) != Thresholds()


def searchable(task: TableTask) -> Thresholds:
    """What is demanded of the table alone."""
    return replace(task.demands, k_map=None, delta_presence=None, max_population_uniqueness=None)


def search_table(opened: OpenedTable, task: TableTask, measures: Measures) -> SearchedTable:
    """What would make the table keep its demands; no proposals where nothing does.

    Raises UsageError for a question that no search answers, UncheckableError for too many classes.
    """
    if _search_size(measures) > MOST_CLASSES:
        what = "classes" if task.question.unit is None else "rows of units"
        raise UncheckableError(
            f"{task.name}: {_search_size(measures):,} {what} are more than are searched ({MOST_CLASSES:,})",
            advice="round or band the quasi-identifiers first",
        )
    question = task.question
    return propose(
        replace(opened, table=searchable_table(opened, question, measures)),
        question,
        searchable(task),
        [each for each in task.hierarchies if each.column in question.quasi_identifiers],
        scales={values.attribute: values.scale for values in measures.by_sensitive},
        terms=task.search,
        best=PROPOSALS,
    )


def _inputs(opened: OpenedTable, task: TableTask) -> Mapping[str, object]:
    """What the verdict is bound to."""
    question = task.question
    return {
        "sha256": opened.digest,
        "digestOf": opened.digest_of,
        "engine": opened.engine,
        "columns": dict(opened.columns),
        "quasiIdentifiers": list(question.quasi_identifiers),
        "sensitive": list(question.sensitive),
        **_statements(question),
        "missing": question.missing.value,
        "normalise": question.normalise,
        "thresholds": as_mapping(task.demands),
    }


def _statements(question: AnonymityQuestion) -> Mapping[str, object]:
    """What was stated about the columns, beyond their roles."""
    stated = {
        "unit": question.unit,
        "trajectory": question.trajectory,
        "known": question.known,
        "household": question.household,
        "weights": question.weights,
        "scales": {column: scale.value for column, scale in sorted(question.scales.items())},
        "formats": {column: written.value for column, written in sorted(question.formats.items())},
        "missingCodes": list(map(str, question.missing_codes)),
        "suppressedCodes": list(map(str, question.suppressed_codes)),
    }
    return {name: value for name, value in stated.items() if value}


def read_hierarchies(files: Mapping[str, str]) -> tuple[Hierarchy, ...]:
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
