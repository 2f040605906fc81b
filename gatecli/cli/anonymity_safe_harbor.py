"""`gatecli anonymity safe-harbor`: what HIPAA's Safe Harbor forbids a table to hold."""

from __future__ import annotations

from gatecli.anonymity.safe_harbor import NOT_CHECKED
from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_entities import classifier
from gatecli.cli import table_options as given
from gatecli.cli.publication_arguments import end_with, task_of_publication
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.model.publication import SafeHarborTable


@spread
def safe_harbor(data: given.Data, opened: TableGiven, gate: GateOptions) -> None:
    """Check a table for what HIPAA's Safe Harbor forbids, as far as a table shows it."""
    session = begin(gate, start_of(data))
    task = task_of_publication(SafeHarborTable(path=data), session, opened.options(None), None)
    if not gate.quiet:
        err("".join(f"not checked: {each}\n" for each in NOT_CHECKED))
    raise end_with(session, task, classifier(search_of(session.policy.spec.pii)))
