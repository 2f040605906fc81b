"""The tables of a ledger in PostgreSQL (12 or newer), the migrations that lead to them, and who may do what.

All stand in the schema `gatecli` of the database, so that a ledger may share one with other tables.
"""

from __future__ import annotations

from gatecli.ledger.sql.schema import (
    APPENDED,
    FIXED,
    KEPT,
    KINDS,
    PORTFOLIO_HOLDS,
    STATES,
    amount_columns,
    least_amounts,
)

SCHEMA = "gatecli"

_TEXT = 'text COLLATE "C"'  # the order of names is that of their bytes, as in SQLite

_TABLES = (
    "CREATE TABLE schema_version (single smallint PRIMARY KEY CHECK (single = 1), version integer NOT NULL)",
    "INSERT INTO schema_version VALUES (1, 0)",
    """CREATE TABLE ledger (
        single smallint PRIMARY KEY CHECK (single = 1), id text NOT NULL, name text NOT NULL,
        made_at text NOT NULL, public_key text NOT NULL)""",
    f"CREATE TABLE dataset (name {_TEXT} PRIMARY KEY, terms text NOT NULL)",
    f"""CREATE TABLE account (
        name {_TEXT} PRIMARY KEY REFERENCES dataset (name), admission text NOT NULL,
        closed smallint NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
        entries bigint NOT NULL CHECK (entries > 0), head bytea NOT NULL CHECK (length(head) = 32),
        {amount_columns("bigint")}, {amount_columns("bigint", "_limit", "")},
        CONSTRAINT amounts_are_not_negative CHECK ({least_amounts()} AND {least_amounts("_limit")}),
        CONSTRAINT portfolio_holds CHECK ({PORTFOLIO_HOLDS})) WITH (fillfactor = 50)""",
    f"""CREATE TABLE entry (
        dataset {_TEXT} NOT NULL, number bigint NOT NULL CHECK (number >= 0),
        kind text NOT NULL CHECK (kind IN ({KINDS})), subject text NOT NULL, attempt bigint NOT NULL,
        {amount_columns("bigint", "", "")}, content text NOT NULL,
        hash bytea NOT NULL CHECK (length(hash) = 32), signature text NOT NULL,
        PRIMARY KEY (dataset, number))""",
    f"""CREATE TABLE reservation (
        subject {_TEXT} PRIMARY KEY, attempt bigint NOT NULL CHECK (attempt >= 0),
        state {_TEXT} NOT NULL CHECK (state IN ({STATES})), digest text NOT NULL, last_digest text NOT NULL,
        at text NOT NULL, plan {_TEXT}, lapses text)""",
    f"""CREATE TABLE reservation_charge (
        subject {_TEXT} NOT NULL, dataset {_TEXT} NOT NULL, {amount_columns("bigint", "", "")},
        PRIMARY KEY (subject, dataset), CONSTRAINT amounts_are_not_negative CHECK ({least_amounts()}))""",
    f"""CREATE TABLE log (
        place bigint PRIMARY KEY CHECK (place >= 0), dataset {_TEXT} NOT NULL, number bigint NOT NULL,
        UNIQUE (dataset, number), FOREIGN KEY (dataset, number) REFERENCES entry (dataset, number))""",
    """CREATE TABLE checkpoint (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size bigint NOT NULL CHECK (size >= 0),
        at text NOT NULL, note text NOT NULL)""",
    "CREATE INDEX checkpoint_by_size ON checkpoint (size, id)",
    "CREATE INDEX reservation_by_state ON reservation (state, subject)",
    "CREATE INDEX reservation_by_plan ON reservation (plan, subject) WHERE plan IS NOT NULL",
    "CREATE INDEX reservation_charge_by_dataset ON reservation_charge (dataset, subject)",
)

_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _refusal(table: str, name: str, events: str, why: str) -> tuple[str, str]:
    """A trigger for whole statements, which `session_replication_role = replica` does not bypass."""
    trigger = f"{table}_{name}_is_refused"
    return (
        f"CREATE TRIGGER {trigger} BEFORE {events} ON {table} EXECUTE FUNCTION refuse_change('{why}')",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    )


def _triggers() -> tuple[str, ...]:
    refusals = (
        *(
            _refusal(table, "change", "UPDATE OR DELETE OR TRUNCATE", "rows are only appended")
            for table in APPENDED
        ),
        *(_refusal(table, "deletion", "DELETE OR TRUNCATE", "rows are never deleted") for table in KEPT),
        *(
            _refusal(table, "change", f"UPDATE OF {', '.join(columns)}", "these columns never change")
            for table, columns in FIXED.items()
        ),
    )
    return tuple(statement for refusal in refusals for statement in refusal)


_REFUSALS = (
    f"CREATE TABLE refusal (rule {_TEXT} PRIMARY KEY, "
    "refusals bigint NOT NULL CHECK (refusals > 0), last_at text NOT NULL)"
)
"""Counts for monitoring; no entry depends on them."""

MIGRATIONS: dict[int, tuple[str, ...]] = {1: (*_TABLES, _REFUSE, *_triggers()), 2: (_REFUSALS,)}
"""The statements that lead to each version from the one before."""

READER = (
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{role}}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {{role}}",
)
"""What a role needs that shows and verifies: the page, the metrics, an auditor."""

_CHARGED = tuple(table for table in APPENDED if table != "dataset")

WRITER = (
    *READER,
    f"REVOKE INSERT ON {SCHEMA}.dataset, {SCHEMA}.account FROM {{role}}",  # what gatecli granted before
    f"REVOKE UPDATE (public_key) ON {SCHEMA}.ledger FROM {{role}}",
    f"GRANT INSERT ON {', '.join(f'{SCHEMA}.{table}' for table in _CHARGED)} TO {{role}}",
    f"GRANT UPDATE ON {SCHEMA}.account TO {{role}}",
    f"GRANT INSERT, UPDATE ON {SCHEMA}.refusal, {SCHEMA}.reservation TO {{role}}",
    f"GRANT INSERT, UPDATE, DELETE ON {SCHEMA}.reservation_charge TO {{role}}",
)
"""What a role needs that charges: it can change no entry and give no budget. It is not the owner, who adds
datasets and could drop a trigger.
"""


def grants(role: str, *, writer: bool) -> tuple[str, ...]:
    """Statements for the ledger's owner to run once; run again they change nothing."""
    quoted = '"' + role.replace('"', '""') + '"'
    return tuple(statement.replace("{role}", quoted) for statement in (WRITER if writer else READER))
