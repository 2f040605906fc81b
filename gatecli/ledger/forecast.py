"""When a dataset's budget is used up, if it is spent on as it was so far. No clock: "now" is a value.

Spending is a step function: nothing, and then a release. The first moment of a charge begins the
observation, and what was charged in it says nothing about a rate, since nobody knows how long it took to
come about; the same holds for an opening balance. So the rate is what was charged after that moment, divided
by the time from it until now, including the time since the last charge: while nobody spends, the forecast
moves away. Charges that were taken back do not count, lapsed reservations do.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import takewhile

from gatecli.ledger.history import Level, Step, levels, moment_of, step_of
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Account, Entry, EntryKind
from gatecli.model.portfolio import NOTHING

LEAST = timedelta(days=1)
"""From less than a day nothing is foretold: two releases in an hour are no rate."""

HORIZON = timedelta(days=36_525)
"""A century: what comes later is not foretold."""


def forecast(steps: Sequence[Step], now: datetime) -> date | None:
    """The day (UTC) on which the held share reaches 1 at the mean rate so far.

    `steps` are in order of time, the first of them the first moment of a charge; the others may be left
    out, but for the last. The day is that of the last step where nothing is left. None where nothing was
    charged in a second moment, where less than a day has passed since the first, where what was charged was
    taken back, and beyond `HORIZON`.
    """
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    if last.share >= 1:
        return last.at.date()
    spent, elapsed = last.share - first.share, _microseconds(now - first.at)
    if spent <= 0 or elapsed < _microseconds(LEAST):
        return None
    left = elapsed * (1 - last.share) / spent
    return (now + timedelta(microseconds=int(left))).date() if left <= _microseconds(HORIZON) else None


def forecast_account(
    store: Store, account: Account, now: datetime, begun: MutableMapping[str, Level] | None = None
) -> date | None:
    """The same of an account, from its first entries and what is held now; the others are not read.

    `begun` remembers the first moments, which do not change, from one call to the next.
    """
    first = first_level(store, account, begun)
    if first is None:
        return None
    (newest,) = store.entries(account.terms.name, newest_first=True, limit=1)
    last = Level(moment_of(newest), account.held)
    return forecast([step_of(level, account.terms) for level in (first, last)], now)


def first_level(
    store: Store, account: Account, begun: MutableMapping[str, Level] | None = None
) -> Level | None:
    """What the first moment of a charge held of a dataset; None before it. `begun` as above.

    Opening balances that nothing else was charged before are one moment, that of the last of them: all of it
    was spent before the ledger began.
    """
    name = account.terms.name
    first = None if begun is None else begun.get(name)
    if first is not None:
        return first
    openings = _leading_openings(store.entries(name))
    first = openings[-1] if openings else next(levels(store.entries(name)), None)
    if first is not None and begun is not None and not openings and first.held != account.held:
        # Something was charged later, so this moment has ended.
        begun[name] = first
    return first


def _leading_openings(entries: Iterable[Entry]) -> list[Level]:
    """What is held after each opening balance that nothing else was charged before."""
    charged = (entry for entry in entries if entry.amounts != NOTHING)
    return list(levels(takewhile(lambda entry: entry.kind is EntryKind.OPENING, charged)))


def _microseconds(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1))
