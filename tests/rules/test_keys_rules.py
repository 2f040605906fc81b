"""KeyPolicies that break each rule alone, and the same that keep it; every front door judges them alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gatecli.gates import KEYS, GateName
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.keys import check_keys, request_at
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.model.finding import Finding, Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy
from tests.support.attestations import NOW
from tests.support.key_policies import BEFORE, NORTH, SOUTH, data_of_key_policy

TODAY = NOW.date()
EXAMPLES = Path(__file__).parent
PAGE = (EXAMPLES.parents[1] / "docs" / "rules.md").read_text("utf-8")
RULES: dict[str, Rule] = {rule.id: rule for rule in KEYS.rules}
KEYS_OF_PAGE = {"age1north…": NORTH, "age1south…": SOUTH, "age1before…": BEFORE}


def terms() -> JudgementTerms:
    return JudgementTerms(default_policy(), (), TODAY)


def checked(rule: str, side: str) -> Verdict:
    """The verdict of `gatecli check`."""
    return check_repository(RepositoryRequest(EXAMPLES / rule / side, terms(), lambda: 0.0, [GateName.KEYS]))


def asked(rule: str, side: str) -> Verdict:
    """The verdict of `gatecli keys check`."""
    return check_keys(request_at([EXAMPLES / rule / side], terms()))


def shape(finding: Finding) -> tuple[str, str, str | None, str]:
    return finding.rule.id, finding.message, finding.place.pointer, finding.fingerprint


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == sorted(path.name for path in EXAMPLES.glob("keys-*"))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_failing_example_breaks_the_rule_alone(rule: str) -> None:
    verdict = checked(rule, "fail")
    assert {finding.rule.id for finding in verdict.active} == {rule}, verdict.active
    for found in verdict.active:
        assert found.severity is RULES[rule].severity
        assert found.remediation
        assert Path(found.place.path).parent == EXAMPLES / rule / "fail"
    expected = 4 if RULES[rule].uncheckable else int(RULES[rule].severity == "error")
    assert verdict.exit_code == expected


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_passing_example_opens_the_gate(rule: str) -> None:
    verdict = checked(rule, "pass")
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())


@pytest.mark.parametrize("side", ["fail", "pass"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_command_judges_as_the_check_does(rule: str, side: str) -> None:
    one, other = asked(rule, side), checked(rule, side)
    assert sorted(map(shape, one.findings)) == sorted(map(shape, other.findings))
    assert one.exit_code == other.exit_code


ABOUT_FILES = {rule for rule in RULES if rule.startswith("keys-sealed-")} | {"keys-unreadable"}
"""Rules about what stands on disk, of which a page can only speak."""


def found_on_page(rule: str, heading: str, folder: Path) -> set[str]:
    """The rules that an example of the page breaks, put into a KeyPolicy that breaks none."""
    section = PAGE.partition(f"\n## {rule}\n")[2].partition("\n## ")[0]
    (example,) = re.findall(rf"\*\*{heading}\*\*\n\n```yaml\n(.*?)```", section, re.DOTALL)
    for shown, key in KEYS_OF_PAGE.items():
        example = example.replace(shown, key)
    changes = yaml.safe_load(example)
    file = folder / f"{heading}.key-policy.yaml"
    file.write_text(yaml.safe_dump(data_of_key_policy(**changes)), "utf-8")
    return {finding.rule.id for finding in check_keys(request_at([file], terms())).findings}


@pytest.mark.parametrize("rule", sorted(set(RULES) - ABOUT_FILES))
def test_the_examples_of_the_page_are_true(rule: str, tmp_path: Path) -> None:
    assert found_on_page(rule, "Fails", tmp_path) == {rule}
    assert found_on_page(rule, "Passes", tmp_path) == set()
