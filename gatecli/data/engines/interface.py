"""What a library that draws noise does for us. Every engine passes one suite (tests/contract)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from gatecli.model.mechanism import Mechanism


class NoiseEngine(Protocol):
    """Noise on whole numbers, and choices among scores.

    `reason` says why this engine draws. Noise has at least the scale that is given, and costs no more than
    discrete Laplace or discrete Gaussian noise of it, as which it is accounted.
    """

    name: str
    version: str
    reason: str

    def require_drawable(self, mechanism: Mechanism) -> None:
        """Raises ConfigurationError for what the engine does not draw: it is asked before anything is spent.

        It draws what its library has, an audit attacked without finding anything
        (`gatecli.model.engine.require_usable`), and what is exact at this scale.
        """
        ...

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with integer Laplace noise, P(x) ∝ exp(−|x|/scale) or continuous noise, rounded."""
        ...

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> list[int]:
        """Each value with discrete Gaussian noise, P(x) ∝ exp(−x²/2σ²)."""
        ...

    def add_laplace_above(self, counts: Sequence[int], scale: Fraction, threshold: int) -> dict[int, int]:
        """Counts with discrete Laplace noise, by their positions: those that reach the threshold."""
        ...

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:
        """The position of a score that is near the least: ε-private where no score changes by more than
        `sensitivity`.
        """
        ...
