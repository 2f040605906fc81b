"""The newest entries that a filter takes, a page at a time; no more is read than a page needs."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.dashboard.filters import EntryFilter
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Account, Entry

PAGE = 50
"""Entries on a page."""
_CHUNK = 500
MOST_SEARCHED = 20_000
"""Entries that one request searches; the page then says where to go on."""


@dataclass(frozen=True, slots=True)
class EntryList:
    """Entries, the newest first. `older` is the number below which there may be more; None at the end."""

    entries: tuple[Entry, ...]
    older: int | None


def read_page(store: Store, account: Account, wanted: EntryFilter) -> EntryList:
    """The newest page of what a filter takes."""
    top = account.entries if wanted.before is None else min(wanted.before, account.entries)
    end = top
    found: list[Entry] = []
    while end > 0 and top - end < MOST_SEARCHED and len(found) < PAGE:
        begin = max(0, end - (PAGE if wanted.is_empty else _CHUNK))
        chunk = list(store.entries(account.terms.name, after=begin - 1, limit=end - begin))
        found += (entry for entry in reversed(chunk) if wanted.takes(entry))
        end = begin
    if len(found) > PAGE:
        return EntryList(tuple(found[:PAGE]), found[PAGE - 1].number)
    return EntryList(tuple(found), end or None)
