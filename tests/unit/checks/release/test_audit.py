"""What audits among the evidence say of a claim."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.checks.release.audit import find_audits
from gatecli.checks.release.evidence import find_missing_evidence
from gatecli.checks.release.recomputation import questions_of
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditPower, AuditResult, digest_of_code
from gatecli.model.budget import Neighbouring
from gatecli.model.document import Place
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import (
    Artifact,
    ArtifactState,
    Evidence,
    EvidenceFormat,
    EvidenceReference,
    ReleaseSubject,
)
from tests.support.releases import TIERS, claiming, context_of, ids, policy

DIGEST = "ab" * 32
ARTIFACTS = {"artifacts": [{"path": "model.safetensors", "sha256": DIGEST.upper()}]}
POWER = AuditPower(Fraction("1.5"), Fraction(9, 10))
ADD_REMOVE, REPLACE_ONE, ZERO_OUT = Neighbouring


def audit(  # noqa: PLR0913 - one parameter a field, each with the usual value
    outcome: AuditOutcome = AuditOutcome.NOTHING_FOUND,
    epsilon: str = "1",
    delta: str = "1e-6",
    *,
    lower: str = "0",
    relation: Neighbouring | None = ADD_REMOVE,
    digest: str = DIGEST,
    confidence: str = "0.95",
    power: AuditPower | None = POWER,
    samples: int = 1000,
) -> AuditResult:
    claim = AuditClaim(Fraction(epsilon), Fraction(delta), relation)
    sure, found = Fraction(confidence), Fraction(lower)
    return AuditResult("churn", "one-run", outcome, claim, sure, found, samples, digest=digest, power=power)


def on_disk(digest: str, found: str | None) -> ArtifactState:
    return ArtifactState(Artifact(path="mechanism.py", sha256=digest), found)


def audited(*audits: AuditResult, code: tuple[ArtifactState, ...] = (), **privacy: Any) -> ReleaseSubject:
    """A release of ε = 1 at δ = 1e-6 under add-remove, with these audits in one file."""
    reference = EvidenceReference(format=EvidenceFormat.AUDIT, path="audit.json")
    evidence = Evidence(reference, Place("audit.json"), (), audits=audits, code=code)
    entry = {"format": "audit", "path": "audit.json"}
    subject = claiming(evidence, spec=ARTIFACTS, evidence=[entry], **privacy)
    (artifact,) = subject.release.spec.artifacts
    return replace(subject, artifacts=(ArtifactState(artifact, DIGEST),))


def found(subject: ReleaseSubject, law: PrivacyPolicy | None = None) -> list[str]:
    return ids(find_audits(subject, context_of(subject, law or policy())))


def requiring(**release: Any) -> PrivacyPolicy:
    """The policy whose tier requires an audit, with these rules for releases."""
    tiers = {**TIERS, "behavioural": {**TIERS["behavioural"], "requireAudit": True}}
    return PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "acme"},
            "spec": {"tiers": tiers, "release": release},
        }
    )


REFUTED, NOT_COMPARED = "dp-refuted-by-audit", "audit-not-compared"
REFUTES = AuditOutcome.REFUTED


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


def test_a_smaller_delta_of_the_audit_is_told_and_not_compared() -> None:
    assert found(audited(audit(REFUTES, delta="0", lower="2"))) == [NOT_COMPARED]
    assert found(audited(audit(REFUTES, "0.5", delta="0", lower="0.8"))) == [], "whatever its δ"


@pytest.mark.parametrize(
    ("declared", "attacked", "expected"),
    [
        (ADD_REMOVE, None, [REFUTED]),
        (ADD_REMOVE, REPLACE_ONE, [REFUTED]),
        (ADD_REMOVE, ZERO_OUT, [NOT_COMPARED]),
        (REPLACE_ONE, REPLACE_ONE, [REFUTED]),
        (REPLACE_ONE, ADD_REMOVE, [NOT_COMPARED]),
        (REPLACE_ONE, ZERO_OUT, [NOT_COMPARED]),
        (ZERO_OUT, REPLACE_ONE, [REFUTED]),
        (ZERO_OUT, ADD_REMOVE, [NOT_COMPARED]),
        (None, ADD_REMOVE, [REFUTED]),
    ],
)
def test_a_refutation_under_another_relation_is_compared_where_a_theorem_leads_there(
    declared: Neighbouring | None, attacked: Neighbouring | None, expected: list[str]
) -> None:
    subject = audited(audit(REFUTES, lower="2.5", delta="1e-3", relation=attacked), neighbouring=declared)
    assert found(subject) == expected


@pytest.mark.parametrize(
    ("lower", "delta", "expected"),
    [
        ("2.01", "1e-3", [REFUTED]),
        ("2", "1e-3", []),
        # (1 + e)·1e-6 is what the declared δ allows two steps.
        ("2.01", "3.719e-6", [REFUTED]),
        ("2.01", "3.718e-6", [NOT_COMPARED]),
    ],
)
def test_replacing_is_two_steps_of_adding_or_removing(lower: str, delta: str, expected: list[str]) -> None:
    assert found(audited(audit(REFUTES, lower=lower, delta=delta, relation=REPLACE_ONE))) == expected


def test_a_bound_under_another_relation_is_told_though_its_own_claim_stands() -> None:
    """Nothing was found of ε = 4, but ε ≥ 1.2 of what the declaration calls ε = 1, under another relation."""
    assert found(audited(audit(epsilon="4", lower="1.2", relation=ZERO_OUT))) == [NOT_COMPARED]
    assert found(audited(audit(epsilon="4", lower="0.9", relation=ZERO_OUT))) == []


def test_a_refutation_of_a_release_without_a_budget_is_told() -> None:
    assert found(audited(audit(REFUTES, lower="2"), epsilon=None)) == [NOT_COMPARED]
    assert found(audited(audit(), epsilon=None)) == []


def test_one_refutation_among_several_results_counts() -> None:
    """Whatever claim it is of: the review's case, a refuted ε = 2 and a declared ε = 2.5."""
    results = [audit(), audit(REFUTES, "2", lower="3"), audit(AuditOutcome.COULD_NOT_RUN)]
    assert found(audited(*results, epsilon="2.5")) == [REFUTED]


def test_a_huge_epsilon_is_compared_without_computing_its_power() -> None:
    subject = audited(audit(REFUTES, lower="1e299", relation=REPLACE_ONE), epsilon="1e298")
    assert found(subject) == [NOT_COMPARED]
    pure = audited(audit(REFUTES, lower="1e299", delta="0", relation=REPLACE_ONE), epsilon="1e298", delta="0")
    assert found(pure) == [REFUTED]


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


OTHER, THIRD = "cd" * 32, "ef" * 32


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ((on_disk(OTHER.upper(), OTHER),), []),
        ((on_disk(THIRD, THIRD),), ["audit-unbound"]),
        ((on_disk(OTHER, THIRD),), ["audit-unbound"]),
        ((on_disk(OTHER, None),), ["audit-unbound"]),
        ((on_disk(OTHER, OTHER), on_disk(THIRD, THIRD)), ["audit-unbound"]),
    ],
)
def test_an_audit_is_bound_to_code_that_is_there(
    code: tuple[ArtifactState, ...], expected: list[str]
) -> None:
    """The digest that a declaration writes is not enough: the bytes on disk must have it."""
    assert found(audited(audit(digest=OTHER), code=code)) == expected


@pytest.mark.parametrize("files", [(OTHER, THIRD), (THIRD, OTHER)])
def test_code_in_several_files_is_bound_in_any_order(files: tuple[str, str]) -> None:
    code = tuple(on_disk(each, each) for each in files)
    assert found(audited(audit(digest=digest_of_code([OTHER, THIRD])), code=code)) == []


@pytest.mark.parametrize("state", [None, OTHER])
def test_an_artifact_that_is_not_what_was_declared_binds_nothing(state: str | None) -> None:
    subject = audited(audit())
    changed = replace(subject, artifacts=(replace(subject.artifacts[0], sha256=state),))
    assert found(changed) == ["audit-unbound"]


def weak(epsilon: str, probability: str = "0.9") -> AuditPower:
    return AuditPower(Fraction(epsilon), Fraction(probability))


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([], ""),
        ([audit()], None),
        ([audit(epsilon="0.5", delta="0")], None),
        ([audit(power=weak("2"))], None),
        ([audit(power=weak("2.001"))], "would have found no ε below 2.001, and ε = 2 is wanted"),
        ([audit(power=weak("50"))], "would have found no ε below 50"),
        ([audit(power=weak("1.5", "0.79"))], "does not say what it would have found with 80 %"),
        ([audit(power=None)], "does not say what it would have found with 80 %"),
        ([audit(samples=0)], "does not say what it would have found with 80 %"),
        ([audit(REFUTES, "0.5", lower="0.8")], "is a refutation"),
        ([audit(epsilon="4", power=weak("1"))], "attacked a weaker claim, ε = 4 at δ = 1e-6"),
        ([audit(delta="1e-3")], "attacked a weaker claim, ε = 1 at δ = 0.001"),
        ([audit(relation=REPLACE_ONE)], "is under replace-one"),
        ([audit(relation=None)], "is under an unstated relation"),
        ([audit(AuditOutcome.COULD_NOT_RUN)], "could not run"),
        ([audit(confidence="0.5")], "has a confidence of 50 %, below 95 %"),
        ([audit(confidence="0.9499")], "has a confidence of 94.99 %, below 95 %"),
        ([audit(digest="")], "is not bound to a file that ships"),
        ([audit(epsilon="4"), audit()], None),
    ],
)
def test_a_tier_may_require_an_audit_of_this_claim(results: list[AuditResult], reason: str | None) -> None:
    subject = audited(*results)
    findings = [
        each
        for each in find_audits(subject, context_of(subject, requiring()))
        if each.rule.id == "audit-missing"
    ]
    assert len(findings) == (reason is not None)
    assert all((reason or "requires one") in each.message for each in findings)


def test_the_policy_says_how_sure_and_how_strong_an_audit_must_be() -> None:
    unsure, blunt = audit(confidence="0.8"), audit(power=weak("8"))
    assert found(audited(unsure), requiring(minAuditConfidence="0.8")) == []
    assert found(audited(audit()), requiring(minAuditConfidence="0.99")) == ["audit-missing"]
    assert found(audited(blunt), requiring(maxAuditRatio=10)) == []
    assert found(audited(audit()), requiring(maxAuditRatio="1.2")) == ["audit-missing"]


def test_a_refuted_claim_has_not_survived_an_audit() -> None:
    assert found(audited(audit(REFUTES, lower="2")), requiring()) == [REFUTED, "audit-missing"]


def test_a_release_without_a_budget_has_no_audit_of_it() -> None:
    assert found(audited(audit(), epsilon=None), requiring()) == ["audit-missing"]


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
