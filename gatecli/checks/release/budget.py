"""The declared budget against the limits of its tier and the size of its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_down
from gatecli.model.policy import PrivacyPolicy, Tier
from gatecli.model.release import Privacy, ReleaseSubject

UNKNOWN_TIER = Rule("dp-unknown-tier", Severity.ERROR, "No limit applies: the tier is missing or unknown")
EPSILON_OVER_TIER = Rule("dp-epsilon-over-tier", Severity.ERROR, "ε exceeds the limit of the data's tier")
DELTA_OVER_TIER = Rule("dp-delta-over-tier", Severity.ERROR, "δ exceeds the limit of the data's tier")
DELTA_TOO_LARGE = Rule("dp-delta-too-large", Severity.ERROR, "δ is at least 1/records")
MISSING_RECORDS = Rule("dp-missing-records", Severity.NOTE, "δ cannot be compared with the size of the data")

SENSITIVITY = "/spec/sensitivity"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that a tier sets, under `key`, and what it limits."""

    rule: Rule
    key: str
    letter: str
    pointer: str
    declared: Callable[[Privacy], Fraction | None]
    most: Callable[[Tier], Fraction | None]
    mend: str


LIMITS = (
    Limit(
        EPSILON_OVER_TIER,
        "maxEpsilon",
        "ε",
        f"{PRIVACY}/epsilon",
        lambda claim: claim.epsilon,
        lambda tier: tier.max_epsilon,
        "retrain within ε ≤ {most} (gatecli release calibrate finds the noise)",
    ),
    Limit(
        DELTA_OVER_TIER,
        "maxDelta",
        "δ",
        f"{PRIVACY}/delta",
        lambda claim: claim.delta,
        lambda tier: tier.max_delta,
        "recompute epsilon at δ ≤ {most} and declare both",
    ),
)


def tier_of(subject: ReleaseSubject, policy: PrivacyPolicy) -> Tier | None:
    """The tier that the release names, where the policy has it."""
    return policy.spec.tiers.get(subject.release.spec.sensitivity or "")


def find_unknown_tier(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """A claim that no limit applies to is not a claim within limits."""
    if subject.release.claim is None:
        return
    policy, name = context.policy, subject.release.spec.sensitivity
    known = ", ".join(sorted(policy.spec.tiers)) or "none at all"
    choose = f"set spec.sensitivity to a tier of the policy: {known}"
    if name is None:
        message = "names no sensitivity, so no limit applies"
        yield finding_at(UNKNOWN_TIER, subject, SENSITIVITY, message, choose)
        return
    tier = policy.spec.tiers.get(name)
    if tier is None:
        message = f"sensitivity {name} is not a tier of policy {policy.metadata.name}, so no limit applies"
        yield finding_at(UNKNOWN_TIER, subject, SENSITIVITY, message, choose, about=name)
    elif missing := [limit.key for limit in LIMITS if limit.most(tier) is None]:
        keys = " and ".join(missing)
        message = f"tier {name} of policy {policy.metadata.name} sets no {keys}, so no limit applies"
        yield finding_at(
            UNKNOWN_TIER, subject, SENSITIVITY, message, f"set {keys} in the policy's tier {name}", about=name
        )


def find_over_tier(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """ε and δ as declared; what they really cost is judged by the accounting rules."""
    claim, tier = subject.release.claim, tier_of(subject, context.policy)
    if claim is None or tier is None:
        return
    for limit in LIMITS:
        declared, most = limit.declared(claim), limit.most(tier)
        if declared is not None and most is not None and declared > most:
            yield _over_tier(limit, subject, context, declared, most)


def _over_tier(
    limit: Limit, subject: ReleaseSubject, context: ReleaseContext, declared: Fraction, most: Fraction
) -> Finding:
    metadata, tier = subject.release.metadata, subject.release.spec.sensitivity
    return finding_at(
        limit.rule,
        subject,
        limit.pointer,
        f"declares {limit.letter} = {show(declared)}, above the {limit.letter} ≤ {show(most)} "
        f"of tier {tier} (policy {context.policy.metadata.name})",
        f"{limit.mend.format(most=show(most))}, "
        f"or waive {limit.rule.id} for {metadata.name}@{metadata.version} with a PrivacyWaiver",
        about=show(declared),
    )


def find_delta_too_large(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """With δ = 1/n the definition permits to publish one whole record, picked at random."""
    claim = subject.release.claim
    if claim is None or not claim.delta:
        return
    sizes = [(dataset.records, dataset.name) for dataset in subject.release.spec.datasets if dataset.records]
    if not sizes:
        yield _unknown_size(subject)
        return
    records, name = max(sizes)
    if claim.delta * records >= 1:
        yield _too_large(subject, claim.delta, records, name)


def _unknown_size(subject: ReleaseSubject) -> Finding:
    return finding_at(
        MISSING_RECORDS,
        subject,
        "/spec/datasets",
        "no dataset states its records, so delta was not compared with 1/records",
        "list the training data under spec.datasets with records: the number of units of privacy in it",
    )


def _too_large(subject: ReleaseSubject, delta: Fraction, records: int, name: str) -> Finding:
    return finding_at(
        DELTA_TOO_LARGE,
        subject,
        f"{PRIVACY}/delta",
        f"declares δ = {show(delta)}, but {name} has {records} records: "
        f"δ ≥ 1/{records} allows a mechanism that publishes one whole record, picked at random",
        f"recompute epsilon at a delta well below 1/{records}, "
        f"for example {show_down(Fraction(1, 10 * records), 1)}, and declare both",
        about=f"{show(delta)}\0{records}",
    )
