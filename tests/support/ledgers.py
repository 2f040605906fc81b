"""Ledgers to test with: what is charged, where it stands, and what a ledger says of itself afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import (
    Charge,
    DatasetTerms,
    EntryKind,
    Movement,
    content_of,
    first_hash,
    next_hash,
)
from gatecli.model.portfolio import COLUMNS, NOTHING, Amounts, is_admitted, total
from tests.support.postgres import connected

IDENTITY = LedgerIdentity("4f5c9c1e", "acme", "2026-11-29T12:00:00Z")
AT = "2026-11-29T12:00:00Z"
LIMIT = 100


def evenly(amount: int) -> Amounts:
    """The same amount in every column."""
    return Amounts(*[amount] * len(COLUMNS))


def terms(name: str = "people", limits: Amounts | None = None, **more: Any) -> DatasetTerms:
    budget = Budget(Fraction(8), Fraction(1, 10**5))
    return DatasetTerms(
        name, "person", Neighbouring.ADD_REMOVE, budget, evenly(LIMIT) if limits is None else limits, **more
    )


def movement(
    kind: EntryKind = EntryKind.RESERVE,
    subject: str = "churn@1",
    amounts: Amounts | int = 10,
    datasets: tuple[str, ...] = ("people",),
    *,
    digest: str = "",
    attempt: int = 0,
    **more: Any,
) -> Movement:
    given = evenly(amounts) if isinstance(amounts, int) else amounts
    charges = tuple(Charge(dataset, given) for dataset in datasets)
    return Movement(kind, subject, AT, charges, digest or f"{kind}:{subject}", attempt=attempt, **more)


def commit(subject: str = "churn@1", datasets: tuple[str, ...] = ("people",), **more: Any) -> Movement:
    return movement(EntryKind.COMMIT, subject, NOTHING, datasets, **more)


def void(
    subject: str = "churn@1",
    amounts: Amounts | int = -10,
    datasets: tuple[str, ...] = ("people",),
    **more: Any,
) -> Movement:
    return movement(EntryKind.VOID, subject, amounts, datasets, **more)


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """Where a ledger is or may be made, and a way to its tables that the store knows nothing of."""

    url: str
    tamper: Callable[[str], None]

    def create(self) -> Store:
        """A ledger whose entries may have any time."""
        return create_store(self.url, IDENTITY, replay=True)

    def open(self, *, read_only: bool = False) -> Store:
        return open_store(self.url, read_only=read_only, replay=True)


def sqlite_place(folder: Path) -> LedgerPlace:
    file = folder / "ledger.db"

    def tamper(statement: str) -> None:
        connection = sqlite3.connect(file)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            with connection:
                connection.execute(statement)
        finally:
            connection.close()

    return LedgerPlace(str(file), tamper)


def postgres_place(server: str, database: str) -> LedgerPlace:
    """A new database on a server."""
    with connected(server) as connection:
        connection.execute(f'CREATE DATABASE "{database}"')
    url = server.replace("/postgres?", f"/{database}?")

    def tamper(statement: str) -> None:
        with connected(url) as connection:
            connection.execute("SET search_path = gatecli")
            connection.execute(statement)

    return LedgerPlace(url, tamper)


def require_sound(store: Store) -> None:
    """What holds of every ledger at any time: chains, sums, the portfolio, and what subjects hold."""
    held: dict[str, list[Amounts]] = {}
    for reservation in store.reservations():
        for charge in reservation.charges:
            held.setdefault(charge.dataset, []).append(charge.amounts)
    for account in store.accounts():
        name, limits = account.terms.name, account.terms.limits
        entries = list(store.entries(name))
        head = first_hash(store.identity.id, name)
        for number, entry in enumerate(entries):
            head = next_hash(head, entry.content)
            assert (entry.number, entry.hash) == (number, head)
        assert (account.entries, account.head) == (len(entries), head)
        assert account.held == total(entry.amounts for entry in entries) == total(held.get(name, ()))
        assert is_admitted(account.held, limits, account.terms.admission)


def require_written(store: Store, asked: Movement) -> None:
    """The last entry of each charged dataset is the movement's."""
    for charge in asked.charges:
        (entry,) = store.entries(charge.dataset, newest_first=True, limit=1)
        assert (entry.kind, entry.subject, entry.attempt) == (asked.kind, asked.subject, asked.attempt)
        assert (entry.amounts, entry.content) == (charge.amounts, content_of(asked, charge))
