"""Examples of plans: one that breaks each rule, and one that keeps it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatecli.checks.served_models import RULES as SERVED_RULES
from gatecli.checks.terraform.budget_resets import RULES as RESET_RULES
from gatecli.checks.terraform.carried_evidence import RULES as EVIDENCE_RULES
from gatecli.checks.terraform.closed_gates import RULES as CLOSED_RULES
from gatecli.checks.terraform.programs import RULES as PROGRAM_RULES
from gatecli.checks.terraform.rules import RULES as TERRAFORM_RULES
from gatecli.checks.terraform.static_findings import RULES as STATIC_RULES
from gatecli.cli.app import main
from gatecli.sources.plan.rules import RULES as PLAN_RULES

EXAMPLES = Path(__file__).parent
ALL = (
    *TERRAFORM_RULES,
    *RESET_RULES,
    *CLOSED_RULES,
    *EVIDENCE_RULES,
    *PROGRAM_RULES,
    *STATIC_RULES,
    *PLAN_RULES,
    *SERVED_RULES,
)
RULES = {rule.id: rule for rule in ALL}
FOLDERS = sorted(
    path.name
    for path in EXAMPLES.iterdir()
    if path.is_dir() and (path.name.startswith("tf-") or path.name in RULES)
)


def judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]]]:
    policy = folder / "gatecli.yaml"
    named = ["--policy", str(policy)] if policy.exists() else []
    plan = folder / "plan.json"
    what = [str(plan)] if plan.exists() else [str(folder), "--static"]
    code = main(["terraform", "check", *what, *named, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == FOLDERS


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_failing_example_breaks_the_rule_alone(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = judged(EXAMPLES / rule / "fail", capsys)
    assert code == (4 if RULES[rule].uncheckable else int(RULES[rule].severity == "error"))
    assert {finding["rule"] for finding in findings} == {rule}
    assert all(finding["remediation"] for finding in findings)


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_passing_example_opens_the_gate(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(EXAMPLES / rule / "pass", capsys) == (0, [])
