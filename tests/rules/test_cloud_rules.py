"""Jobs that break each rule alone, and the same that keep it; every form and front door judges them alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.cloud import azureml_steps, network
from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.gates import CLOUD, GateName
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.model.finding import Finding, Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.jobs.interface import BINDING
from tests.rules.test_rules import TODAY, policy_of
from tests.support.job_definitions import FORMS, JOB, changed, plan_of

EXAMPLES = Path(__file__).parent
PAGE = (EXAMPLES.parents[1] / "docs" / "rules.md").read_text("utf-8")
RULES: Mapping[str, Rule] = {rule.id: rule for rule in CLOUD.rules}
BESIDE = {"cloud-plain-traffic": {"cloud-several-machines"}}
"""What else is broken wherever a rule is: only several machines send each other anything."""
AZUREML = {rule.id for rule in (*azureml_steps.RULES, BINDING, network.REMOTE_SHELL)}
NOT_REQUESTS = AZUREML | {
    "cloud-unknown-value",
    "cloud-unreadable",
    "cloud-unsupported-job",
}
"""Rules whose examples are no requests for a processing job."""


def terms_of(folder: Path) -> JudgementTerms:
    bundle = policy_of(folder)
    return JudgementTerms(bundle.policy, bundle.waivers, TODAY)


def checked(folder: Path) -> Verdict:
    """The verdict of `gatecli cloud check`."""
    terms = terms_of(folder)
    return check_paths([folder], terms, search_of(terms.policy.spec.pii))


def in_run(folder: Path, *gates: GateName) -> Verdict:
    """The verdict of `gatecli check`."""
    terms = terms_of(folder)
    return check_repository(RepositoryRequest(folder, terms, lambda: 0.0, gates, evidence=TaggedReports()))


def rules_of(verdict: Verdict) -> set[str]:
    return {finding.rule.id for finding in verdict.active}


def shape(finding: Finding) -> tuple[str, str, str | None, str]:
    return finding.rule.id, finding.message, finding.place.pointer, finding.fingerprint


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == sorted(path.name for path in EXAMPLES.glob("cloud-*"))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_failing_example_breaks_the_rule_alone(rule: str) -> None:
    verdict = checked(EXAMPLES / rule / "fail")
    assert rules_of(verdict) == {rule, *BESIDE.get(rule, ())}
    found = next(finding for finding in verdict.active if finding.rule.id == rule)
    assert found.severity is RULES[rule].severity
    assert found.remediation
    assert Path(found.place.path) == EXAMPLES / rule / "fail" / "job.json"
    expected = 4 if RULES[rule].uncheckable else int(RULES[rule].severity == "error")
    assert verdict.exit_code == expected


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_passing_example_opens_the_gate(rule: str) -> None:
    verdict = checked(EXAMPLES / rule / "pass")
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())


@pytest.mark.parametrize("side", ["fail", "pass"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_run_over_a_folder_judges_as_the_command_does(rule: str, side: str) -> None:
    folder = EXAMPLES / rule / side
    alone, run = checked(folder), in_run(folder, GateName.CLOUD)
    assert [shape(each) for each in alone.findings] == [shape(each) for each in run.findings]
    assert alone.exit_code == run.exit_code


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("rule", sorted(set(RULES) - NOT_REQUESTS))
def test_every_form_of_a_job_is_judged_alike(rule: str, form: str, tmp_path: Path) -> None:
    job = copy_beside(rule, tmp_path)
    (tmp_path / "job.json").write_text(FORMS[form](job), "utf-8")
    assert rules_of(checked(tmp_path)) == {rule, *BESIDE.get(rule, ())}


@pytest.mark.parametrize("rule", sorted(set(RULES) - NOT_REQUESTS))
def test_a_job_in_a_plan_is_judged_alike(rule: str, tmp_path: Path) -> None:
    job = copy_beside(rule, tmp_path)
    (tmp_path / "plan.json").write_text(json.dumps(plan_of(job)), "utf-8")
    verdict = in_run(tmp_path, GateName.TERRAFORM)
    assert rules_of(verdict) == {rule, *BESIDE.get(rule, ())}
    assert {finding.subject for finding in verdict.active} == {"aws_sfn_state_machine.train"}


def copy_beside(rule: str, folder: Path) -> Any:
    """The job of a failing example; what stands beside it is copied."""
    source = EXAMPLES / rule / "fail"
    for file in source.iterdir():
        if file.name != "job.json":
            (folder / file.name).write_bytes(file.read_bytes())
    return json.loads((source / "job.json").read_text("utf-8"))


ON_PAGE_ALONE = {*NOT_REQUESTS, "cloud-declaration-differs"}


def example_on_page(rule: str, heading: str) -> Any:
    section = PAGE.partition(f"\n## {rule}\n")[2].partition("\n## ")[0]
    (example,) = re.findall(rf"\*\*{heading}\*\*\n\n```json\n(.*?)```", section, re.DOTALL)
    return json.loads(example)


@pytest.mark.parametrize("rule", sorted(set(RULES) - ON_PAGE_ALONE))
def test_the_examples_of_the_page_are_true(rule: str, tmp_path: Path) -> None:
    copy_beside(rule, tmp_path)
    for heading, wanted in (("Fails", {rule, *BESIDE.get(rule, ())}), ("Passes", set())):
        job = changed(JOB, example_on_page(rule, heading))
        (tmp_path / "job.json").write_text(json.dumps(job), "utf-8")
        found = rules_of(checked(tmp_path))
        assert found == wanted or (not wanted and rule not in found and found <= BESIDE.get(rule, set()))


@pytest.mark.parametrize("rule", sorted(AZUREML))
@pytest.mark.parametrize(("heading", "wanted"), [("Fails", True), ("Passes", False)])
def test_the_pipelines_of_the_page_are_true(rule: str, heading: str, wanted: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    section = PAGE.partition(f"\n## {rule}\n")[2].partition("\n## ")[0]
    (example,) = re.findall(rf"\*\*{heading}\*\*\n\n```yaml\n(.*?)```", section, re.DOTALL)
    for file in (EXAMPLES / rule / "pass").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if "kind: ColumnClassification" in example:
        (tmp_path / "columns.yaml").write_text(example, "utf-8")
    else:
        (tmp_path / "job.json").unlink()
        (tmp_path / "job.yaml").write_text(example, "utf-8")
    assert rules_of(checked(tmp_path)) == ({rule} if wanted else set())
