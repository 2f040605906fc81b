"""Jobs in definitions of SageMaker Pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from tests.support.job_definitions import JOB, changed


def read(folder: Path, *steps: Any) -> Loaded[JobDefinition]:
    file = folder / "pipeline.json"
    parameters = [{"Name": "Image", "Type": "String", "DefaultValue": "a"}]
    file.write_text(json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": steps}), "utf-8")
    assert list(find_job_files([file])) == [file]
    return read_jobs(file)


def step(request: Any, kind: str = "Processing", name: str = "Train") -> Any:
    return {"Name": name, "Type": kind, "Arguments": request}


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("a", "a"),
        ({"Get": "Parameters.Image"}, HOLE),
        ({"Get": "Steps.Build.Image"}, HOLE),
        ({"Std:Join": {"On": "@", "Values": ["a", {"Get": "Parameters.Image"}]}}, f"a@{HOLE}"),
        ({"Std:JsonGet": {"Path": "a"}}, HOLE),
    ],
)
def test_a_parameter_is_unknown_whatever_its_default(image: Any, text: str, tmp_path: Path) -> None:
    (job,) = read(tmp_path, step(changed(JOB, {"AppSpecification": {"ImageUri": image}}))).values
    assert job.image is not None
    assert job.image.text == text


def test_steps_below_a_condition_are_read(tmp_path: Path) -> None:
    condition = {"Conditions": [], "IfSteps": [step(JOB)], "ElseSteps": [step(JOB, name="Else")]}
    loaded = read(tmp_path, step(condition, "Condition", "If"))
    assert [job.name for job in loaded.values] == ["If/Train", "If/Else"]


@pytest.mark.parametrize(
    "kind", ["Tuning", "Transform", "AutoML", "ClarifyCheck", "EMR", "NotebookJob", "New"]
)
def test_a_step_that_nothing_judges_is_told(kind: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, step({}, kind), step(JOB))
    assert [finding.rule.id for finding in loaded.findings] == ["cloud-unsupported-job"]
    assert len(loaded.values) == 1


@pytest.mark.parametrize("kind", ["Fail", "Model", "RegisterModel", "Lambda", "Callback"])
def test_a_step_that_is_no_job_is_passed_over(kind: str, tmp_path: Path) -> None:
    assert read(tmp_path, step({}, kind)) == Loaded()


def test_a_step_without_arguments_is_unseen(tmp_path: Path) -> None:
    (job,) = read(
        tmp_path, {"Name": "Train", "Type": "Processing", "Arguments": {"Get": "Parameters.Job"}}
    ).values
    assert not job.is_seen
