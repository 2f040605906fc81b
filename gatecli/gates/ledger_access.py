"""How a ledger is reached, and the moment that its entries state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from gatecli.errors import UsageError
from gatecli.ledger.checkpoints import require_own_key
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import open_store
from gatecli.ledger.signing_keys import read_key
from gatecli.ledger.signing_store import SigningStore
from gatecli.ledger.wording import near_names

DEFAULT = "ledger.db"
"""The ledger that is meant where none is named: a file in the current folder."""


@contextmanager
def open_ledger(url: str | None, *, read_only: bool = False, key: Path | None = None) -> Iterator[Store]:
    """The ledger, closed afterwards; what is written is signed by the key in a file, where one is named.

    Raises GatecliError where there is no ledger, or no such key.
    """
    store = open_store(url or DEFAULT, read_only=read_only)
    try:
        yield store if key is None or read_only else signing(store, key)
    finally:
        store.close()


def signing(store: Store, key: Path) -> Store:
    """The store with a signature on each entry. Raises UsageError for a key that is not the ledger's."""
    read = read_key(key)
    require_own_key(store.identity, read)
    return cast("Store", SigningStore(store, read))


def missing_dataset(store: Store, name: str) -> UsageError:
    """What is said of a dataset that is not there: which one may be meant."""
    near = near_names(name, store.account_names())
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"{name} is not in the ledger", advice=f"{meant}gatecli ledger dataset list names all")


def moment(now: datetime) -> str:
    """A moment as entries state it: RFC 3339 in UTC, in whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
