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
    """The terms with every claim's own δ taken out of the total δ; None where they exceed it.

    An (ε, δ) mechanism is ε-DP but for an event of probability δ (Kairouz, Oh, Viswanath 2015,
    theorem 3.1), so the rest is composed as pure and the events add up at most.
    """
    rest: list[Term] = []
    for term in terms:
        if isinstance(term, ClaimTerm) and term.delta > 0:
            delta -= term.delta * term.count
            rest.append(replace(term, delta=Fraction(0)))
        elif isinstance(term, WorstTerm):
            stripped = _worst_without_claims(term)
            delta -= stripped[1]
            rest.append(stripped[0])
        else:
            rest.append(term)
    return (tuple(rest), delta) if delta >= 0 else None


def _worst_without_claims(term: WorstTerm) -> tuple[WorstTerm, Fraction]:
    """The branches without their claims' δ, and the largest that one of them takes."""
    one = Fraction(1)
    pieces = [without_claims(branch, one * 10**30) for branch in term.branches]
    kept = [piece for piece in pieces if piece is not None]
    spent = max((one * 10**30 - piece[1] for piece in kept), default=Fraction(0))
    return replace(term, branches=tuple(piece[0] for piece in kept)), spent * term.count
