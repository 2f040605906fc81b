"""Every rule has an example that breaks it and one that keeps it, and both are judged for real.

`fail/` must produce the rule; `pass/` must not, and opens the gate.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gatecli.checks.decisions import RULES as DECISION_RULES
from gatecli.checks.release.registry import RULES as CHECK_RULES
from gatecli.checks.served_models import RULES as SERVED_RULES
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.gates.release import check_releases, request_for
from gatecli.model.finding import Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import PolicyBundle, default_policy
from gatecli.sources.rules import RULES as SOURCE_RULES

TODAY = date(2026, 11, 21)
EXAMPLES = Path(__file__).parent
OTHERS = ("__", "anon-", "attestation-", "audit-code-", "ledger-", "pii-", "cloud-", "serve-", "tf-")
"""What other modules of this folder try."""
RULES: dict[str, Rule] = {rule.id: rule for rule in (*CHECK_RULES, *DECISION_RULES, *SOURCE_RULES)}
FOLDERS = sorted(
    path.name
    for path in EXAMPLES.iterdir()
    if path.is_dir()
    and not path.name.startswith(OTHERS)
    and path.name not in {rule.id for rule in SERVED_RULES}
)


def policy_of(folder: Path) -> PolicyBundle:
    """The example's own policy, else the shipped one; never one from a folder above."""
    file = folder / "gatecli.yaml"
    if not file.exists():
        return PolicyBundle(default_policy(), (), None)
    return read_policy(file, folder)


def judged(folder: Path) -> Verdict:
    bundle = policy_of(folder)
    return check_releases(request_for([folder], JudgementTerms(bundle.policy, bundle.waivers, TODAY)))


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == FOLDERS


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_failing_example_breaks_the_rule(rule: str) -> None:
    verdict = judged(EXAMPLES / rule / "fail")
    found = [finding for finding in verdict.active if finding.rule.id == rule]
    assert found
    assert all(finding.severity is RULES[rule].severity for finding in found)
    assert all(finding.remediation for finding in found)


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_failing_example_s_findings_stand_in_its_files(rule: str) -> None:
    folder = EXAMPLES / rule / "fail"
    for finding in judged(folder).findings:
        assert Path(finding.place.path).is_relative_to(folder)


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_passing_example_keeps_the_rule_and_opens_the_gate(rule: str) -> None:
    verdict = judged(EXAMPLES / rule / "pass")
    assert rule not in {finding.rule.id for finding in verdict.findings}
    assert verdict.exit_code is ExitCode.OPEN, [finding.message for finding in verdict.active]
    assert verdict.passed
