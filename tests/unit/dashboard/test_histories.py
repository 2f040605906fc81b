"""Histories that are kept: as if they were read anew, and never too long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gatecli.dashboard import histories
from gatecli.dashboard.histories import Histories
from gatecli.ledger.history import Level, levels
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Account
from gatecli.model.portfolio import Amounts
from tests.support.page_ledgers import NOW, create, give_back, many, take, terms, written


def account_of(store: Store, name: str) -> Account:
    found = store.account(name)
    assert found is not None
    return found


def by_moment(found: Iterable[Level]) -> dict[datetime, Amounts]:
    """What was held at the end of each moment."""
    return {level.at: level.held for level in found}


def test_a_history_that_grows_is_the_same_as_one_that_is_read_anew(tmp_path: Path) -> None:
    store, kept = create(tmp_path / "ledger.db"), Histories()
    store.add_dataset(terms("people"), written(NOW - timedelta(days=90)))
    assert kept.read(store, account_of(store, "people"), {}) == ()
    for number, hours in enumerate((0, 0, 5, 3, 5, 9, 30)):
        take(store, f"a@{number}", 3, ("people",), NOW + timedelta(hours=hours))
        found = kept.read(store, account_of(store, "people"), {})
        assert by_moment(found) == by_moment(levels(store.entries("people")))
        assert kept.read(store, account_of(store, "people"), {}) == found
    give_back(store, "a@1", 3, ("people",), NOW + timedelta(hours=31))
    assert kept.read(store, account_of(store, "people"), {})[-1].held == account_of(store, "people").held
    store.close()


@pytest.mark.parametrize("steps", [(2_600,), (100, 500, 2_600), (599, 601, 602, 1_300)], ids=str)
def test_a_long_history_keeps_its_ends_and_an_even_choice_between(
    tmp_path: Path, steps: tuple[int, ...]
) -> None:
    store, kept = many(tmp_path / "ledger.db", steps[-1]), Histories()
    every, account = list(levels(store.entries("busy"))), account_of(store, "busy")
    for entries in steps:
        # As if the ledger had been looked at while it grew.
        found = kept.read(store, Account(account.terms, account.held, entries, account.head), {})
    assert found[0] == every[0]
    assert found[-1] == every[-1]
    assert histories.MOST_LEVELS / 2 < len(found) <= histories.MOST_LEVELS + 2
    assert set(by_moment(found).items()) <= set(by_moment(every).items())
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
        kept.read(store, account_of(store, name), {})
    assert list(kept._known) == ["a", "c"]
    store.close()
