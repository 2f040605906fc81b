"""The anonymity gate of a run: the tables that declarations promise something about."""

from __future__ import annotations

from gatecli.checks.column_entities import classifier
from gatecli.cli.checking.run import Gate, Run
from gatecli.cli.declared_tables import tables_of
from gatecli.cli.progress import progress
from gatecli.cli.tables import Aid, measured_tables
from gatecli.gate import judge_anonymity
from gatecli.model.verdict import Verdict


def anonymity(run: Run) -> Verdict:
    """Of a declaration that cannot be read the release gate speaks; this one, where that is left out."""
    sound = {file: read for file, read in run.declared.items() if not read.findings}
    broken = [finding for read in run.declared.values() for finding in read.findings]
    declared = tables_of(sound, run.policy)
    with progress() as tell:
        aid = Aid(classifier(run.search), picture=run.session.draws, tell=tell)
        tables = measured_tables(declared.tasks, aid)
    problems = [*declared.findings, *(broken if Gate.RELEASE not in run.gates else ())]
    return judge_anonymity(tables, problems, run.policy, run.session.bundle.waivers, **run.session.terms)
