"""Jobs beside, inside or behind what is read: none of them passes because another job in the file does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.model.verdict import Verdict
from gatecli.sources.files import MAX_BYTES
from tests.rules.test_rules import TODAY
from tests.support.job_definitions import (
    JOB,
    OPTIONS,
    POLICY,
    as_pipeline,
    changed,
    machine_of,
    with_arguments,
)
from tests.unit.checks.cloud.test_job_checks import rules_of

TAGGED = changed(JOB, {"AppSpecification": {"ImageUri": "churn:1"}})
STEP = "arn:aws:states:::aws-sdk:sagemaker:"


def resource(properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SageMaker::ProcessingJob", "Properties": properties}


def template(properties: Any = JOB, **resources: Any) -> dict[str, Any]:
    return {"Resources": {"Train": resource(properties), **resources}}


def schedule(action: str) -> dict[str, Any]:
    target = {"Arn": f"arn:aws:scheduler:::aws-sdk:sagemaker:{action}", "Input": "{}"}
    return {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}


def of_cluster(kind: str, spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
        "kind": kind,
        "metadata": {"name": "churn"},
        "spec": spec,
    }


def own_names(value: Any) -> Any:
    """A request with the capitals of ACK."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: own_names(each) for key, each in value.items()}
    return [own_names(each) for each in value] if isinstance(value, list) else value


def several(*items: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [of_cluster("ProcessingJob", own_names(JOB)), *items],
    }


def with_dataset(name: str) -> Any:
    return changed(JOB, with_arguments(*[name if each == "customers-2026" else each for each in OPTIONS]))


INCLUDE = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://acme/x.yaml"}}}
TWICE = {**own_names(JOB), "appSpecification": {"imageURI": "churn:1", **own_names(JOB["AppSpecification"])}}
DOCUMENTS: dict[str, tuple[Any, list[str]]] = {
    "a template": (template(), []),
    "a template of SAM": ({"Transform": "AWS::Serverless-2016-10-31", **template()}, []),
    "a macro of its own": (
        {"Transform": ["AWS::Serverless-2016-10-31", "Own"], **template()},
        ["unsupported-job"],
    ),
    "a file that is laid over the job": (template({**JOB, **INCLUDE}), ["unknown-value"]),
    "a file that is laid over its variables": (
        template({**JOB, "Environment": {"A": "b", **INCLUDE}}),
        ["unknown-value"],
    ),
    "a file that is laid over the resources": (template(**INCLUDE), ["unsupported-job"]),
    "a loop": (
        template(**{"Fn::ForEach::Jobs": ["n", ["a", "b"], {"Job${n}": resource(JOB)}]}),
        [],
    ),
    "a bad job in a loop": (
        template(**{"Fn::ForEach::Jobs": ["n", ["a"], {"Job${n}": resource(TAGGED)}]}),
        ["unpinned-image"],
    ),
    "the variable of a loop": (
        template(**{"Fn::ForEach::Jobs": ["n", ["a"], {"Job${n}": resource(with_dataset("${n}"))}]}),
        ["promise-over-tier", "unknown-tier", "unknown-value"],
    ),
    "nothing but a loop": (
        {"Resources": {"Fn::ForEach::Jobs": ["n", ["a"], {"Job${n}": resource(TAGGED)}]}},
        ["unpinned-image"],
    ),
    "a loop in a loop": (
        template(**{"Fn::ForEach::A": ["n", ["a"], {"Fn::ForEach::B": ["m", ["b"], {"J": resource(JOB)}]}]}),
        ["unsupported-job"],
    ),
    "a loop over variables": (
        template({**JOB, "Environment": {"Fn::ForEach::E": ["n", ["GATECLI_EXIT_ZERO"], {"${n}": "1"}]}}),
        ["unknown-value"],
    ),
    "a key by a dynamic reference": (
        template(changed(JOB, {"ProcessingOutputConfig": {"KmsKeyId": "{{resolve:ssm:/key}}"}})),
        ["unknown-value"],
    ),
    "a dataset by a dynamic reference": (
        template(with_dataset("{{resolve:ssm:/data:1}}")),
        ["promise-over-tier", "unknown-tier", "unknown-value"],
    ),
    "a schedule that watches an endpoint": (
        template(Watch={"Type": "AWS::SageMaker::MonitoringSchedule", "Properties": {}}),
        ["unsupported-job"],
    ),
    "a schedule that starts a pipeline": (
        template(Nightly=schedule("startPipelineExecution")),
        ["unsupported-job"],
    ),
    "a schedule that asks": (template(Nightly=schedule("listProcessingJobs")), []),
    "a machine in a request": ({**JOB, **machine_of(TAGGED)}, ["unpinned-image"]),
    "a pipeline in a request": ({**JOB, **json.loads(as_pipeline(TAGGED))}, ["unpinned-image"]),
    "a state that watches an endpoint": (
        machine_of({}, f"{STEP}createMonitoringSchedule"),
        ["unsupported-job"],
    ),
    "a state that defines quality checks": (
        machine_of({}, f"{STEP}createDataQualityJobDefinition"),
        ["unsupported-job"],
    ),
    "objects of a cluster": (several(), []),
    "a pipeline of a cluster": (
        several(of_cluster("Pipeline", {"pipelineDefinition": as_pipeline(TAGGED)})),
        ["unpinned-image"],
    ),
    "a pipeline of a cluster that is cut off": (
        several(of_cluster("Pipeline", {"pipelineDefinition": '{"Steps": ['})),
        ["invalid"],
    ),
    "a schedule of a cluster": (several(of_cluster("MonitoringSchedule", {})), ["unsupported-job"]),
    "a machine in a ConfigMap beside": (
        several({"apiVersion": "v1", "kind": "ConfigMap", "data": {"asl": json.dumps(machine_of(TAGGED))}}),
        ["unpinned-image"],
    ),
    "a member of an object in two spellings": (of_cluster("ProcessingJob", TWICE), ["unknown-value"]),
    "an input from two places": (
        changed(
            JOB,
            {
                "ProcessingInputs": [
                    {**JOB["ProcessingInputs"][0], "DatasetDefinition": {"LocalPath": "/usr"}}
                ]
            },
        ),
        ["code-from-input"],
    ),
}


def judge(folder: Path) -> Verdict:
    (folder / "gatecli.yaml").write_text(POLICY, "utf-8")
    bundle = read_policy(None, folder)
    terms = JudgementTerms(bundle.policy, (), TODAY)
    return check_paths([folder], terms, search_of(bundle.policy.spec.pii))


@pytest.mark.parametrize(("document", "expected"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_no_job_is_passed_over(tmp_path: Path, document: Any, expected: list[str]) -> None:
    (tmp_path / "definition.json").write_text(json.dumps(document), "utf-8")
    assert rules_of(judge(tmp_path)) == expected


def test_a_definition_that_is_too_long_is_told(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(JOB), "utf-8")
    with (tmp_path / "long.json").open("w", encoding="utf-8") as file:
        file.write(" " * MAX_BYTES + json.dumps(TAGGED))
    (tmp_path / "rows.json").write_text("[" + "0, " * MAX_BYTES + "0]", "utf-8")
    verdict = judge(tmp_path)
    assert [(each.rule.id, Path(each.place.path).name) for each in verdict.findings] == [
        ("cloud-unreadable", "long.json")
    ]


def test_a_definition_behind_a_link_is_judged_once(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "job.json").write_text(json.dumps(TAGGED), "utf-8")
    (inside / "good.json").write_text(json.dumps(JOB), "utf-8")
    (inside / "same.json").symlink_to("good.json")
    (inside / "nowhere.json").symlink_to("nothing.json")
    (inside / "job.json").symlink_to(outside / "job.json")
    verdict = judge(inside)
    assert rules_of(verdict) == ["unpinned-image"]
    assert len(verdict.checked) == 2


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "job.json").write_text(json.dumps(JOB), "utf-8")
    closed = tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def refuse(path: Any = ".") -> Any:
        if Path(os.fsdecode(path)).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert judge(tmp_path).exit_code == 4
