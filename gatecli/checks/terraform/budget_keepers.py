"""What keeps a privacy budget on a platform, and what makes that budget begin again: three tables.

A keeper is a resource that has a budget. A runner is a resource that executes SQL. A statement is what SQL
says that takes a budget back to nothing spent. Rows were read in the platforms' own documentation (`source`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatecli.model.plan_forms import ArgumentCondition


@dataclass(frozen=True, slots=True)
class Refresh:
    """That a budget begins again by itself: the condition, and how often."""

    when: ArgumentCondition
    every: str


@dataclass(frozen=True, slots=True)
class BudgetKeeper:
    """A type of resource with a budget; a new one of it has spent nothing.

    It has a budget if all of `when` hold and none of `unless`; with `named_by`, if SQL in the plan that sets
    a budget names it by that argument. `same` is the argument by which two are known to be for the same
    data. A change of one of `begins_anew` in place begins a new budget.
    """

    types: str
    what: str
    source: str
    when: tuple[ArgumentCondition, ...] = ()
    unless: tuple[ArgumentCondition, ...] = ()
    named_by: str = ""
    same: str = ""
    begins_anew: tuple[str, ...] = ()
    refreshes: tuple[Refresh, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementRunner:
    """A type that executes SQL when it is made, when it goes, or again and again: the arguments with it."""

    types: str
    source: str
    when_made: tuple[str, ...] = ()
    when_gone: tuple[str, ...] = ()
    repeatedly: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """All arguments that hold SQL."""
        return (*self.when_made, *self.when_gone, *self.repeatedly)


@dataclass(frozen=True, slots=True)
class ResettingStatement:
    """SQL that makes a budget begin again; not `is_certain` where it may find nothing to replace."""

    pattern: re.Pattern[str]
    told: str
    source: str
    is_certain: bool = False


_ANALYSIS_RULES = "https://cloud.google.com/bigquery/docs/analysis-rules"
_PRIVACY_POLICY = "https://docs.snowflake.com/en/sql-reference/sql/create-privacy-policy"
_FLAGS = re.IGNORECASE | re.DOTALL
_DROPS_POLICY = re.compile(r"(?:^|;|'|\$\$|\bBEGIN\b|\bTHEN\b)\s*DROP\s+PRIVACY\s+POLICY\b", _FLAGS)
"""A statement of its own: `ALTER TABLE … DROP PRIVACY POLICY` only takes a policy off a table."""

KEEPERS: tuple[BudgetKeeper, ...] = (
    BudgetKeeper(
        "*cleanrooms_privacy_budget_template",
        "privacy budget template",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
        "aws-resource-cleanrooms-privacybudgettemplate.html",
        unless=(ArgumentCondition(path="privacy_budget_type", any_of=("ACCESS_BUDGET",)),),
        same="membership_identifier",
        begins_anew=("auto_refresh", "membership_identifier", "privacy_budget_type"),
        refreshes=(Refresh(ArgumentCondition(path="auto_refresh", any_of=("CALENDAR_MONTH",)), "month"),),
    ),
    BudgetKeeper(
        "google_bigquery_table",
        "view with a privacy policy",
        _ANALYSIS_RULES,
        when=(ArgumentCondition(path="view", present=True),),
        named_by="table_id",
        same="table_id",
    ),
)
"""A clean room's budget of accesses (ACCESS_BUDGET) counts queries, not ε. The provider cannot set a view's
policy: SQL does.
"""

RUNNERS: tuple[StatementRunner, ...] = (
    *(
        StatementRunner(
            type_,
            "https://registry.terraform.io/providers/snowflakedb/snowflake/latest/docs/resources/execute",
            when_made=("execute",),
            when_gone=("revert",),
        )
        for type_ in ("snowflake_execute", "snowflake_unsafe_execute")
    ),
    StatementRunner(
        "snowflake_task",
        "https://registry.terraform.io/providers/snowflakedb/snowflake/latest/docs/resources/task",
        repeatedly=("sql_statement",),
    ),
    StatementRunner(
        "snowflake_alert",
        "https://registry.terraform.io/providers/snowflakedb/snowflake/latest/docs/resources/alert",
        repeatedly=("action",),
    ),
    StatementRunner(
        "google_bigquery_job",
        "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/bigquery_job",
        when_made=("query.query",),
    ),
    StatementRunner(
        "google_bigquery_data_transfer_config",
        "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/"
        "bigquery_data_transfer_config",
        repeatedly=("params.query",),
    ),
)

STATEMENTS: tuple[ResettingStatement, ...] = (
    ResettingStatement(
        re.compile(r"\bRESET_PRIVACY_BUDGET\b", _FLAGS),
        "sets the loss of a privacy budget back to 0",
        "https://docs.snowflake.com/en/sql-reference/stored-procedures/reset_privacy_budget",
        is_certain=True,
    ),
    ResettingStatement(
        re.compile(r"\bCREATE\s+OR\s+REPLACE\s+PRIVACY\s+POLICY\b", _FLAGS),
        "replaces a privacy policy with its budgets",
        _PRIVACY_POLICY,
    ),
    ResettingStatement(
        _DROPS_POLICY,
        "drops a privacy policy with its budgets",
        "https://docs.snowflake.com/en/sql-reference/sql/drop-privacy-policy",
    ),
    ResettingStatement(
        re.compile(
            r"\bALTER\s+(?:TABLE|VIEW)\b[^;]{0,2000}?\bDROP\s+PRIVACY\s+POLICY\b[^;]{0,2000}?"
            r"\bADD\s+PRIVACY\s+POLICY\b",
            _FLAGS,
        ),
        "puts another privacy policy, with budgets of its own, in the place of one",
        "https://docs.snowflake.com/en/sql-reference/sql/alter-table",
    ),
    ResettingStatement(
        re.compile(r"\bCREATE\s+OR\s+REPLACE\s+VIEW\b[^;]{0,50000}?\bdifferential_privacy_policy\b", _FLAGS),
        "replaces a view with its privacy budget",
        _ANALYSIS_RULES,
    ),
)

SETS_BIGQUERY_POLICY = re.compile(r"\bdifferential_privacy_policy\b", _FLAGS)
"""SQL that sets the budget of a view."""

REDEFINES = (
    re.compile(r"\bCREATE\s+(?:OR\s+REPLACE\s+)?PRIVACY\s+POLICY\b", _FLAGS),
    _DROPS_POLICY,
    SETS_BIGQUERY_POLICY,
)
"""SQL that makes or drops a privacy policy: run again, its budgets begin again."""

BUDGET_NAME = re.compile(r"\bBUDGET_NAME\s*=>\s*'([^']{1,300})'", _FLAGS)
"""A policy counts by the names of its budgets: a new name is a new budget."""

BUDGET_CALL = re.compile(r"\bPRIVACY_BUDGET\s*\(", _FLAGS)
"""Where Snowflake's SQL names a budget: `PRIVACY_BUDGET(BUDGET_NAME => …)`."""

BUDGET_WINDOW = re.compile(r"\bBUDGET_WINDOW\s*=>\s*(?:'(\w+)')?", _FLAGS)
"""How often such a budget begins again; not a literal where the group is empty."""

PERIODS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
DEFAULT_PERIOD, NO_PERIOD = "weekly", "never"
"""What stands where a budget names no window, and where it never begins again."""

SQL_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
