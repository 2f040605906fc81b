"""The gate of job definitions over folders, and the same jobs in Terraform's plans and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.errors import UsageError
from gatecli.gates import GateName
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.plan.cloudformation import snake_of
from gatecli.sources.policy import default_policy
from tests.rules.test_rules import TODAY
from tests.support.job_definitions import (
    JOB,
    POLICY,
    as_pipeline,
    as_state_machine,
    as_template,
    changed,
    machine_of,
    plan_of,
    plan_with,
    write_job,
)

TERMS = JudgementTerms(default_policy(), (), TODAY)
TAGGED = changed(JOB, {"AppSpecification": {"ImageUri": "churn:1"}})
MAIL = changed(JOB, {"Environment": {"CONTACT": "zoe.miller@hospital-nord.org"}})


def run(folder: Path, *gates: GateName, cache: Path | None = None) -> Verdict:
    policy = folder / "gatecli.yaml"
    policy.write_text(POLICY, "utf-8")
    bundle = read_policy(policy, folder)
    terms = JudgementTerms(bundle.policy, (), TODAY)
    return check_repository(RepositoryRequest(folder, terms, lambda: 0.0, gates, cache_folder=cache))


def rules_of(verdict: Verdict) -> list[str]:
    return sorted(finding.rule.id for finding in verdict.findings)


def test_a_folder_without_jobs_holds_nothing_to_check(tmp_path: Path) -> None:
    assert run(tmp_path, GateName.CLOUD).exit_code is ExitCode.NOTHING


def test_a_named_file_without_a_job_is_nothing_to_check(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}", "utf-8")
    verdict = check_paths([file], TERMS, search_of(TERMS.policy.spec.pii))
    assert verdict.exit_code is ExitCode.NOTHING


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        check_paths([tmp_path / "a.json"], TERMS, search_of(TERMS.policy.spec.pii))


def test_personal_data_is_told_once_by_whichever_gate_runs(tmp_path: Path) -> None:
    write_job(tmp_path, MAIL)
    assert rules_of(run(tmp_path, GateName.CLOUD)) == ["pii-email-address"]
    assert rules_of(run(tmp_path, GateName.CLOUD, GateName.PII)) == ["pii-email-address"]


def test_the_nearest_declaration_of_the_named_file_counts(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "rules" / "cloud-declaration-differs" / "fail"
    job = json.loads((example / "job.json").read_text("utf-8"))
    (tmp_path / "privacy.yaml").write_bytes((example / "privacy.yaml").read_bytes())
    write_job(tmp_path / "jobs", job)
    assert rules_of(run(tmp_path, GateName.CLOUD)) == ["cloud-declaration-differs"]
    (tmp_path / "jobs" / "gatecli.yaml").unlink()
    less = (example / "privacy.yaml").read_text("utf-8").replace("epsilon: 2.5", "epsilon: 1")
    (tmp_path / "jobs" / "privacy.yaml").write_text(less, "utf-8")
    assert rules_of(run(tmp_path, GateName.CLOUD)) == []


def test_a_file_is_judged_by_the_declarations_of_its_repository_as_a_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = Path(__file__).parents[2] / "rules" / "cloud-declaration-differs" / "fail"
    (tmp_path / ".git").mkdir()
    (tmp_path / "privacy.yaml").write_bytes((example / "privacy.yaml").read_bytes())
    file = write_job(tmp_path / "a" / "b", json.loads((example / "job.json").read_text("utf-8")))
    bundle = read_policy(file.with_name("gatecli.yaml"), file.parent)
    terms, search = JudgementTerms(bundle.policy, (), TODAY), search_of(bundle.policy.spec.pii)
    wanted = ["cloud-declaration-differs"]
    for path in (file, file.parent, tmp_path / "a"):
        assert rules_of(check_paths([path], terms, search)) == wanted
    monkeypatch.chdir(file.parent)
    for path in (Path("job.json"), Path()):
        assert rules_of(check_paths([path], terms, search)) == wanted


def write_plan(folder: Path, plan: Any) -> None:
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")


def snake(value: Any) -> Any:
    """A request with the names of the provider that is made from CloudFormation's schemas."""
    if isinstance(value, dict):
        return {snake_of(key): snake(each) for key, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def cloud_control(job: Any) -> Any:
    return {"type_name": "AWS::SageMaker::ProcessingJob", "desired_state": json.dumps(job)}


def schedule_of(job: Any) -> Any:
    call = "arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob"
    return {"target": [{"arn": call, "input": json.dumps(job)}]}


def manifest_of(job: Any) -> Any:
    def own_names(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[:1].lower() + key[1:]: own_names(each) for key, each in value.items()}
        return [own_names(each) for each in value] if isinstance(value, list) else value

    head = {"apiVersion": "sagemaker.services.k8s.aws/v1alpha1", "kind": "ProcessingJob"}
    return {"manifest": {**head, "metadata": {"name": "churn"}, "spec": own_names(job)}}


HOLDERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "state machine": ("aws_sfn_state_machine", lambda job: {"definition": as_state_machine(job)}),
    "Cloud Control's machine": (
        "awscc_stepfunctions_state_machine",
        lambda job: {"definition_string": as_state_machine(job)},
    ),
    "pipeline": ("aws_sagemaker_pipeline", lambda job: {"pipeline_definition": as_pipeline(job)}),
    "stack": ("aws_cloudformation_stack", lambda job: {"template_body": as_template(job)}),
    "Cloud Control": ("aws_cloudcontrolapi_resource", cloud_control),
    "schedule": ("aws_scheduler_schedule", schedule_of),
    "Cloud Control's schedule": (
        "awscc_scheduler_schedule",
        lambda job: {"target": schedule_of(job)["target"][0]},
    ),
    "Cloud Control's machine by another name": (
        "awscc_stepfunctions_state_machine",
        lambda job: {"definition": as_state_machine(job)},
    ),
    "an object of a cluster": ("kubernetes_manifest", manifest_of),
    "processing job": ("awscc_sagemaker_processing_job", snake),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_job_in_a_plan_is_judged_whatever_holds_it(holder: str, tmp_path: Path) -> None:
    type_, values_of = HOLDERS[holder]
    write_plan(tmp_path, plan_with(type_, values_of(JOB)))
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == []
    write_plan(tmp_path, plan_with(type_, values_of(TAGGED)))
    verdict = run(tmp_path, GateName.TERRAFORM)
    assert rules_of(verdict) == ["cloud-unpinned-image"]
    assert verdict.findings[0].subject == f"{type_}.train"


def test_a_job_that_only_the_apply_knows_is_unknown(tmp_path: Path) -> None:
    write_plan(tmp_path, plan_with("aws_sagemaker_pipeline", {}, {"pipeline_definition": True}))
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == ["cloud-unknown-value"]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("aws_sagemaker_monitoring_schedule", {"name": "watch"}),
        ("aws_sagemaker_data_quality_job_definition", {"name": "watch"}),
        ("awscc_sagemaker_model_bias_job_definition", {}),
        ("azapi_resource", {"type": "Microsoft.MachineLearningServices/workspaces/jobs@2024-04-01"}),
        ("azapi_resource", {"type": "microsoft.machinelearningservices/workspaces/schedules@2024-04-01"}),
        (
            "aws_cloudcontrolapi_resource",
            {"type_name": "AWS::SageMaker::ModelQualityJobDefinition", "desired_state": "{}"},
        ),
    ],
)
def test_a_job_of_another_kind_in_a_plan_is_told(type_: str, values: Any, tmp_path: Path) -> None:
    write_plan(tmp_path, plan_with(type_, values))
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == ["cloud-unsupported-job"]


@pytest.mark.parametrize("type_", ["aws_sagemaker_model", "aws_sagemaker_endpoint", "azapi_resource"])
def test_what_starts_no_job_is_none(type_: str, tmp_path: Path) -> None:
    write_plan(
        tmp_path, plan_with(type_, {"name": "a", "type": "Microsoft.Storage/storageAccounts@2023-01-01"})
    )
    assert "cloud-unsupported-job" not in rules_of(run(tmp_path, GateName.TERRAFORM))


def test_a_job_of_cloud_control_that_only_the_apply_knows_is_unknown(tmp_path: Path) -> None:
    values = {"type_name": "AWS::SageMaker::ProcessingJob"}
    write_plan(tmp_path, plan_with("aws_cloudcontrolapi_resource", values, {"desired_state": True}))
    assert "cloud-unknown-value" in rules_of(run(tmp_path, GateName.TERRAFORM))


def test_a_list_of_which_a_plan_knows_nothing_is_unknown(tmp_path: Path) -> None:
    values = snake(JOB)
    del values["app_specification"]["container_arguments"]
    unknown = {"app_specification": {"container_arguments": [True, True]}}
    write_plan(tmp_path, plan_with("awscc_sagemaker_processing_job", values, unknown))
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == ["cloud-unknown-value"]


def test_a_machine_that_only_the_apply_knows_is_unknown_beside_sagemaker(tmp_path: Path) -> None:
    plan = plan_with("aws_sfn_state_machine", {"name": "a"}, {"definition": True})
    write_plan(tmp_path, plan)
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == []
    write_plan(tmp_path, json.loads(json.dumps(plan).replace('"name": "a"', '"name": "sagemaker-churn"')))
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == ["cloud-unknown-value"]


def test_a_broken_definition_in_a_plan_cannot_be_judged(tmp_path: Path) -> None:
    write_plan(tmp_path, plan_with("aws_sfn_state_machine", {"definition": "{"}))
    assert run(tmp_path, GateName.TERRAFORM).exit_code == 4


def test_a_job_that_a_plan_removes_is_not_judged(tmp_path: Path) -> None:
    plan = plan_of(TAGGED)
    change = plan["resource_changes"][0]["change"]
    change |= {"actions": ["delete"], "before": change["after"], "after": None}
    plan["planned_values"]["root_module"]["resources"] = []
    write_plan(tmp_path, plan)
    assert rules_of(run(tmp_path, GateName.TERRAFORM)) == []


def test_a_plan_is_judged_again_when_the_declaration_changes(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "rules" / "cloud-declaration-differs" / "fail"
    folder, cache = tmp_path / "folder", tmp_path / "cache"
    folder.mkdir()
    write_plan(folder, plan_of(json.loads((example / "job.json").read_text("utf-8"))))
    assert rules_of(run(folder, GateName.TERRAFORM, cache=cache)) == []
    (folder / "privacy.yaml").write_bytes((example / "privacy.yaml").read_bytes())
    assert rules_of(run(folder, GateName.TERRAFORM, cache=cache)) == ["cloud-declaration-differs"]


CONFIGURATION = """\
resource "aws_kms_key" "own" {}

resource "aws_sfn_state_machine" "train" {
  name     = "churn"
  role_arn = "arn:aws:iam::111122223333:role/churn"
  definition = DEFINITION
}
"""


def definition_of(job: Any) -> str:
    """A call of jsonencode in which one key is a reference."""
    text = json.dumps(machine_of(job)).replace(": ", " = ")
    key = json.dumps(JOB["ProcessingOutputConfig"]["KmsKeyId"])
    return f"jsonencode({text.replace(key, 'aws_kms_key.own.arn')})"


def static_rules(folder: Path, definition: str) -> list[str]:
    (folder / "main.tf").write_text(CONFIGURATION.replace("DEFINITION", definition), "utf-8")
    return [each for each in rules_of(run(folder, GateName.TERRAFORM)) if each != "tf-no-plan"]


def test_files_of_terraform_are_judged_where_their_text_is_certain(tmp_path: Path) -> None:
    assert static_rules(tmp_path, definition_of(JOB)) == []
    assert static_rules(tmp_path, definition_of(TAGGED)) == ["cloud-unpinned-image"]
    heredoc = f"<<EOT\n{json.dumps(machine_of(TAGGED))}\nEOT\n"
    assert static_rules(tmp_path, heredoc) == ["cloud-unpinned-image"]


def test_what_only_a_plan_knows_is_not_said_without_one(tmp_path: Path) -> None:
    assert static_rules(tmp_path, 'file("machine.json")') == []
    assert static_rules(tmp_path, "var.definition") == []
