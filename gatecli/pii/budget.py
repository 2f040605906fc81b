"""A bound on work and size, so that no input holds the gate up, and none passes because it tried.

Work is counted in steps that a slow and a fast machine count alike, so that the same bytes end in the same
verdict whatever else the machine does. A clock beside it is for who must answer by a time, as a webhook must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds that only ever grow; callers give `time.monotonic`."""


class BudgetSpentError(Exception):
    """The scan must stop here; its result is incomplete. `reason` is one clause for the finding."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooDeepError(BudgetSpentError):
    """What is left is encoded more times over than is looked into; all else was searched."""


def _no_clock() -> float:
    return 0.0


FORM = 4
"""Characters that one written form is searched through for a step."""
DEPTH = 6
"""Times over that a value may be encoded and is still found: a pull secret with a key in it takes five."""
CANDIDATE = 64
"""Steps of looking at one place that has a form: its words are weighed, its digits are checked."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scan may cost: steps of work, characters after decoding, levels of it; seconds of a clock.

    A step is a character searched. `named` is how whoever set the steps calls them, for a message.
    """

    steps: float = float("inf")
    characters: int = 64 * 1024 * 1024
    depth: int = DEPTH
    seconds: float = float("inf")
    named: str = ""


class ScanBudget:
    """What is left of `limits`, from now on. The one mutable value of the engine."""

    __slots__ = ("_clock", "_deadline", "_left", "_steps", "limits")

    def __init__(self, limits: Limits | None = None, clock: Clock = _no_clock) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._deadline = clock() + self.limits.seconds
        self._left = self.limits.characters
        self._steps = self.limits.steps

    def spend(self, steps: float) -> None:
        """Account for work; raise `BudgetSpentError` once it is too much, or the clock has run out."""
        self._steps -= steps
        if self._steps < 0:
            raise BudgetSpentError(f"the work budget{self._label()} is spent")
        if self._clock() > self._deadline:
            raise BudgetSpentError(f"the clock of {self.limits.seconds:g} s ran out")

    def _label(self) -> str:
        return f" of {self.limits.named}" if self.limits.named else ""

    def take(self, characters: int) -> None:
        """Account for text that decoding made; raise `BudgetSpentError` when it is too much."""
        self._left -= characters
        if self._left < 0:
            raise BudgetSpentError(f"decoding exceeds {self.limits.characters} characters")


def unlimited_budget() -> ScanBudget:
    """A budget whose work never ends: for tests and for texts of known size."""
    return ScanBudget()
