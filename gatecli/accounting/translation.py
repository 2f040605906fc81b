"""From declared mechanisms to canonical terms under the question's relation and group.

The theorems used, each named in `Translation.notes` where it is applied:

- Replacing a unit is removing one and adding another, or zeroing one and filling it again: what is
  stated under add-remove or zero-out is asked about pairs at distance 2 (Dwork and Roth 2014,
  theorem 2.2; for additive noise that is twice the sensitivity).
- Group privacy: a unit of k records is k steps (the same theorem; Bun and Steinke 2016, proposition
  1.9 for zCDP; Mironov 2017, proposition 2 for RDP; Ganesh 2024 for DP-SGD).
- No theorem leads from replace-one to add-remove or zero-out, nor between add-remove and zero-out
  for a black box: these are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.scope import (
    ADD_REMOVE,
    REPLACE_ONE,
    ZERO_OUT,
    QuestionScope,
    Refusal,
    ScopedTerm,
    steps_between,
)
from gatecli.accounting.structures import parallel, subsample_parts
from gatecli.accounting.terms import (
    ClaimTerm,
    ConcentratedTerm,
    CurveTerm,
    GaussianTerm,
    IntegerTerm,
    LaplaceTerm,
    RepeatTerm,
    ResponseTerm,
    Term,
    Translation,
    has_delta,
    repeat_term,
)
from gatecli.accounting.training import dp_ftrl, dp_sgd
from gatecli.model import mechanism as declared
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import show


@lru_cache(maxsize=4096)
def translate(question: Question) -> Translation | NoBound:
    """The terms of a question, or the sentences that say why a mechanism cannot be accounted."""
    notes: list[str] = []
    scope = QuestionScope(question.neighbouring, question.group, question.group, note=notes.append)
    parts: list[ScopedTerm] = []
    reasons: list[str] = []
    for mechanism in question.mechanisms:
        try:
            parts.extend(_parts(mechanism, scope))
        except Refusal as refusal:
            reasons.append(str(refusal))
    if reasons:
        return NoBound(tuple(dict.fromkeys(reasons)))
    tight = _tight(question) if question.group > 1 else (part.term for part in parts if part.tight)
    return Translation(
        merge_terms(part.term for part in parts), merge_terms(tight), tuple(dict.fromkeys(notes))
    )


def _tight(question: Question) -> Iterator[Term]:
    """Terms that a unit's records attain; one record of the unit is enough for a lower bound.

    Only clipped sums are known to be attained by all k records together; of any other query a unit
    with k records may hide no more than one that matters, so it counts as a single record's.
    """
    scope = QuestionScope(question.neighbouring, 1, question.group, note=lambda _: None)
    for mechanism in question.mechanisms:
        try:
            yield from [part.term for part in _parts(mechanism, scope) if part.tight]
        except Refusal:
            continue


def merge_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Equal terms once, with their counts added; Gaussians and zCDP claims sum to one each."""
    found: dict[Any, Term] = {}
    for term in terms:
        match term:
            case GaussianTerm(mu_squared):
                before = found.get(GaussianTerm)
                sum_mu = before.mu_squared if isinstance(before, GaussianTerm) else Fraction(0)
                found[GaussianTerm] = GaussianTerm(sum_mu + mu_squared)
            case ConcentratedTerm(rho):
                known = found.get(ConcentratedTerm)
                sum_rho = known.rho if isinstance(known, ConcentratedTerm) else Fraction(0)
                found[ConcentratedTerm] = ConcentratedTerm(sum_rho + rho)
            case _:
                key = replace(term, count=1)
                same = found.get(key)
                count = 0 if same is None or isinstance(same, GaussianTerm | ConcentratedTerm) else same.count
                found[key] = replace(term, count=count + term.count)
    return tuple(found.values())


def _parts(mechanism: Mechanism, outer: QuestionScope) -> list[ScopedTerm]:
    scope = outer if mechanism.neighbouring is None else replace(outer, stated=mechanism.neighbouring)
    handler = _HANDLERS[type(mechanism)]
    return [replace(part, term=repeat_term(part.term, mechanism.count)) for part in handler(mechanism, scope)]


def _composed_parts(mechanism: declared.Composed, scope: QuestionScope) -> list[ScopedTerm]:
    return [part for child in mechanism.mechanisms for part in _parts(child, scope)]


def _additive(part: Callable[[int], Term], scope: QuestionScope) -> list[ScopedTerm]:
    distance, tight = steps_between(scope)
    return [ScopedTerm(part(distance), tight)]


def _laplace(mechanism: declared.Laplace, scope: QuestionScope) -> list[ScopedTerm]:
    epsilon = mechanism.sensitivity / mechanism.scale
    return _additive(lambda k: LaplaceTerm(k * epsilon, Fraction(1), 1), scope)


def _gaussian(mechanism: declared.Gaussian, scope: QuestionScope) -> list[ScopedTerm]:
    if mechanism.noise_multiplier is not None:
        return _gaussian_of_multiplier(mechanism.noise_multiplier, scope)
    sigma = (mechanism.standard_deviation or Fraction(0)) / mechanism.sensitivity
    return _additive(lambda k: GaussianTerm((k / sigma) ** 2), scope)


def _gaussian_of_multiplier(sigma: Fraction, scope: QuestionScope) -> list[ScopedTerm]:
    """Noise as a multiple of what one unit adds, as in DP-SGD: a replaced unit moves the sum by twice that.

    A mechanism that names its own relation says what its multiplier is relative to.
    """
    if scope.stated is not None or scope.target is not REPLACE_ONE:
        return _additive(lambda k: GaussianTerm((k / sigma) ** 2), scope)
    scope.note(
        "a noise multiplier is relative to what one unit adds: a replaced unit moves the sum by twice that"
    )
    if scope.group > 1:
        steps_between(scope)
    return [ScopedTerm(GaussianTerm((2 * scope.group / sigma) ** 2), tight=scope.group == 1)]


def _discrete_laplace(mechanism: declared.DiscreteLaplace, scope: QuestionScope) -> list[ScopedTerm]:
    return _additive(
        lambda k: IntegerTerm("laplace", k * mechanism.sensitivity, mechanism.scale, 0, 1), scope
    )


def _discrete_gaussian(mechanism: declared.DiscreteGaussian, scope: QuestionScope) -> list[ScopedTerm]:
    sigma = mechanism.standard_deviation
    return _additive(lambda k: IntegerTerm("gaussian", k * mechanism.sensitivity, sigma, 0, 1), scope)


def _binomial(mechanism: declared.Binomial, scope: QuestionScope) -> list[ScopedTerm]:
    return _additive(
        lambda k: IntegerTerm(
            "binomial", k * mechanism.sensitivity, mechanism.probability, mechanism.trials, 1
        ),
        scope,
    )


def _response(mechanism: declared.RandomisedResponse, scope: QuestionScope) -> list[ScopedTerm]:
    if scope.target is ADD_REMOVE:
        raise Refusal(
            "randomised response gives one answer a record, so the number of answers tells when a record is"
            " added or removed; state it under replace-one or zero-out"
        )
    zeroed = scope.target is ZERO_OUT
    return [ScopedTerm(ResponseTerm(mechanism.categories, mechanism.noise, zeroed, scope.group), tight=True)]


def _pure(
    mechanism: declared.Pure | declared.AboveThreshold | declared.ReportNoisyMax | declared.Exponential,
    scope: QuestionScope,
) -> list[ScopedTerm]:
    distance, _ = steps_between(scope)
    gumbel = isinstance(mechanism, declared.ReportNoisyMax) and mechanism.noise == "gumbel"
    ranged = gumbel or isinstance(mechanism, declared.Exponential)
    return [ScopedTerm(ClaimTerm(distance * mechanism.epsilon, Fraction(0), 1, ranged), tight=False)]


def _approximate(mechanism: declared.Approximate, scope: QuestionScope) -> list[ScopedTerm]:
    distance, _ = steps_between(scope)
    return [ScopedTerm(scope.widen_claim(mechanism.epsilon, mechanism.delta, distance), tight=False)]


def _zcdp_parts(mechanism: declared.ZeroConcentrated, scope: QuestionScope) -> list[ScopedTerm]:
    """Gaussian noise of ρ-zCDP has μ² = 2ρ (Bun and Steinke 2016, proposition 1.6)."""
    if mechanism.noise == "gaussian":
        return _additive(lambda k: GaussianTerm(k * k * 2 * mechanism.rho), replace(scope, claimed=True))
    return _additive(lambda k: ConcentratedTerm(k * k * mechanism.rho), replace(scope, claimed=True))


def _gaussian_dp(mechanism: declared.GaussianDp, scope: QuestionScope) -> list[ScopedTerm]:
    return _additive(lambda k: GaussianTerm((k * mechanism.mu) ** 2), replace(scope, claimed=True))


def _renyi(mechanism: declared.Renyi, scope: QuestionScope) -> list[ScopedTerm]:
    distance, _ = steps_between(scope)
    doublings = (distance - 1).bit_length()
    points = sorted(
        (point.order / 2**doublings, point.epsilon * 3**doublings)
        for point in mechanism.curve
        if doublings == 0 or point.order >= 2 ** (doublings + 1)
    )
    if not points:
        raise Refusal(
            f"the RDP claim has no order of at least {2 ** (doublings + 1)}, which group privacy for"
            f" {distance} steps needs (Mironov 2017, proposition 2)"
        )
    return [ScopedTerm(CurveTerm(tuple(points), 1), tight=False)]


def _unaccountable(mechanism: declared.Unaccountable, _: QuestionScope) -> list[ScopedTerm]:
    raise Refusal(f"no accountant can bound: {mechanism.description}")


def _parallel(mechanism: declared.Parallel, scope: QuestionScope) -> list[ScopedTerm]:
    return parallel([_parts(partition, scope) for partition in mechanism.partitions], scope, merge_terms)


def _subsampled_parts(mechanism: declared.Subsampled, scope: QuestionScope) -> list[ScopedTerm]:
    within = replace(scope, target=scope.stated or scope.target, group=1, sgd_group=1)
    return subsample_parts(mechanism, _parts(mechanism.mechanism, within), scope, merge_terms)


def _selected_parts(mechanism: declared.RepeatAndSelect, scope: QuestionScope) -> list[ScopedTerm]:
    """Papernot and Steinke (2022); the loss of one run is a loss of the selected one only by their bound."""
    inner = merge_terms(part.term for part in _parts(mechanism.mechanism, scope))
    if has_delta(inner):
        raise Refusal("a run that is repeated and selected from is accounted where it has a Rényi divergence")
    chosen = mechanism.selection
    shape = None if chosen.distribution == "poisson" else chosen.shape
    scope.note(
        f"selected from {chosen.distribution} many runs, {show(chosen.mean)} in the mean (arXiv:2110.03620)"
    )
    return [ScopedTerm(RepeatTerm(inner, chosen.mean, shape, 1), tight=False)]


_HANDLERS: dict[type, Callable[[Any, QuestionScope], list[ScopedTerm]]] = {
    declared.Laplace: _laplace,
    declared.Gaussian: _gaussian,
    declared.DiscreteLaplace: _discrete_laplace,
    declared.DiscreteGaussian: _discrete_gaussian,
    declared.Binomial: _binomial,
    declared.RandomisedResponse: _response,
    declared.Exponential: _pure,
    declared.AboveThreshold: _pure,
    declared.ReportNoisyMax: _pure,
    declared.DpSgd: dp_sgd,
    declared.DpFtrl: dp_ftrl,
    declared.ZeroConcentrated: _zcdp_parts,
    declared.Renyi: _renyi,
    declared.GaussianDp: _gaussian_dp,
    declared.Pure: _pure,
    declared.Approximate: _approximate,
    declared.Unaccountable: _unaccountable,
    declared.Composed: _composed_parts,
    declared.Parallel: _parallel,
    declared.Subsampled: _subsampled_parts,
    declared.RepeatAndSelect: _selected_parts,
}
