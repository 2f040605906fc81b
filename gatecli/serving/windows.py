"""Counts over a stream of requests: each unit counts a bounded number of times in a window of time.

The counts of a window are given once it is over, with noise, and then always the same. A window that nobody
asks for costs nothing. Counts are in memory: those of a process that ended are gone, so the first window of
a process is the one in which it began.

All units of a window are told apart, however many: were there a bound on them, one unit more would push out
another, and change the counts by what two units add.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field


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
    _first: int = 0

    def __post_init__(self) -> None:
        self._first = self.current()

    def current(self) -> int:
        """The number of the window that is open."""
        self._newest = max(self._newest, int(self.clock()) // self.seconds)
        return self._newest

    def count(self, unit: bytes | None, answered: int | None) -> None:
        """Count a request about `unit` (None: it is a unit of its own) by the class that was answered."""
        number = self.current()
        window = self._held.get(number)
        if window is None:
            self._close_windows(number)
            window = self._held[number] = Window([0] * self.classes)
        if unit is not None and not self._counts_again(window, unit):
            return
        if answered is not None:
            window.counts[answered] += 1

    def _close_windows(self, number: int) -> None:
        """Before that number: their units are forgotten, and those that are no longer kept altogether."""
        for old, window in list(self._held.items()):
            window.units.clear()
            if old < number - self.kept:
                del self._held[old]

    def _counts_again(self, window: Window, unit: bytes) -> bool:
        digest = hmac.digest(self.key, unit, "sha256")
        times = window.units.get(digest, 0)
        if times >= self.per_unit:
            return False
        window.units[digest] = times + 1
        return True

    def closed_counts(self, number: int) -> list[int] | None:
        """The exact counts of a window that is over; None where it is open, to come, or not kept."""
        current = self.current()
        if not max(self._first, current - self.kept) <= number < current:
            return None
        window = self._held.get(number)
        if window is None:
            return [0] * self.classes
        return window.counts
