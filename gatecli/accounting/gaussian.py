"""The exact cost of Gaussian mechanisms alone: however many, they are one (Balle and Wang 2018)."""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.answers import Cost, answer
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import above, below, log_of, lower, upper
from gatecli.accounting.terms import GaussianTerm, Term, Translation
from gatecli.model.budget import Bounds

_MARGIN = 1e-9
"""What is given away of ln δ on either side for float rounding in the error function."""


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
        least = lower(_epsilon(mu, log_of(delta) + _MARGIN, pessimistic=False)) if mu > 0 else least
    if not all(isinstance(term, GaussianTerm) for term in translation.terms):
        return None, least
    high = _mu_squared(translation.terms)
    if not high:
        return Fraction(0), Fraction(0)
    mu = math.sqrt(above(high)) * (1 + 1e-15)
    return upper(_epsilon(mu, log_of(delta) - _MARGIN, pessimistic=True)), least


def _mu_squared(terms: tuple[Term, ...]) -> Fraction:
    return sum((term.mu_squared for term in terms if isinstance(term, GaussianTerm)), Fraction(0))


def _log_tail(score: float) -> float:
    """Ln of the standard normal mass above `score`."""
    if score < 30:
        return math.log(0.5 * math.erfc(score * math.sqrt(0.5)))
    square = 1 / (score * score)
    series = 1 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))
    return -score * score / 2 - math.log(score * math.sqrt(2 * math.pi)) + math.log(series)


def _log_delta(mu: float, epsilon: float, *, pessimistic: bool) -> float:
    """Ln of Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ), on the asked side of float rounding."""
    near, far = _log_tail(epsilon / mu - mu / 2), _log_tail(epsilon / mu + mu / 2)
    noise = 4e-16 * (abs(near) + abs(far) + epsilon + 1)
    gap = near - far - epsilon + (noise if pessimistic else -noise)
    if gap <= 0:
        return near if pessimistic else -math.inf
    return near + math.log(-math.expm1(-gap))


def _epsilon(mu: float, log_delta: float, *, pessimistic: bool) -> float:
    if not math.isfinite(mu) or mu > 1e100:
        return math.inf if pessimistic else 0.0
    low, high = 0.0, 1.0
    if _log_delta(mu, 0.0, pessimistic=pessimistic) <= log_delta:
        return 0.0
    while _log_delta(mu, high, pessimistic=pessimistic) > log_delta:
        low, high = high, high * 2
    for _ in range(100):
        middle = (low + high) / 2
        if _log_delta(mu, middle, pessimistic=pessimistic) > log_delta:
            low = middle
        else:
            high = middle
    return high if pessimistic else low
