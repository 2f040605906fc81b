"""Plans that make a platform's privacy budget begin again."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform.budget_keepers import KEEPERS, RUNNERS, STATEMENTS
from gatecli.checks.terraform.budget_resets import RULES, find_resets
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import change, plan_with, read

TEMPLATE = "awscc_cleanrooms_privacy_budget_template"
STUDY = {
    "auto_refresh": "NONE",
    "membership_identifier": "m-1",
    "parameters": {"epsilon": 4},
    "privacy_budget_type": "DIFFERENTIAL_PRIVACY",
}
CREATE = """CREATE %sPRIVACY POLICY p AS () RETURNS PRIVACY_BUDGET ->
  PRIVACY_BUDGET(BUDGET_NAME => 'analysts', BUDGET_LIMIT => 3, BUDGET_WINDOW => 'Never')"""
ALTER = "ALTER PRIVACY POLICY p SET BODY -> PRIVACY_BUDGET(BUDGET_NAME => '%s', BUDGET_WINDOW => 'Never')"
VIEW = {"dataset_id": "d", "table_id": "visits", "view": [{"query": "SELECT 1"}]}
SET_OPTIONS = """ALTER VIEW d.visits SET OPTIONS (privacy_policy = '{"differential_privacy_policy": {
  "privacy_unit_column": "id", "epsilon_budget": 3}}')"""


def resets(*changes: dict[str, Any], policy: PrivacyPolicy | None = None, **parts: Any) -> list[Finding]:
    plan = read(plan_with(resource_changes=list(changes), **parts))
    return list(find_resets(plan, policy or default_policy()))


def told(*changes: dict[str, Any], **parts: Any) -> list[str]:
    return [f"{found.severity}: {found.message}" for found in resets(*changes, **parts)]


def template(actions: list[str], name: str = "study", /, **more: Any) -> dict[str, Any]:
    """A change of a clean room's template; `before` and `after` are what it is but for these."""
    is_there, was_there = actions[-1] not in {"delete", "forget"}, actions != ["create"]
    body = {"actions": actions, "before": STUDY if was_there else None} | more
    after = body.pop("after", STUDY if is_there else None)
    return change(f"{TEMPLATE}.{name}", after, **body)


def execute(actions: list[str], /, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    return change("snowflake_execute.x", after, actions=actions, before=before, **more)


@pytest.mark.parametrize(
    "actions", [["delete", "create"], ["create", "delete"], ["create", "forget"], ["forget", "create"]]
)
def test_a_replaced_template_begins_with_its_whole_budget(actions: list[str]) -> None:
    assert told(template(actions, after=STUDY)) == [
        (
            f"error: {TEMPLATE}.study is replaced: the new privacy budget template has its whole budget, "
            "whatever was spent of the old one's"
        )
    ]


@pytest.mark.parametrize(
    "reason",
    ["replace_because_tainted", "replace_by_request", "replace_by_triggers", "replace_because_cannot_update"],
)
def test_why_a_template_is_replaced_does_not_matter(reason: str) -> None:
    assert len(resets(template(["delete", "create"], after=STUDY) | {"action_reason": reason})) == 1


@pytest.mark.parametrize(
    ("actions", "after"),
    [
        (["create"], STUDY),
        (["no-op"], STUDY),
        (["read"], STUDY),
        (["update"], STUDY | {"tags": [{"key": "team", "value": "growth"}]}),
        (["update"], STUDY | {"parameters": {"epsilon": 3}}),
        (["forget"], None),
    ],
)
def test_what_leaves_the_budget_alone_is_not_told(actions: list[str], after: Any) -> None:
    assert resets(template(actions, after=after)) == []


def test_a_moved_and_an_imported_template_keep_their_budget() -> None:
    moved = template(["no-op"], "renamed") | {"previous_address": f"{TEMPLATE}.study"}
    imported = template(["update"], "old", importing={"id": "t-1"})
    assert resets(moved, imported) == []


def test_a_template_that_is_moved_and_replaced_is_told() -> None:
    moved = template(["delete", "create"], "renamed", after=STUDY) | {"previous_address": f"{TEMPLATE}.study"}
    assert [found.subject for found in resets(moved)] == [f"{TEMPLATE}.renamed"]


def test_a_deleted_template_is_a_warning() -> None:
    [found] = told(template(["delete"]))
    assert found.startswith(
        f"warning: {TEMPLATE}.study is deleted: what was spent of its budget is forgotten"
    )


def test_a_renamed_template_without_a_moved_block_is_an_error() -> None:
    [found] = told(template(["delete"]), template(["create"], "renamed"))
    assert found == (
        f"error: {TEMPLATE}.study is deleted while {TEMPLATE}.renamed is created: "
        "a new privacy budget template has its whole budget"
    )


def test_a_template_of_another_membership_does_not_replace_one() -> None:
    other = template(["create"], "other", after=STUDY | {"membership_identifier": "m-2"})
    [found] = resets(template(["delete"]), other)
    assert found.severity == "warning"


def test_a_template_of_a_membership_that_only_the_apply_knows_may_replace_one() -> None:
    after = {key: value for key, value in STUDY.items() if key != "membership_identifier"}
    other = template(["create"], "other", after=after, after_unknown={"membership_identifier": True})
    [found] = resets(template(["delete"]), other)
    assert found.severity == "error"


def test_a_deposed_template_ends_a_replacement() -> None:
    [found] = told(template(["delete"]) | {"deposed": "0a1b2c3d"})
    assert found.startswith(f"error: {TEMPLATE}.study ends a replacement")


def test_instances_of_one_resource_are_one_finding() -> None:
    changes = [
        template(["delete", "create"], after=STUDY)
        | {
            "address": f'module.room["{key}"].{TEMPLATE}.study["{key}"]',
            "module_address": f'module.room["{key}"]',
        }
        for key in ("a", "b")
    ]
    found = resets(*changes)
    assert {each.subject for each in found} == {f"module.room.{TEMPLATE}.study"}
    assert len({each.fingerprint for each in found}) == 1


def test_a_change_in_place_of_whose_budget_it_is_is_told() -> None:
    after = STUDY | {"membership_identifier": "m-2"}
    assert told(template(["update"], after=after)) == [
        f"error: {TEMPLATE}.study changes its membership_identifier, which begins a new budget"
    ]


def test_a_change_that_only_the_apply_knows_is_told() -> None:
    after = {key: value for key, value in STUDY.items() if key != "membership_identifier"}
    [found] = told(template(["update"], after=after, after_unknown={"membership_identifier": True}))
    assert found == (
        f"error: {TEMPLATE}.study may begin a new budget: "
        "its membership_identifier is known only after the apply"
    )


@pytest.mark.parametrize("actions", [["create"], ["no-op"], ["update"]])
def test_a_budget_that_begins_again_each_month_is_a_warning(actions: list[str]) -> None:
    monthly = STUDY | {"auto_refresh": "CALENDAR_MONTH"}
    [found] = told(template(actions, before=monthly if actions != ["create"] else None, after=monthly))
    assert found.startswith(f"warning: {TEMPLATE}.study begins its budget again every month")


def test_a_refresh_that_only_the_apply_knows_is_a_warning() -> None:
    after = {key: value for key, value in STUDY.items() if key != "auto_refresh"}
    [found] = told(template(["create"], after=after, after_unknown={"auto_refresh": True}))
    assert found == (
        f"warning: {TEMPLATE}.study may begin its budget again by itself: "
        "its auto_refresh is known only after the apply"
    )


def test_a_policy_softens_what_is_unknown() -> None:
    spec = default_policy().spec
    deferring = spec.terraform.model_copy(update={"on_unknown": {"ledger-budget-reset": "defer"}})
    policy = default_policy().model_copy(update={"spec": spec.model_copy(update={"terraform": deferring})})
    after = {key: value for key, value in STUDY.items() if key != "auto_refresh"}
    [found] = resets(template(["create"], after=after, after_unknown={"auto_refresh": True}), policy=policy)
    assert found.severity == "note"


def test_a_budget_of_accesses_is_not_one_of_epsilon() -> None:
    access = STUDY | {"privacy_budget_type": "ACCESS_BUDGET", "auto_refresh": "CALENDAR_MONTH"}
    assert resets(template(["delete", "create"], before=access, after=access)) == []


def test_a_template_of_an_unknown_kind_counts() -> None:
    after = {key: value for key, value in STUDY.items() if key != "privacy_budget_type"}
    unknown = {"privacy_budget_type": True}
    assert len(resets(template(["delete", "create"], after=after, after_unknown=unknown))) == 1


def test_a_template_in_a_stack_that_refreshes_is_told() -> None:
    body = """{"Resources": {"Study": {"Type": "AWS::CleanRooms::PrivacyBudgetTemplate",
      "Properties": {"AutoRefresh": "CALENDAR_MONTH", "MembershipIdentifier": "m-1"}}}}"""
    [found] = told(change("aws_cloudformation_stack.room", {"template_body": body}))
    assert found.startswith("warning: aws_cloudformation_stack.room begins its budget again every month")


def test_the_platform_s_other_resources_are_none_of_our_business() -> None:
    assert resets(change("aws_s3_bucket.b", {}, actions=["delete", "create"], before={})) == []


VIEW_REPLACED = change("google_bigquery_table.v", VIEW, actions=["delete", "create"], before=VIEW)


@pytest.mark.parametrize("actions", [["no-op"], ["create"]])
def test_a_replaced_view_whose_policy_the_plan_shows_is_told(actions: list[str]) -> None:
    values = {"query": [{"query": SET_OPTIONS}]}
    job = change(
        "google_bigquery_job.j", values, actions=actions, before=values if actions == ["no-op"] else None
    )
    [found] = told(VIEW_REPLACED, job)
    assert found.startswith("error: google_bigquery_table.v is replaced: the new view with a privacy policy")


@pytest.mark.parametrize("query", ["SELECT * FROM d.visits", SET_OPTIONS.replace("visits", "visits_by_day")])
def test_a_replaced_view_without_a_policy_is_not_told(query: str) -> None:
    job = change("google_bigquery_job.j", {"query": [{"query": query}]})
    assert resets(VIEW_REPLACED, job) == []


def test_a_replaced_table_is_not_told() -> None:
    table = {key: value for key, value in VIEW.items() if key != "view"}
    job = change("google_bigquery_job.j", {"query": [{"query": SET_OPTIONS}]})
    replaced = change("google_bigquery_table.v", table, actions=["delete", "create"], before=table)
    assert resets(replaced, job) == []


def test_a_job_that_sets_a_view_s_policy_first_is_not_told() -> None:
    assert resets(change("google_bigquery_job.j", {"query": [{"query": SET_OPTIONS}]})) == []


def test_a_job_that_sets_a_view_s_policy_again_is_told() -> None:
    values = {"query": [{"query": SET_OPTIONS}]}
    [found] = told(change("google_bigquery_job.j", values, actions=["delete", "create"], before=values))
    assert found.startswith("error: google_bigquery_job.j is replaced: it runs again the SQL that sets")


def test_a_job_that_replaces_a_view_with_a_policy_is_a_warning() -> None:
    query = f"CREATE OR REPLACE VIEW d.visits {SET_OPTIONS.partition('SET ')[2]} AS SELECT 1"
    assert told(change("google_bigquery_job.j", {"query": [{"query": query}]})) == [
        "warning: google_bigquery_job.j executes SQL that replaces a view with its privacy budget"
    ]


@pytest.mark.parametrize(
    "sql",
    [
        CREATE % "",
        CREATE % "IF NOT EXISTS ",
        ALTER % "analysts",
        "ALTER TABLE t ADD PRIVACY POLICY p ENTITY KEY (id)",
        "ALTER TABLE t DROP PRIVACY POLICY p",
        "SELECT 1 -- CREATE OR REPLACE PRIVACY POLICY p",
        "SELECT 'privacy_budget'",
    ],
)
def test_sql_that_begins_no_budget_again_is_not_told(sql: str) -> None:
    assert resets(execute(["create"], after={"execute": sql})) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        (CREATE % "OR REPLACE ", "warning: {} replaces a privacy policy with its budgets"),
        (
            "create or /* now */ replace\nprivacy policy p as ()",
            "warning: {} replaces a privacy policy with its budgets",
        ),
        ("SELECT 1; DROP PRIVACY POLICY p", "warning: {} drops a privacy policy with its budgets"),
        ("EXECUTE IMMEDIATE 'DROP PRIVACY POLICY p'", "warning: {} drops a privacy policy with its budgets"),
        (
            "ALTER TABLE t DROP PRIVACY POLICY p, ADD PRIVACY POLICY q ENTITY KEY (id)",
            "warning: {} puts another privacy policy, with budgets of its own, in the place of one",
        ),
        (
            "CALL SNOWFLAKE.DATA_PRIVACY.RESET_PRIVACY_BUDGET('d.s.p', 'b', 'o', 'a')",
            "error: {} sets the loss of a privacy budget back to 0",
        ),
    ],
)
def test_sql_that_begins_a_budget_again_is_told(sql: str, what: str) -> None:
    expected = what.format("snowflake_execute.x executes SQL that")
    assert told(execute(["create"], after={"execute": sql})) == [expected]


@pytest.mark.parametrize("actions", [["no-op"], ["update"]])
def test_sql_that_ran_earlier_is_not_told(actions: list[str]) -> None:
    values = {"execute": CREATE % "OR REPLACE "}
    assert resets(execute(actions, before=values, after=values)) == []


def test_a_replaced_statement_that_makes_a_policy_is_an_error() -> None:
    before = {"execute": CREATE % "", "revert": "DROP PRIVACY POLICY p"}
    after = before | {"execute": (CREATE % "").replace("3", "2")}
    [found] = told(execute(["delete", "create"], before=before, after=after))
    assert found.startswith("error: snowflake_execute.x is replaced: it runs again the SQL")


def test_a_replaced_statement_that_makes_the_first_policy_is_not_told() -> None:
    before, after = {"execute": "SELECT 1", "revert": "SELECT 1"}, {"execute": CREATE % ""}
    assert resets(execute(["delete", "create"], before=before, after=after)) == []


def test_an_altered_policy_whose_budgets_keep_their_names_is_not_told() -> None:
    before = {"execute": ALTER % "analysts", "revert": "SELECT 1"}
    after = before | {"execute": (ALTER % "analysts").replace("'Never'", "'Never', BUDGET_LIMIT => 2")}
    assert resets(execute(["delete", "create"], before=before, after=after)) == []


def test_an_altered_policy_with_a_new_budget_is_told() -> None:
    before, after = {"execute": ALTER % "analysts"}, {"execute": ALTER % "analysts_2"}
    assert len(resets(execute(["delete", "create"], before=before, after=after))) == 1


def test_a_deleted_statement_whose_revert_drops_a_policy_is_a_warning() -> None:
    before = {"execute": CREATE % "", "revert": "DROP PRIVACY POLICY p"}
    assert told(execute(["delete"], before=before)) == [
        (
            "warning: snowflake_execute.x is deleted, and then executes SQL that drops a privacy policy "
            "with its budgets: what was spent is forgotten"
        )
    ]


@pytest.mark.parametrize(("actions", "severity"), [(["create"], "warning"), (["delete", "create"], "error")])
def test_a_statement_that_only_the_apply_knows_is_told(actions: list[str], severity: str) -> None:
    before = {"execute": "SELECT 1"} if "delete" in actions else None
    [found] = told(execute(actions, before=before, after={}, after_unknown={"execute": True}))
    assert found == (
        f"{severity}: snowflake_execute.x may make a privacy budget begin again: "
        "its execute is known only after the apply"
    )


@pytest.mark.parametrize("actions", [["create"], ["no-op"]])
def test_a_task_that_resets_a_budget_is_an_error(actions: list[str]) -> None:
    values = {"sql_statement": "CALL SNOWFLAKE.DATA_PRIVACY.RESET_PRIVACY_BUDGET('d.s.p', 'b', 'o', 'a')"}
    before = values if actions == ["no-op"] else None
    [found] = told(change("snowflake_task.t", values, actions=actions, before=before))
    assert found.startswith("error: snowflake_task.t executes again and again SQL that sets the loss of")


@pytest.mark.parametrize(
    ("window", "every"),
    [("", "week"), (", BUDGET_WINDOW => 'Daily'", "day"), (", budget_window=>'MONTHLY'", "month")],
)
def test_a_budget_with_a_window_is_a_warning(window: str, every: str) -> None:
    budget = f"PRIVACY_BUDGET(BUDGET_NAME => CONCAT('a', 'b'){window})"
    sql = f"CREATE PRIVACY POLICY p AS () RETURNS PRIVACY_BUDGET -> {budget}"
    [found] = told(execute(["create"], after={"execute": sql}))
    assert found.startswith(f"warning: snowflake_execute.x begins its budget again every {every}")


def test_a_window_that_is_not_literal_is_a_warning() -> None:
    sql = "ALTER PRIVACY POLICY p SET BODY -> PRIVACY_BUDGET(BUDGET_NAME => 'b', BUDGET_WINDOW => $window)"
    [found] = told(execute(["create"], after={"execute": sql}))
    assert found == (
        "warning: snowflake_execute.x may begin its budget again by itself: "
        "its BUDGET_WINDOW is not a literal"
    )


def test_a_finding_quotes_no_sql() -> None:
    sql = f"{CREATE % 'OR REPLACE '}; SELECT 'Jane Doe, 1990-01-01'"
    [found] = resets(execute(["create"], after={"execute": sql}))
    assert "Jane" not in found.message + found.remediation


def test_the_terraform_gate_looks_for_it() -> None:
    policy = default_policy()
    plan = read(plan_with(resource_changes=[template(["delete", "create"], after=STUDY)]))
    found = find_in_plan(PlanSubject(plan), policy, search_of(policy.spec.pii))
    assert RULES[0].id in {each.rule.id for each in found}


@pytest.mark.parametrize("row", [*KEEPERS, *RUNNERS, *STATEMENTS], ids=lambda row: type(row).__name__)
def test_every_row_says_where_it_was_read(row: Any) -> None:
    assert row.source.startswith("https://")
