"""What is read of SageMaker's requests, against the API's own model, and sent to a stand-in of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from gatecli.sources.jobs.sagemaker_request import PROCESSING, SHAPES, TRAINING
from gatecli.sources.jobs.shapes import COUNT, FLAG, SCALAR, TEXT, ListOf, MapOf, ScalarShape, Shape
from tests.support.job_definitions import JOB, TRAINING_JOB, changed, machine_of

TYPES = {id(TEXT): {"string"}, id(FLAG): {"boolean"}, id(COUNT): {"integer"}, id(SCALAR): {"string"}}
EXAMPLES = {PROCESSING: JOB, TRAINING: TRAINING_JOB}


@cache
def request_shape(action: str) -> Any:
    """The request of an action as the API's own model has it."""
    from botocore import loaders  # noqa: PLC0415 - not in the environment of make test
    from botocore import model as botocore_model  # noqa: PLC0415 - the same

    model = loaders.Loader().load_service_model("sagemaker", "service-2")
    return botocore_model.ServiceModel(model).operation_model(action).input_shape


def faults(action: str, request: Any) -> str:
    from botocore.validate import ParamValidator  # noqa: PLC0415 - not in the environment of make test

    return str(ParamValidator().validate(request, request_shape(action)).generate_report())


def differences(shape: Shape, model: Any, at: str = "") -> Iterator[str]:
    """Where what is read differs from the model."""
    match shape:
        case ScalarShape():
            if model.type_name not in TYPES[id(shape)]:
                yield f"{at} is of type {model.type_name}"
        case ListOf(item):
            if model.type_name != "list":
                yield f"{at} is of type {model.type_name}"
            else:
                yield from differences(item, model.member, f"{at}/*")
        case MapOf(value):
            if model.type_name != "map":
                yield f"{at} is of type {model.type_name}"
            else:
                yield from differences(value, model.value, f"{at}/*")
        case _:
            for name, inner in shape.items():
                if name not in model.members:
                    yield f"{at} has no {name}"
                else:
                    yield from differences(inner, model.members[name], f"{at}/{name}")


@pytest.mark.parametrize("action", sorted(SHAPES))
def test_every_member_that_is_read_is_one_of_the_api(action: str) -> None:
    assert list(differences(SHAPES[action], request_shape(action))) == []


@pytest.mark.parametrize("action", sorted(SHAPES))
def test_a_member_that_the_api_does_not_have_would_be_noticed(action: str) -> None:
    wrong: dict[str, Shape] = {**SHAPES[action], "NetworkConfg": TEXT, "RoleArn": FLAG}
    assert list(differences(wrong, request_shape(action))) == [
        " has no NetworkConfg",
        "/RoleArn is of type string",
    ]


@pytest.mark.parametrize("action", sorted(EXAMPLES))
def test_the_examples_are_requests_of_the_api(action: str) -> None:
    assert faults(action, EXAMPLES[action]) == ""


@pytest.mark.parametrize("change", [{"NetworkConfg": {}}, {"AppSpecification": {"ContainerArguments": "a"}}])
def test_what_the_api_would_refuse_its_model_refuses(change: Any) -> None:
    assert faults(PROCESSING, changed(JOB, change)) != ""


@pytest.fixture(name="client")
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes clients of an API in this process."""
    import boto3  # noqa: PLC0415 - not in the environment of make test
    import moto  # noqa: PLC0415 - the same

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with moto.mock_aws():
        yield boto3.client


def test_the_api_takes_the_job_and_describes_it(client: Any) -> None:
    sagemaker = client("sagemaker")
    sagemaker.create_processing_job(**JOB)
    described = sagemaker.describe_processing_job(ProcessingJobName=JOB["ProcessingJobName"])
    assert described["AppSpecification"] == JOB["AppSpecification"]
    assert described["NetworkConfig"] == JOB["NetworkConfig"]


def test_the_api_takes_the_training_job(client: Any) -> None:
    sagemaker = client("sagemaker")
    sagemaker.create_training_job(**TRAINING_JOB)
    described = sagemaker.describe_training_job(TrainingJobName=TRAINING_JOB["TrainingJobName"])
    assert described["VpcConfig"] == TRAINING_JOB["VpcConfig"]


def test_the_api_takes_the_state_machine(client: Any) -> None:
    states, role = client("stepfunctions"), JOB["RoleArn"]
    made = states.create_state_machine(name="churn", definition=json.dumps(machine_of(JOB)), roleArn=role)
    described = states.describe_state_machine(stateMachineArn=made["stateMachineArn"])
    assert json.loads(described["definition"]) == machine_of(JOB)
