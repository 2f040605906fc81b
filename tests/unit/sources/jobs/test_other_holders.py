"""Jobs in objects of a cluster, in schedules, and somewhere inside of other documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.model.job_definition import JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from tests.support.job_definitions import IMAGE, JOB, TRAINING_JOB, changed, machine_of, plan_of


def read(folder: Path, data: Any, name: str = "a.yaml") -> Loaded[JobDefinition]:
    file = folder / name
    file.write_text(json.dumps(data) if name.endswith(".json") else yaml.safe_dump(data), "utf-8")
    assert list(find_job_files([file])) == [file]
    return read_jobs(file)


def only_job(loaded: Loaded[JobDefinition]) -> JobDefinition:
    assert loaded.findings == ()
    (job,) = loaded.values
    return job


def in_cluster(value: Any) -> Any:
    """A request with the capitals that the controller of AWS uses."""
    capitals = {"Uri": "URI", "Kms": "KMS", "Id": "ID", "Ids": "IDs"}
    if isinstance(value, dict):
        names = {key: key[:1].lower() + key[1:] for key in value}
        for old, new in capitals.items():
            names = {
                key: name.removesuffix(old) + new if name.endswith(old) else name
                for key, name in names.items()
            }
        return {names[key]: in_cluster(each) for key, each in value.items()}
    return [in_cluster(each) for each in value] if isinstance(value, list) else value


def object_of(kind: str, request: Any) -> Any:
    environment = request.get("Environment")
    spec = in_cluster({key: value for key, value in request.items() if key != "Environment"})
    return {
        "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
        "kind": kind,
        "metadata": {"name": "churn"},
        "spec": spec if environment is None else {**spec, "environment": environment},
    }


@pytest.mark.parametrize(("kind", "request_"), [("ProcessingJob", JOB), ("TrainingJob", TRAINING_JOB)])
def test_an_object_of_a_cluster_is_the_job_that_it_asks_for(kind: str, request_: Any, tmp_path: Path) -> None:
    job = only_job(read(tmp_path, object_of(kind, changed(request_, {"Environment": {"API_URL": "a"}}))))
    plain = only_job(read(tmp_path, request_, "b.json"))
    assert job.image is not None
    assert (job.name, job.image.text) == ("churn", IMAGE)
    assert [variable.name for variable in job.environment] == ["API_URL"]
    assert [each.key.text for each in job.outputs if each.key] == [
        each.key.text for each in plain.outputs if each.key
    ]
    assert job.network.subnets is not None
    assert job.network.security_groups is not None
    place = job.document.place(job.image.pointer)
    lines = (tmp_path / "a.yaml").read_text("utf-8").splitlines()
    assert place.line is not None
    assert IMAGE in lines[place.line - 1]
    assert place.pointer is not None
    assert place.pointer.startswith("/spec/a")
    assert place.pointer.endswith(("imageURI", "trainingImage"))


def test_objects_in_a_list_are_read(tmp_path: Path) -> None:
    items = [object_of("ProcessingJob", JOB), {"kind": "ConfigMap"}, object_of("HyperParameterTuningJob", {})]
    loaded = read(tmp_path, {"kind": "List", "items": items})
    assert [job.name for job in loaded.values] == ["churn"]
    assert [finding.rule.id for finding in loaded.findings] == ["cloud-unsupported-job"]


def test_other_objects_of_the_controller_are_no_jobs(tmp_path: Path) -> None:
    assert read(tmp_path, object_of("Model", {})) == Loaded()


def test_a_machine_of_the_serverless_framework_is_read(tmp_path: Path) -> None:
    data = {"stepFunctions": {"stateMachines": {"churn": {"definition": machine_of(JOB)}}}}
    job = only_job(read(tmp_path, data, "serverless.yaml"))
    assert job.image is not None
    assert job.name == "definition/Train"
    assert job.image.pointer.startswith("/stepFunctions/stateMachines/churn/definition/States/Train/")


@pytest.mark.parametrize("text", [json.dumps(dict(JOB)), json.dumps(machine_of(JOB))])
def test_a_text_in_another_document_is_read(text: str, tmp_path: Path) -> None:
    job = only_job(read(tmp_path, {"kind": "ConfigMap", "data": {"job.json": text}}))
    assert job.image is not None
    assert job.document.place(job.image.pointer).pointer == f"/data/job.json{job.image.pointer}"


def test_requests_in_a_list_are_read(tmp_path: Path) -> None:
    loaded = read(tmp_path, [dict(JOB), {"jobs": [dict(TRAINING_JOB)]}], "jobs.json")
    assert [job.form for job in loaded.values] == ["CreateProcessingJob", "CreateTrainingJob"]


def schedule(arn: str, given: Any) -> Any:
    target = {"Arn": arn, "RoleArn": "r", "Input": given}
    resource = {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}
    return {"Resources": {"Monthly": resource}}


CALL = "arn:aws:scheduler:::aws-sdk:sagemaker:"


def test_a_schedule_that_calls_sagemaker_is_a_job(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, schedule(f"{CALL}createProcessingJob", json.dumps(dict(JOB))), "t.json"))
    assert job.image is not None
    assert (job.name, job.image.text) == ("Monthly", IMAGE)


@pytest.mark.parametrize(
    ("action", "given", "rules"),
    [
        ("createHyperParameterTuningJob", "{}", ["cloud-unsupported-job"]),
        ("createProcessingJob", "{", ["cloud-invalid"]),
        ("describeProcessingJob", "{}", []),
    ],
)
def test_a_schedule_that_cannot_be_judged_is_told(
    action: str, given: str, rules: list[str], tmp_path: Path
) -> None:
    loaded = read(tmp_path, schedule(f"{CALL}{action}", given), "t.json")
    assert [finding.rule.id for finding in loaded.findings] == rules
    assert loaded.values == ()


def test_a_schedule_whose_call_is_known_later_is_unseen(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, schedule(f"{CALL}createProcessingJob", {"Ref": "Job"}), "t.json"))
    assert not job.is_seen


@pytest.mark.parametrize("name", ["\\u0041ppSpecification", "AppSpecific\\u0061tion"])
def test_a_key_that_is_written_by_escapes_is_found(name: str, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(JOB).replace("AppSpecification", name), "utf-8")
    assert list(find_job_files([file])) == [file]
    assert len(read_jobs(file).values) == 1


def test_a_plan_of_terraform_is_another_gate_s(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(JOB)), "utf-8")
    assert list(find_job_files([file])) == []
