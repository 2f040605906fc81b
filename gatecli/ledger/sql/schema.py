"""Parts of the tables that both databases have."""

from __future__ import annotations

from enum import StrEnum

from gatecli.model.ledger import EntryKind, ReservationState
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, Admission

APPENDED = ("dataset", "entry", "log", "checkpoint")
"""Tables whose rows are never changed and never deleted."""

KEPT = ("ledger", "account", "reservation")
"""Tables whose rows are changed and never deleted."""

KEYS = {
    "dataset": ("name",),
    "entry": ("dataset", "number"),
    "log": ("place",),
    "checkpoint": ("id",),
    "ledger": ("single",),
    "account": ("name",),
    "reservation": ("subject",),
}

FIXED = {
    "ledger": ("single", "id", "name", "made_at"),
    "account": ("name", "admission", *(f"{column}_limit" for column in COLUMNS)),
    "reservation": ("subject",),
}
"""Columns of those tables that never change."""

LIMIT_NAMES = tuple(f"{column}_limit" for column in COLUMNS)

_HOLDS = [
    f"({measure} <= {measure}_limit AND {slack} <= {slack}_limit)"
    for measure, slack in MEMBER_COLUMNS.values()
]

PORTFOLIO_HOLDS = (
    f"CASE admission WHEN '{Admission.ANY}' THEN {' OR '.join(_HOLDS)} "
    f"WHEN '{Admission.ALL}' THEN {' AND '.join(_HOLDS)} ELSE 1 = 0 END"
)
"""The rule of the ledger, held by the database: whoever writes, at least one member holds."""


def amount_columns(kind: str, suffix: str = "", more: str = "DEFAULT 0") -> str:
    """Definitions of one column for each amount."""
    return ", ".join(f"{column}{suffix} {kind} NOT NULL {more}" for column in COLUMNS)


def least_amounts(suffix: str = "") -> str:
    """No amount is below nothing."""
    return " AND ".join(f"{column}{suffix} >= 0" for column in COLUMNS)


def quote(names: type[StrEnum]) -> str:
    """The values of an enumeration, as a list of SQL."""
    return ", ".join(f"'{name.value}'" for name in names)


STATES = quote(ReservationState)
KINDS = quote(EntryKind)
