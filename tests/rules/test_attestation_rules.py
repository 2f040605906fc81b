"""Attestations that break a rule, and the same that hold; the day is fixed, since they grow old."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.checks.attestation import RULES
from gatecli.gates.attested_files import read_artifact
from gatecli.gates.ledger_positions import read_given_head
from gatecli.gates.trust_policy import verify_by_policy
from gatecli.gates.verification_requests import (
    StatementKind,
    VerificationRequest,
    VerifierDemands,
    trust_alone,
)
from gatecli.model.verdict import ExitCode, Verdict
from tests.support.attestation_examples import ATTESTATION, MODEL, NOTE, POLICY_FILE
from tests.support.attestation_examples import RULES as EXAMPLES
from tests.support.attestations import NOW

KNOWN = {rule.id: rule for rule in RULES}


def verified(folder: Path) -> Verdict:
    demands = VerifierDemands(StatementKind.RELEASE, ())
    note = folder / NOTE
    request = VerificationRequest(
        ((ATTESTATION, (folder / ATTESTATION).read_bytes()),),
        (read_artifact(str(folder / MODEL)),),
        trust_alone(demands),
        NOW,
        read_given_head(note, None) if note.exists() else None,
    )
    return verify_by_policy(request, folder / POLICY_FILE, demands)


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(KNOWN) == sorted(path.name for path in EXAMPLES.glob("attestation-*"))


@pytest.mark.parametrize("rule", sorted(KNOWN))
def test_the_failing_example_breaks_the_rule_alone(rule: str) -> None:
    (found,) = verified(EXAMPLES / rule / "fail").active
    assert (found.rule.id, found.severity) == (rule, KNOWN[rule].severity)
    assert found.remediation


@pytest.mark.parametrize("rule", sorted(KNOWN))
def test_the_passing_example_opens_the_gate(rule: str) -> None:
    verdict = verified(EXAMPLES / rule / "pass")
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())
