"""`gatecli ledger plan`, `gatecli ledger commit` and `gatecli ledger void`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.ledger_mlflow import MlflowUri, known_version, tag_version
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import GATE, KeyFile, LedgerUrl, option
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.ledger_actions import commit_with_runs, published_content
from gatecli.gates.ledger_actions import void as void_reservation
from gatecli.gates.release import require_existing
from gatecli.ledger.interface import Outcome
from gatecli.model.ledger import Reservation, release_of_run
from gatecli.model.portfolio import NOTHING
from gatecli.model.release import ReleaseSubject
from gatecli.sources.discovery import find_declarations
from gatecli.sources.files import ReadError, sha256_of
from gatecli.sources.release import read_releases

NOTHING_AT_ALL = hashlib.sha256().hexdigest()

Subject = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A release, or the name of a plan.")]
Evidence = Annotated[
    list[Path] | None,
    option(
        "--evidence",
        panel=GATE,
        variable="LEDGER_EVIDENCE",
        metavar="FILE",
        help="A file that shows it; its digest is kept. Repeatable.",
    ),
]


def commit(
    subject: Subject,
    declarations: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|DIR]...",
            help="The declaration that was published: its artifacts and evidence are bound to the entry.",
        ),
    ] = None,
    evidence: Evidence = None,
    mlflow: Annotated[
        str | None,
        option(
            "--mlflow",
            panel=GATE,
            metavar="MODEL/VERSION",
            help="The version in MLflow that it is, which is tagged with what the ledger says.",
        ),
    ] = None,
    mlflow_uri: MlflowUri = None,
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Say that a reserved release was published. Those of a plan are committed one by one."""
    registered = None if mlflow is None else known_version(mlflow, mlflow_uri)
    with open_ledger(url, key=key_file) as store:
        bound = published_content(store, subject, _releases(declarations)) if declarations else None
        outcome = commit_with_runs(store, subject, moment(datetime.now(UTC)), _digests(evidence), bound)
        if registered is not None:
            tag_version(store, subject, *registered)
    err(f"{subject} {'was committed already' if outcome is Outcome.EXISTS else 'is committed'}\n")


def _releases(paths: Sequence[Path]) -> Sequence[ReleaseSubject]:
    """The releases of the declarations at these places. Raises UsageError for one that cannot be read."""
    require_existing(paths)
    read = read_releases(sorted(find_declarations(paths)))
    if read.findings:
        first = read.findings[0]
        raise UsageError(f"{first.place}: {first.message}", advice=first.remediation)
    return read.values


def void(
    subject: Subject,
    reason: Annotated[
        str, option("--reason", panel=GATE, metavar="TEXT", help="Why nobody will ever see what it gives.")
    ],
    evidence: Evidence = None,
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Take back the charge of a release or a plan that was never run. It needs evidence.

    A release of a plan becomes void alone, and the plan keeps its budget: it was charged as one mechanism.
    """
    with open_ledger(url, key=key_file) as store:
        known = store.reservation(subject)
        outcome = void_reservation(store, subject, moment(datetime.now(UTC)), reason, _digests(evidence))
    told = "was void already" if outcome is Outcome.EXISTS else f"is void; {_budget_after(known)}"
    err(f"{subject} {told}\n")


def _budget_after(voided: Reservation | None) -> str:
    """What becomes of the budget that a reservation held."""
    if voided is None or (voided.plan is None and any(each.amounts != NOTHING for each in voided.charges)):
        return "its budget is free"
    if voided.plan is not None:
        return f"the plan {voided.plan} keeps its budget"
    return f"{release_of_run(voided.subject)} keeps its budget, for another run or until it is void, too"


def _digests(files: Sequence[Path] | None) -> list[str]:
    """Digests alone: the name of a file may be somebody's. Raises UsageError."""
    digests = []
    for number, file in enumerate(files or (), 1):
        which = f"file {number} of --evidence" if len(files or ()) > 1 else "the file of --evidence"
        try:
            digests.append(sha256_of(file))
        except ReadError as error:
            raise UsageError(f"{which} {error.problem}", advice=error.mend) from None
        if digests[-1] == NOTHING_AT_ALL:
            raise UsageError(f"{which} is empty", advice="name one that shows something")
    return digests
