"""Addresses behind a gate: of what the plan makes of released bytes, and of anything else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.trust import AttestationRules, ServedModelRules
from gatecli.sources.policy import default_policy
from tests.support.plans import change, raw, read

GATE = "module.model"
PATH = ["module.model.artifact_path", "module.model"]
WAITS = [GATE]


def policy(meaning: str, beside: tuple[str, ...] = ()) -> PrivacyPolicy:
    base = default_policy()
    update = {"gate_sources": ("../terraform_modules/*",), "on_unknown": meaning}
    rules = base.spec.terraform.model_copy(update=update)
    attestation = AttestationRules(workloads=ServedModelRules(beside=beside))
    spec = base.spec.model_copy(update={"terraform": rules, "attestation": attestation})
    return base.model_copy(update={"spec": spec})


def resource(
    address: str, values: dict[str, Any], *, unknown: dict[str, Any] | None = None, **refers: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A resource that waits for the gate, in the changes and in the configuration."""
    type_, name = address.split(".")
    expressions = {key: {"constant_value": value} for key, value in values.items()}
    expressions |= {key: {"references": value} for key, value in refers.items()}
    body: dict[str, Any] = {"address": address, "mode": "managed", "type": type_, "name": name}
    head = change(address, values, after_unknown=unknown or {})
    return head, body | {"expressions": expressions, "depends_on": WAITS}


def judged(
    *resources: tuple[dict[str, Any], dict[str, Any]], meaning: str = "fail", beside: tuple[str, ...] = ()
) -> dict[str, str]:
    """What the gate finds in a plan with these behind a release gate, by subject."""
    plan = copy.deepcopy(raw("served"))
    for item in plan["resource_changes"]:
        if item["name"] == "published":
            item["change"]["after"] = {"name": "first"}
    plan["resource_changes"] += [made for made, _ in resources]
    plan["configuration"]["root_module"]["resources"] += [body for _, body in resources]
    by = policy(meaning, beside)
    found = find_in_plan(PlanSubject(read(plan)), by, search_of(by.spec.pii))
    return {each.subject: each.message.removeprefix(f"{each.subject} ") for each in found}


def released_digest() -> str:
    [gate] = [each for each in raw("served")["resource_changes"] if each["name"] == "gate"]
    return str(gate["change"]["after"]["input"]["sha256"])


UPLOAD = resource(
    "aws_s3_object.model", {"bucket": "models", "key": "churn.bin"}, unknown={"source": True}, source=PATH
)
RAW = resource("aws_s3_object.model", {"bucket": "models", "key": "churn.bin", "source": "raw.bin"})


def model(url: str | None, image: str = "registry.example.org/server:1", **refers: Any) -> Any:
    container: dict[str, Any] = {"image": image}
    marks: dict[str, Any] = {}
    if url is None:
        marks = {"primary_container": [{"model_data_url": True}]}
    else:
        container["model_data_url"] = url
    return resource(
        "aws_sagemaker_model.churn",
        {"name": "churn", "primary_container": [container]},
        unknown=marks,
        **({"primary_container": refers["container"]} if refers else {}),
    )


S3 = "s3://models/churn.bin"
BY_REFERENCE = ["aws_s3_object.model.key", "aws_s3_object.model"]


@pytest.mark.parametrize(
    "served",
    [
        (UPLOAD, model(S3)),
        (UPLOAD, model("s3://models/")),
        (UPLOAD, model(None, container=BY_REFERENCE)),
        (UPLOAD, model("s3://other/known.bin", container=BY_REFERENCE)),
        (model(f"s3://models/{released_digest()}/model.bin"),),
    ],
)
def test_an_address_of_released_bytes_may_be_served(served: Any) -> None:
    assert judged(*served) == {}


@pytest.mark.parametrize(
    ("served", "why"),
    [
        ((RAW, model(S3)), "is the address of data that no gate released"),
        ((model(S3),), "is an address, and the plan does not say that released data is there"),
        (
            (RAW, model(None, container=BY_REFERENCE)),
            "is known only after the apply, and is not made of what",
        ),
        (
            (model("", image="model:1"),),
            "is an address, and the plan does not say that released data is there",
        ),
        (
            (UPLOAD, model(f"s3://models/{released_digest()}/../raw.bin")),
            "is an address, and the plan does not say",
        ),
    ],
)
def test_another_address_behind_a_gate_is_not_released(served: Any, why: str) -> None:
    said = judged(*served)["aws_sagemaker_model.churn"]
    assert said.startswith("waits for a gate, but its primary_container.")
    assert why in said


def test_a_chain_of_names_leads_to_what_was_released() -> None:
    names = {"name": "churn", "production_variants": [{"model_name": "churn"}]}
    chain = (
        resource("aws_sagemaker_endpoint_configuration.churn", names),
        resource("aws_sagemaker_endpoint.churn", {"name": "churn", "endpoint_config_name": "churn"}),
    )
    good, bad = judged(UPLOAD, model(S3), *chain), judged(RAW, model(S3), *chain)
    assert good == {}
    assert len([each for each in bad if "sagemaker" in each]) == 3


def test_a_released_artifact_is_no_dataset_and_another_file_behind_its_gate_is() -> None:
    assert judged(UPLOAD) == {}
    message = "publishes data without a k-anonymity gate"
    assert judged(RAW) == {"aws_s3_object.model": message}
    empty = resource("aws_s3_object.model", {"bucket": "models", "key": "x"})
    assert judged(empty) == {"aws_s3_object.model": message}


def test_an_image_that_the_policy_lets_stand_beside_a_model_needs_no_gate() -> None:
    image = f"registry.example.org/churn@sha256:{released_digest()}"
    init = [{"name": "vault-agent", "image": "hashicorp/vault:1.17"}]
    pod = [{"container": [{"name": "model", "image": image}], "init_container": init}]
    metadata = [{"name": "churn", "labels": {"gatecli.dev/serves-model": "true"}}]
    values = {"metadata": metadata, "spec": [{"template": [{"spec": pod}]}]}
    workload = resource("kubernetes_deployment_v1.churn", values)
    (told,) = judged(workload).values()
    assert "init_container.image" in told
    assert judged(workload, beside=("hashicorp/vault:*",)) == {}


def test_images_that_all_stand_beside_a_model_came_through_no_gate() -> None:
    pod = [{"container": [{"name": "model", "image": "registry.example.org/churn:1"}]}]
    metadata = [{"name": "churn", "labels": {"gatecli.dev/serves-model": "true"}}]
    values = {"metadata": metadata, "spec": [{"template": [{"spec": pod}]}]}
    (told,) = judged(resource("kubernetes_deployment_v1.churn", values), beside=("*",)).values()
    assert "container.image" in told
