"""`gatecli ledger opening`: charge a dataset with what was spent before its ledger began."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import KeyFile, LedgerUrl, option
from gatecli.gates.charged_work import Book
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.ledger_opening import OpeningSource, account_of, opening_balance_movement, read_balance
from gatecli.ledger.interface import BudgetExceeded, Conflict, Outcome, Store, UnknownDataset
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import MAX_COUNT, Sampling
from gatecli.model.release import EvidenceFormat
from gatecli.model.verdict import ExitCode

RECORD = "Record"


def opening(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset of the ledger.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What records the spending.")],
    format_: Annotated[
        EvidenceFormat,
        # Not GATECLI_FORMAT, which says how reports are written.
        option("--format", panel=RECORD, variable="OPENING_FORMAT", help="The library that the file is of."),
    ],
    neighbouring: Annotated[
        Neighbouring | None,
        option(
            "--neighbouring",
            panel=RECORD,
            help="The relation that the file's budgets hold under, where the file does not say so.",
        ),
    ] = None,
    max_contributions: Annotated[
        int,
        option(
            "--max-contributions",
            panel=RECORD,
            metavar="COUNT",
            min=1,
            max=MAX_COUNT,
            help="The records that one unit contributes at most, where the file counts records.",
        ),
    ] = 1,
    sampling: Annotated[
        Sampling | None,
        option("--sampling", panel=RECORD, help="Format opacus: how batches were drawn."),
    ] = None,
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Charge a dataset with what was spent on it before the ledger began: once for each file."""
    source = OpeningSource(file, format_, neighbouring, max_contributions, sampling)
    with open_ledger(url, key=key_file) as store:
        try:
            outcome = _charge(store, dataset, source)
        except UnknownDataset as error:
            raise UsageError(
                f"{error.dataset} is closed in the ledger", advice="a closed account takes no more charges"
            ) from None
        except Conflict:
            raise UsageError(
                f"{file.name} was charged to {dataset} before, with other options",
                advice="a file is charged once: give the options of then, or leave it",
            ) from None
        except BudgetExceeded as error:
            err(
                f"gatecli: {file.name} does not fit: {error.dataset} has less left; nothing was charged\n"
                f"  fix: gatecli ledger dataset close {error.dataset}, since more was spent than its budget\n"
            )
            raise typer.Exit(ExitCode.CLOSED) from None
    err(f"{file.name} {'was charged before' if outcome is Outcome.EXISTS else 'is charged'} to {dataset}\n")


def _charge(store: Store, dataset: str, source: OpeningSource) -> Outcome:
    book = Book(store)
    balance = read_balance(source, account_of(dataset, book).terms)
    for note in balance.notes:
        err(f"gatecli: {source.file.name}: {note}\n")
    return store.move(opening_balance_movement(balance, dataset, book, moment(datetime.now(UTC))))
