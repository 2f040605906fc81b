"""Entries that their client signs: by its key, over the content as the store writes it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.ledger.signing_keys import Signs, new_key, signature_holds
from gatecli.ledger.signing_store import SigningStore
from gatecli.ledger.verification import verify
from tests.support.ledgers import AT, commit, movement, terms


@pytest.fixture
def key(tmp_path: Path) -> Signs:
    return new_key(tmp_path / "key.pem")


@pytest.fixture
def store(tmp_path: Path, key: Signs) -> Iterator[Store]:
    public = base64.b64encode(key.public).decode()
    made = create_store(str(tmp_path / "ledger.db"), LedgerIdentity("1" * 32, "acme", AT, public))
    yield made
    made.close()


def test_every_entry_of_a_signing_client_has_a_signature_that_holds(store: Store, key: Signs) -> None:
    client = SigningStore(store, key)
    client.add_dataset(terms(), AT)
    client.move(movement(), lapses="2027-01-31")
    client.move(movement(subject="plan"), releases={"a@1": "a", "b@1": "b"})
    client.move(commit())
    entries = list(store.entries("people"))
    assert len(entries) == 4
    for entry in entries:
        assert signature_holds(key.public, base64.b64decode(entry.signature), entry.content.encode())


def test_a_signature_by_another_key_is_a_fault(store: Store, key: Signs, tmp_path: Path) -> None:
    SigningStore(store, key).add_dataset(terms(), AT)
    SigningStore(store, new_key(tmp_path / "other.pem")).move(movement())
    assert any("signature is not by the ledger's key" in fault.what for fault in verify(store).faults)


def test_what_does_not_write_is_the_store_s(store: Store, key: Signs) -> None:
    client = SigningStore(store, key)
    client.add_dataset(terms(), AT)
    assert client.identity is store.identity
    assert client.account("people") == store.account("people")
