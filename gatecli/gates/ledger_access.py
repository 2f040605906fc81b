"""How a ledger is reached, and the moment that its entries state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from gatecli.ledger.interface import Store
from gatecli.ledger.opening import open_store

DEFAULT = "ledger.db"
"""The ledger that is meant where none is named: a file in the current folder."""


@contextmanager
def opened(url: str | None, *, read_only: bool = False) -> Iterator[Store]:
    """The ledger, closed afterwards. Raises GatecliError where there is none."""
    store = open_store(url or DEFAULT, read_only=read_only)
    try:
        yield store
    finally:
        store.close()


def moment(now: datetime) -> str:
    """A moment as entries state it: RFC 3339 in UTC, in whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
