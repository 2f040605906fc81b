"""Bounds on a composition from privacy loss distributions; the way to everything that needs numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from gatecli.accounting.answers import without_claims
from gatecli.accounting.grid import (
    MAX_LENGTH,
    STEP,
    TIE,
    ComposedLosses,
    Losses,
    TooWide,
    compose,
    epsilon_at,
    fine_step_for,
    optimistic,
    pessimistic,
    step_for,
    swap_pair,
)
from gatecli.accounting.pairs import Curve, Pair, pair_of
from gatecli.accounting.rounding import NumericFailure, above, below, lower, quiet_numerics, upper
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    GaussianTerm,
    IntegerTerm,
    SampledGaussianTerm,
    Term,
    WorstTerm,
)

MAX_MECHANISMS = 64
"""Different mechanisms in one composition; each costs a discretisation of its own."""

MAX_COMPOSITIONS = 10**8
"""Beyond it float rounding of the composition outweighs any δ of practice."""

MAX_BRANCHES = 16

PEER_SLACK = Fraction(1, 500_000)
"""Added to every upper bound (relative): two careful engines differ by a millionth, and the gate sides
with the dearer one, so that nobody gains by asking another accountant."""

Found = list[tuple[Pair, int]]
Discretise = Callable[[Pair, int, float], Losses]

_COARSENINGS = 4


def upper_bound(terms: tuple[Term, ...], delta: Fraction) -> Fraction | None:
    """An ε at which the whole composition is (ε, δ)-DP; None where a pair is unknown or too costly."""
    stripped = without_claims(terms, delta)
    if stripped is None:
        return None
    costs = [_worst_direction(branch, stripped[1]) for branch in _branches(stripped[0])]
    return None if not costs or None in costs else max(cost for cost in costs if cost is not None)


def _branches(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """The compositions a unit may meet, where it meets one branch once; none where that is unclear.

    The maximum over branches is valid for a parallel composition that stands alone: beside other
    mechanisms its partitions could be chosen after seeing their outputs.
    """
    match terms:
        case (WorstTerm(branches, 1),) if len(branches) <= MAX_BRANCHES:
            return list(branches)
        case _:
            return [] if any(isinstance(term, WorstTerm) for term in terms) else [terms]


def _worst_direction(terms: tuple[Term, ...], delta: Fraction) -> Fraction | None:
    try:
        with quiet_numerics():
            return _above(terms, delta)
    except NumericFailure:
        return None


def _above(terms: tuple[Term, ...], delta: Fraction) -> Fraction | None:
    found = _pairs(terms, spender=False)
    if not found or len(found) < len(terms) or _orientation_unknown(terms):
        return None
    step = step_for(tuple(pair for pair, _ in found))
    worst = 0.0
    for turned in _directions(found):
        composed = _affordable(found, pessimistic, step, turned=turned)
        rest = below(delta) - composed.slip
        worst = max(worst, epsilon_at(composed, rest) if rest > 0 else math.inf)
    bound = upper(worst)
    return None if bound is None else bound * (1 + PEER_SLACK)


def _affordable(found: Found, discretise: Discretise, step: float, *, turned: bool) -> ComposedLosses:
    """The composition in one direction, on the finest grid that is affordable."""
    for _ in range(_COARSENINGS):
        parts = tuple(discretise(swap_pair(pair) if turned else pair, count, step) for pair, count in found)
        try:
            return compose(parts, MAX_LENGTH if step >= STEP else MAX_LENGTH // 4)
        except TooWide as wide:
            step *= wide.factor if step < STEP else 2 * wide.factor
    raise NumericFailure("no affordable grid")


def _orientation_unknown(terms: tuple[Term, ...]) -> bool:
    """Skewed noise leaks differently by the sign of a change, and signs may differ between queries."""
    skewed = [
        term
        for term in terms
        if isinstance(term, IntegerTerm) and term.kind == "binomial" and 2 * term.scale != 1
    ]
    return bool(skewed) and (len(terms) > 1 or skewed[0].count > 1)


def _directions(found: Found) -> tuple[bool, ...]:
    """Whether to turn every pair: a unit that is added meets all mechanisms as one that is added."""
    symmetric = all(isinstance(pair, Curve) and pair.symmetric for pair, _ in found)
    return (False,) if symmetric else (False, True)


def lower_bound(terms: tuple[Term, ...], delta: Fraction, enough: float) -> Fraction:
    """An ε below which the terms are not (ε, δ)-DP; 0 where none is known.

    The search for a better one ends at `enough`.
    """
    best = Fraction(0)
    flat = [tuple(term for term in branch if not isinstance(term, WorstTerm)) for branch in _choices(terms)]
    for branch in flat:
        try:
            with quiet_numerics():
                best = max(best, _below(branch, delta, enough))
        except NumericFailure:
            continue
    return best


def _choices(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """What one unit meets: any choice of branches is some unit's, so each gives a lower bound."""
    worst = [term for term in terms if isinstance(term, WorstTerm)]
    plain = tuple(term for term in terms if not isinstance(term, WorstTerm))
    if not worst:
        return [plain]
    first = worst[0]
    return [
        plain + tuple(_repeat_term(term, first.count) for term in branch)
        for branch in first.branches[:MAX_BRANCHES]
    ]


def _repeat_term(term: Term, count: int) -> Term:
    if isinstance(term, GaussianTerm):
        return GaussianTerm(term.mu_squared * count)
    if isinstance(term, ConcentratedTerm):
        return ConcentratedTerm(term.rho * count)
    return replace(term, count=term.count * count)


def _below(terms: tuple[Term, ...], delta: Fraction, enough: float) -> Fraction:
    found = _pairs(terms, spender=True)
    if not found:
        return Fraction(0)
    step = fine_step_for(tuple(pair for pair, _ in found))
    total = sum(count for _, count in found)
    best = 0.0
    for turned in _directions(found):
        if best >= enough:
            break
        composed = _affordable(found, optimistic, step, turned=turned)
        best = max(best, epsilon_at(composed, above(delta) + composed.slip) - TIE * composed.step * total)
    return lower(best)


def _pairs(terms: tuple[Term, ...], *, spender: bool) -> Found:
    if len(terms) > MAX_MECHANISMS:
        return []
    found: Found = []
    for term in terms:
        as_sampled = _as_sampled(term, spender=spender)
        pair = None if as_sampled is None else pair_of(as_sampled, spender=spender)
        count = getattr(as_sampled, "count", 1)
        if pair is not None and count <= MAX_COMPOSITIONS:
            found.append((pair, count))
    return found


def _as_sampled(term: Term, *, spender: bool) -> Term | None:
    """A Gaussian is one that samples every record."""
    if not isinstance(term, GaussianTerm):
        return term
    if term.mu_squared == 0:
        return ClaimTerm(Fraction(0), Fraction(0), 1) if not spender else None
    mu_squared = below(term.mu_squared) if spender else above(term.mu_squared)
    if not 0 < mu_squared < math.inf:
        return None
    sigma = 1 / math.sqrt(mu_squared)
    sigma = math.nextafter(sigma, math.inf if spender else 0.0)
    return SampledGaussianTerm(Fraction(sigma), Fraction(1), 1, replaced=False, count=1)
