"""How much of a dataset's budget was held, and since when: read from its entries, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from gatecli.model.ledger import DatasetTerms, Entry, time_in
from gatecli.model.portfolio import NOTHING, Amounts, held_share


@dataclass(frozen=True, slots=True)
class Level:
    """What is held from a moment on."""

    at: datetime
    held: Amounts


@dataclass(frozen=True, slots=True)
class Step:
    """The share of the budget that is held from a moment on: by the member that decides."""

    at: datetime
    share: Fraction


def moment_of(entry: Entry) -> datetime:
    """The client's time of an entry, which stands in its content."""
    return datetime.fromisoformat(time_in(entry.content)).astimezone(UTC)


def levels(entries: Iterable[Entry], last: Level | None = None) -> Iterator[Level]:
    """What was held after each moment at which something was charged or taken back; streamed.

    `entries` are those of one dataset by number; `last` is where those before them ended. It comes first, or
    what it became if the first entries are of the same moment. Clients' clocks differ: an entry that says it
    is older than the one before it counts as made with it.
    """
    for entry in entries:
        if entry.amounts == NOTHING:
            continue
        at = moment_of(entry)
        if last is None:
            last = Level(at, entry.amounts)
            continue
        if at > last.at:
            yield last
        last = Level(max(at, last.at), last.held + entry.amounts)
    if last is not None:
        yield last


def step_of(level: Level, terms: DatasetTerms) -> Step:
    """A level as a share of a dataset's limits."""
    return Step(level.at, held_share(level.held, terms.limits, terms.admission))


def steps(entries: Iterable[Entry], terms: DatasetTerms) -> Iterator[Step]:
    """The shares that were held, from a dataset's entries by number; streamed."""
    return (step_of(level, terms) for level in levels(entries))
