"""Zero-concentrated DP: ρ adds up, and the best Rényi order gives (ε, δ).

Sources: Bun and Steinke, "Concentrated Differential Privacy" (2016), for ρ of pure mechanisms and
of composition; Cesar and Rogers (2021), lemma 1, for bounded range (ε²/8); Canonne, Kamath, Steinke
(2020), proposition 12, for the conversion. Needs no library, and holds at any δ above 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from gatecli.accounting.answers import Cost, answer, without_claims
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.losses import pure_epsilon
from gatecli.accounting.rounding import above, log_of, upper
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    GaussianTerm,
    IntegerTerm,
    Term,
    Translation,
    WorstTerm,
)
from gatecli.model.budget import Bounds


class ZcdpAccountant:
    name = "zCDP"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    stripped = without_claims(translation.terms, delta)
    if stripped is None or stripped[1] == 0:
        return None, Fraction(0)
    total = _sum([rho_of(term) for term in stripped[0]])
    if total is None:
        return None, Fraction(0)
    return upper(epsilon_of(above(total), log_of(stripped[1]))), Fraction(0)


def rho_of(term: Term) -> Fraction | None:
    """The ρ of all compositions of a term; None where it is not zCDP."""
    rho: Fraction | None
    match term:
        case GaussianTerm(mu_squared):
            rho = mu_squared / 2
        case ConcentratedTerm(claimed):
            rho = claimed
        case IntegerTerm(kind="gaussian"):
            rho = (term.sensitivity / term.scale) ** 2 / 2 * term.count
        case ClaimTerm(epsilon, delta, count, ranged) if delta == 0:
            rho = epsilon**2 * count / (8 if ranged else 2)
        case WorstTerm(branches, count):
            rho = _worst(branches, count)
        case _:
            rho = _from_pure(term)
    return rho


def _worst(branches: tuple[tuple[Term, ...], ...], count: int) -> Fraction | None:
    sums = [_sum([rho_of(part) for part in branch]) for branch in branches]
    if any(rho is None for rho in sums):
        return None
    return max(rho for rho in sums if rho is not None) * count


def _sum(rhos: list[Fraction | None]) -> Fraction | None:
    if any(rho is None for rho in rhos):
        return None
    return sum((rho for rho in rhos if rho is not None), Fraction(0))


def _from_pure(term: Term) -> Fraction | None:
    cost = pure_epsilon(term)
    if cost is None or cost[1] > 0:
        return None
    count = getattr(term, "count", 1)
    return (cost[0] / count) ** 2 / 2 * count


def epsilon_of(rho: float, log_delta: float) -> float:
    """Min over α > 1 of αρ + ln(1 − 1/α) − (ln δ + ln α)/(α − 1), by golden section on ln(α − 1)."""
    if rho == 0:
        return 0.0
    if not math.isfinite(rho):
        return math.inf

    def cost(log_excess: float) -> float:
        excess = math.exp(log_excess)
        order = 1 + excess
        return order * rho + math.log(excess / order) - (log_delta + math.log(order)) / excess

    centre = 0.5 * math.log(max(-log_delta, 1e-3) / rho)
    return max(0.0, _least(cost, centre - 12, centre + 12))


def _least(cost: Callable[[float], float], low: float, high: float) -> float:
    golden = (math.sqrt(5) - 1) / 2
    best = math.inf
    for _ in range(80):
        left, right = high - golden * (high - low), low + golden * (high - low)
        at_left, at_right = cost(left), cost(right)
        best = min(best, at_left, at_right)
        if at_left < at_right:
            high = right
        else:
            low = left
    return best
