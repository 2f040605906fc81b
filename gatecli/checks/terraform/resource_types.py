"""Gates, privacy budgets and names of personal data, as tables. What publishes and opens is in `forms/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from gatecli.checks.terraform.gate_digests import ShippedGate

DATASET, MODEL, WORKLOAD = "dataset", "model", "workload"

GATES: Mapping[str, str] = MappingProxyType(
    {"k_anonymity_gate": DATASET, "model_release_gate": MODEL, "pii_gate": WORKLOAD}
)
"""The gate modules, and what they gate."""

EARLIER: tuple[ShippedGate, ...] = ()
"""Gates of earlier releases that are still good; those of this one are in `terraform_gates`."""

EVIDENCE: Mapping[str, str] = MappingProxyType({"anonymity": DATASET, "release": MODEL})
"""The gates of the command line, and what their reports are evidence for."""

BUDGETS = re.compile(r"\w*cleanrooms_privacy_budget_template")
"""AWS Clean Rooms' differential privacy: `parameters.epsilon` is spent by each period's queries."""

SQL = ("snowflake_", "google_bigquery_")
"""Providers whose privacy policies stand in SQL, or in arguments named like it."""

BUDGET_KEYS = frozenset({"epsilon_budget", "epsilonBudget"})
"""BigQuery's `DifferentialPrivacyPolicy`: the ε of all queries against a view."""

SQL_BUDGET = re.compile(
    r"(?:\bBUDGET_LIMIT\s*=>|[\"']epsilon_budget[\"']\s*:)\s*([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]{1,3})?)",
    re.IGNORECASE,
)
"""The same in SQL; and Snowflake's `PRIVACY_BUDGET(BUDGET_LIMIT => …)`, the ε of one window."""

SQL_POLICY = re.compile(r"\bPRIVACY_BUDGET\s*\(|[\"']differential_privacy_policy[\"']\s*:", re.IGNORECASE)
"""Where such a policy begins: one without a limit leaves it to the platform."""

SQL_ARGUMENTS = BUDGET_KEYS | {
    "as_select",
    "body",
    "definition_body",
    "execute",
    "materialized_view",
    "params",
    "privacy_policy",
    "query",
    "statement",
    "view",
}
"""Arguments of those providers that hold SQL or such a policy, and so perhaps a budget."""

BLOCKS = frozenset({"materialized_view", "query", "view"})
"""Those that may be blocks."""

PERSONAL_NAME = re.compile(
    r"(^|_)(ssn|social_security(_number)?|passport(_number)?|resident_id|id_card(_number)?|national_id"
    r"|tax_id|iban|credit_card(_number)?|card_number|medical_record(_number)?|date_of_birth|birth_date)($|_)"
)
"""Names of variables that hold what identifies one person."""
