"""What audits among the evidence say of a claim."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.checks.release.audit import find_audits
from gatecli.checks.release.evidence import find_missing_evidence
from gatecli.checks.release.recomputation import questions_of
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditPower, AuditResult
from gatecli.model.budget import Neighbouring
from gatecli.model.document import Place
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference, ReleaseSubject
from tests.support.releases import TIERS, claiming, context_of, ids, policy

DIGEST = "ab" * 32
ARTIFACTS = {"artifacts": [{"path": "model.safetensors", "sha256": DIGEST.upper()}]}
POWER = AuditPower(Fraction(3), Fraction(9, 10))
ADD_REMOVE, REPLACE_ONE = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE


def audit(
    outcome: AuditOutcome = AuditOutcome.NOTHING_FOUND,
    epsilon: str = "1",
    delta: str = "1e-6",
    *,
    lower: str = "0",
    relation: Neighbouring | None = ADD_REMOVE,
    digest: str = DIGEST,
    confidence: str = "0.95",
    power: AuditPower | None = POWER,
) -> AuditResult:
    claim = AuditClaim(Fraction(epsilon), Fraction(delta), relation)
    sure, found = Fraction(confidence), Fraction(lower)
    return AuditResult("churn", "one-run", outcome, claim, sure, found, digest=digest, power=power)


def audited(*audits: AuditResult, code: str | None = None, **privacy: Any) -> ReleaseSubject:
    """A release of ε = 1 at δ = 1e-6 under add-remove, with these audits in one file."""
    reference = EvidenceReference(format=EvidenceFormat.AUDIT, path="audit.json", code=code)
    entry = {"format": "audit", "path": "audit.json", **({"code": code} if code else {})}
    evidence = Evidence(reference, Place("audit.json"), (), audits=audits)
    return claiming(evidence, spec=ARTIFACTS, evidence=[entry], **privacy)


def found(subject: ReleaseSubject, law: PrivacyPolicy | None = None) -> list[str]:
    return ids(find_audits(subject, context_of(subject, law or policy())))


def requiring() -> PrivacyPolicy:
    tiers = {**TIERS, "behavioural": {**TIERS["behavioural"], "requireAudit": True}}
    return PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "acme"},
            "spec": {"tiers": tiers},
        }
    )


REFUTED = "dp-refuted-by-audit"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (audit(AuditOutcome.REFUTED, lower="1.5"), [REFUTED]),
        (audit(AuditOutcome.REFUTED, "2", lower="2.5"), [REFUTED]),
        (audit(AuditOutcome.REFUTED, "1", lower="0"), [REFUTED]),
        (audit(AuditOutcome.REFUTED, "0.5", lower="0.8"), []),
        (audit(AuditOutcome.REFUTED, "0.5", lower="1.2"), [REFUTED]),
        (audit(AuditOutcome.NOTHING_FOUND, "4", lower="1.2"), [REFUTED]),
        (audit(AuditOutcome.NOTHING_FOUND, lower="1"), []),
        (audit(AuditOutcome.COULD_NOT_RUN, lower="9"), []),
    ],
)
def test_a_bound_above_the_claim_or_the_word_refutes(result: AuditResult, expected: list[str]) -> None:
    assert found(audited(result)) == expected


def test_a_larger_delta_of_the_audit_refutes_all_the_more() -> None:
    assert found(audited(audit(AuditOutcome.REFUTED, delta="1e-3", lower="2"))) == [REFUTED]


def test_a_smaller_delta_of_the_audit_refutes_another_claim() -> None:
    assert found(audited(audit(AuditOutcome.REFUTED, delta="0", lower="2"))) == []


def test_another_relation_is_another_claim_and_an_unstated_one_is_this_one() -> None:
    assert found(audited(audit(AuditOutcome.REFUTED, lower="2", relation=REPLACE_ONE))) == []
    assert found(audited(audit(AuditOutcome.REFUTED, lower="2", relation=None))) == [REFUTED]


def test_the_message_has_both_figures() -> None:
    subject = audited(audit(AuditOutcome.REFUTED, lower="1.83"))
    (finding,) = find_audits(subject, context_of(subject))
    assert finding.message == ("declares ε = 1, and audit.json shows ε ≥ 1.83 at δ = 1e-6 (one-run, 95 %)")
    assert finding.rule.falsehood


@pytest.mark.parametrize("digest", ["", "cd" * 32])
def test_an_audit_of_something_else_is_unbound(digest: str) -> None:
    assert found(audited(audit(digest=digest))) == ["audit-unbound"]


def test_an_unbound_audit_still_refutes() -> None:
    subject = audited(audit(AuditOutcome.REFUTED, lower="2", digest=""))
    assert sorted(found(subject)) == ["audit-unbound", REFUTED]


def test_the_entry_may_name_the_mechanism_s_code() -> None:
    assert found(audited(audit(digest="cd" * 32), code="CD" * 32)) == []
    assert found(audited(audit(digest="cd" * 32), code="ef" * 32)) == ["audit-unbound"]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], ["audit-missing"]),
        ([audit()], []),
        ([audit(epsilon="0.5", delta="0")], []),
        ([audit(AuditOutcome.REFUTED, "0.5", lower="0.8")], []),
        ([audit(epsilon="4")], ["audit-missing"]),
        ([audit(delta="1e-3")], ["audit-missing"]),
        ([audit(relation=REPLACE_ONE)], ["audit-missing"]),
        ([audit(AuditOutcome.COULD_NOT_RUN)], ["audit-missing"]),
        ([audit(power=None)], ["audit-missing"]),
        ([audit(confidence="0.5")], ["audit-missing"]),
        ([audit(digest="")], ["audit-unbound", "audit-missing"]),
        ([audit(epsilon="4"), audit()], []),
    ],
)
def test_a_tier_may_require_an_audit_of_this_claim(results: list[AuditResult], expected: list[str]) -> None:
    assert found(audited(*results), requiring()) == expected


def test_no_other_tier_requires_one() -> None:
    assert found(audited()) == []


def test_an_audit_records_no_work() -> None:
    """Nothing found is not evidence of what was run: not for ε, and not where evidence is required."""
    alone = audited(audit(), mechanisms=None)
    assert ids(find_missing_evidence(alone, context_of(alone))) == ["dp-missing-evidence"]
    beside = audited(audit())
    strict = context_of(beside, policy(requireEvidence=True))
    assert ids(find_missing_evidence(beside, strict)) == ["dp-missing-evidence"]
    assert questions_of(beside).recorded is None


def test_an_audit_is_not_evidence_that_records_nothing() -> None:
    subject = audited(audit())
    assert ids(find_missing_evidence(subject, context_of(subject))) == []
