"""From options to what is asked about a publication, and the end of the commands that ask it."""

from __future__ import annotations

import typer

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.checks.tables.column_entities import Classify
from gatecli.cli.table_arguments import tier_thresholds
from gatecli.frontdoor.session import Session
from gatecli.gates.anonymity import AnonymityRequest, check_tables
from gatecli.gates.publication_task import PublicationTask, named_task
from gatecli.gates.table_task import MeasurementOptions
from gatecli.model.publication import Publication


def task_of_publication(
    asked: Publication, session: Session, options: TableOptions, tier: str | None
) -> PublicationTask:
    """The task that options describe. Raises UsageError where nothing is demanded."""
    return named_task(asked, tier_thresholds(tier, session.policy), session.policy, options)


def end_with(session: Session, task: PublicationTask, classify: Classify | None = None) -> typer.Exit:
    """Judge it and show the verdict; what to raise then."""
    wanted = MeasurementOptions(classify)
    return session.end(check_tables(AnonymityRequest(session.terms, wanted=wanted, publications=(task,))))
