"""The Terraform of examples/serve-…: its gate opens in a real plan, and its resources serve what it released.

The providers of the clouds are not here, so that Terraform itself plans the gate alone; what the providers'
resources are in a plan is written as `terraform show -json` writes it.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.cli.app import main
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import change, raw, read
from tests.support.serving_examples import AZUREML, RELEASE, SAGEMAKER, attest
from tests.support.terraform import Terraform

Resource = tuple[dict[str, Any], dict[str, Any]]
BOTH = pytest.mark.parametrize("folder", [SAGEMAKER, AZUREML], ids=["sagemaker", "azureml"])
RELEASED = ["module.model.artifact_path", "module.model"]
IMAGE = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/churn@sha256:{'0' * 64}"
ML = "Microsoft.MachineLearningServices/workspaces"


def resource(address: str, after: dict[str, Any], refers: dict[str, Any], **unknown: Any) -> Resource:
    """A resource of a plan: what is planned, what of it only the apply knows, and what it refers to."""
    kind, _, name = address.partition(".")
    expressions = {key: {"constant_value": value} for key, value in after.items() if key not in refers}
    body = {"address": address, "mode": "managed", "type": kind, "name": name}
    waits = refers.pop("depends_on", [])
    return (
        change(address, after, after_unknown=unknown),
        body | {"expressions": expressions | refers} | ({"depends_on": waits} if waits else {}),
    )


def references(*names: str) -> dict[str, Any]:
    return {"references": [each for name in names for each in (name, name.rpartition(".")[0])]}


def sagemaker(source: Any) -> list[Resource]:
    """The resources of examples/serve-sagemaker/main.tf; `source` is what the object is uploaded from."""
    uri = "s3://models/churn/1.0.0/"
    data = {"s3_uri": uri, "s3_data_type": "S3Prefix", "compression_type": "None"}
    container = {"image": IMAGE, "model_data_source": [{"s3_data_source": [data]}]}
    said = {"s3_uri": references("aws_s3_object.model.bucket")}
    written = {"image": {"constant_value": IMAGE}, "model_data_source": [{"s3_data_source": [said]}]}
    variant = {"variant_name": "all", "model_name": "churn-1-0-0"}
    names = {"model_name": references("aws_sagemaker_model.churn.name")}
    return [
        upload("aws_s3_object.model", {"bucket": "models", "key": "churn/1.0.0/churn.json"}, source),
        resource(
            "aws_sagemaker_model.churn",
            {"name": "churn-1-0-0", "enable_network_isolation": True, "primary_container": [container]},
            {"primary_container": [written]},
        ),
        resource(
            "aws_sagemaker_endpoint_configuration.churn",
            {"name": "churn-1-0-0", "production_variants": [variant]},
            {"production_variants": [names]},
        ),
        resource(
            "aws_sagemaker_endpoint.churn",
            {"name": "churn", "endpoint_config_name": "churn-1-0-0"},
            {"endpoint_config_name": references("aws_sagemaker_endpoint_configuration.churn.name")},
        ),
    ]


def azureml(source: Any) -> list[Resource]:
    """The resources of examples/serve-azureml/main.tf."""
    blob = {"name": "churn/1/churn.json", "storage_container_name": "models", "type": "Block"}
    properties = {"endpointComputeType": "Managed", "modelMountPath": "/var/azureml-app/churn"}
    url, model = "azurerm_storage_blob.model.url", "azapi_resource.model.id"
    return [
        upload("azurerm_storage_blob.model", blob, source),
        resource(
            "azapi_resource.model",
            {"type": f"{ML}/models/versions@2024-04-01", "name": "1", "body": {"properties": {}}},
            {"body": references(url)},
            body={"properties": {"modelUri": True}},
        ),
        resource(
            "azapi_resource.endpoint",
            {"type": f"{ML}/onlineEndpoints@2024-04-01", "name": "churn"},
            {"depends_on": ["azapi_resource.model"]},
        ),
        resource(
            "azapi_resource.deployment",
            {
                "type": f"{ML}/onlineEndpoints/deployments@2024-04-01",
                "name": "blue",
                "body": {"properties": properties},
            },
            {"body": references(model), "parent_id": references("azapi_resource.endpoint.id")},
            body={"properties": {"model": True}},
            parent_id=True,
        ),
    ]


def upload(address: str, values: dict[str, Any], source: Any) -> Resource:
    """An object made of a file: of the gate's, or of one by its name."""
    if source is None:
        return resource(address, values, {"source": {"references": RELEASED}}, source=True)
    return resource(address, {**values, "source": source}, {})


def policy() -> PrivacyPolicy:
    base = default_policy()
    rules = base.spec.terraform.model_copy(update={"gate_sources": ("../terraform_modules/*",)})
    return base.model_copy(update={"spec": base.spec.model_copy(update={"terraform": rules})})


def judged(resources: list[Resource]) -> dict[str, str]:
    """What is found in a plan with these behind a release gate: the rule, by address."""
    plan = copy.deepcopy(raw("served"))
    root = plan["configuration"]["root_module"]
    for part in (
        plan["resource_changes"],
        plan["planned_values"]["root_module"]["resources"],
        root["resources"],
    ):
        part[:] = [each for each in part if each["name"] != "published"]
    plan["resource_changes"] += [planned for planned, _ in resources]
    root["resources"] += [body for _, body in resources]
    found = find_in_plan(PlanSubject(read(plan)), policy(), search_of(policy().spec.pii))
    return {each.subject: each.rule.id for each in found}


PLANS = {SAGEMAKER: sagemaker, AZUREML: azureml}


@BOTH
def test_what_the_gate_released_is_served(folder: Path) -> None:
    assert judged(PLANS[folder](None)) == {}


@BOTH
def test_another_file_in_its_place_is_found(folder: Path) -> None:
    found = judged(PLANS[folder]("model/churn.json"))
    upload_, model, *_ = (planned["address"] for planned, _ in PLANS[folder](None))
    assert found[upload_] == "tf-dataset-ungated"
    assert found[model].startswith("tf-model-ungated")


@BOTH
def test_the_plan_is_that_of_the_configuration(folder: Path) -> None:
    text = (folder / "main.tf").read_text("utf-8")
    written = [".".join(each) for each in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)]
    assert written == [planned["address"] for planned, _ in PLANS[folder](None)]
    for planned, _ in PLANS[folder](None):
        for value in strings_of(planned["change"]["after"]):
            assert value.replace("s3://models/", "") in text, value


def strings_of(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [found for each in inner for found in strings_of(each)]
    return [value] if isinstance(value, str) and value != "models" else []


@BOTH
def test_its_gate_opens_by_the_attestation_in_a_real_plan(
    folder: Path, own: Terraform, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*RELEASE, "gatecli.yaml"):
        (own.folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / name, own.folder / name)
    attest(own.folder, moment=None)
    (gate,) = re.findall(
        r'^module "model" \{.*?^\}', (folder / "main.tf").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert '"../../terraform_modules/model_release_gate"' in gate
    served = 'resource "terraform_data" "served" { input = module.model.artifact_path }\n'
    own.write(gate.replace("../../terraform_modules", "../terraform_modules") + "\n" + served)
    own("init").passed()
    ran = ["terraform", "check", str(own.folder), "--terraform-binary", str(program), "--format", "json"]
    capsys.readouterr()
    assert main(ran) == 0, capsys.readouterr()
    assert json.loads(capsys.readouterr().out)["findings"] == []
    own("apply", "-auto-approve").passed()
    model = own.folder / "model/churn.json"
    model.write_text(model.read_text("utf-8").replace("3316", "3317"), "utf-8")
    own.planned().refused("is no artifact of churn 1.0.0")
