"""What audits of a release say of its claim: that it is false, or nothing; and whether one was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction

from gatecli.checks.release.budget import tier_names, tier_of
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.evidence import EVIDENCE, entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.audit import AuditOutcome, AuditResult, digest_of_code
from gatecli.model.budget import Budget, Neighbouring, budget_of_two
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_down, show_up
from gatecli.model.policy import PrivacyPolicy, ReleaseRules
from gatecli.model.release import Evidence, Privacy, ReleaseSubject

LEAST_POWER = Fraction(4, 5)
"""The probability with which an audit would have found what its power names: the field's usual one."""
_MOST_REASONS = 3

REFUTED_BY_AUDIT = Rule(
    "dp-refuted-by-audit", Severity.ERROR, "An audit refutes the declared budget", falsehood=True
)
AUDIT_NOT_COMPARED = Rule(
    "audit-not-compared",
    Severity.WARNING,
    "An audit refutes a claim that the declared budget cannot be compared with",
)
AUDIT_UNBOUND = Rule(
    "audit-unbound",
    Severity.WARNING,
    "An audit is not bound to the weights or the code of the release",
)
AUDIT_MISSING = Rule(
    "audit-missing", Severity.ERROR, "The policy requires an audit of the claim, and there is none"
)


class BudgetComparison(Enum):
    """What an audit says of the declared budget."""

    NOTHING = auto()
    CONTRADICTS = auto()
    NO_BUDGET = auto()
    OTHER_RELATION = auto()
    SMALLER_DELTA = auto()


@dataclass(frozen=True, slots=True)
class ReleaseAudit:
    """One audit among the evidence of a release that claims something."""

    audit: AuditResult
    evidence: Evidence
    subject: ReleaseSubject
    claim: Privacy

    @property
    def name(self) -> str:
        """The file and the method."""
        return f"{self.evidence.reference.path} ({self.audit.method})"


def find_audits(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """What audits refute, what they are not bound to, and where the policy wants one that is not there.

    "Nothing found" opens nothing: it takes no finding away but that an audit is missing.
    """
    claim = subject.release.claim
    if claim is None:
        return
    audits = [
        ReleaseAudit(audit, evidence, subject, claim)
        for evidence in subject.evidence
        for audit in evidence.audits
    ]
    for each in audits:
        found = compare(each.audit, claim)
        if found is BudgetComparison.CONTRADICTS:
            yield _refuted_finding(each)
        elif found is not BudgetComparison.NOTHING:
            yield _not_compared_finding(each, found)
        if not is_bound(each):
            yield _unbound_finding(each)
    tier = tier_of(subject, context.policy)
    if tier is not None and tier.require_audit:
        reasons = [next(shortcomings(each, context.policy.spec.release), "") for each in audits]
        if all(reasons):
            named = [f"{each.name} {reason}" for each, reason in zip(audits, reasons, strict=True)]
            yield _missing_finding(subject, claim, context.policy, named)


def compare(audit: AuditResult, claim: Privacy) -> BudgetComparison:
    """Whether what the audit shows contradicts the declared budget, whatever claim was attacked.

    An audit shows that a mechanism is not (ε', δ')-private for any ε' below its lower bound and δ' at most
    its own δ. The declared budget implies one under the audit's relation, or none that is known.
    """
    if audit.outcome is AuditOutcome.COULD_NOT_RUN:
        return BudgetComparison.NOTHING
    is_refuted, budget = audit.outcome is AuditOutcome.REFUTED, claim.budget
    if budget is None:
        return BudgetComparison.NO_BUDGET if is_refuted else BudgetComparison.NOTHING
    if not _steps(audit, claim):
        strange = is_refuted or _exceeds(audit, budget.epsilon)
        return BudgetComparison.OTHER_RELATION if strange else BudgetComparison.NOTHING
    steps = _steps(audit, claim)
    if not _exceeds(audit, budget.epsilon * steps):
        return BudgetComparison.NOTHING
    implied = budget if steps == 1 else budget_of_two(budget)
    fits = implied is not None and implied.delta <= audit.claim.delta
    return BudgetComparison.CONTRADICTS if fits else BudgetComparison.SMALLER_DELTA


def _steps(audit: AuditResult, claim: Privacy) -> int:
    """How many steps of the claim's relation make one of the audit's; 0 where no number is known to.

    Replacing a record is removing it and adding another, or emptying it and filling it: two steps. Nothing
    that is known leads from replace-one to either of these, or from one of these to the other.
    """
    relation = audit.claim.neighbouring
    if relation is None or claim.neighbouring in {None, relation}:
        return 1
    return 2 if relation is Neighbouring.REPLACE_ONE else 0


def _exceeds(audit: AuditResult, epsilon: Fraction) -> bool:
    """Whether the audit refutes ε at its own δ: below the lower bound, or the very claim."""
    by_word = audit.outcome is AuditOutcome.REFUTED and epsilon <= audit.claim.epsilon
    return by_word or epsilon < audit.lower


def is_bound(each: ReleaseAudit) -> bool:
    """Whether what was attacked is a file that ships, or the code of the entry: on disk, as declared."""
    files = {state.artifact.sha256.lower() for state in each.subject.artifacts if state.is_as_declared}
    code = each.evidence.code
    if code and all(state.is_as_declared for state in code):
        files.add(digest_of_code(state.artifact.sha256 for state in code))
    return each.audit.digest.lower() in files


def shortcomings(each: ReleaseAudit, rules: ReleaseRules) -> Iterator[str]:
    """Why the audit is not the one that a policy requires: none where it is.

    It must have attacked this claim or a stronger one, as it ships, and could have found something: to
    survive a weaker claim, or a weak attack, is easy.
    """
    audit, budget = each.audit, each.claim.budget
    if audit.outcome is not AuditOutcome.NOTHING_FOUND:
        yield "could not run" if audit.outcome is AuditOutcome.COULD_NOT_RUN else "is a refutation"
    if budget is None:
        yield "is of a release that claims no ε and δ"
        return
    if not is_bound(each):
        yield "is not bound to a file that ships"
    if audit.claim.neighbouring is None or audit.claim.neighbouring is not each.claim.neighbouring:
        yield f"is under {audit.claim.neighbouring or 'an unstated relation'}"
    if audit.claim.epsilon > budget.epsilon or audit.claim.delta > budget.delta:
        yield f"attacked a weaker claim, {_budget_text(audit.claim.epsilon, audit.claim.delta)}"
    if audit.confidence < rules.min_audit_confidence:
        wanted = _percent(rules.min_audit_confidence)
        yield f"has a confidence of {_percent(audit.confidence)}, below {wanted}"
    yield from _weaknesses(audit, budget, rules)


def _weaknesses(audit: AuditResult, budget: Budget, rules: ReleaseRules) -> Iterator[str]:
    power, most = audit.power, rules.max_audit_ratio * budget.epsilon
    if power is None or audit.samples == 0 or power.probability < LEAST_POWER:
        yield f"does not say what it would have found with {_percent(LEAST_POWER)}"
    elif power.epsilon > most:
        yield f"would have found no ε below {show_up(power.epsilon)}, and ε = {show_down(most)} is wanted"


def _percent(share: Fraction) -> str:
    return f"{show_down(100 * share)} %"


def _budget_text(epsilon: Fraction, delta: Fraction) -> str:
    return f"ε = {show(epsilon)} at δ = {show(delta)}"


def _bound_text(audit: AuditResult) -> str:
    """What the audit shows, in words."""
    lower = max(audit.lower, audit.claim.epsilon) if audit.outcome is AuditOutcome.REFUTED else audit.lower
    return f"ε ≥ {show_down(lower)} at δ = {show(audit.claim.delta)}"


def _refuted_finding(each: ReleaseAudit) -> Finding:
    audit, claim = each.audit, each.claim
    epsilon = claim.budget.epsilon if claim.budget else Fraction(0)
    under = f" under {audit.claim.neighbouring}, two declared steps" if _steps(audit, claim) == 2 else ""
    return finding_at(
        REFUTED_BY_AUDIT,
        each.subject,
        entry_pointer(each.subject, each.evidence),
        f"declares ε = {show(epsilon)}, and {each.evidence.reference.path} shows {_bound_text(audit)}{under} "
        f"({audit.method}, {_percent(audit.confidence)})",
        "find what the program does that its description does not say (noise, sampling, clipping), and train "
        "again; a larger declared ε hides the fault",
        about=f"{audit.subject}\0{audit.method}\0{show(audit.lower)}",
    )


def _not_compared_finding(each: ReleaseAudit, found: BudgetComparison) -> Finding:
    audit, claim = each.audit, each.claim
    delta = show(claim.budget.delta) if claim.budget else ""
    relation = audit.claim.neighbouring
    why = {
        BudgetComparison.NO_BUDGET: "and the release declares no ε and δ",
        BudgetComparison.OTHER_RELATION: f"under {relation}, and the claim is under {claim.neighbouring}",
        BudgetComparison.SMALLER_DELTA: f"and the claim is at δ = {delta}, where that shows nothing",
    }
    return finding_at(
        AUDIT_NOT_COMPARED,
        each.subject,
        entry_pointer(each.subject, each.evidence),
        f"{each.name} shows {_bound_text(audit)} {why[found]}: it was not compared",
        "audit the declared budget, at its δ and under its neighbouring relation",
        about=f"{audit.subject}\0{audit.method}\0{show(audit.lower)}",
    )


def _unbound_finding(each: ReleaseAudit) -> Finding:
    path, audit = each.evidence.reference.path, each.audit
    what = (
        f"{audit.digest[:12]}…, and this release lists no file with that digest"
        if audit.digest
        else "no digest"
    )
    return finding_at(
        AUDIT_UNBOUND,
        each.subject,
        entry_pointer(each.subject, each.evidence),
        f"{path} is an audit of {what}",
        "audit the weights that ship (gatecli audit scores --model FILE) and list them under spec.artifacts, "
        "or list the files of the mechanism, each with its sha256, under code in the entry",
        about=f"{path}\0{audit.subject}\0{audit.digest}",
    )


def _missing_finding(
    subject: ReleaseSubject, claim: Privacy, policy: PrivacyPolicy, reasons: list[str]
) -> Finding:
    tiers = [name for name in tier_names(subject, policy) if name in policy.spec.tiers]
    tier = next(name for name in tiers if policy.spec.tiers[name].require_audit)
    why = f": {'; '.join(reasons[:_MOST_REASONS])}" if reasons else ""
    return finding_at(
        AUDIT_MISSING,
        subject,
        EVIDENCE if claim.evidence else PRIVACY,
        f"has no audit of its claim that counts; tier {tier} (policy {policy.metadata.name}) "
        f"requires one{why}",
        "run gatecli audit scores or gatecli audit mechanism on the declared budget, and list its JSON under "
        "spec.privacy.evidence with format: audit",
    )
