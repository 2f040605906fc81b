"""What docs/sagemaker.md says is so: its job passes, its rules are all of them, its forms are read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gatecli.checks.cloud.run_call import OPTIONS
from gatecli.checks.personal_data import search_of
from gatecli.gates import CLOUD
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.sources.plan.jobs import HOLDING_TYPES
from gatecli.sources.policy import default_policy
from tests.rules.test_rules import TODAY
from tests.support.job_definitions import FORMS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sagemaker.md").read_text("utf-8")
AZURE_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "azureml.md").read_text("utf-8")
TERMS = JudgementTerms(default_policy(), (), TODAY)


def example() -> object:
    found = re.search(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_job_that_passes_passes_in_every_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(FORMS[form](example()), "utf-8")
    verdict = check_paths([tmp_path], TERMS, search_of(TERMS.policy.spec.pii))
    assert {each.rule.id for each in verdict.findings} == {"cloud-unknown-tier"}
    assert verdict.passed


def test_the_page_has_every_rule() -> None:
    table = PAGE.partition("## The rules\n")[2].partition("\n## ")[0]
    own = re.findall(r"\[(cloud-[a-z-]+)\]", table)
    of_azure = re.findall(r"\[(cloud-[a-z-]+)\]", AZURE_PAGE)
    assert sorted(set(own)) == sorted(own)
    assert {*own, *of_azure} == {rule.id for rule in CLOUD.rules if rule.id.startswith("cloud-")}


def test_the_page_has_every_type_of_terraform() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| a Terraform plan"))
    named = set(re.findall(r"`((?:aws|kubernetes)\w+)`", row))
    others = {"aws_cloudformation_stack_set", "awscc_cloudformation_stack", "awscc_cloudformation_stack_set"}
    assert named == HOLDING_TYPES - others


def test_the_variables_of_the_page_are_read() -> None:
    named = set(re.findall(r"`(GATECLI_[A-Z_]+)`", PAGE))
    assert named <= set(OPTIONS.values())
    assert {"GATECLI_JOB_DATASET", "GATECLI_LEDGER"} <= named
