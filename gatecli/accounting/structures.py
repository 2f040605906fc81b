"""Parallel composition and subsampling of other mechanisms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

from gatecli.accounting.losses import amplified_epsilon, pure_epsilon
from gatecli.accounting.rounding import above
from gatecli.accounting.scope import (
    ADD_REMOVE,
    REPLACE_ONE,
    QuestionScope,
    Refusal,
    ScopedTerm,
    steps_between,
)
from gatecli.accounting.terms import (
    ClaimTerm,
    GaussianTerm,
    LaplaceTerm,
    SampledGaussianTerm,
    Term,
    WorstTerm,
)
from gatecli.model.mechanism import Subsampled

Merge = Callable[[Iterable[Term]], tuple[Term, ...]]


def parallel(partitions: list[list[ScopedTerm]], scope: QuestionScope, merged: Merge) -> list[ScopedTerm]:
    """A unit is in one partition, so the worst counts (McSherry 2009, theorem 4).

    A unit that is replaced may leave one partition and enter another, and the records of one unit
    may be spread over several: both are bounded only where the branches say how they add up.
    """
    branches = tuple(dict.fromkeys(merged(part.term for part in parts) for parts in partitions))
    stated = scope.stated or scope.target
    if stated is REPLACE_ONE:
        raise Refusal(
            "parallel composition holds when a unit is added, removed or zeroed: one that is replaced may"
            " move to another partition; state the partitions under add-remove"
        )
    if all(isinstance(term, GaussianTerm) for branch in branches for term in branch):
        worst = max(sum(_mu_squared(term) for term in branch) for branch in branches)
        return [
            ScopedTerm(
                GaussianTerm(Fraction(worst)), all(part.tight for parts in partitions for part in parts)
            )
        ]
    if scope.group > 1 or stated is not scope.target:
        return [ScopedTerm(_spread(branches), tight=False)]
    if len(branches) == 1:
        return partitions[0]
    return [
        ScopedTerm(WorstTerm(branches, 1), tight=all(part.tight for parts in partitions for part in parts))
    ]


def _mu_squared(term: Term) -> Fraction:
    return term.mu_squared if isinstance(term, GaussianTerm) else Fraction(0)


def _spread(branches: tuple[tuple[Term, ...], ...]) -> ClaimTerm:
    costs = [_pure_total(branch) for branch in branches]
    if any(cost is None for cost in costs):
        raise Refusal(
            "the records of one unit may be spread over the partitions of a parallel composition, and no"
            " theorem here adds up partitions that are not all pure or all Gaussian"
        )
    return ClaimTerm(max(cost for cost in costs if cost is not None), Fraction(0), 1)


def _pure_total(terms: Iterable[Term]) -> Fraction | None:
    total = Fraction(0)
    for term in terms:
        cost = pure_epsilon(term)
        if cost is None or cost[1] > 0:
            return None
        total += cost[0]
    return total


def subsample_parts(
    mechanism: Subsampled, inner: list[ScopedTerm], scope: QuestionScope, merged: Merge
) -> list[ScopedTerm]:
    """Amplification of ε to ln(1 + q (e^ε − 1)) and of δ to q δ.

    Balle, Barthe, Gaboardi (2018), theorem 8 (Poisson, add-remove) and theorem 11 (fixed size,
    replace-one). The Gaussian and Laplace mechanisms on a Poisson sample have their own exact pair.
    """
    stated = scope.stated or scope.target
    needed = ADD_REMOVE if mechanism.sampling == "poisson" else REPLACE_ONE
    if stated is not needed:
        raise Refusal(
            f"amplification by {mechanism.sampling} sampling of such a mechanism holds under {needed},"
            f" not under {stated}"
        )
    distance, tight = steps_between(scope)
    terms = merged(part.term for part in inner)
    rate = mechanism.sampling_rate
    if mechanism.sampling == "poisson" and distance == 1 and len(terms) == 1:
        exact = _exact(terms[0], rate)
        if exact is not None:
            return [ScopedTerm(exact, tight and all(part.tight for part in inner))]
    claim = _claim(terms)
    if claim is None:
        raise Refusal(
            "a subsampled mechanism is accounted where the mechanism within is pure or (ε, δ), or where it is"
            " Gaussian or Laplace noise on a Poisson sample of single records"
        )
    return [
        ScopedTerm(
            scope.widen_claim(amplified_epsilon(claim[0], rate), rate * min(claim[1], Fraction(1)), distance),
            tight=False,
        )
    ]


def _exact(term: Term, rate: Fraction) -> Term | None:
    match term:
        case GaussianTerm(mu_squared) if mu_squared > 0:
            sigma = 1 / math.sqrt(above(mu_squared))
            return SampledGaussianTerm(Fraction(math.nextafter(sigma, 0.0)), rate, 1, replaced=False, count=1)
        case LaplaceTerm(epsilon, inner, 1) if inner == 1:
            return LaplaceTerm(epsilon, rate, 1)
        case _:
            return None


def _claim(terms: tuple[Term, ...]) -> tuple[Fraction, Fraction] | None:
    costs = [pure_epsilon(term) for term in terms]
    if any(cost is None for cost in costs):
        return None
    found = [cost for cost in costs if cost is not None]
    return sum((cost[0] for cost in found), Fraction(0)), sum((cost[1] for cost in found), Fraction(0))
