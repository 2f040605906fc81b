"""Counts over a stream of requests: each unit counts a bounded number of times in a window of time.

The counts of a window are given once it is over, with noise, and then always the same. A window that nobody
asks for costs nothing. Counts are in memory: those of a process that ended are gone.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_UNITS = 1_000_000
"""Units that are told apart in a window; requests of further ones are not counted, which is public."""


@dataclass(slots=True)
class Window:
    """The counts of one window, and how often each unit counted."""

    counts: list[int]
    units: dict[bytes, int] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Windows:
    """The windows of a stream. `clock` gives Unix seconds; one that is set back begins no window again."""

    classes: int
    per_unit: int
    seconds: int
    kept: int
    key: bytes = field(repr=False)
    clock: Callable[[], float]
    _held: dict[int, Window] = field(default_factory=dict, repr=False)
    _newest: int = 0

    def __post_init__(self) -> None:
        self._newest = self.current()

    def current(self) -> int:
        """The number of the window that is open."""
        self._newest = max(self._newest, int(self.clock()) // self.seconds)
        return self._newest

    def count(self, unit: bytes | None, answered: int | None) -> None:
        """Count a request about `unit` (None: it is a unit of its own) by the class that was answered."""
        number = self.current()
        window = self._held.get(number)
        if window is None:
            window = self._held[number] = Window([0] * self.classes)
            for old in [each for each in self._held if each < number - self.kept]:
                del self._held[old]
        if unit is not None and not self._counts_again(window, unit):
            return
        if answered is not None:
            window.counts[answered] += 1

    def _counts_again(self, window: Window, unit: bytes) -> bool:
        digest = hmac.digest(self.key, unit, "sha256")
        times = window.units.get(digest, 0)
        if times >= self.per_unit or (not times and len(window.units) >= MOST_UNITS):
            return False
        window.units[digest] = times + 1
        return True

    def closed(self, number: int) -> list[int] | None:
        """The exact counts of a window that is over; None where it is open, to come, or no longer kept."""
        current = self.current()
        if not current - self.kept <= number < current:
            return None
        window = self._held.get(number)
        if window is None:
            return [0] * self.classes
        window.units.clear()
        return window.counts
