"""What all accountants share: the frame of an answer, and δ set apart for claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.terms import ClaimTerm, Term, Translation, WorstTerm
from gatecli.accounting.translation import translate
from gatecli.model.budget import Bounds

Cost = Fraction | None
Engine = Callable[[Translation, Fraction], tuple[Cost, Fraction]]
"""Upper (None: no finite bound) and lower (0: none) of a translation at δ."""

CLOSE = Fraction(1, 10**4)
"""Without a claim, bounds are refined until they are this close (relative)."""

_EXACT_BITS = 1 << 14
"""Bits up to which a power of a probability is written out."""


def answer(name: str, engine: Engine, question: Question) -> Bounds | NoBound:
    """An engine's answer to a question; a numeric failure within it gives no bound."""
    translation = translate(question)
    if isinstance(translation, NoBound):
        return translation
    try:
        high, low = engine(translation, question.delta)
    except NumericFailure:
        high, low = None, Fraction(0)
    if high is not None and low > high:
        low = Fraction(0)
    if high is None and low == 0:
        return NoBound((f"{name} has no bound on such a composition at this δ",))
    return Bounds(
        question.delta,
        question.neighbouring,
        high,
        low,
        accountant=name if high is not None else "",
        lower_accountant=name if low > 0 else "",
        notes=translation.notes,
    )


def without_claims(terms: Iterable[Term], delta: Fraction) -> tuple[tuple[Term, ...], Fraction] | None:
    """The terms as if no claim had a δ of its own, and what of δ is left for them; None where less than 0.

    An (ε, δ) mechanism tells all with probability δ, and is ε-DP else; no such mechanism is worse
    (Kairouz, Oh, Viswanath 2015, theorem 3.1 and its proof). Several tell nothing with probability
    Π (1 − δᵢ) = s, and δ(ε) = 1 − s + s δ'(ε) with δ' that of the rest: δ' = 1 − (1 − δ)/s. So (1, 0.1)
    and (2, 0.2) together are (3, 0.28), since 1 − 0.9 · 0.8 = 0.28.
    """
    rest, silent = told_apart(terms)
    left = 1 - (1 - delta) / silent if silent > 0 else Fraction(-1)
    return (rest, left) if left >= 0 else None


def told_apart(terms: Iterable[Term]) -> tuple[tuple[Term, ...], Fraction]:
    """The terms without their δ, and a probability at which at least none of them tells all."""
    rest: list[Term] = []
    silent = Fraction(1)
    for term in terms:
        if isinstance(term, ClaimTerm) and term.delta > 0:
            silent *= _chance_of_all(max(1 - term.delta, Fraction(0)), term.count)
            rest.append(replace(term, delta=Fraction(0)))
        elif isinstance(term, WorstTerm):
            pieces = [told_apart(branch) for branch in term.branches]
            silent *= _chance_of_all(min(chance for _, chance in pieces), term.count)
            rest.append(replace(term, branches=tuple(branch for branch, _ in pieces)))
        else:
            rest.append(term)
    return tuple(rest), silent


def _chance_of_all(chance: Fraction, count: int) -> Fraction:
    """The chance that all of `count` trials succeed; by the union bound where that has too many digits."""
    if count * chance.denominator.bit_length() <= _EXACT_BITS:
        return Fraction(chance**count)
    return max(1 - count * (1 - chance), Fraction(0))
