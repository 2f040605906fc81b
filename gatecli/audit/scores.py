"""The audit of a trained model by the scores of an attack: of canaries that were in, and of others.

A score is any number that is higher where the attack thinks a record was trained on: a log-likelihood, its
ratio to reference models (LiRA), the probability of an attack model. The method follows from how the scores
were made:

* `one-run`: one training, each canary in or out by a fair coin of its own (`gatecli.audit.one_run`).
* `clopper-pearson`: independent scores, each from a training of its own (`gatecli.audit.clopper_pearson`).

Beside the latter stands the interval of `gatecli.audit.joint_beta`, which refutes nothing: see there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from gatecli.audit import clopper_pearson, joint_beta, one_run
from gatecli.audit.binomial import ceiling_of, floor_of, tail
from gatecli.audit.clopper_pearson import AttackCounts
from gatecli.audit.membership import FALSE_POSITIVE_RATES, Membership, Rate, membership
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditPower, AuditResult
from gatecli.model.budget import Neighbouring

POWER = Fraction(9, 10)
UNFAIR = 1e-6
"""Below this chance a number of canaries that were in does not come from fair coins."""
MOST_ALPHA = Fraction(1, 4)
MOST_THRESHOLDS = 50
"""How many thresholds one half of the scores is searched for."""


class ScoresMethod(StrEnum):
    """How a bound on ε is computed from scores."""

    ONE_RUN = "one-run"
    CLOPPER_PEARSON = "clopper-pearson"


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of an attack: of records that were trained on, and of others. All are finite."""

    inside: tuple[float, ...]
    outside: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.inside) + len(self.outside)


@dataclass(frozen=True, slots=True)
class ScoresTerms:
    """How scores are judged.

    `guesses` (one-run) and `threshold` (clopper-pearson) are choices that were made before the scores were
    seen; without one, several are tried and share α. `neighbouring` is how canaries were left out.
    """

    method: ScoresMethod = ScoresMethod.ONE_RUN
    alpha: Fraction = Fraction(1, 20)
    guesses: int | None = None
    threshold: float | None = None
    neighbouring: Neighbouring = Neighbouring.ADD_REMOVE


@dataclass(frozen=True, slots=True)
class ScoresSubject:
    """What was attacked: its name, the claim it makes, the SHA-256 of its weights where that is known."""

    name: str
    claim: AuditClaim
    digest: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a method gives: the bound, what it rests on, the highest bound, and the least leak to find."""

    lower: float
    event: str
    highest: float
    detectable: float | None


def audit_scores(scores: Scores, subject: ScoresSubject, terms: ScoresTerms) -> AuditResult:
    """Whether the scores refute the claim; why it could not be tried, where they could not have.

    Refuted is ε below the lower bound at the claim's δ. A claim that a perfect attack on so many canaries
    could not refute is not tested by them: that could not run, and is not "nothing found".
    """
    if reason := _hindrance(scores, subject.claim, terms):
        return _result(scores, subject, terms, reason=reason)
    found = _METHODS[terms.method](scores, subject.claim, terms)
    highest = floor_of(found.highest)
    if subject.claim.epsilon >= highest:
        reason = (
            f"{len(scores)} canaries can refute no claim above ε = {float(highest):g} at δ = "
            f"{float(subject.claim.delta):g}; use more canaries"
        )
        return _result(scores, subject, terms, highest=highest, reason=reason)
    return _result(scores, subject, terms, found=found, highest=highest)


def _result(
    scores: Scores,
    subject: ScoresSubject,
    terms: ScoresTerms,
    *,
    found: _Found | None = None,
    highest: Fraction | None = None,
    reason: str = "",
) -> AuditResult:
    lower = floor_of(min(found.lower, found.highest)) if found else Fraction(0)
    outcome = AuditOutcome.COULD_NOT_RUN
    if found:
        outcome = AuditOutcome.REFUTED if lower > subject.claim.epsilon else AuditOutcome.NOTHING_FOUND
    least = found.detectable if found else None
    return AuditResult(
        subject.name,
        terms.method.value,
        outcome,
        replace(subject.claim, neighbouring=subject.claim.neighbouring or terms.neighbouring),
        1 - terms.alpha,
        lower,
        len(scores),
        event=found.event if found else "",
        power=None if least is None else AuditPower(ceiling_of(least), POWER),
        digest=subject.digest,
        reason=reason,
        measures=_measures(scores, subject.claim, terms, highest) if not reason or highest else (),
    )


def _measures(
    scores: Scores, claim: AuditClaim, terms: ScoresTerms, highest: Fraction | None
) -> tuple[tuple[str, str], ...]:
    figures = membership(scores.inside, scores.outside, float(terms.alpha))
    head = {"members": str(len(scores.inside)), "others": str(len(scores.outside))}
    limit = {} if highest is None else {"highestEpsilon": str(float(highest))}
    is_independent = terms.method is ScoresMethod.CLOPPER_PEARSON
    joint = {"jointBeta": _joint_beta(scores, claim, terms)} if is_independent else {}
    return tuple((head | limit | joint | _membership_data(figures)).items())


def _membership_data(figures: Membership) -> dict[str, str]:
    names = [f"tprAt{float(rate):g}Fpr" for rate in FALSE_POSITIVE_RATES]
    rates = {"auc": figures.area, **dict(zip(names, figures.found, strict=True))}
    return {name: _rate_text(rate) for name, rate in rates.items() if rate is not None}


def _rate_text(rate: Rate) -> str:
    return f"{rate.value:.4f} [{rate.low:.4f}, {rate.high:.4f}]"


def _hindrance(scores: Scores, claim: AuditClaim, terms: ScoresTerms) -> str:
    """Why these scores cannot be judged by the method; "" where they can."""
    if not scores.inside or not scores.outside:
        side = "in" if scores.inside else "out"
        return f"every canary was {side}; an audit compares canaries that were in with others that were out"
    if len({*scores.inside, *scores.outside}) == 1:
        return f"every score is {scores.inside[0]:g}; an attack that scores all alike tells nothing"
    if claim.neighbouring not in {None, terms.neighbouring}:
        return (
            f"the claim is about {claim.neighbouring} and canaries were left out by {terms.neighbouring}; "
            "leave them out as the claim means it, and say so by --neighbouring"
        )
    if terms.method is ScoresMethod.ONE_RUN and terms.guesses is not None and terms.guesses > len(scores):
        return f"{terms.guesses} guesses are more than the {len(scores)} canaries"
    if terms.method is ScoresMethod.ONE_RUN and _is_unfair(scores):
        return (
            f"{len(scores.inside)} of {len(scores)} canaries were in, which fair coins do not give; "
            "one-run needs a coin for each canary (--method clopper-pearson needs a training for each)"
        )
    return ""


def _is_unfair(scores: Scores) -> bool:
    fewer = max(len(scores.inside), len(scores.outside))
    return 2 * tail(fewer, len(scores), 0.5) < UNFAIR


def _by_one_run(scores: Scores, claim: AuditClaim, terms: ScoresTerms) -> _Found:
    epsilon, delta, alpha = float(claim.epsilon), float(claim.delta), float(terms.alpha)
    count = len(scores)
    ordered = one_run.rank(scores.inside, scores.outside)
    lower, event = 0.0, ""
    for shape in one_run.shapes(count, terms.guesses):
        made = one_run.guess(ordered, shape)
        bound = one_run.lower_bound(made, delta, alpha * shape.share, least=lower)
        if bound > lower or not event:
            lower, event = bound, f"{made.right} of {made.most} guesses right"
    return _Found(
        lower,
        event,
        one_run.highest_bound(count, delta, alpha, terms.guesses),
        one_run.detectable(count, (epsilon, delta), alpha, float(POWER), terms.guesses),
    )


def _by_clopper_pearson(scores: Scores, claim: AuditClaim, terms: ScoresTerms) -> _Found:
    epsilon, delta, alpha = float(claim.epsilon), float(claim.delta), float(terms.alpha)
    sizes = len(scores.inside), len(scores.outside)
    if terms.threshold is None:
        best = clopper_pearson.best_bound(scores.inside, scores.outside, delta, alpha)
        share = alpha * clopper_pearson.share_of(*sizes)
    else:
        counts = clopper_pearson.counts_at(scores.inside, scores.outside, terms.threshold)
        best = clopper_pearson.Best(clopper_pearson.lower_bound(counts, delta, alpha), counts)
        share = alpha
    return _Found(
        best.epsilon,
        _counts_text(best.counts),
        clopper_pearson.highest_bound(*sizes, delta, share),
        clopper_pearson.detectable(sizes, (epsilon, delta), share, float(POWER)),
    )


def _joint_beta(scores: Scores, claim: AuditClaim, terms: ScoresTerms) -> str:
    """The credible interval, at the given threshold or one that half of the scores choose for the rest."""
    delta, alpha = float(claim.delta), float(terms.alpha)
    if terms.threshold is None:
        counts = _counts_of_rest(scores, delta, alpha)
    else:
        counts = clopper_pearson.counts_at(scores.inside, scores.outside, terms.threshold)
    low, high = joint_beta.interval(counts, delta, alpha)
    return f"[{low:.3f}, {high:.3f}]"


def _counts_of_rest(scores: Scores, delta: float, alpha: float) -> AttackCounts:
    """The counts of one half of the scores at the threshold that is best on the other half."""
    chosen_in, rest_in = split(scores.inside)
    chosen_out, rest_out = split(scores.outside)
    if not (chosen_in and chosen_out):
        return clopper_pearson.counts_at(rest_in, rest_out, math.inf)
    ordered = sorted({*chosen_in, *chosen_out})
    candidates = ordered[:: max(1, len(ordered) // MOST_THRESHOLDS)]

    def bound_at(threshold: float) -> float:
        counts = clopper_pearson.counts_at(chosen_in, chosen_out, threshold)
        return clopper_pearson.lower_bound(counts, delta, alpha)

    return clopper_pearson.counts_at(rest_in, rest_out, max(candidates, key=bound_at))


def split(scores: Sequence[float]) -> tuple[list[float], list[float]]:
    """Two halves, drawn by a fixed seed: the order in a file says nothing about which half a score is in."""
    drawn = list(scores)
    random.Random(0).shuffle(drawn)  # noqa: S311 - no secret; the same file gives the same verdict
    middle = len(drawn) // 2
    return drawn[:middle], drawn[middle:]


def _counts_text(counts: AttackCounts) -> str:
    return (
        f"{counts.true_positives} of {counts.inside} members found at {counts.false_positives} false alarms "
        f"of {counts.outside}"
    )


_METHODS: Mapping[ScoresMethod, Callable[[Scores, AuditClaim, ScoresTerms], _Found]] = MappingProxyType(
    {
        ScoresMethod.ONE_RUN: _by_one_run,
        ScoresMethod.CLOPPER_PEARSON: _by_clopper_pearson,
    }
)
