"""A processing job that breaks no rule, what may be changed in it, and the forms that it is written in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "arn:aws:kms:eu-central-1:111122223333:key/0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/churn@sha256:" + "a1" * 32
LEDGER = "postgresql://gatecli@ledger.acme.example/privacy"
RELEASE = "/opt/ml/processing/output/release"
OPTIONS = [
    "--dataset",
    "customers-2026",
    "--epsilon",
    "2.5",
    "--delta",
    "1e-5",
    "--output",
    RELEASE,
    "--ledger",
    LEDGER,
]
COMMAND = ["--", "python", "train.py"]

JOB: Mapping[str, Any] = {
    "ProcessingJobName": "churn-2026-12",
    "RoleArn": "arn:aws:iam::111122223333:role/churn-training",
    "AppSpecification": {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": ["gatecli", "cloud", "sagemaker", "run"],
        "ContainerArguments": [*OPTIONS, *COMMAND],
    },
    "ProcessingInputs": [
        {
            "InputName": "customers",
            "S3Input": {
                "S3Uri": "s3://acme-customers/2026/",
                "LocalPath": "/opt/ml/processing/input/customers",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
    ],
    "ProcessingOutputConfig": {
        "KmsKeyId": ACCOUNT,
        "Outputs": [
            {
                "OutputName": "release",
                "S3Output": {
                    "S3Uri": "s3://acme-releases/churn/",
                    "LocalPath": RELEASE,
                    "S3UploadMode": "EndOfJob",
                },
            }
        ],
    },
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.xlarge",
            "VolumeSizeInGB": 30,
            "VolumeKmsKeyId": ACCOUNT,
        }
    },
    "NetworkConfig": {
        "EnableNetworkIsolation": False,
        "VpcConfig": {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]},
    },
}
TRAINING_JOB: Mapping[str, Any] = {
    "TrainingJobName": "churn-2026-12",
    "RoleArn": JOB["RoleArn"],
    "AlgorithmSpecification": {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": JOB["AppSpecification"]["ContainerEntrypoint"],
        "ContainerArguments": [*OPTIONS[:7], "/opt/ml/model", *OPTIONS[8:], *COMMAND],
    },
    "InputDataConfig": [
        {
            "ChannelName": "customers",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://acme-customers/2026/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://acme-releases/churn/", "KmsKeyId": ACCOUNT},
    "ResourceConfig": {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 30,
        "VolumeKmsKeyId": ACCOUNT,
    },
    "VpcConfig": JOB["NetworkConfig"]["VpcConfig"],
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  datasets: {customers-2026: behavioural}
"""


def changed(job: Any, change: Any) -> Any:
    """A job with a change laid over it: keys of blocks one by one, lists whole; None takes a key away."""
    if not (isinstance(job, Mapping) and isinstance(change, Mapping)):
        return change
    merged = {key: changed(job.get(key), value) for key, value in change.items()}
    return {key: value for key, value in {**job, **merged}.items() if value is not None}


def with_arguments(*options: str, command: list[str] | None = None) -> dict[str, Any]:
    """The change to a job's options."""
    return {"AppSpecification": {"ContainerArguments": [*options, *(command or COMMAND)]}}


def as_request(job: Any) -> str:
    return json.dumps(job, indent=1)


def as_state_machine(job: Any) -> str:
    """One state that starts it."""
    return json.dumps(machine_of(job))


def machine_of(
    job: Any, resource: str = "arn:aws:states:::sagemaker:createProcessingJob.sync"
) -> dict[str, Any]:
    return {
        "StartAt": "Train",
        "States": {"Train": {"Type": "Task", "Resource": resource, "Parameters": job, "End": True}},
    }


def as_pipeline(job: Any) -> str:
    step = {"Name": "Train", "Type": "Processing", "Arguments": job}
    return json.dumps({"Version": "2020-12-01", "Steps": [step]})


def as_template(job: Any) -> str:
    resource = {"Type": "AWS::SageMaker::ProcessingJob", "Properties": job}
    return json.dumps({"Resources": {"Train": resource}})


def as_template_with_machine(job: Any) -> str:
    """A state machine as a text in a template."""
    properties = {"DefinitionString": json.dumps(machine_of(job))}
    return json.dumps(
        {"Resources": {"Train": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    )


FORMS: Mapping[str, Callable[[Any], str]] = {
    "request": as_request,
    "state-machine": as_state_machine,
    "pipeline": as_pipeline,
    "template": as_template,
    "machine-in-template": as_template_with_machine,
}


def plan_of(job: Any) -> dict[str, Any]:
    """What `terraform show -json` says of a state machine that starts the job."""
    values = {"name": "churn", "definition": json.dumps(machine_of(job))}
    return plan_with("aws_sfn_state_machine", values)


def plan_with(type_: str, values: dict[str, Any], unknown: Any = None) -> dict[str, Any]:
    """A plan that makes one resource."""
    resource = {"address": f"{type_}.train", "mode": "managed", "type": type_, "name": "train"}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown or {}}
    provider = "registry.terraform.io/hashicorp/aws"
    settings: dict[str, Any] = {key: {} for key in {**values, **(unknown or {})}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {
            "root_module": {"resources": [{**resource, "provider_name": provider, "values": values}]}
        },
        "resource_changes": [{**resource, "provider_name": provider, "change": change}],
        "configuration": {"root_module": {"resources": [{**resource, "expressions": settings}]}},
    }


def write_job(folder: Path, job: Any, *, policy: str = POLICY, name: str = "job.json") -> Path:
    """A folder with a policy and the request of a job."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gatecli.yaml").write_text(policy, "utf-8")
    file = folder / name
    file.write_text(as_request(job), "utf-8")
    return file
