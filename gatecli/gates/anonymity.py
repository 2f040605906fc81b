"""The anonymity gate: tables keep what is demanded of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.anonymity.tables.files import content_digest
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.checks.tables.column_entities import classifier
from gatecli.errors import GatecliError
from gatecli.gates import ANONYMITY, GateName
from gatecli.gates.declared_tables import policy_tables, read_declared_tables, tables_in
from gatecli.gates.held_tables import hold_to
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.notices import Notify, Progress, ignore
from gatecli.gates.publication_task import PublicationTask
from gatecli.gates.stated_tables import StatedTables, stated_tables
from gatecli.gates.table_task import MeasurementOptions, TableTask
from gatecli.model.finding import Finding
from gatecli.model.verdict import Examined, Verdict, together

if TYPE_CHECKING:
    from gatecli.cache.store import Shelf
    from gatecli.gates.folder import Folder


@dataclass(frozen=True, slots=True)
class AnonymityRequest:
    """The tables to measure. `problems` are those that cannot be; `wanted` is what else is looked at."""

    terms: JudgementTerms
    tasks: Sequence[TableTask] = ()
    problems: Sequence[Finding] = ()
    wanted: MeasurementOptions = field(default_factory=MeasurementOptions)
    shelf: Shelf | None = None
    notify: Notify = ignore
    base: Path | None = None
    """What paths in a policy are relative to, beside its own folder and this one."""
    publications: Sequence[PublicationTask] = ()


def request_for(
    tasks: Sequence[TableTask],
    declarations: Sequence[Path],
    terms: JudgementTerms,
    wanted: MeasurementOptions,
    options: TableOptions,
    notify: Notify = ignore,
) -> AnonymityRequest:
    """A request for tables that are named, and those that declarations demand something of."""
    declared = read_declared_tables(declarations, terms.policy, options)
    return AnonymityRequest(
        terms,
        (*tasks, *declared.tasks),
        declared.findings,
        wanted,
        notify=notify,
        publications=declared.publications,
    )


def check_folder(folder: Folder) -> Verdict:
    """The tables that declarations and the policy demand something of.

    A declaration that cannot be read is the release gate's to report; this one's, where that is left out.
    """
    sound = {file: read for file, read in folder.declared.items() if not read.findings}
    broken = [finding for read in folder.declared.values() for finding in read.findings]
    declared = tables_in(sound, folder.policy)
    named = policy_tables(
        folder.policy, folder.resolve_name, (folder.terms.policy_path or folder.root).as_posix()
    )
    problems = [
        *declared.findings,
        *map(_name_table, named.findings),
        *(broken if GateName.RELEASE not in folder.gates else ()),
    ]
    request = AnonymityRequest(
        folder.terms,
        (*declared.tasks, *named.tasks),
        problems,
        MeasurementOptions(classifier(folder.search), picture=folder.draws),
        # A picture holds values of columns, so it is kept nowhere and drawn anew.
        folder.cache.shelf("anonymity", folder.policy_digest, kept=not folder.draws),
        folder.notify,
        folder.base,
        (*declared.publications, *named.publications),
    )
    return check_tables(request)


def check_tables(request: AnonymityRequest) -> Verdict:
    """The verdict over tables.

    Raises UsageError and NothingToCheckError for a table that no declaration names.
    """
    stated = stated_tables(request.terms, request.base)
    tables = [_examine_held(task, stated, request) for task in request.tasks]
    others = [_examine_publication(task, request) for task in request.publications]
    return judge(ANONYMITY, together([*tables, *others], request.problems), request.terms)


def _examine_publication(task: PublicationTask, request: AnonymityRequest) -> Examined:
    from gatecli.gates.publication_measurement import (  # noqa: PLC0415 - takes half a second to import
        examine_publication,
    )

    examined = examine_publication(task, request.wanted.classify)
    return replace(
        examined,
        findings=tuple(map(_name_table, examined.findings)),
        problems=tuple(map(_name_table, examined.problems)),
    )


def _examine_held(task: TableTask, stated: StatedTables, request: AnonymityRequest) -> Examined:
    """A table by its own question and what the policy states for it, whichever demands more."""
    held = hold_to(stated, task)
    examined = _examine(held.task, request)
    findings = (*map(_name_table, examined.findings), *held.findings)
    return replace(examined, findings=findings, problems=tuple(map(_name_table, examined.problems)))


def _name_table(finding: Finding) -> Finding:
    """A policy may state several tables, and no line says which of them a finding is about."""
    at = finding.place
    if at.line is not None or not at.pointer:
        return finding
    return replace(finding, message=f"table {finding.subject}: {finding.message}")


def _examine(task: TableTask, request: AnonymityRequest) -> Examined:
    """The table as it was measured before, where its bytes and all that is asked are the same."""
    shelf = request.shelf
    if not shelf:
        return _measure(task, request)
    key = _key(task, shelf)
    known: Examined | None = shelf.get(key) if key else None
    if known is not None:
        return known
    examined = _measure(task, request)
    if key and examined.is_complete and _key(task, shelf) == key:  # nobody wrote to it meanwhile
        shelf.put(key, examined)
    return examined


def _measure(task: TableTask, request: AnonymityRequest) -> Examined:
    from gatecli.gates.table_measurement import measure_table  # noqa: PLC0415 - takes half a second to import

    def tell(step: str, share: float) -> None:
        request.notify(Progress(step, share))

    return measure_table(task, replace(request.wanted, tell=tell))


def _key(task: TableTask, shelf: Shelf) -> str:
    """What is asked and of which bytes; "" where these cannot be read, which the measuring says."""
    sources = [task.source, *([task.reference] if task.reference else [])]
    try:
        return shelf.key_of(repr(task), *map(content_digest, sources))
    except (OSError, GatecliError):
        return ""
