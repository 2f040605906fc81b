"""Jobs in state machines: at whatever depth, in both query languages, and what is known only at the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from tests.support.job_definitions import IMAGE, JOB, changed, machine_of

RESOURCE = "arn:aws:states:::sagemaker:createProcessingJob.sync"


def read(folder: Path, data: Any, name: str = "machine.asl.json") -> Loaded[JobDefinition]:
    file = folder / name
    file.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    assert list(find_job_files([file])) == [file]
    return read_jobs(file)


def only_job(loaded: Loaded[JobDefinition]) -> JobDefinition:
    assert loaded.findings == ()
    (job,) = loaded.values
    return job


@pytest.mark.parametrize(
    "resource",
    [
        RESOURCE,
        "arn:aws:states:::sagemaker:createProcessingJob",
        "arn:aws:states:::aws-sdk:sagemaker:createProcessingJob",
        "arn:aws-cn:states:::sagemaker:createProcessingJob.sync",
        "arn:aws:states:::aws-sdk:sagemaker:createProcessingJob.waitForTaskToken",
    ],
)
def test_every_integration_that_starts_a_job_is_read(resource: str, tmp_path: Path) -> None:
    job = only_job(read(tmp_path, machine_of(JOB, resource)))
    assert job.image is not None
    assert (job.name, job.form, job.image.text) == ("Train", "state machine", IMAGE)
    assert job.image.pointer == "/States/Train/Parameters/AppSpecification/ImageUri"


def test_a_training_job_is_read(tmp_path: Path) -> None:
    request = {"AlgorithmSpecification": {"TrainingImage": IMAGE}, "HyperParameters": {"lr": "0.1"}}
    machine = machine_of(request, "arn:aws:states:::sagemaker:createTrainingJob.sync")
    job = only_job(read(tmp_path, machine))
    assert job.image is not None
    assert job.image.text == IMAGE
    assert [text.text for text in job.texts] == ["0.1"]


def test_jobs_in_branches_and_maps_are_read(tmp_path: Path) -> None:
    inner = machine_of(JOB)
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [inner, {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner}}}],
        },
        "Old": {"Type": "Map", "Iterator": inner},
    }
    loaded = read(tmp_path, {"StartAt": "Both", "States": states})
    assert [job.name for job in loaded.values] == ["Both[0]/Train", "Both[1]/M/Train", "Old/Train"]


def test_a_path_is_unknown(tmp_path: Path) -> None:
    request = changed(
        JOB, {"AppSpecification": {"ImageUri": None, "ImageUri.$": "$.image"}, "Environment": {"A.$": "$.a"}}
    )
    job = only_job(read(tmp_path, machine_of(request)))
    assert job.image is not None
    assert (job.image.text, job.image.is_known) == (HOLE, False)
    assert job.image.pointer == "/States/Train/Parameters/AppSpecification/ImageUri.$"
    (variable,) = job.environment
    assert (variable.name, variable.value.text) == ("A", HOLE)


def test_a_whole_list_that_is_a_path_is_not_whole(tmp_path: Path) -> None:
    change = {
        "AppSpecification": {
            "ContainerArguments": None,
            "ContainerArguments.$": "States.Array('--dataset', $.name)",
        }
    }
    job = only_job(read(tmp_path, machine_of(changed(JOB, change))))
    assert job.arguments is not None
    assert not job.arguments.is_whole


def test_an_expression_of_jsonata_is_unknown(tmp_path: Path) -> None:
    machine = machine_of(None)
    machine["QueryLanguage"] = "JSONata"
    state = machine["States"]["Train"]
    del state["Parameters"]
    state["Arguments"] = changed(JOB, {"NetworkConfig": {"EnableNetworkIsolation": "{% $x %}"}})
    job = only_job(read(tmp_path, machine))
    assert job.network.isolated is not None
    assert job.network.isolated.value is None


def test_a_state_says_its_own_language(tmp_path: Path) -> None:
    machine = machine_of(None)
    state = machine["States"]["Train"]
    del state["Parameters"]
    state |= {"QueryLanguage": "JSONata", "Arguments": dict(JOB)}
    assert only_job(read(tmp_path, machine)).is_seen


@pytest.mark.parametrize("request_", [None, {}])
def test_a_job_whose_request_is_the_state_s_input_is_unseen(request_: Any, tmp_path: Path) -> None:
    machine = machine_of(request_)
    if request_ is None:
        del machine["States"]["Train"]["Parameters"]
        assert not only_job(read(tmp_path, machine)).is_seen
    else:
        assert only_job(read(tmp_path, machine)).image is None


def test_slots_of_a_template_are_unknown(tmp_path: Path) -> None:
    request = changed(JOB, {"AppSpecification": {"ImageUri": "${Repository}@sha256:" + "0" * 64}})
    job = only_job(read(tmp_path, machine_of(request)))
    assert job.image is not None
    assert job.image.text == f"{HOLE}@sha256:" + "0" * 64


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
        "arn:aws:states:::sagemaker:createTransformJob",
        "arn:aws:states:::aws-sdk:sagemaker:createAutoMLJobV2",
        "arn:aws:states:::sagemaker:createLabelingJob.sync",
        "arn:aws:states:::aws-sdk:sagemaker:startPipelineExecution",
        "${Resource}",
    ],
)
def test_a_job_that_nothing_judges_is_told(resource: str, tmp_path: Path) -> None:
    machine = machine_of({}, resource)
    machine["Comment"] = "sagemaker"
    loaded = read(tmp_path, machine)
    assert [finding.rule.id for finding in loaded.findings] == ["cloud-unsupported-job"]
    assert loaded.values == ()


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::sagemaker:createModel",
        "arn:aws:states:::sagemaker:createEndpoint",
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::aws-sdk:sagemaker:describeProcessingJob",
    ],
)
def test_what_starts_no_job_is_passed_over(resource: str, tmp_path: Path) -> None:
    machine = machine_of({}, resource)
    machine["Comment"] = "sagemaker"
    assert read(tmp_path, machine) == Loaded()


def test_a_machine_in_yaml_is_read(tmp_path: Path) -> None:
    text = (
        "StartAt: Train\nStates:\n  Train:\n    Type: Task\n"
        f"    Resource: {RESOURCE}\n    Parameters:\n      AppSpecification:\n        ImageUri: {IMAGE}\n"
    )
    job = only_job(read(tmp_path, text, "machine.asl.yaml"))
    assert job.image is not None
    assert job.document.place(job.image.pointer).line == 8


@pytest.mark.parametrize(
    "states", ["", [], {"A": {"Type": "Parallel", "Branches": {}}}, {"A": {"ItemProcessor": {}}}]
)
def test_states_that_cannot_be_read_are_told(states: Any, tmp_path: Path) -> None:
    machine = {
        "StartAt": "Both",
        "States": {"Both": {"Type": "Map", "ItemProcessor": {"States": states}}},
        "Comment": "sagemaker",
    }
    loaded = read(tmp_path, machine)
    assert [finding.rule.id for finding in loaded.findings] == ["cloud-invalid"]
