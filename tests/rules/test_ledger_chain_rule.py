"""The rule about a ledger itself, by an export that somebody changed and one that nobody did."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gatecli.checks.ledger.chain import CHAIN_BROKEN, ENTRIES_UNSIGNED
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_verification import check_export
from gatecli.ledger.exports import ExportFile
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy

EXAMPLES = Path(__file__).parent / CHAIN_BROKEN.id
TODAY = date(2026, 11, 21)


UNSIGNED = Path(__file__).parent / ENTRIES_UNSIGNED.id


def judged(example: str, policy: PrivacyPolicy | None = None, examples: Path = EXAMPLES) -> Verdict:
    terms = JudgementTerms(policy or default_policy(), (), TODAY)
    return check_export(ExportFile(examples / example / "ledger.jsonl"), None, terms)


def policy_with(rule: str, severity: Severity) -> PrivacyPolicy:
    policy = default_policy()
    spec = policy.spec.model_copy(update={"severities": {rule: severity}})
    return policy.model_copy(update={"spec": spec})


def test_the_failing_example_breaks_the_rule() -> None:
    verdict = judged("fail")
    assert verdict.exit_code is ExitCode.CLOSED
    assert [finding.message for finding in verdict.findings] == [
        "customers, entry 1: its hash is not that of the entry before and its content"
    ]
    (finding,) = verdict.findings
    assert (finding.rule, finding.subject) == (CHAIN_BROKEN, "customers")
    assert finding.remediation


def test_the_passing_example_keeps_the_rule_and_opens_the_gate() -> None:
    verdict = judged("pass")
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())
    (checked,) = verdict.checked
    assert (checked.kind, checked.name) == ("ledger", "acme.example/privacy")
    assert {key: checked.measures[key] for key in ("datasets", "entries", "checkpoints", "since")} == {
        "datasets": 1,
        "entries": 3,
        "checkpoints": 1,
        "since": None,
    }


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTE])
def test_no_policy_softens_it(severity: Severity) -> None:
    assert judged("fail", policy_with(CHAIN_BROKEN.id, severity)).exit_code is ExitCode.CLOSED


def test_entries_that_are_not_signed_are_counted_in_a_warning() -> None:
    verdict = judged("fail", examples=UNSIGNED)
    assert verdict.exit_code is ExitCode.OPEN
    (finding,) = verdict.findings
    assert (finding.rule, finding.severity) == (ENTRIES_UNSIGNED, Severity.WARNING)
    assert finding.message == "2 entries are not signed, and the ledger has a key: nobody can tell who wrote"
    assert finding.remediation
    assert verdict.checked[0].measures["unsigned"] == 2


def test_a_policy_may_make_entries_that_are_not_signed_an_error() -> None:
    policy = policy_with(ENTRIES_UNSIGNED.id, Severity.ERROR)
    assert judged("fail", policy, UNSIGNED).exit_code is ExitCode.CLOSED
    assert judged("pass", policy, UNSIGNED).exit_code is ExitCode.OPEN


def test_entries_that_are_signed_are_no_finding() -> None:
    verdict = judged("pass", examples=UNSIGNED)
    assert (verdict.findings, verdict.checked[0].measures["unsigned"]) == ((), 0)
