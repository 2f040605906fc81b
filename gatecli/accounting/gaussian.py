"""The exact cost of Gaussian mechanisms alone: however many, they are one (Balle and Wang 2018)."""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.answers import Cost, answer
from gatecli.accounting.gaussian_curve import MARGIN, epsilon_at
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import above, below, log_of, lower, upper
from gatecli.accounting.terms import GaussianTerm, Term, Translation
from gatecli.model.budget import Bounds


class GaussianAccountant:
    name = "analytic Gaussian"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    if delta == 0:
        return None, Fraction(0)
    low = _mu_squared(translation.tight)
    least = Fraction(0)
    if low:
        mu = math.sqrt(below(low)) * (1 - 1e-15)
        least = lower(epsilon_at(mu, log_of(delta) + MARGIN, pessimistic=False)) if mu > 0 else least
    if not all(isinstance(term, GaussianTerm) for term in translation.terms):
        return None, least
    high = _mu_squared(translation.terms)
    if not high:
        return Fraction(0), Fraction(0)
    mu = math.sqrt(above(high)) * (1 + 1e-15)
    return upper(epsilon_at(mu, log_of(delta) - MARGIN, pessimistic=True)), least


def _mu_squared(terms: tuple[Term, ...]) -> Fraction:
    return sum((term.mu_squared for term in terms if isinstance(term, GaussianTerm)), Fraction(0))
