"""Histories that are kept: as if they were read anew, and never too long."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from gatecli.dashboard import histories
from gatecli.dashboard.histories import Histories
from gatecli.ledger.history import levels
from gatecli.model.ledger import Account
from tests.support.page_ledgers import NOW, create, many, take, terms, written


def account_of(store: object, name: str) -> Account:
    found: Account | None = store.account(name)  # type: ignore[attr-defined]  # a store
    assert found is not None
    return found


def test_a_history_that_grows_is_the_same_as_one_that_is_read_anew(tmp_path: Path) -> None:
    store, kept = create(tmp_path / "ledger.db"), Histories()
    store.add_dataset(terms("people"), written(NOW - timedelta(days=90)))
    assert kept.read(store, account_of(store, "people")) == ()
    for hours in (0, 0, 5, 5, 9, 30):
        take(store, f"a@{account_of(store, 'people').entries}", 3, ("people",), NOW + timedelta(hours=hours))
        found = kept.read(store, account_of(store, "people"))
        assert found == tuple(levels(store.entries("people")))
        assert kept.read(store, account_of(store, "people")) == found
    store.close()


def test_a_long_history_keeps_its_ends_and_an_even_choice_between(tmp_path: Path) -> None:
    store = many(tmp_path / "ledger.db", 2_600)
    every = list(levels(store.entries("busy")))
    found = Histories().read(store, account_of(store, "busy"))
    assert found[0] == every[0]
    assert found[-1] == every[-1]
    assert len(found) <= histories.MOST_LEVELS + 1
    places = [every.index(level) for level in found[:-1]]
    assert {after - before for before, after in pairwise(places)} == {8}
    store.close()


def test_only_the_datasets_that_were_looked_at_last_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "MOST_HISTORIES", 2)
    store, kept = create(tmp_path / "ledger.db"), Histories()
    for name in ("a", "b", "c"):
        store.add_dataset(terms(name), written(NOW))
        take(store, f"{name}@1", 1, (name,), NOW)
    for name in ("a", "b", "a", "c"):
        kept.read(store, account_of(store, name))
    assert list(kept._known) == ["a", "c"]
    store.close()
