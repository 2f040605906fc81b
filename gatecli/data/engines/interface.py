"""What a library that draws noise does for us. Every engine passes one suite (tests/contract)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol


class NoiseEngine(Protocol):
    """Noise on whole numbers, and choices among scores.

    A method raises ConfigurationError where the library has no such mechanism that an audit attacked without
    finding anything (`gatecli.model.engine.require_usable`). Noise has at least the scale that is given.
    """

    name: str
    version: str

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with discrete Laplace noise, P(x) ∝ exp(−|x|/scale)."""
        ...

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> list[int]:
        """Each value with discrete Gaussian noise, P(x) ∝ exp(−x²/2σ²)."""
        ...

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:
        """The position of a score that is near the least: ε-private where no score changes by more than
        `sensitivity`.
        """
        ...
