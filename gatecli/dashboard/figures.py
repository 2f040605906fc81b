"""What monitoring shows of a ledger, read at one moment."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime

from gatecli.ledger.forecast import forecast_account
from gatecli.ledger.history import Level
from gatecli.ledger.interface import LedgerIdentity, LedgerTally, Store, StoredCheckpoint
from gatecli.model.ledger import Account


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Whether the last verification found nothing wrong, when it ended, and how many entries it read."""

    holds: bool
    at: datetime
    entries: int
    faults: tuple[str, ...] = ()
    """What was wrong, a sentence each; not all where there were many."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The accounts, what they foretell, and the rest. `exhausted` has a day for each dataset with one."""

    identity: LedgerIdentity
    read_at: datetime
    accounts: tuple[Account, ...]
    exhausted: Mapping[str, date]
    tally: LedgerTally
    checkpoint: StoredCheckpoint | None
    verification: VerificationResult | None


def read_figures(
    store: Store,
    now: datetime,
    verification: VerificationResult | None,
    begun: MutableMapping[str, Level] | None = None,
) -> Figures:
    """The figures of a ledger; `begun` remembers what does not change (`forecast_account`)."""
    accounts = tuple(store.accounts())
    days = {account.terms.name: forecast_account(store, account, now, begun) for account in accounts}
    return Figures(
        store.identity,
        now,
        accounts,
        {name: day for name, day in days.items() if day is not None},
        store.tally(now.date().isoformat()),
        last_checkpoint(store),
        verification,
    )


def last_checkpoint(store: Store) -> StoredCheckpoint | None:
    """The checkpoint that is about the most entries."""
    last = None
    for checkpoint in store.checkpoints():
        last = checkpoint
    return last
