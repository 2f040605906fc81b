"""A bound on time and size: no input can delay the gate, and none passes because it tried to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds that only ever grow; callers give `time.monotonic`."""


class BudgetSpentError(Exception):
    """The scan must stop here; its result is incomplete. `reason` is one clause for the finding."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _no_clock() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scan may cost: seconds of a clock, characters after decoding, levels of decoding."""

    seconds: float = 2.0
    characters: int = 64 * 1024 * 1024
    depth: int = 4


class ScanBudget:
    """What is left of `limits`, from now on. The one mutable value of the engine."""

    __slots__ = ("_clock", "_deadline", "_left", "limits")

    def __init__(self, limits: Limits | None = None, clock: Clock = _no_clock) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._deadline = clock() + self.limits.seconds
        self._left = self.limits.characters

    def check(self) -> None:
        """Raise `BudgetSpentError` once the time is over."""
        if self._clock() > self._deadline:
            raise BudgetSpentError(f"the time budget of {self.limits.seconds:g} s is spent")

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Do not count work other than scanning, such as the first import of the engine."""
        started = self._clock()
        try:
            yield
        finally:
            self._deadline += self._clock() - started

    def take(self, characters: int) -> None:
        """Account for text that decoding made; raise `BudgetSpentError` when it is too much."""
        self._left -= characters
        if self._left < 0:
            raise BudgetSpentError(f"decoding exceeds {self.limits.characters} characters")


def unlimited_budget() -> ScanBudget:
    """A budget that never ends in time: for tests and for texts of known size."""
    return ScanBudget(Limits(seconds=float("inf")))
