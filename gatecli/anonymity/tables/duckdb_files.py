"""DuckDB's own database files, which are opened to read and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.interface import Table, TableOptions
from gatecli.errors import UncheckableError, UsageError

CATALOGUE = "source"
TABLES = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? AND NOT internal
    UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal
    ORDER BY ALL
"""


def read_duckdb(name: str, path: Path, options: TableOptions, _scratch: Path, engine: Any) -> Table:
    """The table or view of a database file that `options.table` names, or its only one.

    Raises UncheckableError where changes stand in a second file (`.wal`), which no digest covers.
    """
    if Path(f"{path}.wal").exists():
        raise UncheckableError(
            f"{name} has changes that stand in {path.name}.wal alone",
            advice="close the database, or CHECKPOINT",
        )
    quoted = str(path).replace("'", "''")
    engine.con.execute(f"ATTACH '{quoted}' AS {CATALOGUE} (READ_ONLY)")
    found = engine.con.execute(TABLES, [CATALOGUE, CATALOGUE]).fetchall()
    schema, _, wanted = (options.table or "").rpartition(".")
    chosen = [one for one in found if wanted in ("", one[1]) and schema in ("", one[0])]
    if len(chosen) != 1:
        listed = ", ".join(f"{schema}.{table}" for schema, table in found[:20]) or "none"
        what = (
            f"has no table {options.table!r}" if options.table and not chosen else "does not say which table"
        )
        raise UsageError(f"{name} {what}", advice=f"--table NAME; its tables are {listed}")
    ((schema, table),) = chosen
    return engine.table(table, database=(CATALOGUE, schema))
