"""Budgets that platforms keep, wherever they are written."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.terraform.budgets import find_budgets
from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.model.plan import Plan, PlannedResource
from gatecli.sources.policy import default_policy

CLEAN_ROOM = "aws_cleanrooms_privacy_budget_template"
BIGQUERY = """ALTER VIEW d.v SET OPTIONS (privacy_policy = '{"differential_privacy_policy":
  {"privacy_unit_column": "id", "max_epsilon_per_query": 1, "epsilon_budget": %s}}')"""
SNOWFLAKE = "CREATE PRIVACY POLICY p AS () RETURNS PRIVACY_BUDGET -> PRIVACY_BUDGET(BUDGET_NAME => 'b'%s)"


def messages(type_: str, values: dict[str, Any], *, unknown: Any = False) -> list[str]:
    resource = PlannedResource(f"{type_}.x", "managed", type_, "x", values=values, unknown=unknown)
    plan = Plan("plan.json", "plan", "1.2", resources=(resource,))
    found = find_budgets(plan, resource, default_policy())
    return [finding.message.removeprefix(f"{type_}.x ") for finding in found]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (CLEAN_ROOM, {"parameters": {"epsilon": 20}}),
        (CLEAN_ROOM, {"parameters": [{"epsilon": "20"}]}),
        ("google_bigquery_job", {"query": [{"query": BIGQUERY % "20"}]}),
        ("google_bigquery_table", {"view": [{"privacy_policy": {"epsilon_budget": 20}}]}),
        ("snowflake_execute", {"execute": SNOWFLAKE % ", BUDGET_LIMIT => 20.0"}),
        ("snowflake_execute", {"execute": SNOWFLAKE % ", budget_limit=>2e1"}),
    ],
)
def test_a_budget_above_every_tier_is_told(type_: str, values: dict[str, Any]) -> None:
    assert messages(type_, values) == ["spends ε = 20 a period, above 4"]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (CLEAN_ROOM, {"parameters": {"epsilon": 4}}),
        ("google_bigquery_job", {"query": [{"query": BIGQUERY % "3.5"}]}),
        ("snowflake_execute", {"execute": SNOWFLAKE % ", BUDGET_LIMIT => 4"}),
        ("snowflake_execute", {"execute": "SELECT 1"}),
        ("aws_s3_object", {"content": SNOWFLAKE % ""}),
    ],
)
def test_a_budget_within_a_tier_is_none_of_our_business(type_: str, values: dict[str, Any]) -> None:
    assert messages(type_, values) == []


def test_the_tier_of_a_tag_or_label_counts() -> None:
    assert messages(CLEAN_ROOM, {"parameters": {"epsilon": 1}, "tags": {"sensitivity": "health"}}) == [
        "spends ε = 1 a period, above 0.5"
    ]
    values = {"labels": {"sensitivity": "low"}, "epsilon_budget": 3}
    assert messages("google_bigquery_table", values) == ["spends ε = 3 a period, above 2"]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("snowflake_execute", {"execute": SNOWFLAKE % ""}),
        ("google_bigquery_job", {"query": BIGQUERY % "null"}),
        ("google_bigquery_table", {"epsilon_budget": "much"}),
        (CLEAN_ROOM, {"parameters": {"epsilon": "1/0"}}),
    ],
)
def test_a_budget_that_is_left_to_the_platform_is_unknown(type_: str, values: dict[str, Any]) -> None:
    assert messages(type_, values) == ["leaves its epsilon to the platform"]


@pytest.mark.parametrize(
    "unknown", [{"parameters": {"epsilon": True}}, {"parameters": [{"epsilon": True}]}, True]
)
def test_a_budget_that_only_the_apply_knows_is_unknown(unknown: Any) -> None:
    assert messages(CLEAN_ROOM, {}, unknown=unknown) == ["states its epsilon only after the apply"]


@pytest.mark.parametrize(
    "kind", ["onlineEndpoints@2024-04-01", "onlineEndpoints/deployments@2024-04-01", "batchEndpoints@1"]
)
def test_an_endpoint_of_azure_ml_serves_a_model(kind: str) -> None:
    values = {"type": f"Microsoft.MachineLearningServices/workspaces/{kind}"}
    resource = PlannedResource("azapi_resource.x", "managed", "azapi_resource", "x", values=values)
    plan = Plan("plan.json", "plan", "1.2", resources=(resource,))
    [finding] = find_ungated(plan, forms_in(plan, default_policy()), TaggedReports(), default_policy())
    assert finding.rule.id == "tf-model-ungated"
