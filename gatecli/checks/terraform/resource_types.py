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

EARLIER: tuple[ShippedGate, ...] = (
    ShippedGate(
        "k_anonymity_gate",
        configuration="30bd5eafd009e16d8ec831825be2209e7db4dd54ac31cb87bd374f5791493ff3",
        text="02805ea3b67009fdc3cbfbe8db38c527af269c8d460ccdcded8a2e45cf4f8518",
        beside=("../evidence",),
    ),
    ShippedGate(
        "k_anonymity_gate",
        configuration="eaadbcce1d2c0b31715e40db9372d0e434a81965d9f416265615ad86919fce24",
        text="5d8d10a9d7c283b15267cf3b222178464c8ef44bcb82b558f8963477939844d4",
    ),
    ShippedGate(
        "model_release_gate",
        configuration="9e3e6465b9b9ab137e73d35730b8a9392fb48f09e93cd516026cbcfe653aec02",
        text="31e5ff41b0935fc2c20716b0e794f05cfcd9d7448fa9c32acf24a9e003a1044e",
        beside=("../evidence",),
    ),
    ShippedGate(
        "model_release_gate",
        configuration="97bb465f3c5b4d96203c809425ce51d353c282dbe52ab104a6456cae099b07a6",
        text="1ca210440b0572d91f2e8e51824a2e174cfd9e419b700fd79328fa8a24249634",
    ),
    ShippedGate(
        "pii_gate",
        configuration="01d652aa05dac3284ad0f70801724b80bff8be1103242e452a934b64eda294c5",
        text="884d5e2828acf11fc0ddf17e57bae64d730b49ba7e38ec1d4c0129c0f0b0045e",
        beside=("../evidence",),
    ),
    ShippedGate(
        "pii_gate",
        configuration="ccf5d4678c9d42e3e67590030010a9a7056d1db2221b2897b70213ab180872ec",
        text="e340f67f04c31e4c0c7218916fbab39a6369867d9f6e5d3bf5c1bcd32e999c9d",
    ),
)
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
