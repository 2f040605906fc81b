"""From options to what is asked about a publication, and the end of the commands that ask it."""

from __future__ import annotations

import typer

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import source_name
from gatecli.checks.tables.column_entities import Classify
from gatecli.cli.table_arguments import tier_thresholds
from gatecli.errors import UsageError
from gatecli.frontdoor.session import Session
from gatecli.gates.anonymity import AnonymityRequest, check_tables
from gatecli.gates.publication_task import PublicationTask
from gatecli.gates.table_task import MeasurementOptions
from gatecli.model.anonymity import Thresholds
from gatecli.model.document import Place
from gatecli.model.publication import Publication
from gatecli.model.thresholds import strictest


def task_of_publication(
    asked: Publication, session: Session, options: TableOptions, tier: str | None
) -> PublicationTask:
    """The task that options describe. Raises UsageError where nothing is demanded."""
    policy = session.policy
    demands = strictest([asked.thresholds, tier_thresholds(tier, policy), policy.spec.anonymity.thresholds])
    if asked.needs_threshold and demands == Thresholds():
        raise UsageError("no threshold is given", advice="give one, such as --k or --min-count, or --tier")
    name = source_name(asked.path)
    zips = policy.spec.anonymity.restricted_zips
    return PublicationTask(asked, name, Place(name), demands, options, restricted_zips=zips)


def end_with(session: Session, task: PublicationTask, classify: Classify | None = None) -> typer.Exit:
    """Judge it and show the verdict; what to raise then."""
    wanted = MeasurementOptions(classify)
    return session.end(check_tables(AnonymityRequest(session.terms, wanted=wanted, publications=(task,))))
