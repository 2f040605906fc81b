"""Small tables in an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gatecli.anonymity.tables.interface import OpenedTable

Columns = Mapping[str, Sequence[object]]


@cache
def engine() -> Any:
    """One DuckDB for all tables of a test process."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.duckdb.connect(threads=1)


def arrow(columns: Columns, kinds: Mapping[str, str] | None = None) -> Any:
    """An Arrow table; `kinds` are type names of pyarrow, text by default."""
    import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

    return pyarrow.table(
        {
            name: pyarrow.array(list(values), type=getattr(pyarrow, (kinds or {}).get(name, "string"))())
            for name, values in columns.items()
        }
    )


def opened(
    columns: Columns, kinds: Mapping[str, str] | None = None, *, is_typed: bool = True, name: str = "data"
) -> OpenedTable:
    """A table in the shared DuckDB."""
    connection = engine()
    connection.con.register("drawn", arrow(columns, kinds))
    table = connection.table("drawn")
    schema = {column: str(kind) for column, kind in table.schema().items()}
    return OpenedTable(name, table, "duckdb", schema, "", "", is_typed=is_typed)


def rows_of(columns: Columns) -> list[dict[str, object]]:
    """The same table as rows."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
