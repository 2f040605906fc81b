"""Small tables in an engine."""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.interface import OpenedTable

Columns = Mapping[str, Sequence[object]]


@cache
def engine() -> Any:
    """One DuckDB for all tables of a test process."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    connection = ibis.duckdb.connect(threads=1)
    atexit.register(close)  # else its binding complains at the end
    return connection


def close() -> None:
    """The end of the shared DuckDB."""
    disconnect(engine())
    engine.cache_clear()


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
    """A table in the shared DuckDB; one of the same name replaces it."""
    connection = engine()
    connection.con.register(f"drawn_{name}", arrow(columns, kinds))
    table = connection.table(f"drawn_{name}")
    schema = {column: str(kind) for column, kind in table.schema().items()}
    return OpenedTable(name, table, "duckdb", schema, "", "", is_typed=is_typed)


def rows_of(columns: Columns) -> list[dict[str, object]]:
    """The same table as rows."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def endless(table: Any, column: str) -> Any:
    """An expression that no engine computes in a test's time: the table's rows to the twelfth power."""
    product = table.select(column)
    for at in range(11):
        product = product.cross_join(table.select(**{f"x{at}": table[column]}))
    return product
