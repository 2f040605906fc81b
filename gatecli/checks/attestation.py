"""Attestations: who signed, what about, when, by which policy, and where in a ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gatecli.attestation.verification import Signers, TrustedKey
from gatecli.model.attestation import (
    FOLDER,
    MODEL_SIGNING,
    AttestedStatement,
    AttestedSubject,
    Predicate,
    PrivacyRelease,
    exact_value,
)
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

UNVERIFIED = Rule(
    "attestation-unverified",
    Severity.ERROR,
    "Too few trusted keys signed an attestation, or a signature does not hold",
    falsehood=True,
    unforgivable=True,
)
OTHER_SUBJECT = Rule(
    "attestation-other-subject",
    Severity.ERROR,
    "An attestation is about something else than the artifact",
    falsehood=True,
    unforgivable=True,
)
NOT_PASSED = Rule(
    "attestation-not-passed",
    Severity.ERROR,
    "An attestation is of a verdict that did not pass, or of another gate",
    falsehood=True,
    unforgivable=True,
)
EXPIRED = Rule("attestation-expired", Severity.ERROR, "An attestation is older than the policy accepts")
FROM_THE_FUTURE = Rule(
    "attestation-from-the-future",
    Severity.ERROR,
    "An attestation says that it was made later than now",
    falsehood=True,
    unforgivable=True,
)
OTHER_POLICY = Rule(
    "attestation-other-policy", Severity.ERROR, "An attestation is of a policy that is not accepted"
)
REVOKED = Rule("attestation-revoked", Severity.ERROR, "The policy revoked an attestation", unforgivable=True)
OVER_BUDGET = Rule(
    "attestation-over-budget",
    Severity.ERROR,
    "What an attested release promises is not within the limits that the policy has now",
)
LEDGER = Rule(
    "attestation-ledger-mismatch",
    Severity.ERROR,
    "A ledger's checkpoint does not hold what an attestation states of the ledger",
    falsehood=True,
    unforgivable=True,
)

RULES: tuple[Rule, ...] = (
    UNVERIFIED,
    OTHER_SUBJECT,
    NOT_PASSED,
    EXPIRED,
    FROM_THE_FUTURE,
    OTHER_POLICY,
    REVOKED,
    OVER_BUDGET,
    LEDGER,
)

CLOCK_SKEW = timedelta(minutes=5)
"""How far two machines' clocks may be apart."""


@dataclass(frozen=True, slots=True)
class PromiseLimit:
    """The most that a release of a tier may promise, as exact text; None where the tier does not say."""

    epsilon: str | None
    delta: str | None


@dataclass(frozen=True, slots=True)
class PromiseLimits:
    """What the policy of this name permits, by tier; `bound` gives the tiers that it binds datasets to."""

    policy: str
    tiers: Mapping[str, PromiseLimit]
    bound: Callable[[Sequence[str]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TrustTerms:
    """What a verifier demands.

    `policies` are accepted digests of policies (None: all), `valid_days` the greatest age (None: any),
    `predicate` the kind of statement (None: another tool's), `revoked` the digests of statements that no
    longer count, `limits` what a release may promise (None: anything).
    """

    keys: tuple[TrustedKey, ...]
    predicate: type[Predicate] | None
    threshold: int = 1
    valid_days: int | None = None
    policies: frozenset[str] | None = None
    revoked: frozenset[str] = frozenset()
    limits: PromiseLimits | None = None


@dataclass(frozen=True, slots=True)
class GivenArtifact:
    """What stands here, by the digests that it must be attested under: a file or an image, or a folder."""

    name: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadAttestation:
    """A signed statement whose signatures were looked at; `sha256` is that of the statement.

    `subject` is what it is about, in words; `datasets` are those of a release.
    """

    path: str
    subject: str
    sha256: str
    signers: Signers
    datasets: tuple[str, ...] = ()


def find_attestation_faults(
    read: ReadAttestation,
    statement: AttestedStatement,
    artifacts: tuple[GivenArtifact, ...],
    terms: TrustTerms,
    now: datetime,
) -> Iterator[Finding]:
    """Everything that is wrong with an attestation, but for its ledger."""
    judged = statement.predicate
    yield from find_unverified(read, terms, now.date())
    yield from _find_not_passed(read, judged, terms)
    for artifact in artifacts:
        if not any(is_of(each, artifact) for each in statement.subjects):
            yield find_other_subject(read, artifact.name)
    yield from _find_untimely(read, judged.time, terms, now)
    if terms.policies is not None and judged.policy.sha256 not in terms.policies:
        yield _finding(
            OTHER_POLICY,
            read,
            f"the policy that judged ({judged.policy.sha256[:12]}…) is not accepted",
            "attest by an accepted policy, or add its SHA-256 to spec.attestation.policies",
        )
    if read.sha256 in terms.revoked:
        yield _finding(REVOKED, read, "the policy revoked this attestation", "attest again")
    if terms.limits is not None and isinstance(judged, PrivacyRelease):
        yield from find_over_budget(read, judged, terms.limits)


def find_ledger_mismatch(read: ReadAttestation, problem: str) -> Finding:
    """That what is stated of a ledger does not hold."""
    return _finding(LEDGER, read, problem, "ask for the checkpoint that was made for it, or attest again")


def find_unverified(read: ReadAttestation, terms: TrustTerms, today: date) -> Iterator[Finding]:
    """Signatures that do not hold, and too few that do."""
    for name in read.signers.broken:
        yield _finding(
            UNVERIFIED,
            read,
            f"the signature that names the key {name} does not hold",
            "the attestation was changed, or signed by somebody else: ask for it again",
            name,
        )
    fit = [
        key
        for key in read.signers.signed
        if not (key.expires and key.expires < today) and key.may_speak_of(read.datasets)
    ]
    if len(fit) < terms.threshold:
        unfit = [key.name for key in read.signers.signed if key not in fit]
        why = f"; {', '.join(unfit)} expired, or may not speak of its datasets" if unfit else ""
        yield _finding(
            UNVERIFIED,
            read,
            f"{len(fit)} of {terms.threshold} trusted keys signed it{why}",
            "name the key that signed (--key, or spec.attestation.keys), or let a trusted one sign",
        )


def _find_not_passed(read: ReadAttestation, predicate: Predicate, terms: TrustTerms) -> Iterator[Finding]:
    if terms.predicate is None or not isinstance(predicate, terms.predicate):
        yield _finding(
            NOT_PASSED,
            read,
            f"it is of the gate {predicate.gate}, and another kind of attestation is asked for",
            "give the attestation of the gate that is asked for, or another --type",
        )
    if predicate.verdict != "pass":
        yield _finding(
            NOT_PASSED, read, "its verdict is not a pass", "fix what the gate reports, and attest again"
        )


def find_other_subject(read: ReadAttestation, artifact: str) -> Finding:
    """That it is not about an artifact."""
    return _finding(
        OTHER_SUBJECT,
        read,
        f"it is not about {artifact} as it is here",
        "restore what was attested, or check and attest what is here",
        artifact,
    )


def is_of(subject: AttestedSubject, artifact: GivenArtifact) -> bool:
    """Whether a subject has every digest of an artifact.

    A folder's digests and a file's have no name in common, so neither stands for the other.
    """
    folder = {FOLDER, MODEL_SIGNING}
    if bool(folder & set(subject.digest)) != bool(folder & set(artifact.digests)):
        return False
    return bool(artifact.digests) and all(
        subject.digest.get(name) == value for name, value in artifact.digests.items()
    )


def find_over_budget(
    read: ReadAttestation, release: PrivacyRelease, limits: PromiseLimits
) -> Iterator[Finding]:
    """What a release promises beyond the tiers that it is of, as the policy has them now.

    They are the tier that the release names and those that the policy binds its datasets to. A promise that
    no tier limits is within no limit.
    """
    claim = release.claim
    if claim is None:
        yield _finding(
            OVER_BUDGET, read, "it promises no ε", "declare a budget, check and attest again", "claim"
        )
        return
    named = () if release.sensitivity is None else (release.sensitivity,)
    names = dict.fromkeys((*limits.bound(release.datasets), *named))
    if not names:
        yield _no_limit_finding(read, "it names no sensitivity", limits, "")
    for name in names:
        tier = limits.tiers.get(name)
        if tier is None or tier.epsilon is None or tier.delta is None:
            yield _no_limit_finding(read, f"the tier {name} sets no limit of ε and δ", limits, name)
            continue
        for letter, promised, most in (("ε", claim.epsilon, tier.epsilon), ("δ", claim.delta, tier.delta)):
            if exact_value(promised) > exact_value(most):
                yield _finding(
                    OVER_BUDGET,
                    read,
                    f"it promises {letter} = {promised}, and the tier {name} of the policy {limits.policy} "
                    f"permits {most}",
                    f"release with a smaller {letter}, check and attest again",
                    f"{letter}\0{name}",
                )


def _no_limit_finding(read: ReadAttestation, why: str, limits: PromiseLimits, about: str) -> Finding:
    return _finding(
        OVER_BUDGET,
        read,
        f"{why}, so no limit of the policy {limits.policy} applies",
        "set spec.sensitivity of the release, or maxEpsilon and maxDelta of its tier; check and attest again",
        f"tier\0{about}",
    )


def _find_untimely(read: ReadAttestation, time: str, terms: TrustTerms, now: datetime) -> Iterator[Finding]:
    try:
        made = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        yield _finding(FROM_THE_FUTURE, read, "its time is none", "attest again")
        return
    if made > now + CLOCK_SKEW:
        yield _finding(FROM_THE_FUTURE, read, f"it was made at {time}, which is not yet", "set the clocks")
    if terms.valid_days is not None and now - made > timedelta(days=terms.valid_days):
        yield _finding(
            EXPIRED,
            read,
            f"it was made at {time}, more than {_days(terms.valid_days)} ago",
            "check and attest again",
        )


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _finding(rule: Rule, read: ReadAttestation, message: str, mend: str, about: str = "") -> Finding:
    return make_finding(
        rule,
        f"{read.path}: {message}",
        subject=read.subject,
        place=Place(read.path),
        mend=mend,
        identity=f"{read.sha256}\0{about}",
    )
