"""Privacy loss distributions: near-exact bounds from both sides, where each mechanism's pair is known.

Upper and lower bounds use the same pairs with opposite rounding (see `grid`). A lower bound needs
only some of the mechanisms: dropping an output is post-processing, so what a part costs the whole
costs. Black boxes therefore count in the upper bound alone.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.answers import Cost, answer
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import below
from gatecli.accounting.terms import Translation
from gatecli.model.budget import Bounds

CLOSE = Fraction(999, 1000)
"""A lower bound this close to the upper one needs no second direction."""


class PldAccountant:
    name = "PLD"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    from gatecli.accounting.convolution import (  # noqa: PLC0415 - brings numpy, which few commands need
        lower_bound,
        upper_bound,
    )

    if below(delta) <= 0:
        return None, Fraction(0)
    high = upper_bound(translation.terms, delta)
    enough = math.inf if high is None else below(high * CLOSE)
    return high, lower_bound(translation.tight, delta, enough)
