"""diffprivlib: geometric noise of counts, and choices by permute and flip.

Its geometric noise inverts a distribution at one of 2⁵³ points. The chance of each outcome is off by up to
2⁻⁵¹ (two ends of an interval, and the rounding of a logarithm), and nothing is further away than 37
scales. With a scale of s that adds at most (1 + e^ε)·(74·s + 3)·2⁻⁵¹ to δ. It is not accounted: up to a
scale of 1,024 it is below 7e-11 for ε below 1, and wider noise is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any

from gatecli.data.engines.drawing import Drawing, LibraryEngine
from gatecli.errors import MissingExtraError
from gatecli.model.engine import require_usable
from gatecli.model.mechanism import DiscreteLaplace, ReportNoisyMax

DRAWINGS: Mapping[type, Drawing] = MappingProxyType(
    {DiscreteLaplace: Drawing("geometric", Fraction(1024)), ReportNoisyMax: Drawing("permute and flip")}
)


@cache
def _library() -> Any:
    """The module of its mechanisms. Raises MissingExtraError."""
    try:
        from diffprivlib import mechanisms  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingExtraError(
            "noise by diffprivlib needs diffprivlib, which a newer scikit-learn than 1.6 breaks",
            advice="in an environment of its own: pip install diffprivlib 'scikit-learn<1.7'",
        ) from None
    return mechanisms


class DiffprivLib(LibraryEngine):
    """Geometric noise, which is discrete Laplace noise, and choices. Its discrete Gaussian noise takes no
    deviation, and an audit refuted its others.
    """

    name = "diffprivlib"
    reason = "as asked: its geometric noise, for counts"
    drawings = DRAWINGS
    library = staticmethod(_library)

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with geometric noise. It is drawn on 0: the library would make a float of a sum."""
        self.require_drawable(DiscreteLaplace(scale=scale))
        made = _library().Geometric(epsilon=_float_at_most(1 / scale), sensitivity=1)
        return [value + int(made.randomise(0)) for value in values]

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:
        """The position of a score near the least, by permute and flip (McKenna and Sheldon 2020)."""
        require_usable(self.name, DRAWINGS[ReportNoisyMax].title)
        made = _library().PermuteAndFlip(
            epsilon=_float_at_most(epsilon / sensitivity), sensitivity=1, utility=[-score for score in scores]
        )
        return int(made.randomise())


def _float_at_most(number: Fraction) -> float:
    """The largest double that is at most a number."""
    near = float(number)
    return near if Fraction(near) <= number else math.nextafter(near, 0)
