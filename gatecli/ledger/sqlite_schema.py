"""The tables of a ledger in SQLite, and the migrations that lead to them."""

from __future__ import annotations

from gatecli.ledger.sql.schema import (
    APPENDED,
    FIXED,
    KEPT,
    KEYS,
    KINDS,
    PORTFOLIO_HOLDS,
    STATES,
    amount_columns,
    least_amounts,
)

APPLICATION_ID = 0x67617465
"""Bytes 68 to 71 of the file ("gate"), by which `file` and this package know a ledger."""

_TABLES = (
    """CREATE TABLE ledger (
        single INTEGER PRIMARY KEY CHECK (single = 1), id TEXT NOT NULL, name TEXT NOT NULL,
        made_at TEXT NOT NULL, public_key TEXT NOT NULL) STRICT""",
    "CREATE TABLE dataset (name TEXT PRIMARY KEY, terms TEXT NOT NULL) STRICT",
    f"""CREATE TABLE account (
        name TEXT PRIMARY KEY REFERENCES dataset (name), admission TEXT NOT NULL,
        closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
        entries INTEGER NOT NULL CHECK (entries > 0), head BLOB NOT NULL CHECK (length(head) = 32),
        {amount_columns("INTEGER")}, {amount_columns("INTEGER", "_limit", "")},
        CONSTRAINT amounts_are_not_negative CHECK ({least_amounts()} AND {least_amounts("_limit")}),
        CONSTRAINT portfolio_holds CHECK ({PORTFOLIO_HOLDS})) STRICT""",
    f"""CREATE TABLE entry (
        dataset TEXT NOT NULL REFERENCES dataset (name), number INTEGER NOT NULL CHECK (number >= 0),
        kind TEXT NOT NULL CHECK (kind IN ({KINDS})), subject TEXT NOT NULL, attempt INTEGER NOT NULL,
        {amount_columns("INTEGER", "", "")}, content TEXT NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32), signature TEXT NOT NULL,
        PRIMARY KEY (dataset, number)) STRICT""",
    f"""CREATE TABLE reservation (
        subject TEXT PRIMARY KEY, attempt INTEGER NOT NULL CHECK (attempt >= 0),
        state TEXT NOT NULL CHECK (state IN ({STATES})), digest TEXT NOT NULL, last_digest TEXT NOT NULL,
        at TEXT NOT NULL, plan TEXT, lapses TEXT) STRICT""",
    f"""CREATE TABLE reservation_charge (
        subject TEXT NOT NULL REFERENCES reservation (subject),
        dataset TEXT NOT NULL REFERENCES account (name) DEFERRABLE INITIALLY DEFERRED,
        {amount_columns("INTEGER", "", "")}, PRIMARY KEY (subject, dataset),
        CONSTRAINT amounts_are_not_negative CHECK ({least_amounts()})) STRICT, WITHOUT ROWID""",
    """CREATE TABLE log (
        place INTEGER PRIMARY KEY CHECK (place >= 0), dataset TEXT NOT NULL, number INTEGER NOT NULL,
        UNIQUE (dataset, number), FOREIGN KEY (dataset, number) REFERENCES entry (dataset, number)) STRICT""",
    """CREATE TABLE checkpoint (
        id INTEGER PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), at TEXT NOT NULL, note TEXT NOT NULL,
        UNIQUE (size, note)) STRICT""",
    "CREATE INDEX reservation_by_state ON reservation (state, subject)",
    "CREATE INDEX reservation_by_plan ON reservation (plan, subject) WHERE plan IS NOT NULL",
    "CREATE INDEX reservation_charge_by_dataset ON reservation_charge (dataset, subject)",
)


def _refusal(table: str, event: str, why: str, when: str = "") -> str:
    name = f"{table}_{event.split(maxsplit=1)[0].lower()}_is_refused"
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table}{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END"
    )


def _triggers() -> tuple[str, ...]:
    """What appends only, appends only. REPLACE deletes without asking the trigger of deletions."""
    there = {
        table: f"EXISTS (SELECT 1 FROM {table} WHERE "
        + " AND ".join(f"{column} = NEW.{column}" for column in columns)
        + ")"
        for table, columns in KEYS.items()
    }
    return (
        *(_refusal(table, "UPDATE", "rows are never changed") for table in APPENDED),
        *(_refusal(table, "DELETE", "rows are never deleted") for table in (*APPENDED, *KEPT)),
        *(_refusal(table, "INSERT", "rows are never replaced", there[table]) for table in (*APPENDED, *KEPT)),
        *(
            _refusal(table, f"UPDATE OF {', '.join(columns)}", "these columns never change")
            for table, columns in FIXED.items()
        ),
    )


_REFUSALS = """CREATE TABLE refusal (
    rule TEXT PRIMARY KEY, refusals INTEGER NOT NULL CHECK (refusals > 0), last_at TEXT NOT NULL) STRICT"""
"""Counts for monitoring; no entry depends on them."""

MIGRATIONS: dict[int, tuple[str, ...]] = {1: (*_TABLES, *_triggers()), 2: (_REFUSALS,)}
"""The statements that lead to each version from the one before."""
