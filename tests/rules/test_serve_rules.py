"""Endpoints that break each rule alone, and the same that keep it; every front door judges them alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from gatecli.gates import SERVE, GateName
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.gates.reserving import LedgerUse
from gatecli.gates.serve import check_at_start
from gatecli.model.finding import Finding, Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.endpoint import ENDPOINTS
from gatecli.sources.policy import default_policy
from tests.rules.test_rules import policy_of
from tests.support.attestations import NOW
from tests.support.charged_ledgers import ledger_of_example, moment
from tests.support.endpoints import SPEC

TODAY = NOW.date()
EXAMPLES = Path(__file__).parent
PAGE = (EXAMPLES.parents[1] / "docs" / "rules.md").read_text("utf-8")
RULES: dict[str, Rule] = {rule.id: rule for rule in SERVE.rules}
AT_THE_START = {"serve-model-elsewhere": "serve-other-model"}
"""What a rule becomes on the machine that serves, where files outside the repository are read."""


def terms_of(folder: Path) -> JudgementTerms:
    bundle = policy_of(folder)
    return JudgementTerms(bundle.policy, bundle.waivers, TODAY)


@contextmanager
def ledger_beside(folder: Path, scratch: Path) -> Iterator[LedgerUse | None]:
    """The ledger that an example describes; None where it describes none."""
    files = (folder.parent / f"{folder.name}.ledger.json", folder.parent / "ledger.json")
    file = next((each for each in files if each.exists()), None)
    if file is None:
        yield None
        return
    scratch.mkdir()
    with ledger_of_example(file, scratch) as store:
        yield LedgerUse(store, moment(TODAY))


Judge = Callable[[str, str], Verdict]


@pytest.fixture
def served(tmp_path: Path) -> Judge:
    """The verdict of `gatecli serve`."""

    def judge(rule: str, side: str) -> Verdict:
        folder = EXAMPLES / rule / side
        with ledger_beside(folder, tmp_path / "served") as use:
            return check_at_start(ENDPOINTS.read(folder / "serve.yaml"), terms_of(folder), use)

    return judge


@pytest.fixture
def checked(tmp_path: Path) -> Judge:
    """The verdict of `gatecli check`."""

    def judge(rule: str, side: str) -> Verdict:
        folder = EXAMPLES / rule / side
        with ledger_beside(folder, tmp_path / "checked") as use:
            return check_repository(
                RepositoryRequest(folder, terms_of(folder), lambda: 0.0, [GateName.SERVE], ledger=use)
            )

    return judge


ABOUT_FILES = {
    "serve-answer-over-tier",
    "serve-attestation-rejected",
    "serve-budget-below-lease",
    "serve-budget-spent",
    "serve-model-elsewhere",
    "serve-other-model",
    "serve-unknown-dataset",
    "serve-unreadable",
}
"""Rules about what stands beside the document, of which a page can only speak."""


def found_on_page(rule: str, heading: str, folder: Path) -> set[str]:
    """The rules that an example of the page breaks, put into an endpoint that breaks none."""
    section = PAGE.partition(f"\n## {rule}\n")[2].partition("\n## ")[0]
    (example,) = re.findall(rf"\*\*{heading}\*\*\n\n```yaml\n(.*?)```", section, re.DOTALL)
    changes = yaml.safe_load(example)
    if changes.get("mode") == "votes":
        changes["upstream"] = {}
    spec = {key: value for key, value in (SPEC | changes).items() if value is not None}
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivateEndpoint",
        "metadata": {"name": "a"},
        "spec": spec,
    }
    document = folder / "serve.yaml"
    document.write_text(yaml.safe_dump(data), "utf-8")
    verdict = check_at_start(ENDPOINTS.read(document), JudgementTerms(default_policy(), (), TODAY))
    return {finding.rule.id for finding in verdict.findings}


@pytest.mark.parametrize("rule", sorted(set(RULES) - ABOUT_FILES))
def test_the_examples_of_the_page_are_true(rule: str, tmp_path: Path) -> None:
    assert rule in found_on_page(rule, "Fails", tmp_path)
    assert found_on_page(rule, "Passes", tmp_path) <= {"serve-attestation-rejected"}


def shape(finding: Finding) -> tuple[str, str, str | None, str]:
    return finding.rule.id, finding.message, finding.place.pointer, finding.fingerprint


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == sorted(path.name for path in EXAMPLES.glob("serve-*"))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_failing_example_breaks_the_rule_alone(rule: str, checked: Judge) -> None:
    verdict = checked(rule, "fail")
    assert [finding.rule.id for finding in verdict.active] == [rule], verdict.active
    (found,) = verdict.active
    assert found.severity is RULES[rule].severity
    assert found.remediation
    assert Path(found.place.path) == EXAMPLES / rule / "fail" / "serve.yaml"
    expected = 4 if RULES[rule].uncheckable else int(RULES[rule].severity == "error")
    assert verdict.exit_code == expected


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_passing_example_opens_the_gate(rule: str, checked: Judge) -> None:
    verdict = checked(rule, "pass")
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())


@pytest.mark.parametrize("side", ["fail", "pass"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_proxy_judges_as_the_check_does(rule: str, side: str, checked: Judge, served: Judge) -> None:
    start, check = served(rule, side), checked(rule, side)
    if side == "fail" and rule in AT_THE_START:
        assert [finding.rule.id for finding in start.findings] == [AT_THE_START[rule]]
        return
    assert [shape(each) for each in start.findings] == [shape(each) for each in check.findings]
    assert start.exit_code == check.exit_code
