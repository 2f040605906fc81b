"""What audits of a release say of its claim: that it is false, or nothing; and whether one was made."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gatecli.checks.release.budget import tier_names, tier_of
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.evidence import EVIDENCE, entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.audit import AuditOutcome, AuditResult
from gatecli.model.budget import Budget
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_down
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import Evidence, Privacy, ReleaseSubject

LEAST_CONFIDENCE = Fraction(95, 100)
"""The confidence of an audit that satisfies a policy, at least."""

REFUTED_BY_AUDIT = Rule(
    "dp-refuted-by-audit", Severity.ERROR, "An audit refutes the declared budget", falsehood=True
)
AUDIT_UNBOUND = Rule(
    "audit-unbound",
    Severity.WARNING,
    "An audit is not bound to the weights or the code of the release",
)
AUDIT_MISSING = Rule(
    "audit-missing", Severity.ERROR, "The policy requires an audit of the claim, and there is none"
)


def find_audits(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """What audits refute, what they are not bound to, and where the policy wants one that is not there.

    "Nothing found" opens nothing: it takes no finding away but that an audit is missing.
    """
    claim = subject.release.claim
    if claim is None or claim.budget is None:
        return
    for evidence in subject.evidence:
        for audit in evidence.audits:
            if _refutes(audit, claim, claim.budget):
                yield _refuted_finding(subject, evidence, audit, claim.budget)
            if not _is_bound(audit, evidence, subject):
                yield _unbound_finding(subject, evidence, audit)
    if _is_required(subject, context.policy) and not any(
        _tests(audit, claim, claim.budget) and _is_bound(audit, evidence, subject)
        for evidence in subject.evidence
        for audit in evidence.audits
    ):
        yield _missing_finding(subject, context.policy)


def _is_of_relation(audit: AuditResult, claim: Privacy) -> bool:
    """Whether the audit is about the claim's pairs of datasets, as far as it says."""
    return audit.claim.neighbouring in {None, claim.neighbouring}


def _refutes(audit: AuditResult, claim: Privacy, budget: Budget) -> bool:
    """Whether the claim implies a claim that the audit refutes.

    (ε, δ) implies every (ε', δ') with ε' ≥ ε and δ' ≥ δ. At its own δ the audit refutes each ε below its
    lower bound, and the ε that it was asked about where it says refuted.
    """
    if not _is_of_relation(audit, claim) or budget.delta > audit.claim.delta:
        return False
    by_word = audit.outcome is AuditOutcome.REFUTED and budget.epsilon <= audit.claim.epsilon
    has_run = audit.outcome is not AuditOutcome.COULD_NOT_RUN
    return by_word or (has_run and budget.epsilon < audit.lower)


def _tests(audit: AuditResult, claim: Privacy, budget: Budget) -> bool:
    """Whether the audit attacked this claim or a stronger one: to survive a weaker one is easier.

    One that does not say what it would have found, or says it with little confidence, attacked nothing.
    """
    return (
        audit.outcome is not AuditOutcome.COULD_NOT_RUN
        and (audit.outcome is AuditOutcome.REFUTED or _would_have_found(audit))
        and _is_of_relation(audit, claim)
        and audit.claim.epsilon <= budget.epsilon
        and audit.claim.delta <= budget.delta
    )


def _would_have_found(audit: AuditResult) -> bool:
    return audit.power is not None and audit.confidence >= LEAST_CONFIDENCE


def _is_bound(audit: AuditResult, evidence: Evidence, subject: ReleaseSubject) -> bool:
    """Whether what was attacked is an artifact of the release, or the code that its entry names."""
    artifacts = {artifact.sha256.lower() for artifact in subject.release.spec.artifacts}
    code = evidence.reference.code
    return bool(audit.digest) and audit.digest.lower() in artifacts | ({code.lower()} if code else set())


def _is_required(subject: ReleaseSubject, policy: PrivacyPolicy) -> bool:
    tier = tier_of(subject, policy)
    return tier is not None and tier.require_audit


def _refuted_finding(
    subject: ReleaseSubject, evidence: Evidence, audit: AuditResult, budget: Budget
) -> Finding:
    lower = max(audit.lower, budget.epsilon)
    bound = f"ε ≥ {show_down(lower)} at δ = {show(audit.claim.delta)}"
    by = f"{audit.method}, {show_down(100 * audit.confidence)} %"
    return finding_at(
        REFUTED_BY_AUDIT,
        subject,
        entry_pointer(subject, evidence),
        f"declares ε = {show(budget.epsilon)}, and {evidence.reference.path} shows {bound} ({by})",
        "find what the program does that its description does not say (noise, sampling, clipping), and train "
        "again; a larger declared ε hides the fault",
        about=f"{audit.subject}\0{audit.method}\0{show(audit.lower)}",
    )


def _unbound_finding(subject: ReleaseSubject, evidence: Evidence, audit: AuditResult) -> Finding:
    path = evidence.reference.path
    what = f"{audit.digest[:12]}…, which this release does not list" if audit.digest else "no digest"
    return finding_at(
        AUDIT_UNBOUND,
        subject,
        entry_pointer(subject, evidence),
        f"{path} is an audit of {what}",
        "audit the weights that ship (gatecli audit scores --model FILE) and list them under spec.artifacts, "
        "or name the mechanism's digest by code in the entry",
        about=f"{path}\0{audit.subject}\0{audit.digest}",
    )


def _missing_finding(subject: ReleaseSubject, policy: PrivacyPolicy) -> Finding:
    tiers = [name for name in tier_names(subject, policy) if name in policy.spec.tiers]
    tier = next(name for name in tiers if policy.spec.tiers[name].require_audit)
    claim = subject.release.claim
    return finding_at(
        AUDIT_MISSING,
        subject,
        EVIDENCE if claim and claim.evidence else PRIVACY,
        f"has no audit of its claim that is bound to it; tier {tier} (policy {policy.metadata.name}) "
        "requires one",
        "run gatecli audit scores or gatecli audit mechanism on the declared budget, and list its JSON under "
        "spec.privacy.evidence with format: audit",
    )
