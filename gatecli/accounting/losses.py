"""What single terms cost in closed form: pure ε, zCDP and Rényi divergence."""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.rounding import above, upper
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    GaussianTerm,
    IntegerTerm,
    LaplaceTerm,
    ResponseTerm,
    Term,
    WorstTerm,
)


def pure_epsilon(term: Term) -> tuple[Fraction, Fraction] | None:
    """(ε, δ) by basic composition of a term's own guarantee; None where it has none."""
    cost: tuple[Fraction, Fraction] | None = None
    match term:
        case ClaimTerm(epsilon, delta, count):
            cost = epsilon * count, delta * count
        case LaplaceTerm(epsilon, rate, count):
            cost = amplified_epsilon(epsilon, rate) * count, Fraction(0)
        case IntegerTerm(kind="laplace"):
            cost = term.sensitivity / term.scale * term.count, Fraction(0)
        case ResponseTerm():
            single = _response(term)
            cost = None if single is None else (single * term.count, Fraction(0))
        case GaussianTerm(Fraction(numerator=0)) | ConcentratedTerm(Fraction(numerator=0)):
            cost = Fraction(0), Fraction(0)
        case WorstTerm(branches, count):
            cost = _worst(branches, count)
        case _:
            pass
    return cost


def amplified_epsilon(epsilon: Fraction, rate: Fraction) -> Fraction:
    """ln(1 + q (e^ε − 1)): the pure ε on a random sample (Balle, Barthe, Gaboardi 2018)."""
    if rate == 1 or epsilon > 700:
        return epsilon
    return min(epsilon, upper(math.log1p(above(rate) * math.expm1(above(epsilon)))) or epsilon)


def _response(term: ResponseTerm) -> Fraction | None:
    """ln(1 − p + p/k) − ln(p/k) between two answers; against a random one the larger of both sides."""
    told = 1 - term.noise * (term.categories - 1) / term.categories
    other = term.noise / term.categories
    ratio = max(told * term.categories, 1 / term.noise) if term.zeroed else told / other
    return upper(math.log(above(ratio))) if ratio > 1 else Fraction(0)


def _worst(branches: tuple[tuple[Term, ...], ...], count: int) -> tuple[Fraction, Fraction] | None:
    worst = (Fraction(0), Fraction(0))
    for branch in branches:
        epsilon, delta = Fraction(0), Fraction(0)
        for term in branch:
            cost = pure_epsilon(term)
            if cost is None:
                return None
            epsilon, delta = epsilon + cost[0], delta + cost[1]
        worst = max(worst[0], epsilon), max(worst[1], delta)
    return worst[0] * count, worst[1] * count
