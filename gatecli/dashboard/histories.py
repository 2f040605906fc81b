"""The histories that charts are drawn from, kept from one request to the next: entries never change, so only
new ones are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gatecli.ledger.history import Level, levels
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Account, Entry

MOST_LEVELS = 300
"""Of one history; of more every second one is kept, then every fourth, and so on."""
MOST_HISTORIES = 64


@dataclass(slots=True)
class History:
    """What was held of one dataset, from the first charge on, after so many entries."""

    entries: int = 0
    kept: list[Level] = field(default_factory=list)
    last: Level | None = None
    _moments: int = 0
    _stride: int = 1

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take the entries that follow."""
        for level in levels(entries, self.last):
            if self.last is not None and level.at > self.last.at:
                self._keep(self.last)
            self.last = level

    def levels(self) -> tuple[Level, ...]:
        """The first, the last, and of those between as many as are kept."""
        return (*self.kept, self.last) if self.last is not None else ()

    def _keep(self, level: Level) -> None:
        if self._moments % self._stride == 0:
            self.kept.append(level)
        self._moments += 1
        if len(self.kept) > MOST_LEVELS:
            self.kept = self.kept[::2]
            self._stride *= 2


class Histories:
    """The histories of the datasets that were looked at last. For one thread."""

    def __init__(self) -> None:
        self._known: dict[str, History] = {}

    def read(self, store: Store, account: Account) -> tuple[Level, ...]:
        """What was held of a dataset, up to the entries that its account counts."""
        name = account.terms.name
        # Taken out while it grows: what broke off in the middle is not used again.
        history = self._known.pop(name, None) or History()
        if fresh := account.entries - history.entries:
            history.extend(store.entries(name, after=history.entries - 1, limit=fresh))
            history.entries = account.entries
        self._known[name] = history
        if len(self._known) > MOST_HISTORIES:
            del self._known[next(iter(self._known))]
        return history.levels()
