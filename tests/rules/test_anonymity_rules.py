"""Examples of tables: one that breaks each rule, and one that keeps it, both declared beside a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gatecli.checks.tables.table_findings import RULES as ANONYMITY_RULES
from gatecli.cli.app import main

EXAMPLES = Path(__file__).parent
RULES = {rule.id: rule for rule in ANONYMITY_RULES}
FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name.startswith("anon-"))


def judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]]]:
    policy = folder / "gatecli.yaml"
    named = ["--policy", str(policy)] if policy.exists() else []
    code = main(["anonymity", "check", str(folder / "privacy.yaml"), *named, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def key_of(example: Path) -> str:
    """The key of the dataset that a declaration is about: its first one beside the name."""
    declared = yaml.safe_load((example / "fail" / "privacy.yaml").read_text("utf-8"))
    return next(str(key) for key in declared["spec"]["datasets"][0] if key != "name")


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == FOLDERS


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_failing_example_breaks_the_rule_alone(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = judged(EXAMPLES / rule / "fail", capsys)
    closes = RULES[rule].severity == "error"
    assert code == (4 if RULES[rule].uncheckable else int(closes))
    assert {finding["rule"] for finding in findings} == {rule}
    assert all(finding["remediation"] for finding in findings)
    assert {str(finding["pointer"]) for finding in findings} == {
        f"/spec/datasets/0/{key_of(EXAMPLES / rule)}/path"
    }


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_passing_example_opens_the_gate(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(EXAMPLES / rule / "pass", capsys) == (0, [])
