"""The anonymity gate of a run: the tables that declarations and the policy demand something of."""

from __future__ import annotations

from gatecli.anonymity.tables.files import content_digest
from gatecli.cache.store import Shelf, digest_of
from gatecli.checks.column_entities import classifier
from gatecli.cli.checking.run import Gate, Run
from gatecli.cli.declared_tables import tables_of, tables_of_policy
from gatecli.cli.progress import progress
from gatecli.cli.table_task import TableTask
from gatecli.errors import GatecliError
from gatecli.gate import judge_anonymity
from gatecli.model.examined import Examined
from gatecli.model.verdict import Verdict


def anonymity(run: Run) -> Verdict:
    """Of a declaration that cannot be read the release gate speaks; this one, where that is left out."""
    sound = {file: read for file, read in run.declared.items() if not read.findings}
    broken = [finding for read in run.declared.values() for finding in read.findings]
    declared = tables_of(sound, run.policy)
    named = tables_of_policy(run.policy, run.named, (run.session.bundle.path or run.root).as_posix())
    # A picture holds values of columns, so it is kept nowhere and drawn anew.
    shelf = run.cache.shelf("anonymity", run.policy_digest, kept=not run.session.draws)
    tables = [_recalled(task, run, shelf) for task in (*declared.tasks, *named.tasks)]
    problems = [*declared.findings, *named.findings, *(broken if Gate.RELEASE not in run.gates else ())]
    return judge_anonymity(tables, problems, run.policy, run.session.bundle.waivers, **run.session.terms)


def _recalled(task: TableTask, run: Run, shelf: Shelf) -> Examined:
    """The table as it was measured before, where its bytes and all that is asked are the same."""
    key = _key(task) if shelf else ""
    known: Examined | None = shelf.get(key) if key else None
    if known is not None:
        return known
    examined = _measured(task, run)
    if key and examined.is_complete and _key(task) == key:  # nobody wrote to it meanwhile
        shelf.put(key, examined)
    return examined


def _measured(task: TableTask, run: Run) -> Examined:
    from gatecli.cli.tables import Aid, measured_table  # noqa: PLC0415 - the engine takes half a second to import

    with progress() as tell:
        return measured_table(task, Aid(classifier(run.search), picture=run.session.draws, tell=tell))


def _key(task: TableTask) -> str:
    """What is asked and of which bytes; "" where these cannot be read, which the measuring says."""
    sources = [task.source, *([task.reference] if task.reference else [])]
    try:
        return digest_of(repr(task), *map(content_digest, sources))
    except (OSError, GatecliError):
        return ""
