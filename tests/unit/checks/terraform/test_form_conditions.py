"""What closes a resource again, and what unknown policies are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.model.finding import Finding
from gatecli.model.plan_forms import PlanForm
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import change, fixture, plan_with, read

OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]})
LATER: dict[str, Any] = {"id": True}


def config(address: str, **arguments: Any) -> dict[str, Any]:
    """A resource of the configuration; each argument with what it refers to, or a literal."""
    mode, rest = (
        ("data", address.removeprefix("data.")) if address.startswith("data.") else ("managed", address)
    )
    expressions = {
        name: {"references": value} if isinstance(value, list) else {"constant_value": value}
        for name, value in arguments.items()
    }
    type_, name = rest.split(".")
    return {"address": address, "mode": mode, "type": type_, "name": name, "expressions": expressions}


def answers(
    changes: list[dict[str, Any]], resources: list[dict[str, Any]], policy: PrivacyPolicy | None = None
) -> dict[str, str]:
    """What rows that open say of each address."""
    root = {"resources": resources, "module_calls": {}}
    plan = read(plan_with(resource_changes=changes, configuration={"root_module": root}))
    found = [each for each in forms_in(plan, policy or default_policy()) if each.form.is_public]
    return {each.resource.address: each.judged.answer for each in found}


def bucket_policy(**more: Any) -> dict[str, Any]:
    return change("aws_s3_bucket_policy.p", {"bucket": "open", "policy": OPEN} | more)


def block(name: str = "b", **values: Any) -> dict[str, Any]:
    return change(f"aws_s3_bucket_public_access_block.{name}", {"bucket": "open"} | values)


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        (block(restrict_public_buckets=True), {}),
        (block(block_public_policy=True), {}),
        (block(block_public_acls=True), {"aws_s3_bucket_policy.p": "yes"}),
        (block(restrict_public_buckets=False), {"aws_s3_bucket_policy.p": "yes"}),
        (block(bucket="other", restrict_public_buckets=True), {"aws_s3_bucket_policy.p": "yes"}),
    ],
)
def test_a_public_access_block_of_the_same_bucket_closes_its_policy(
    beside: dict[str, Any], expected: dict[str, str]
) -> None:
    assert answers([bucket_policy(), beside], []) == expected


def unnamed(policy_of: list[str], block_of: list[str]) -> dict[str, str]:
    """A policy and a block of buckets whose names only the apply knows."""
    policy = change("aws_s3_bucket_policy.p", {"policy": OPEN}, after_unknown={"bucket": True})
    closing = change(
        "aws_s3_bucket_public_access_block.b",
        {"restrict_public_buckets": True},
        after_unknown={"bucket": True},
    )
    return answers(
        [policy, closing],
        [
            config("aws_s3_bucket_policy.p", bucket=policy_of, policy=OPEN),
            config("aws_s3_bucket_public_access_block.b", bucket=block_of, restrict_public_buckets=True),
        ],
    )


def test_a_bucket_without_a_name_is_the_same_by_reference() -> None:
    a, b = ["aws_s3_bucket.a.id", "aws_s3_bucket.a"], ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]
    assert unnamed(a, a) == {}
    assert unnamed(a, ["aws_s3_bucket_policy.p.bucket", "aws_s3_bucket_policy.p"]) == {}
    assert unnamed(a, b) == {"aws_s3_bucket_policy.p": "yes"}
    assert unnamed(a, ["local.bucket"]) == {"aws_s3_bucket_policy.p": "yes"}
    assert unnamed(a, [*a, *b]) == {"aws_s3_bucket_policy.p": "unknown"}


def test_a_block_whose_setting_is_unknown_closes_perhaps() -> None:
    closing = change(
        "aws_s3_bucket_public_access_block.b",
        {"bucket": "open"},
        after_unknown={"restrict_public_buckets": True},
    )
    resources = [
        config("aws_s3_bucket_public_access_block.b", bucket="open", restrict_public_buckets=["var.x"])
    ]
    assert answers([bucket_policy(), closing], resources) == {"aws_s3_bucket_policy.p": "unknown"}


def document(effect: str = "Allow", principal: str = "*", **unknown: Any) -> dict[str, Any]:
    statement = {
        "effect": effect,
        "actions": ["s3:GetObject"],
        "principals": [{"type": "AWS", "identifiers": [principal]}],
        "condition": [],
    }
    made = change(
        "aws_iam_policy_document.d",
        {"statement": [statement]},
        actions=["read"],
        after_unknown={"json": True, "statement": [{"resources": [True]} | unknown]},
    )
    return made | {"mode": "data", "address": "data.aws_iam_policy_document.d"}


DATA = ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]


def from_document(made: dict[str, Any], references: list[str]) -> dict[str, str]:
    policy = change("aws_s3_bucket_policy.p", {"bucket": "open"}, after_unknown={"policy": True})
    return answers(
        [policy, made],
        [
            config("aws_s3_bucket_policy.p", bucket="open", policy=references),
            config("data.aws_iam_policy_document.d", statement=["aws_s3_bucket.a"]),
        ],
    )


def test_an_unknown_policy_is_read_in_the_data_source_that_writes_it() -> None:
    """Its JSON is unknown as long as the bucket has no address; who is let in is known."""
    assert from_document(document(), DATA) == {"aws_s3_bucket_policy.p": "yes"}
    assert from_document(document(principal="arn:aws:iam::111122223333:root"), DATA) == {}
    assert from_document(document(effect="Deny"), DATA) == {}


def test_an_unknown_policy_that_may_be_made_of_more_is_unknown() -> None:
    closed = document(principal="arn:aws:iam::111122223333:root")
    for references in (
        [*DATA, "terraform_data.x.output", "terraform_data.x"],
        ["local.policy"],
        ["aws_s3_bucket.a"],
    ):
        assert from_document(closed, references) == {"aws_s3_bucket_policy.p": "unknown"}
    later = document(principal="arn:aws:iam::111122223333:root", condition=True)
    assert from_document(later, DATA) == {"aws_s3_bucket_policy.p": "unknown"}


def policy_with(*rows: dict[str, Any], **short: str) -> PrivacyPolicy:
    base = default_policy()
    update = {"forms": tuple(map(PlanForm.from_file, rows)), "publishers": short}
    rules = base.spec.terraform.model_copy(update=update)
    return base.model_copy(update={"spec": base.spec.model_copy(update={"terraform": rules})})


def kinds(type_: str, values: dict[str, Any], policy: PrivacyPolicy) -> list[tuple[str, str | None]]:
    plan = read(plan_with(resource_changes=[change(f"{type_}.x", values)]))
    return [(each.form.holds, each.form.readers) for each in forms_in(plan, policy)]


def test_a_policy_adds_rows_in_the_tables_own_format() -> None:
    policy = policy_with(
        {"type": "acme_*", "holds": "model", "when": [{"path": "settings.kind", "anyOf": ["llm"]}]},
        {
            "type": "acme_data",
            "readers": "everyone",
            "within": "grant",
            "when": [
                {"path": "group", "anyOf": ["world"]},
                {"path": "level", "noneOf": ["none"]},
            ],
        },
        {"type": "aws_s3_object", "readers": "nobody", "when": [{"path": "bucket", "matches": "^build-"}]},
    )
    assert kinds("acme_data", {"settings": [{"kind": "llm"}]}, policy) == [("model", None)]
    assert kinds("acme_data", {"settings": '{"kind": "llm"}'}, policy) == [("model", None)]
    grants = [{"group": "world", "level": "none"}, {"group": "us", "level": "read"}]
    assert kinds("acme_data", {"grant": grants}, policy) == []
    assert kinds("acme_data", {"grant": [*grants, {"group": "world", "level": "read"}]}, policy) == [
        ("dataset", "everyone")
    ]
    assert kinds("aws_s3_object", {"bucket": "build-1", "acl": "public-read"}, policy) == []
    assert kinds("aws_s3_object", {"bucket": "data"}, policy) == [("dataset", None)]


def test_the_short_list_outweighs_the_publishing_rows_of_a_type() -> None:
    assert kinds(
        "aws_s3_object", {"bucket": "b", "acl": "public-read"}, policy_with(aws_s3_object="ignore")
    ) == [("dataset", "everyone")]
    assert kinds("aws_s3_object", {"bucket": "b"}, policy_with(aws_s3_object="model")) == [("model", None)]
    assert kinds("my_table", {}, policy_with(my_table="dataset")) == [("dataset", None)]


@pytest.mark.parametrize(
    "row",
    [
        {"type": "x", "when": [{"path": "a"}]},
        {"type": "x", "when": [{"path": "a", "anyOf": ["b"], "present": True}]},
        {"type": "x", "when": [{"path": "a", "matches": "("}]},
        {"type": "x", "unless": [{"beside": {"types": [], "joined": {}}}]},
        {"type": "x", "holds": "ignore"},
    ],
)
def test_a_row_that_means_nothing_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="PlanForm"):
        PlanForm.from_file(row)


def test_a_plan_of_the_real_provider_is_read_as_it_means() -> None:
    """Made by version 5.100 of AWS's: what it fills by itself is not taken for open, nor for unknown."""
    grant = "access_control_policy.grant.grantee.uri"
    assert sorted(each.message for each in found_in("aws_forms")) == [
        "aws_ram_resource_association.glue publishes data without a k-anonymity gate",
        f"aws_s3_bucket_acl.grants is open to everyone through its {grant}",
        "aws_s3_bucket_policy.inline may be open to everyone: its policy is known only after the apply",
        "aws_s3_bucket_policy.open is open to everyone through its policy",
        "aws_sagemaker_model.m serves a model without a release gate",
    ]


def found_in(name: str) -> list[Finding]:
    policy = default_policy()
    return list(find_in_plan(PlanSubject(fixture(name)), policy, search_of(policy.spec.pii)))
