"""The declared budget against the limits of its tier and the size of its data."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gatecli.checks.declaration import PRIVACY
from gatecli.checks.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_down
from gatecli.model.policy import PrivacyPolicy, Tier
from gatecli.model.release import Privacy, ReleaseSubject

UNKNOWN_TIER = Rule("dp-unknown-tier", Severity.ERROR, "No limit applies: the tier is unsaid or unknown")
EPSILON_OVER_TIER = Rule("dp-epsilon-over-tier", Severity.ERROR, "ε exceeds the limit of the data's tier")
DELTA_OVER_TIER = Rule("dp-delta-over-tier", Severity.ERROR, "δ exceeds the limit of the data's tier")
DELTA_TOO_LARGE = Rule("dp-delta-too-large", Severity.ERROR, "δ is at least 1/records")
MISSING_RECORDS = Rule("dp-missing-records", Severity.NOTE, "δ cannot be compared with the size of the data")

SENSITIVITY = "/spec/sensitivity"


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
    elif missing := [key for key, limit in _limits(tier) if limit is None]:
        keys = " and ".join(missing)
        message = f"tier {name} of policy {policy.metadata.name} sets no {keys}, so no limit applies"
        yield finding_at(
            UNKNOWN_TIER, subject, SENSITIVITY, message, f"set {keys} in the policy's tier {name}", about=name
        )


def _limits(tier: Tier) -> tuple[tuple[str, Fraction | None], ...]:
    return (("maxEpsilon", tier.max_epsilon), ("maxDelta", tier.max_delta))


def find_over_tier(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """ε and δ as declared; what they really cost is judged by the accounting rules."""
    claim, tier = subject.release.claim, tier_of(subject, context.policy)
    if claim is None or tier is None:
        return
    over = (
        (EPSILON_OVER_TIER, "epsilon", "ε", claim.epsilon, tier.max_epsilon),
        (DELTA_OVER_TIER, "delta", "δ", claim.delta, tier.max_delta),
    )
    for rule, key, letter, declared, limit in over:
        if declared is not None and limit is not None and declared > limit:
            yield _over_tier(rule, subject, context, (key, letter, declared, limit))


def _over_tier(
    rule: Rule,
    subject: ReleaseSubject,
    context: ReleaseContext,
    breach: tuple[str, str, Fraction, Fraction],
) -> Finding:
    key, letter, declared, limit = breach
    metadata, tier = subject.release.metadata, subject.release.spec.sensitivity
    return finding_at(
        rule,
        subject,
        f"{PRIVACY}/{key}",
        f"declares {letter} = {show(declared)}, above the {letter} ≤ {show_down(limit, 12)} "
        f"of tier {tier} (policy {context.policy.metadata.name})",
        f"retrain within {letter} ≤ {show_down(limit, 12)} (gatecli release calibrate finds the noise) and declare it, "
        f"or have its owner waive {rule.id} for {metadata.name}@{metadata.version}",
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
        f"declares δ = {show(delta)}, but {name} has {records} records: with δ ≥ 1/{records} a mechanism that "
        "publishes one whole record, picked at random, is allowed",
        f"recompute epsilon at a delta well below 1/{records}, "
        f"for example {show_down(Fraction(1, 10 * records), 1)}, and declare both",
        about=f"{show(delta)}\0{records}",
    )


def limit_of(claim: Privacy, tier: Tier | None) -> Fraction | None:
    """The ε that a mended release may declare at most."""
    limits = [limit for limit in (claim.epsilon, tier and tier.max_epsilon) if limit is not None]
    return min(limits, default=None)
