"""What only the apply knows: no rule on plans takes it for a pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.checks.terraform.resource_types import SQL_ARGUMENTS
from gatecli.checks.terraform.rules import RULES
from gatecli.model.finding import Finding, Severity
from gatecli.model.plan import Absent, KnownValue, PlannedResource, UnknownValue, lookup_argument
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import change, plan_with, read

EXAMPLES = Path(__file__).parents[3] / "rules"
SOFTENED = {"fail": Severity.ERROR, "warn": Severity.WARNING, "defer": Severity.NOTE}


def policy(meaning: str) -> PrivacyPolicy:
    base = default_policy()
    update = {"gate_sources": ("../terraform_modules/*",), "on_unknown": meaning}
    rules = base.spec.terraform.model_copy(update=update)
    anonymity = base.spec.anonymity.model_copy(update={"min_k": 5})
    return base.model_copy(
        update={"spec": base.spec.model_copy(update={"terraform": rules, "anonymity": anonymity})}
    )


def findings(plan: dict[str, Any], by: PrivacyPolicy) -> list[Finding]:
    return list(find_in_plan(PlanSubject(read(plan)), by, search_of(by.spec.pii)))


def example(rule: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((EXAMPLES / rule / "fail/plan.json").read_text("utf-8"))
    return plan


def set_in(plan: dict[str, Any], address: str, *names: str) -> dict[str, Any]:
    """The plan, with a configuration that sets these arguments of a resource."""
    *_, type_, name = address.split(".")
    body: dict[str, Any] = {"address": address, "mode": "managed", "type": type_, "name": name}
    body["expressions"] = {each: {"references": ["terraform_data.later.output"]} for each in names}
    return plan | {"configuration": {"root_module": {"resources": [body]}}}


WHOLE: Any = True


def later(address: str, name: str, mark: Any = WHOLE, /, **after: Any) -> dict[str, Any]:
    """A plan in which an argument is set to what only the apply knows."""
    changes = [change(address, after, after_unknown={name: mark, "id": True})]
    return set_in(plan_with(resource_changes=changes), address, name, *after)


def gated(**values: Any) -> dict[str, Any]:
    """A gate in which a threshold is not known."""
    plan = example("tf-gate-bypassed")
    for item in plan["resource_changes"]:
        if item["address"].endswith("thresholds"):
            del item["change"]["after"]["input"]["k"]
            item["change"]["after_unknown"]["input"] = {"k": True}
        if item["address"].endswith("published"):
            item["change"]["after"] |= values
    _mask_values(plan["planned_values"]["root_module"], values)
    return plan


def _mask_values(module: dict[str, Any], published: dict[str, Any]) -> None:
    for item in module.get("resources", []):
        if item["address"].endswith("thresholds"):
            del item["values"]["input"]["k"]
        if item["address"].endswith("published"):
            item["values"] |= published
    for below in module.get("child_modules", []):
        _mask_values(below, published)


TAG = {"gatecli-evidence": True}
UNKNOWN: dict[str, list[dict[str, Any]]] = {
    "tf-dataset-ungated": [
        later("aws_s3_object.o", "tags", TAG, bucket="b"),
        later("google_storage_bucket_object.o", "labels", {"gatecli_evidence": True}, bucket="b"),
    ],
    "tf-model-ungated": [
        later("aws_sagemaker_model.m", "tags", TAG, name="n"),
        later("azapi_resource.x", "type"),
        later("kubernetes_manifest.x", "manifest"),
        later(
            "kubernetes_manifest.x",
            "manifest",
            {"kind": True},
            manifest={"apiVersion": "serving.kserve.io/v1"},
        ),
    ],
    "tf-workload-ungated": [later("helm_release.r", "chart")],
    "tf-gate-bypassed": [gated()],
    "tf-public-dataset": [
        later("aws_s3_bucket_acl.x", "acl"),
        later("google_storage_bucket_iam_member.x", "member"),
        later("google_storage_bucket_iam_binding.x", "members"),
        later("azurerm_storage_container.x", "container_access_type"),
        later(
            "google_storage_bucket_iam_binding.x", "members", [False, True], members=["user:a@x.org", None]
        ),
    ],
    "tf-public-model": [later("aws_sagemaker_model_package_group_policy.x", "resource_policy")],
    "tf-budget-over-policy": [
        later("aws_cleanrooms_privacy_budget_template.t", "parameters"),
        later("awscc_cleanrooms_privacy_budget_template.t", "parameters", {"epsilon": True}, parameters={}),
        later(
            "awscc_cleanrooms_privacy_budget_template.t",
            "tags",
            {"sensitivity": True},
            parameters={"epsilon": 3},
        ),
        later("google_bigquery_job.j", "query", [{"query": True}], query=[{}]),
        *(later("snowflake_execute.e", name) for name in sorted(SQL_ARGUMENTS)),
    ],
    "tf-plaintext-variable": [plan_with(variables={"ssn": {"value": "x"}})],
}
"""By rule, plans in which what decides is known only after the apply."""

CASES = [(rule, plan) for rule, plans in UNKNOWN.items() for plan in plans]


def test_the_table_is_of_every_rule_on_plans() -> None:
    assert set(UNKNOWN) == {rule.id for rule in RULES}


@pytest.mark.parametrize("meaning", SOFTENED)
@pytest.mark.parametrize(("rule", "plan"), CASES, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(CASES)])
def test_an_unknown_is_as_bad_as_the_policy_has_it(rule: str, plan: dict[str, Any], meaning: str) -> None:
    found = {each.rule.id: each.severity for each in findings(plan, policy(meaning))}
    own = next(each.severity for each in RULES if each.id == rule)
    # What is a fault whatever the unknown is stays one: a type alone decides there.
    decided = rule == "tf-workload-ungated"
    softest = max(own, SOFTENED[meaning], key=lambda each: each.rank)
    assert found[rule] == (own if decided else softest)


def _leaves(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*above, key)
        yield from _leaves(child, (*above, key))


def _masked(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan with one value after another marked as known only after the apply."""
    for number, item in enumerate(plan.get("resource_changes", [])):
        for path in _leaves(item["change"]["after"]):
            yield _mask(plan, number, path)


def _mask(plan: dict[str, Any], number: int, path: tuple[Any, ...]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(plan))
    made = copy["resource_changes"][number]["change"]
    values, marks = made["after"], True
    for key in path[:-1]:
        values = values[key]
    if isinstance(path[-1], int):
        values[path[-1]] = None
    else:
        del values[path[-1]]
    for key in reversed(path):
        marks = {key: marks} if isinstance(key, str) else [*[False] * key, marks]  # type: ignore[assignment]
    made["after_unknown"] = marks
    copy["planned_values"] = {"root_module": {}}
    return copy


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_no_value_of_a_failing_example_becomes_a_pass_by_being_unknown(rule: str) -> None:
    by = policy("fail")
    for plan in _masked(example(rule)):
        assert rule in {each.rule.id for each in findings(plan, by)}, plan["resource_changes"]


def test_a_grant_to_everyone_beside_an_unknown_one_is_a_grant_to_everyone(tmp_path: Path) -> None:
    plan = later("google_storage_bucket_iam_binding.b", "members", [False, True], members=["allUsers", None])
    [finding] = findings(plan, policy("defer"))
    assert (finding.rule.id, finding.severity) == ("tf-public-dataset", Severity.ERROR)
    assert "is open to everyone" in finding.message


@pytest.mark.parametrize(
    ("type_", "computed"),
    [
        ("aws_s3_bucket", {"acl": True, "id": True}),
        ("aws_s3_bucket_acl", {"acl": True}),
        ("snowflake_execute", {"query_results": True, "execute": True}),
        ("google_bigquery_job", {"query": [{"destination_table": [{"table_id": True}]}]}),
    ],
)
def test_what_the_configuration_does_not_set_is_the_provider_s_own(
    type_: str, computed: dict[str, Any], tmp_path: Path
) -> None:
    """Terraform marks it unknown, for the provider tells it after the apply."""
    plan = plan_with(resource_changes=[change(f"{type_}.x", {}, after_unknown=computed)])
    assert findings(set_in(plan, f"{type_}.x", "bucket", "query"), policy("fail")) == []


@pytest.mark.parametrize("arguments", [None, {"acl": ()}, {}])
def test_an_argument_is_unknown_where_it_may_be_set(arguments: dict[str, tuple[str, ...]] | None) -> None:
    resource = PlannedResource(
        "a.b", "managed", "a", "b", values={"x": 1}, unknown={"acl": True}, arguments=arguments
    )
    assert isinstance(lookup_argument(resource, "acl"), Absent if arguments == {} else UnknownValue)
    assert isinstance(lookup_argument(resource, "x"), KnownValue)
    assert isinstance(lookup_argument(resource, "y"), Absent)


def test_a_publisher_behind_a_gate_that_names_its_sensitivity_later_may_need_a_stricter_gate() -> None:
    plan = example("tf-gate-bypassed")
    for item in plan["resource_changes"]:
        if item["address"].endswith("published"):
            item["change"]["after"]["tags"] = {}
            item["change"]["after_unknown"]["tags"] = {"sensitivity": True}
            plan["configuration"]["root_module"]["resources"][0]["expressions"]["tags"] = {}
    found = [each.message for each in findings(plan, policy("fail"))]
    assert "module.anonymity lets through what names its sensitivity only after the apply" in found
