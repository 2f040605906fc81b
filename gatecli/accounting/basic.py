"""Basic composition: ε adds up, and so does δ but for the chance that several fail at once.

Exact, and valid for every mix of pure and (ε, δ) mechanisms: Σ εᵢ at δ = 1 − Π (1 − δᵢ). Source:
Kairouz, Oh, Viswanath, "The Composition Theorem for Differential Privacy" (2015), theorem 3.1, which
tightens Dwork and Roth (2014), theorem 3.16.
"""

from __future__ import annotations

from fractions import Fraction

from gatecli.accounting.answers import Cost, answer, without_claims
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.losses import pure_epsilon
from gatecli.accounting.terms import Translation
from gatecli.model.budget import Bounds


class BasicAccountant:
    name = "basic composition"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    stripped = without_claims(translation.terms, delta)
    costs = [] if stripped is None else [pure_epsilon(term) for term in stripped[0]]
    if stripped is None or any(cost is None for cost in costs):
        return None, Fraction(0)
    return sum((cost[0] for cost in costs if cost is not None), Fraction(0)), Fraction(0)
