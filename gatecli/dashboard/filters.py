"""What a reader asks for in a form: read from a query, or refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from gatecli.ledger.history import moment_of
from gatecli.model.ledger import Entry, EntryKind

LONGEST = 200
"""Characters of a text in a query."""
MOST_PAGES = 1_000_000


_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class BadQuery(Exception):
    """A query that means nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are shown: of a kind, about subjects with a text in their name, between two days.

    `before` is a number: only entries with smaller ones are shown.
    """

    kind: EntryKind | None = None
    subject: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it leaves out nothing but newer entries."""
        return self == EntryFilter(before=self.before)

    def takes(self, entry: Entry) -> bool:
        """Whether an entry is shown."""
        if self.kind is not None and entry.kind is not self.kind:
            return False
        if self.subject.casefold() not in entry.subject.casefold():
            return False
        if self.first is None and self.last is None:
            return True
        day = moment_of(entry).date()
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def query(self, before: int | None = None) -> str:
        """The same as a query, from another number on."""
        parts = {
            "kind": self.kind.value if self.kind else "",
            "subject": self.subject,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "before": "" if before is None else str(before),
        }
        return urlencode({name: value for name, value in parts.items() if value})


def entry_filter(query: Mapping[str, str]) -> EntryFilter:
    """The filter of a query; an empty field filters nothing. Raises BadQuery."""
    return EntryFilter(
        _kind(_text(query, "kind")),
        _text(query, "subject"),
        _day(_text(query, "from")),
        _day(_text(query, "to")),
        whole_number(query, "before"),
    )


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Which datasets are shown: those with a text in their name; by name, or the most held first."""

    name: str = ""
    by_held: bool = False
    page: int = 1

    def query(self, page: int) -> str:
        """The same as a query, on another page."""
        parts = {"name": self.name, "order": "held" if self.by_held else "", "page": str(page)}
        return urlencode({name: value for name, value in parts.items() if value})


def dataset_filter(query: Mapping[str, str]) -> DatasetFilter:
    """The filter of a query. Raises BadQuery."""
    order = _text(query, "order")
    if order not in {"", "name", "held"}:
        raise BadQuery("datasets are ordered by name or by what is held")
    return DatasetFilter(
        _text(query, "name"), order == "held", min(max(1, whole_number(query, "page") or 1), MOST_PAGES)
    )


def dataset_name(query: Mapping[str, str], field: str) -> str:
    """The name of a dataset in a query; "", which names none, for a text that no ledger takes as one."""
    name = query.get(field, "")
    return "" if _NOT_IN_A_NAME.search(name) else name


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """A number of a query; None where the field is empty. Raises BadQuery."""
    text = _text(query, name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise BadQuery(f"{name} is not a whole number")
    return int(text)


def _text(query: Mapping[str, str], name: str) -> str:
    text = query.get(name, "").strip()
    if len(text) > LONGEST:
        raise BadQuery(f"{name} is longer than {LONGEST} characters")
    return text


def _kind(text: str) -> EntryKind | None:
    if text and text not in set(EntryKind):
        raise BadQuery("there is no such kind of entry")
    return EntryKind(text) if text else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadQuery("a day is written as 2026-11-29") from None
