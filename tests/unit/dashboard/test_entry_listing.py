"""Pages of entries: together they hold each entry that a filter takes once, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from gatecli.dashboard import entry_listing
from gatecli.dashboard.entry_listing import PAGE, read_page
from gatecli.dashboard.filters import EntryFilter
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Entry, EntryKind
from tests.support.page_ledgers import NOW, create, many, publish, take, terms, written

ENTRIES = 301


@pytest.fixture(name="store", scope="module")
def a_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = many(tmp_path_factory.mktemp("many") / "ledger.db", ENTRIES - 1)
    yield store
    store.close()


def pages(store: Store, wanted: EntryFilter) -> list[tuple[Entry, ...]]:
    """Each page, by following the link to the older one."""
    account = store.account("busy")
    assert account is not None
    found, before = [], None
    while True:
        page = read_page(
            store, account, EntryFilter(wanted.kind, wanted.subject, wanted.first, wanted.last, before)
        )
        found.append(page.entries)
        if page.older is None:
            return found
        assert before is None or page.older < before
        before = page.older


@pytest.mark.parametrize(
    "wanted",
    [
        EntryFilter(),
        EntryFilter(kind=EntryKind.COMMIT),
        EntryFilter(subject="QUERY@1"),
        EntryFilter(first=date(2026, 3, 1), last=date(2026, 4, 30)),
        EntryFilter(EntryKind.RESERVE, "9", last=date(2026, 6, 30)),
        EntryFilter(subject="nobody"),
    ],
    ids=str,
)
def test_pages_hold_what_a_filter_takes_newest_first(store: Store, wanted: EntryFilter) -> None:
    expected = [each.number for each in store.entries("busy", newest_first=True) if wanted.takes(each)]
    shown = pages(store, wanted)
    assert [each.number for page in shown for each in page] == expected
    assert all(len(page) == PAGE for page in shown[:-1])


def test_a_search_ends_after_so_many_entries_and_says_where_to_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_listing, "_CHUNK", 40)
    monkeypatch.setattr(entry_listing, "MOST_SEARCHED", 100)
    account = store.account("busy")
    assert account is not None
    page = read_page(store, account, EntryFilter(subject="nobody"))
    assert page.entries == ()
    assert page.older == ENTRIES - 120
    assert [each for page in pages(store, EntryFilter(subject="query@0")) for each in page]


def test_a_page_below_the_first_entry_is_empty(store: Store) -> None:
    account = store.account("busy")
    assert account is not None
    assert read_page(store, account, EntryFilter(before=0)).entries == ()
    assert read_page(store, account, EntryFilter(before=10**17)).entries[0].number == ENTRIES - 1


def test_a_filter_of_days_takes_both_ends(tmp_path: Path) -> None:
    store = create(tmp_path / "ledger.db")
    store.add_dataset(terms("busy"), written(NOW - timedelta(days=9)))
    for back in (3, 2, 1):
        take(store, f"a@{back}", 1, ("busy",), NOW - timedelta(days=back))
        publish(store, f"a@{back}", ("busy",), NOW - timedelta(days=back))
    day = (NOW - timedelta(days=2)).date()
    found = [each.subject for page in pages(store, EntryFilter(first=day, last=day)) for each in page]
    assert found == ["a@2", "a@2"]
    store.close()
