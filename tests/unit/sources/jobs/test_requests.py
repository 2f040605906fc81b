"""Requests of SageMaker as their files hold them, and the form that each part must have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from tests.support.job_definitions import ACCOUNT, IMAGE, JOB, RELEASE, TRAINING_JOB, changed


def read(folder: Path, data: Any, name: str = "job.json") -> Loaded[JobDefinition]:
    file = folder / name
    file.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return read_jobs(file)


def only_job(loaded: Loaded[JobDefinition]) -> JobDefinition:
    assert loaded.findings == ()
    (job,) = loaded.values
    return job


def test_a_processing_job_is_read_whole(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, JOB))
    assert job.name == "churn-2026-12"
    assert job.image is not None
    assert job.image.text == IMAGE
    (brought,), (kept,) = job.inputs, job.outputs
    assert brought.path is not None
    assert brought.path.text == "/opt/ml/processing/input/customers"
    assert kept.path is not None
    assert kept.key is not None
    assert (kept.path.text, kept.key.text) == (RELEASE, ACCOUNT)
    assert job.machines.count is not None
    assert job.machines.count.value == 1
    assert job.network.isolated is not None
    assert job.network.isolated.value is False


def test_a_training_job_is_read_whole(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, TRAINING_JOB))
    assert [each.path.text for each in job.inputs if each.path] == ["/opt/ml/input/data/customers"]
    assert [each.path.text for each in job.outputs if each.path] == ["/opt/ml/model", "/opt/ml/output/data"]


def test_code_that_a_framework_fetches_is_seen(tmp_path: Path) -> None:
    settings = {"HyperParameters": {"sagemaker_submit_directory": "s3://a/code.tar.gz"}}
    job = only_job(read(tmp_path, changed(TRAINING_JOB, settings)))
    assert [text.pointer for text in job.code] == ["/HyperParameters/sagemaker_submit_directory"]


@pytest.mark.parametrize(
    ("machines", "count"),
    [
        ({"InstanceCount": 2}, 2),
        ({"InstanceCount": "2"}, 2),
        ({"InstanceCount": "two"}, None),
        ({"InstancePreferences": [{"InstanceType": "a", "InstanceCount": 3}]}, 3),
    ],
)
def test_machines_are_counted_however_they_are_given(
    machines: Any, count: int | None, tmp_path: Path
) -> None:
    change = {"ProcessingResources": {"ClusterConfig": machines}}
    job = only_job(read(tmp_path, changed(JOB, change)))
    assert job.machines.count is not None
    assert job.machines.count.value == count


def test_groups_of_machines_are_added(tmp_path: Path) -> None:
    groups = [{"InstanceType": "a", "InstanceCount": 1, "InstanceGroupName": name} for name in ("a", "b")]
    config = {"ResourceConfig": {"InstanceCount": None, "InstanceGroups": groups}}
    job = only_job(read(tmp_path, changed(TRAINING_JOB, config)))
    assert job.machines.count is not None
    assert job.machines.count.value == 2


def test_what_a_query_leaves_is_an_output(tmp_path: Path) -> None:
    query = {"OutputS3Uri": "s3://a/", "OutputFormat": "PARQUET", "QueryString": "select 1"}
    athena = {"InputName": "q", "DatasetDefinition": {"AthenaDatasetDefinition": query}}
    job = only_job(read(tmp_path, changed(JOB, {"ProcessingInputs": [athena]})))
    assert [(each.name, each.key) for each in job.outputs] == [("release", job.outputs[0].key), ("q", None)]


WRONG: list[tuple[Any, str]] = [
    ({"Environment": ["A=1"]}, "/Environment"),
    ({"Environment": {"A": ["1"]}}, "/Environment/A"),
    ({"AppSpecification": "a"}, "/AppSpecification"),
    ({"AppSpecification": {"ContainerArguments": "a b"}}, "/AppSpecification/ContainerArguments"),
    ({"AppSpecification": {"ContainerArguments": [1]}}, "/AppSpecification/ContainerArguments/0"),
    ({"ProcessingInputs": {}}, "/ProcessingInputs"),
    ({"ProcessingInputs": [1]}, "/ProcessingInputs/0"),
    ({"ProcessingInputs": [{"S3Input": {"LocalPath": 1}}]}, "/ProcessingInputs/0/S3Input/LocalPath"),
    ({"ProcessingOutputConfig": {"Outputs": {}}}, "/ProcessingOutputConfig/Outputs"),
    ({"NetworkConfig": {"EnableNetworkIsolation": 1}}, "/NetworkConfig/EnableNetworkIsolation"),
    ({"NetworkConfig": {"VpcConfig": {"Subnets": "a"}}}, "/NetworkConfig/VpcConfig/Subnets"),
    ({"ProcessingResources": {"ClusterConfig": []}}, "/ProcessingResources/ClusterConfig"),
    ({"Tags": [{"Key": 1}]}, "/Tags/0/Key"),
]


@pytest.mark.parametrize(("change", "pointer"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_a_part_of_another_form_is_told_where_it_stands(change: Any, pointer: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, changed(JOB, change))
    assert [(each.rule.id, each.place.pointer) for each in loaded.findings] == [("cloud-invalid", pointer)]
    assert loaded.values == ()


def test_null_is_not_a_value(tmp_path: Path) -> None:
    loaded = read(tmp_path, {**JOB, "NetworkConfig": None})
    assert [each.rule.id for each in loaded.findings] == ["cloud-invalid"]


def test_a_hole_that_somebody_writes_is_unknown(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, changed(JOB, {"AppSpecification": {"ImageUri": f"a{HOLE}"}})))
    assert job.image is not None
    assert not job.image.is_known


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"a": 1}'),
        ("a.json", '{"note": "AppSpecification"}'),
        ("a.yaml", "appspecification: {}\n"),
    ],
)
def test_a_file_that_defines_no_job_gives_nothing(name: str, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text, name) == Loaded()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_request_is_found_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_bytes(json.dumps(JOB).encode(encoding))
    assert list(find_job_files([file])) == [file]
    assert only_job(read_jobs(file)).name == "churn-2026-12"


@pytest.mark.parametrize("suffix", [".txt", ".md", ".py"])
def test_other_files_are_not_looked_into(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"job{suffix}"
    file.write_text(json.dumps(JOB), "utf-8")
    assert list(find_job_files([file])) == []


@pytest.mark.parametrize("length", [1, 100, 1000])
def test_a_request_that_is_cut_off_cannot_be_read(length: int, tmp_path: Path) -> None:
    loaded = read(tmp_path, json.dumps(JOB)[:length])
    assert [each.rule.id for each in loaded.findings] == ["cloud-unreadable"]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = json.dumps(JOB).replace('"ProcessingJobName"', '"NetworkConfig": {}, "ProcessingJobName"')
    assert [each.rule.id for each in read(tmp_path, text).findings] == ["cloud-invalid"]
