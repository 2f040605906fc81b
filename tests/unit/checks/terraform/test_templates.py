"""Templates in a plan: the resources that they hold are judged as if the plan listed them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.model.finding import Finding, Severity
from gatecli.sources.policy import default_policy
from tests.support.plans import change, plan_with, raw, read

POLICY = default_policy()
_RULES = POLICY.spec.terraform.model_copy(update={"gate_sources": ("../terraform_modules/*",)})
TRUSTING = POLICY.model_copy(update={"spec": POLICY.spec.model_copy(update={"terraform": _RULES})})
STACK, SET = "aws_cloudformation_stack.s", "aws_cloudformation_stack_set.s"
CONTROL, DEPLOYMENT = "aws_cloudcontrolapi_resource.c", "azurerm_resource_group_template_deployment.d"
GOOGLE = "google_deployment_manager_deployment.d"
EVERYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}
OWN = {"Statement": [{**EVERYONE["Statement"][0], "Principal": {"AWS": "111122223333"}}]}  # type: ignore[dict-item]


def findings(address: str, after: dict[str, Any], **more: Any) -> list[Finding]:
    plan = plan_with(resource_changes=[change(address, after, **more)])
    return list(find_in_plan(PlanSubject(read(plan)), POLICY, search_of(POLICY.spec.pii)))


def rules(address: str, after: dict[str, Any], **more: Any) -> set[str]:
    return {each.rule.id for each in findings(address, after, **more)}


def stack(resources: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Resources": resources, **more})


def bucket(**properties: Any) -> dict[str, Any]:
    return {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}


def arm(type_: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": type_, "apiVersion": "2023-01-01", "name": "x", "properties": properties, **more}


NESTED = {"Below": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Ref": "Url"}}}}
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
PUBLIC_YAML = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters: {Acl: {Type: String, Default: PublicRead}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: !Ref Acl
      BucketName: !Sub '${AWS::StackName}-data'
"""
OPEN = [
    (STACK, {"template_body": stack(bucket(AccessControl="PublicRead"))}),
    (SET, {"template_body": stack(bucket(AccessControl="PublicReadWrite"))}),
    (STACK, {"template_body": PUBLIC_YAML}),
    (
        STACK,
        {
            "template_body": stack(
                bucket(AccessControl={"Ref": "Acl"}), Parameters={"Acl": {"Default": "Private"}}
            ),
            "parameters": {"Acl": "PublicRead"},
        },
    ),
    (
        STACK,
        {
            "template_body": stack(
                {
                    "Policy": {
                        "Type": "AWS::S3::BucketPolicy",
                        "Properties": {"Bucket": "data", "PolicyDocument": EVERYONE},
                    }
                }
            )
        },
    ),
    (
        CONTROL,
        {"type_name": "AWS::S3::Bucket", "desired_state": json.dumps({"AccessControl": "PublicRead"})},
    ),
    (
        STACK,
        {
            "template_body": stack(
                {
                    "Sets": {
                        "Type": "AWS::CloudFormation::StackSet",
                        "Properties": {"TemplateBody": stack(bucket(AccessControl="PublicRead"))},
                    }
                }
            )
        },
    ),
    (DEPLOYMENT, {"template_content": json.dumps({"resources": [arm(BLOBS, {"publicAccess": "Blob"})]})}),
    (
        DEPLOYMENT,
        {
            "template_content": json.dumps(
                {
                    "parameters": {"open": {"type": "string"}},
                    "resources": [
                        arm(
                            "Microsoft.Storage/storageAccounts",
                            {},
                            resources=[
                                arm("blobServices/containers", {"publicAccess": "[parameters('open')]"})
                            ],
                        )
                    ],
                }
            ),
            "parameters_content": json.dumps({"open": {"value": "Container"}}),
        },
    ),
    (
        DEPLOYMENT,
        {
            "template_content": json.dumps(
                {
                    "resources": [
                        arm(
                            "Microsoft.Resources/deployments",
                            {"template": {"resources": [arm(BLOBS, {"publicAccess": "Blob"})]}},
                        )
                    ]
                }
            )
        },
    ),
    (
        "azapi_resource.d",
        {
            "type": "Microsoft.Resources/deployments@2023-01-01",
            "body": {"properties": {"template": {"resources": [arm(BLOBS, {"publicAccess": "Container"})]}}},
        },
    ),
    (
        GOOGLE,
        {
            "target": [
                {
                    "config": [
                        {
                            "content": "resources:\n- name: a\n  type: storage.v1.bucketAccessControl\n"
                            "  properties: {bucket: data, entity: allUsers, role: READER}\n"
                        }
                    ]
                }
            ]
        },
    ),
]
CLOSED = [
    (STACK, {"template_body": stack(bucket(AccessControl="Private"))}),
    (
        STACK,
        {
            "template_body": stack(
                {
                    "Policy": {
                        "Type": "AWS::S3::BucketPolicy",
                        "Properties": {"Bucket": "data", "PolicyDocument": OWN},
                    }
                }
            )
        },
    ),
    (CONTROL, {"type_name": "AWS::S3::Bucket", "desired_state": "{}"}),
    (DEPLOYMENT, {"template_content": json.dumps({"resources": [arm(BLOBS, {"publicAccess": "None"})]})}),
    (GOOGLE, {"target": [{"config": [{"content": "resources: []"}]}]}),
]


@pytest.mark.parametrize(("address", "after"), OPEN, ids=[str(at) for at, _ in enumerate(OPEN)])
def test_what_a_template_opens_is_open(address: str, after: dict[str, Any]) -> None:
    found = [each for each in findings(address, after) if each.rule.id == "tf-public-dataset"]
    assert {each.severity for each in found} == {Severity.ERROR}
    assert {each.subject for each in found} == {address}
    assert all("is open to everyone through its " in each.message for each in found)


@pytest.mark.parametrize(("address", "after"), CLOSED, ids=[str(at) for at, _ in enumerate(CLOSED)])
def test_what_a_template_keeps_closed_is_nothing(address: str, after: dict[str, Any]) -> None:
    assert rules(address, after) == set()


def test_a_finding_says_which_resource_of_the_template_it_is_about() -> None:
    [finding] = findings(STACK, {"template_body": stack(bucket(AccessControl="PublicRead"))})
    assert "through its template_body.Resources.Bucket.access_control" in finding.message


def test_a_model_that_a_stack_serves_needs_a_gate() -> None:
    model = {
        "Type": "AWS::SageMaker::Model",
        "Properties": {"PrimaryContainer": {"ModelDataUrl": "s3://models/m.tar.gz"}},
    }
    [finding] = findings(STACK, {"template_body": stack({"Model": model})})
    assert finding.rule.id == "tf-model-ungated"
    assert "template_body.Resources.Model" in finding.message


def test_what_only_the_stack_knows_may_be_open() -> None:
    [finding] = findings(STACK, {"template_body": stack(bucket(AccessControl={"Fn::ImportValue": "x"}))})
    assert (finding.rule.id, finding.severity) == ("tf-public-dataset", Severity.ERROR)
    assert "may be open to everyone" in finding.message


@pytest.mark.parametrize(
    ("address", "after", "unknown"),
    [
        (STACK, {"template_url": "https://bucket.example.org/t.json"}, {}),
        (STACK, {}, {"template_body": True}),
        (STACK, {"template_body": "Resources: ["}, {}),
        (STACK, {"template_body": "[1, 2]"}, {}),
        (STACK, {"template_body": stack(NESTED)}, {}),
        (DEPLOYMENT, {"template_spec_version_id": "/subscriptions/x"}, {}),
        (
            "azapi_resource.d",
            {
                "type": "Microsoft.Resources/deployments@2023",
                "body": {"properties": {"templateLink": {"uri": "x"}}},
            },
            {},
        ),
    ],
)
def test_a_template_that_the_plan_does_not_show_is_told(
    address: str, after: dict[str, Any], unknown: dict[str, Any]
) -> None:
    [finding] = findings(address, after, after_unknown=unknown)
    assert (finding.rule.id, finding.severity) == ("tf-program-unjudged", Severity.WARNING)


def test_a_template_that_unfolds_without_end_is_not_unfolded() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    bomb = f"a0: &a0 [x]\n{levels}Resources: {{}}\n"
    assert rules(STACK, {"template_body": bomb}) == {"tf-program-unjudged"}


def behind_gate(**expressions: Any) -> set[str]:
    """The rules that a stack breaks which waits for a release gate and serves a model."""
    container = {"ModelDataUrl": "s3://models/m.tar.gz"}
    model = {"Type": "AWS::SageMaker::Model", "Properties": {"PrimaryContainer": container}}
    after = {"template_body": stack({"Model": model})}
    plan = json.loads(json.dumps(raw("served")).replace("aws_sagemaker_model", "aws_cloudformation_stack"))
    own = "aws_cloudformation_stack.published"
    for item in plan["resource_changes"]:
        if item["address"] == own:
            item["change"] |= {"after": after, "after_unknown": {"id": True}}
    for item in plan["planned_values"]["root_module"]["resources"]:
        if item["address"] == own:
            item["values"] = after
    for item in plan["configuration"]["root_module"]["resources"]:
        if item["address"] == own:
            item["expressions"] = expressions
            item["depends_on"] = ["module.model"]
    found = find_in_plan(PlanSubject(read(plan)), TRUSTING, search_of(POLICY.spec.pii))
    return {each.rule.id for each in found if each.subject == own}


def test_a_stack_behind_a_gate_passes_where_its_template_is_made_of_what_the_gate_gives() -> None:
    released = {"references": ["module.model.artifact_path", "module.model"]}
    assert behind_gate(template_body=released) == set()


def test_a_stack_that_only_waits_for_a_gate_passes_it_by() -> None:
    assert behind_gate(template_body={}) == {"tf-gate-bypassed"}


@pytest.mark.parametrize("argument", ["template_body", "template_content"])
def test_a_template_that_is_nested_without_end_is_not_read(argument: str) -> None:
    address = "aws_cloudformation_stack.s" if argument == "template_body" else DEPLOYMENT
    deep = "[" * 900 + "]" * 900
    template = f'{{"Resources": {{"A": {{"Type": "AWS::S3::Bucket", "Properties": {{"X": {deep}}}}}}}}}'
    [found] = findings(address, {argument: template})
    assert found.rule.id == "tf-program-unjudged"
    assert "nested deeper than" in found.message
