"""Privacy loss distributions: near-exact bounds from both sides, where each mechanism's pair is known.

Upper and lower bounds use the same pairs with opposite rounding (see `grid`). A lower bound needs
only some of the mechanisms: dropping an output is post-processing, so what a part costs the whole
costs. Black boxes therefore count in the upper bound alone.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from gatecli.accounting.answers import Cost, answer
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import below
from gatecli.accounting.terms import Translation
from gatecli.model.budget import Bounds


class PldAccountant:
    name = "PLD"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, partial(_cost, question.claim), question)


def _cost(claim: Fraction | None, translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    from gatecli.accounting.convolution import (  # noqa: PLC0415 - brings numpy, which few commands need
        bounds_of,
    )

    return bounds_of(translation, delta, claim) if below(delta) > 0 else (None, Fraction(0))
