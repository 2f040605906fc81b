"""The declared budget against the limits of its tier and the size of its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import leaves
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.floor import stricter_tier
from gatecli.model.mechanism import DpSgd, Mechanism, Subsampled
from gatecli.model.number import show, show_down
from gatecli.model.policy import PrivacyPolicy, Tier, bound_tiers
from gatecli.model.release import Privacy, ReleaseSubject

UNKNOWN_TIER = Rule("dp-unknown-tier", Severity.ERROR, "No limit applies: the tier is missing or unknown")
EPSILON_OVER_TIER = Rule("dp-epsilon-over-tier", Severity.ERROR, "ε exceeds the limit of the data's tier")
DELTA_OVER_TIER = Rule("dp-delta-over-tier", Severity.ERROR, "δ exceeds the limit of the data's tier")
DELTA_TOO_LARGE = Rule("dp-delta-too-large", Severity.ERROR, "δ is at least 1/records")
DELTA_NEAR_RECORDS = Rule("dp-delta-near-records", Severity.WARNING, "δ is barely below 1/records")
SIZE_MISMATCH = Rule(
    "dp-size-mismatch",
    Severity.WARNING,
    "A mechanism was run on another number of records than the datasets have",
)
MISSING_RECORDS = Rule("dp-missing-records", Severity.NOTE, "δ cannot be compared with the size of the data")

SENSITIVITY = "/spec/sensitivity"
CLOSE = Fraction(3, 4)
"""The share of 1/records that δ is told above; 1e-5 for 60,000 records is 0.6."""


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


def tier_names(subject: ReleaseSubject, policy: PrivacyPolicy) -> tuple[str, ...]:
    """The tiers that the policy binds the release's datasets to, and the one that the release names."""
    spec = subject.release.spec
    bound = bound_tiers(policy, (dataset.name for dataset in spec.datasets))
    return tuple(dict.fromkeys((*bound, *([spec.sensitivity] if spec.sensitivity is not None else ()))))


def tier_of(subject: ReleaseSubject, policy: PrivacyPolicy) -> Tier | None:
    """The limits of all tiers that the release is of, as far as the policy has them."""
    tiers = [policy.spec.tiers[name] for name in tier_names(subject, policy) if name in policy.spec.tiers]
    return reduce(stricter_tier, tiers) if tiers else None


def find_unknown_tier(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """A claim that no limit applies to is not a claim within limits."""
    if subject.release.claim is None:
        return
    policy = context.policy
    known = ", ".join(sorted(policy.spec.tiers)) or "none at all"
    choose = f"set spec.sensitivity to a tier of the policy: {known}"
    names = tier_names(subject, policy)
    if not names:
        message = "names no sensitivity, so no limit applies"
        yield finding_at(UNKNOWN_TIER, subject, SENSITIVITY, message, choose)
    for name in names:
        yield from _unlimited_finding(name, subject, policy, choose)


def _unlimited_finding(
    name: str, subject: ReleaseSubject, policy: PrivacyPolicy, choose: str
) -> Iterator[Finding]:
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
    metadata = subject.release.metadata
    tier = _limiting(limit, subject, context.policy, most)
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


def _limiting(limit: Limit, subject: ReleaseSubject, policy: PrivacyPolicy, most: Fraction) -> str:
    """The tier that sets this limit, and how the release comes to be of it."""
    names = tier_names(subject, policy)
    setting = [
        name for name in names if name in policy.spec.tiers and limit.most(policy.spec.tiers[name]) == most
    ]
    tier = next((name for name in setting if name == subject.release.spec.sensitivity), setting[0])
    is_bound = tier != subject.release.spec.sensitivity
    return f"{tier}, which the policy binds its dataset to" if is_bound else tier


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


def find_delta_near_records(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """δ just below 1/n keeps the rule and not its sense."""
    claim = subject.release.claim
    sizes = [(dataset.records, dataset.name) for dataset in subject.release.spec.datasets if dataset.records]
    if claim is None or not claim.delta or not sizes:
        return
    records, name = max(sizes)
    if CLOSE < claim.delta * records < 1:
        yield finding_at(
            DELTA_NEAR_RECORDS,
            subject,
            f"{PRIVACY}/delta",
            f"declares δ = {show(claim.delta)}, barely below 1/{records} of {name}",
            f"recompute epsilon at a delta well below 1/{records}, and declare both",
            about=f"{show(claim.delta)}\0{records}",
        )


def find_sizes(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """A mechanism on more or fewer records than the datasets have was run on other data."""
    claim = subject.release.claim
    sizes = [dataset.records for dataset in subject.release.spec.datasets if dataset.records]
    if claim is None or not sizes:
        return
    units = {*sizes, sum(sizes)}
    most = claim.max_contributions or 1
    for pointer, mechanism in _run(subject, claim):
        for size, grouped in dict.fromkeys(_sizes(mechanism)):
            if not any(
                records <= size <= records * most or (grouped and _is_group(size, records))
                for records in units
            ):
                yield finding_at(
                    SIZE_MISMATCH,
                    subject,
                    pointer,
                    f"was run on {size} records, and its datasets have {', '.join(map(str, sizes))}",
                    "declare the records that the data had when it was used, in both places",
                    about=str(size),
                )


def _run(subject: ReleaseSubject, claim: Privacy) -> Iterator[tuple[str, Mechanism]]:
    """What was run, as declared and as recorded, with where it is named."""
    for number, mechanism in enumerate(claim.mechanisms):
        yield f"{PRIVACY}/mechanisms/{number}", mechanism
    for evidence in subject.evidence:
        for mechanism in evidence.mechanisms:
            yield f"{PRIVACY}/evidence", mechanism


def _sizes(mechanism: Mechanism) -> Iterator[tuple[int, bool]]:
    """The sizes of the data of a mechanism's parts, and whether that may be one group of it.

    Banded noise with cut batches draws each batch from one of equal groups (JAX Privacy).
    """
    for leaf in leaves(mechanism):
        if isinstance(leaf, DpSgd | Subsampled) and leaf.dataset_size:
            yield leaf.dataset_size, isinstance(leaf, DpSgd) and leaf.truncated_batch_size is not None


def _is_group(size: int, records: int) -> bool:
    """Whether `size` records are one of equal groups of all: 333 are one of three of 1000."""
    groups = records // size
    return groups > 0 and records // groups == size


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
