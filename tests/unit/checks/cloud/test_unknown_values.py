"""Whatever decides and is known only when the job starts is told, and never passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE
from tests.support.job_definitions import JOB, changed
from tests.unit.checks.cloud.test_job_checks import (
    INPUT,
    arguments,
    cluster,
    image,
    input_at,
    judge,
    rules_of,
    variables,
)

UNKNOWN: dict[str, Any] = {
    "the image": image(HOLE),
    "the digest": image(f"a@sha256:{HOLE}"),
    "the arguments": {"AppSpecification": {"ContainerArguments": HOLE}},
    "the entry point": {"AppSpecification": {"ContainerEntrypoint": HOLE}},
    "the program": {"AppSpecification": {"ContainerEntrypoint": [HOLE]}},
    "ε": arguments(epsilon=HOLE),
    "δ": arguments(delta=f"1e-{HOLE}"),
    "the ledger": arguments(ledger=HOLE),
    "the release's folder": arguments(output=f"/opt/{HOLE}"),
    "the isolation": {"NetworkConfig": {"EnableNetworkIsolation": HOLE}},
    "the private network": {"NetworkConfig": {"VpcConfig": HOLE}},
    "the subnets": {"NetworkConfig": {"VpcConfig": {"Subnets": HOLE}}},
    "the key of the disks": cluster(VolumeKmsKeyId=HOLE),
    "the key of the outputs": {"ProcessingOutputConfig": {"KmsKeyId": HOLE}},
    "where an input stands": input_at(f"/opt/ml/processing/{HOLE}"),
    "a search path": variables(PYTHONPATH=HOLE),
    "the command's program": arguments(["--", HOLE, "train.py"]),
    "the command's script": arguments(["--", "python", f"{HOLE}/train.py"]),
    "the policy": arguments(policy=HOLE),
    "the waivers": arguments(waivers=f"/etc/{HOLE}"),
    "the baseline": arguments(baseline=HOLE),
    "the declaration": arguments(declaration=HOLE),
    "the environment": {"Environment": HOLE},
    "the inputs": {"ProcessingInputs": HOLE},
}


@pytest.mark.parametrize("change", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_value_that_decides_and_is_unknown_is_told(change: Any, tmp_path: Path) -> None:
    assert set(rules_of(judge(tmp_path, changed(JOB, change)))) == {"unknown-value"}


def test_the_number_of_machines_is_told_with_what_several_would_need(tmp_path: Path) -> None:
    found = rules_of(judge(tmp_path, changed(JOB, cluster(InstanceCount=HOLE))))
    assert found == ["plain-traffic", "unknown-value"]


def test_a_dataset_that_is_unknown_is_held_to_the_strictest_limits(tmp_path: Path) -> None:
    found = rules_of(judge(tmp_path, changed(JOB, arguments(dataset=f"customers-{HOLE}"))))
    assert found == ["promise-over-tier", "unknown-tier", "unknown-value"]


def test_outputs_that_are_unknown_keep_no_release_for_certain(tmp_path: Path) -> None:
    found = rules_of(judge(tmp_path, changed(JOB, {"ProcessingOutputConfig": {"Outputs": HOLE}})))
    assert found == ["lost-release", "unknown-value"]


FINE: dict[str, Any] = {
    "the registry": image(f"{HOLE}/churn@sha256:{'0' * 64}"),
    "the job's name": {"ProcessingJobName": HOLE},
    "an address in S3": {"ProcessingInputs": [changed(INPUT, {"S3Input": {"S3Uri": f"s3://{HOLE}/"}})]},
    "one subnet of a list": {"NetworkConfig": {"VpcConfig": {"Subnets": [HOLE]}}},
    "a setting of the program": variables(EPOCHS=HOLE),
    "the host of the ledger": arguments(ledger=f"postgresql://gatecli@{HOLE}/privacy"),
    "an argument of the program": arguments(["--", "python", "train.py", HOLE]),
}


@pytest.mark.parametrize("change", FINE.values(), ids=FINE.keys())
def test_what_decides_nothing_may_be_unknown(change: Any, tmp_path: Path) -> None:
    assert rules_of(judge(tmp_path, changed(JOB, change))) == []
