"""How an exported ledger is written anew, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.checking import check_movement, check_terms
from gatecli.ledger.interface import BudgetExceeded, Conflict, StoredCheckpoint, UnknownDataset
from gatecli.ledger.restoring import AddStep, CloseStep, MoveStep, Step
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.booking import Request, Run, add, book, close_account
from gatecli.ledger.sql.rows import read_entry
from gatecli.model.ledger import Entry
from gatecli.model.portfolio import MOST

PAGE = 1000


def restore_log(
    run: Run, ledger: str, steps: Iterable[Step], log: Iterable[Entry], give_places: Callable[[Run], int]
) -> None:
    """Take each step in an empty ledger, and compare what stands there then with the log that it was in.

    Raises UsageError for a ledger with entries, UncheckableError for steps that no ledger takes.
    """
    if run(sql.ACCOUNTS, {"after": "", "page": 1}):
        raise UsageError("the ledger has entries already", advice="import into a new one")
    for step in steps:
        try:
            _take(run, ledger, step, give_places)
        except (BudgetExceeded, Conflict, UnknownDataset) as error:
            raise UncheckableError(
                f"the export holds what no ledger takes, about {error}",
                advice="gatecli ledger verify says what was changed",
            ) from None
    _compare(run, log)


def add_checkpoints(run: Run, checkpoints: Iterable[StoredCheckpoint]) -> None:
    """Keep checkpoints."""
    for each in checkpoints:
        run(sql.ADD_CHECKPOINT, {"size": each.size, "at": each.at, "note": each.note})


def _take(run: Run, ledger: str, step: Step, give_places: Callable[[Run], int]) -> None:
    match step:
        case AddStep(terms, at, signature):
            check_terms(terms, at)
            add(run, ledger, terms, at, signature)
        case MoveStep(movement, lapses, releases, signatures):
            check_movement(movement, lapses, releases, signatures)
            book(run, Request(movement, lapses, releases, signatures))
        case CloseStep(dataset, at):
            close_account(run, dataset, at)
        case _:
            give_places(run)


def _compare(run: Run, log: Iterable[Entry]) -> None:
    given, after, place = iter(log), -1, 0
    while rows := run(sql.LOG, {"after": after, "stop": MOST, "page": PAGE}):
        for row in rows:
            if read_entry(row) != next(given, None):
                raise _differs(place)
            place += 1
        after = rows[-1][-1]
    if next(given, None) is not None:
        raise _differs(place)


def _differs(place: int) -> UncheckableError:
    return UncheckableError(
        f"the entry at place {place} of the log cannot be written as it was; nothing was imported",
        advice="import with the gatecli that exported, or a newer one",
    )
