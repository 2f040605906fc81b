"""Examples of personal data in manifests: one that is refused, and the same with a Secret, which passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatecli.cli.app import main

EXAMPLES = Path(__file__).parent
POLICY = EXAMPLES / "pii-policy.yaml"
RULES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name.startswith("pii-"))


def judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]]]:
    code = main(["pii", "scan", str(folder), "--policy", str(POLICY), "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def test_there_are_examples() -> None:
    assert len(RULES) > 15


@pytest.mark.parametrize("rule", RULES)
def test_the_failing_example_breaks_the_rule_in_its_line(
    rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, findings = judged(EXAMPLES / rule / "fail", capsys)
    assert code == 1
    assert rule in {finding["rule"] for finding in findings}
    assert {finding["line"] for finding in findings} == {12}
    assert {finding["pointer"] for finding in findings} == {"/spec/containers/0/env/1/value"}


@pytest.mark.parametrize("rule", RULES)
def test_the_passing_example_opens_the_gate(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(EXAMPLES / rule / "pass", capsys) == (0, [])
