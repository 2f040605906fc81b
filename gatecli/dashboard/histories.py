"""The histories that charts are drawn from, kept from one request to the next: entries never change, so only
new ones are read.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gatecli.ledger.forecast import first_level
from gatecli.ledger.history import Level
from gatecli.ledger.interface import EntrySum, Store
from gatecli.model.ledger import Account
from gatecli.model.portfolio import NOTHING

MOST_LEVELS = 300
"""Of one history."""
MOST_HISTORIES = 64


@dataclass(slots=True)
class History:
    """What was held of one dataset after each `width` entries, and after those behind them."""

    width: int = 1
    kept: list[Level] = field(default_factory=list)
    tail: Level | None = None

    def extend(self, store: Store, account: Account) -> None:
        """Read what was added since."""
        while account.entries // self.width > MOST_LEVELS:
            self.width *= 2
            self.kept = self.kept[1::2]
        self.tail = None
        last = self.kept[-1] if self.kept else None
        for each in store.sums(account.terms.name, after=len(self.kept) * self.width - 1, width=self.width):
            last = _level_after(last, each)
            if (each.number + 1) % self.width:
                self.tail = last
            else:
                self.kept.append(last)

    def levels(self) -> tuple[Level, ...]:
        """All of them, in order of time."""
        return (*self.kept, self.tail) if self.tail is not None else tuple(self.kept)


class Histories:
    """The histories of the datasets that were looked at last. For one thread."""

    def __init__(self) -> None:
        self._known: dict[str, History] = {}

    def read(self, store: Store, account: Account, begun: MutableMapping[str, Level]) -> tuple[Level, ...]:
        """What was held of a dataset: from the first moment of a charge until now, at most `MOST_LEVELS` of
        the levels between. `begun` remembers the first moments (`first_level`).
        """
        first = first_level(store, account, begun)
        if first is None:
            return ()
        # Taken out while it grows: what broke off in the middle is not used again.
        history = self._known.pop(account.terms.name, None) or History()
        history.extend(store, account)
        self._known[account.terms.name] = history
        if len(self._known) > MOST_HISTORIES:
            del self._known[next(iter(self._known))]
        return (first, *(level for level in history.levels() if level.at > first.at))


def _level_after(last: Level | None, each: EntrySum) -> Level:
    """Clients' clocks differ: what says it is older than what stands before it counts as made with that."""
    at = datetime.fromisoformat(each.at).astimezone(UTC)
    if last is None:
        return Level(at, NOTHING + each.amounts)
    return Level(max(at, last.at), last.held + each.amounts)
