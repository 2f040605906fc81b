"""PyDP (Google's C++ library): Laplace noise on a grid, rounded to whole numbers. It draws nothing else here.

For a scale of s the library draws x·g: x is discrete Laplace noise of scale s/g + 1, and g the power of
two next above s/2⁴⁰. Where 1/g is a whole number, a whole number plus x·g is a multiple of g, and the
nearest whole number is computed from that alone. So the answer costs no more than discrete Laplace noise
of scale s/g for a sensitivity of Δ/g. That costs no more than discrete Laplace noise of scale s for Δ, as
which it is accounted: with t = e^ε, both have δ = 1 − √t·e^(−Δ/2s) at t = e^((Δ − 2j)/s) for whole j.
Between these points the coarser δ is the chord of a convex curve, which the finer one is below
(tests/unit/data/test_rounded_laplace.py).

>>> round_half_up(2.5), round_half_up(-2.5), round_half_up(-0.75)
(3, -2, -1)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, NoReturn

from gatecli.data.engines.drawing import Drawing, require_drawing
from gatecli.data.numbers import float_at_least
from gatecli.errors import MissingExtraError
from gatecli.model.engine import require_usable
from gatecli.model.mechanism import Approximate, DiscreteGaussian, DiscreteLaplace, Mechanism, ReportNoisyMax

NAME = "python-dp"
MOST_SCALE = Fraction(2**39)
"""Up to here the grid's step is a half at most, and adding a half to a draw is exact."""

DRAWINGS: Mapping[type, Drawing] = MappingProxyType({DiscreteLaplace: Drawing("rounded Laplace", MOST_SCALE)})


@cache
def _library() -> Any:
    """The module of PyDP's mechanisms. Raises MissingExtraError."""
    try:
        from pydp.algorithms import numerical_mechanisms  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingExtraError("noise by pydp needs PyDP", advice="pip install python-dp") from None
    return numerical_mechanisms


class PyDp:
    """Rounded Laplace noise."""

    name = NAME
    reason = "as asked: its Laplace noise, rounded to whole numbers"

    def __init__(self) -> None:
        _library()
        self.version = version(NAME)

    def require_drawable(self, mechanism: Mechanism) -> None:
        """Raises ConfigurationError for anything but Laplace noise."""
        require_drawing(NAME, DRAWINGS, mechanism)

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with Laplace noise, rounded: P(x) = P(x − ½ ≤ Laplace < x + ½)."""
        require_usable(NAME, "rounded Laplace")
        self.require_drawable(DiscreteLaplace(scale=scale))
        made = _library().LaplaceMechanism(epsilon=1.0, sensitivity=float_at_least(scale))
        return [value + round_half_up(made.add_noise(0.0)) for value in values]

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> NoReturn:  # noqa: ARG002 - the interface's
        """Refused: an audit refuted PyDP's Gaussian noise."""
        self.require_drawable(DiscreteGaussian(standard_deviation=deviation))
        raise TypeError

    def add_laplace_above(
        self,
        counts: Sequence[int],  # noqa: ARG002 - the interface's
        scale: Fraction,  # noqa: ARG002 - the interface's
        threshold: int,  # noqa: ARG002 - the interface's
    ) -> NoReturn:
        """Refused: the library has no such mechanism for counts."""
        self.require_drawable(Approximate(epsilon=Fraction(1), delta=Fraction(0)))
        raise TypeError

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> NoReturn:  # noqa: ARG002 - the interface's
        """Refused: PyDP chooses among records, and not among scores."""
        self.require_drawable(ReportNoisyMax(epsilon=epsilon, noise="exponential"))
        raise TypeError


def round_half_up(draw: float) -> int:
    """The whole number that is nearest; the upper one of two."""
    return math.floor(draw + 0.5)
