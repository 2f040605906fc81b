"""Advanced composition of pure and (ε, δ) mechanisms, each with its own ε.

Source: Kairouz, Oh, Viswanath, "The Composition Theorem for Differential Privacy" (2015), theorem
3.5, its third bound.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.answers import Cost, answer, without_claims
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.losses import pure_epsilon
from gatecli.accounting.rounding import above, log_of, upper
from gatecli.accounting.terms import Term, Translation, WorstTerm
from gatecli.model.budget import Bounds


class AdvancedAccountant:
    name = "advanced composition"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    stripped = without_claims(translation.terms, delta)
    if stripped is None or stripped[1] == 0:
        return None, Fraction(0)
    singles = [_single(term) for term in stripped[0]]
    mean = squares = 0.0
    for single in singles:
        if single is None:
            return None, Fraction(0)
        epsilon, count = above(single[0]), float(single[1])
        mean += count * epsilon * math.tanh(epsilon / 2)
        squares += count * epsilon * epsilon
    return upper(mean + math.sqrt(-2 * log_of(stripped[1]) * squares)), Fraction(0)


def _single(term: Term) -> tuple[Fraction, int] | None:
    """The pure ε of one composition, and how often it is composed."""
    cost = pure_epsilon(term)
    if cost is None or cost[1] > 0:
        return None
    count = getattr(term, "count", 1)
    return (cost[0] / count, count) if not isinstance(term, WorstTerm) else (cost[0], 1)
