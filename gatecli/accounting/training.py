"""DP-SGD and DP-FTRL: which of their samplings can be accounted under which relation.

The clipping norm bounds what one record adds to a sum, so replacing a record moves the sum by up to
twice that norm: a noise multiplier σ is σ/2 under replace-one. Poisson sampling has one dominating
pair under add-remove and zero-out, since an absent and an empty record add the same nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gatecli.accounting.scope import ADD_REMOVE, REPLACE_ONE, QuestionScope, Refusal, ScopedTerm
from gatecli.accounting.terms import FixedSizeTerm, GaussianTerm, SampledGaussianTerm, TruncatedGaussianTerm
from gatecli.model.mechanism import DpFtrl, DpSgd, Sampling


def dp_sgd(mechanism: DpSgd, scope: QuestionScope) -> list[ScopedTerm]:
    """The steps of a run by their own sampling; none stands for another."""
    match mechanism.sampling:
        case Sampling.POISSON:
            return [
                _truncated_part(mechanism, scope)
                if mechanism.truncated_batch_size
                else _poisson(mechanism, scope)
            ]
        case Sampling.FIXED_SIZE:
            return [_fixed_size(mechanism, scope)]
        case Sampling.SHUFFLE:
            return [_shuffled_part(mechanism, scope)]


_HALF = Fraction(1, 2)


def _reach(scope: QuestionScope) -> int:
    """The change of a clipped sum in clipping norms."""
    if scope.sgd_group > 1:
        scope.note(
            f"group privacy: a unit contributes up to {scope.sgd_group} records, each clipped on its own"
        )
    return scope.sgd_group * (2 if scope.target is REPLACE_ONE else 1)


def _poisson(mechanism: DpSgd, scope: QuestionScope) -> ScopedTerm:
    reach = _reach(scope)
    if scope.stated not in (None, scope.target):
        scope.note(f"DP-SGD is accounted under {scope.target} directly: its parameters fix every relation")
    if mechanism.sampling_rate == 1:
        return ScopedTerm(
            GaussianTerm((reach / mechanism.noise_multiplier) ** 2 * mechanism.steps), tight=True
        )
    replaced = scope.target is REPLACE_ONE
    term = SampledGaussianTerm(
        mechanism.noise_multiplier, mechanism.sampling_rate, scope.sgd_group, replaced, mechanism.steps
    )
    return ScopedTerm(term, tight=True)


def _truncated_part(mechanism: DpSgd, scope: QuestionScope) -> ScopedTerm:
    """Batches cut to a size that they seldom reach; the bound is dp-accounting's (see `truncated`)."""
    size, batch = mechanism.dataset_size or 0, mechanism.truncated_batch_size or 0
    if batch >= size:
        return _poisson(mechanism, scope)
    if scope.sgd_group > 1:
        raise Refusal("DP-SGD with truncated batches is accounted for units of one record")
    scope.note(f"batches are cut to {batch} records: a record that is cut is another one's gain")
    replaced = scope.target is REPLACE_ONE
    term = TruncatedGaussianTerm(
        mechanism.noise_multiplier, mechanism.sampling_rate, size, batch, replaced, mechanism.steps
    )
    return ScopedTerm(term, tight=False)


def _fixed_size(mechanism: DpSgd, scope: QuestionScope) -> ScopedTerm:
    """Wang, Balle, Kasiviswanathan (2019), theorem 27, under replace-one and sensitivity 2C.

    Zeroing a record is replacing it by one that adds nothing, so the same bound holds for it; and so does
    that of a Gaussian of sensitivity C without amplification, since which records are drawn does not depend
    on what they hold. That is less where batches hold half of the records or more: amplification by q² is
    then at least a quarter, and twice the sensitivity costs four times as much.
    """
    if scope.target is ADD_REMOVE:
        raise Refusal(
            "DP-SGD with batches of fixed size is accounted under replace-one or zero-out: adding a record"
            " changes which batches are possible, and Poisson accounting does not apply to it"
        )
    zeroed, rate = scope.target is not REPLACE_ONE, mechanism.sampling_rate
    if rate == 1 or (zeroed and rate >= _HALF):
        scope.note("batches of fixed size, accounted as Gaussian noise without amplification by sampling")
        mu_squared = (_reach(scope) / mechanism.noise_multiplier) ** 2 * mechanism.steps
        return ScopedTerm(GaussianTerm(mu_squared), tight=rate == 1)
    if zeroed:
        scope.note("zeroing a record is replacing it by one that adds nothing: the replace-one bound holds")
    scope.note("batches of fixed size: replacing a record moves a clipped sum by two clipping norms")
    if scope.sgd_group > 1:
        scope.note(
            f"group privacy: a unit contributes up to {scope.sgd_group} records (Mironov 2017, proposition 2)"
        )
    sigma = mechanism.noise_multiplier / 2
    return ScopedTerm(
        FixedSizeTerm(sigma, mechanism.sampling_rate, scope.sgd_group, mechanism.steps, zeroed), tight=False
    )


def _shuffled_part(mechanism: DpSgd, scope: QuestionScope) -> ScopedTerm:
    """One Gaussian a pass and no amplification: given the order, a record is in one batch of it."""
    if scope.target is ADD_REMOVE:
        raise Refusal(
            "DP-SGD on shuffled data is accounted under zero-out or replace-one: adding a record moves others"
            " to other batches, and Poisson accounting does not apply to it"
        )
    batches = math.ceil(1 / mechanism.sampling_rate)
    passes = max(mechanism.epochs or 1, -(-mechanism.steps // batches))
    scope.note(f"shuffled batches: {passes} passes over the data without amplification by sampling")
    return ScopedTerm(GaussianTerm((_reach(scope) / mechanism.noise_multiplier) ** 2 * passes), tight=False)


def dp_ftrl(mechanism: DpFtrl, scope: QuestionScope) -> list[ScopedTerm]:
    """Gaussian noise at every node of every tree (Kairouz et al. 2021, appendix D).

    A record is in one leaf, and so in one node of each level, of every tree: trees are restarts, as
    of a new epoch. Where each record is in one tree only, that tree alone is to be declared.
    """
    if scope.target is ADD_REMOVE:
        raise Refusal(
            "DP-FTRL is accounted under zero-out or replace-one: adding a record moves every later one of the"
            " stream"
        )
    nodes = sum(steps.bit_length() for steps in mechanism.step_counts)
    mu_squared = (_reach(scope) / mechanism.noise_multiplier) ** 2 * Fraction(nodes)
    return [ScopedTerm(GaussianTerm(mu_squared), tight=False)]
