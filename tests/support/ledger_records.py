"""Ledgers with a bit of everything in them, and ways to change them behind the store's back."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

from gatecli.ledger.checkpoints import make_checkpoint
from gatecli.ledger.ed25519 import SigningKey, key_from_seed
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.model.ledger import EntryKind, next_hash
from gatecli.model.portfolio import Admission, Amounts
from tests.support.ledgers import commit, evenly, movement, terms, void

AT = "2026-11-29T12:00:00Z"
LATER = "2026-11-30T12:00:00Z"
BOTH = ("devices", "people")
KEY = key_from_seed(b"\x01" * 32)
OTHER_KEY = key_from_seed(b"\x02" * 32)


def public(key: SigningKey) -> str:
    """A public key as an identity names it."""
    return base64.b64encode(key.public).decode()


def identity(
    name: str = "acme.example/privacy", key: SigningKey | None = KEY, number: int = 1
) -> LedgerIdentity:
    return LedgerIdentity(f"{number:032x}", name, AT, public(key) if key else "")


def new_store(folder: Path, name: str = "ledger.db", own: LedgerIdentity | None = None) -> Store:
    return create_store(str(folder / name), own or identity())


def fill(store: Store, key: SigningKey | None = KEY) -> Store:
    """Releases that were committed, voided and reserved again, a plan, a lease; a checkpoint half-way."""
    store.add_dataset(terms("people"), AT)
    store.add_dataset(terms("devices", admission=Admission.ALL), AT)
    store.move(movement(EntryKind.OPENING, "before the ledger", 3), signatures=())
    store.move(movement(datasets=BOTH), lapses="2027-01-31")
    store.move(commit(datasets=BOTH))
    store.move(movement(subject="trial@1"))
    make_checkpoint(store, key, AT)
    store.move(void("trial@1"))
    store.move(movement(subject="trial@1", attempt=1))
    store.move(movement(subject="plan", datasets=BOTH), releases={"a@1": "digest of a", "b@1": "digest of b"})
    store.move(commit("a@1", BOTH, plan="plan"))
    store.move(movement(subject="plan 2", amounts=7), releases={"c@1": "digest of c"})
    store.move(void("plan 2", -7))
    store.move(movement(subject="c@1", amounts=2, attempt=1))
    store.move(movement(EntryKind.LEASE, "lease/aws", 20))
    store.move(movement(EntryKind.RETURN, "lease/aws", Amounts(*[-15] * 9)))
    store.add_dataset(terms("finished", evenly(5)), AT)
    store.close_dataset("finished", LATER)
    make_checkpoint(store, key, LATER)
    store.move(movement(subject="not in the log yet", amounts=1))
    return store


def tamper(file: Path, *statements: str) -> None:
    """Change a ledger's tables as somebody may who owns the file: without its triggers."""
    connection = sqlite3.connect(file)
    try:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        with connection:
            for (name,) in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
    finally:
        connection.close()


def rechain(file: Path, dataset: str, first: int) -> None:
    """Hash the entries of a dataset anew from a number on, as a forger would."""
    connection = sqlite3.connect(file)
    try:
        with connection:
            ((head,),) = connection.execute(
                "SELECT hash FROM entry WHERE dataset = ? AND number = ?", (dataset, first - 1)
            )
            rows = connection.execute(
                "SELECT number, content FROM entry WHERE dataset = ? AND number >= ? ORDER BY number",
                (dataset, first),
            ).fetchall()
            for number, content in rows:
                head = bytes.fromhex(next_hash(head.hex(), content))
                connection.execute(
                    "UPDATE entry SET hash = ? WHERE dataset = ? AND number = ?", (head, dataset, number)
                )
            connection.execute("UPDATE account SET head = ? WHERE name = ?", (head, dataset))
    finally:
        connection.close()
