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
from types import MappingProxyType
from typing import Any

from gatecli.data.engines.drawing import Drawing, LibraryEngine
from gatecli.data.numbers import float_at_least
from gatecli.errors import MissingExtraError
from gatecli.model.engine import require_usable
from gatecli.model.mechanism import DiscreteLaplace

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


class PyDp(LibraryEngine):
    """Rounded Laplace noise. An audit refuted its Gaussian noise; it chooses among records, not scores."""

    name = "python-dp"
    reason = "as asked: its Laplace noise, rounded to whole numbers"
    drawings = DRAWINGS
    library = staticmethod(_library)

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with Laplace noise, rounded: P(x) = P(x − ½ ≤ Laplace < x + ½)."""
        require_usable(self.name, DRAWINGS[DiscreteLaplace].title)
        self.require_drawable(DiscreteLaplace(scale=scale))
        made = _library().LaplaceMechanism(epsilon=1.0, sensitivity=float_at_least(scale))
        return [value + round_half_up(made.add_noise(0.0)) for value in values]


def round_half_up(draw: float) -> int:
    """The whole number that is nearest; the upper one of two."""
    return math.floor(draw + 0.5)
