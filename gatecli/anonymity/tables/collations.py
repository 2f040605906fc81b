"""Text as it is written, where a column's collation would take `A` for `a`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from gatecli.anonymity.tables.interface import Column, Table
from gatecli.anonymity.tables.sqlite import held_as_text

NONDETERMINISTIC = "SELECT 1 FROM pg_catalog.pg_collation WHERE NOT collisdeterministic LIMIT 1"


def verbatim(table: Table) -> Table:
    """The table, whose text differs wherever its bytes do: a published table shows each as it is.

    SQLite compares a column by its collation (`NOCASE`), PostgreSQL by a nondeterministic one, Spark by
    `UTF8_LCASE`; the value of an expression has none. In SQLite, whose columns hold values of any type, they
    are text as well where they are not what the column declares.
    """
    engine = table.get_backend()
    written = WRITTEN.get(engine.name)
    if written is None or (engine.name == "postgres" and not _may_merge(engine)):
        return table
    text = (
        held_as_text(table)
        if engine.name == "sqlite"
        else [name for name, kind in table.schema().items() if kind.is_string()]
    )
    return table.mutate(**{name: written(table[name]) for name in text})


def _may_merge(postgres: Any) -> bool:
    """Whether the database has a collation that takes different texts for equal: none is there at first."""
    with closing(postgres.raw_sql(NONDETERMINISTIC)) as cursor:
        return cursor.fetchone() is not None


def _in_sqlite(column: Column) -> Column:
    return column.cast("string") + ""


def _in_postgres(column: Column) -> Column:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    @ibis.udf.scalar.builtin(signature=(("string", "string"), "binary"))  # type: ignore[untyped-decorator]  # ibis ships no types
    def convert_to(text: Column, encoding: str) -> Column: ...

    @ibis.udf.scalar.builtin(signature=(("binary", "string"), "string"))  # type: ignore[untyped-decorator]  # ibis ships no types
    def convert_from(data: Column, encoding: str) -> Column: ...

    return convert_from(convert_to(column, "UTF8"), "UTF8")


def _in_spark(column: Column) -> Column:
    return column.cast("binary").cast("string")


WRITTEN: dict[str, Callable[[Column], Column]] = {
    "sqlite": _in_sqlite,
    "postgres": _in_postgres,
    "pyspark": _in_spark,
}
