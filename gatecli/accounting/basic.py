"""Basic composition: ε and δ add up. Exact, and valid for every mix of pure and (ε, δ) mechanisms.

Source: Dwork and Roth, "The Algorithmic Foundations of Differential Privacy" (2014), theorem 3.16.
"""

from __future__ import annotations

from fractions import Fraction

from gatecli.accounting.answers import Cost, answer
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.losses import pure_epsilon
from gatecli.accounting.terms import Translation
from gatecli.model.budget import Bounds


class BasicAccountant:
    name = "basic composition"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    total = Fraction(0)
    for term in translation.terms:
        cost = pure_epsilon(term)
        if cost is None or (delta := delta - cost[1]) < 0:
            return None, Fraction(0)
        total += cost[0]
    return total, Fraction(0)
