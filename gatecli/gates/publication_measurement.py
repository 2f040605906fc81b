"""From a publication to what is judged about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from gatecli.anonymity.releases.intersection import IntersectionQuestion, intersect
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.trees import read_tree
from gatecli.checks.tables.second_release import find_intersection
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.errors import GatecliError, UncheckableError
from gatecli.gates.publication_task import PublicationTask
from gatecli.model.finding import Finding
from gatecli.model.publication import SecondRelease
from gatecli.model.thresholds import as_mapping
from gatecli.model.verdict import Checked, Examined


def examine_publication(task: PublicationTask) -> Examined:
    """A publication, judged; one that cannot be is a problem, so that none hides another.

    Raises UsageError and NothingToCheckError for one that the command line itself names.
    """
    try:
        return _examine(task)
    except GatecliError as error:
        if not (task.is_declared or isinstance(error, UncheckableError)):
            raise
        return Examined(problems=(uncheckable(task.name, task.place, error.message, error.advice),))


def _examine(task: PublicationTask) -> Examined:
    with ExitStack() as stack:
        opened = [stack.enter_context(open_table(path, task.options)) for path in task.asked.paths]
        measures, findings = _judge(task, opened)
        checked = Checked(task.asked.kind, task.name, task.place.path, measures, _inputs(task, opened))
        return Examined((checked,), tuple(findings))


def _judge(
    task: PublicationTask, opened: list[OpenedTable]
) -> tuple[Mapping[str, object], Iterator[Finding]]:
    match task.asked:
        case SecondRelease():
            return _judge_release(task, task.asked, opened)


def _judge_release(
    task: PublicationTask, asked: SecondRelease, opened: list[OpenedTable]
) -> tuple[Mapping[str, object], Iterator[Finding]]:
    later, earlier = opened
    question = IntersectionQuestion(asked.quasi_identifiers, asked.sensitive, _trees(asked.hierarchies))
    measures = intersect(earlier, later, question)
    return measures.as_mapping(), find_intersection(measures, task.demands, task.name, task.place)


def _trees(files: Mapping[str, str]) -> dict[str, Mapping[str, frozenset[str]]]:
    return {column: read_tree(column, Path(file)) for column, file in files.items()}


def _inputs(task: PublicationTask, opened: list[OpenedTable]) -> dict[str, object]:
    """What the verdict is bound to."""
    return {
        "sha256": opened[0].digest,
        "digestOf": opened[0].digest_of,
        **({"otherSha256": [each.digest for each in opened[1:]]} if len(opened) > 1 else {}),
        "asked": task.asked.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "thresholds": as_mapping(task.demands),
    }
