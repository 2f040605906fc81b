"""Values as they are written, where an engine would take `A` for `a`, or 10:00+01 for 11:00+01."""

from __future__ import annotations

from collections.abc import Callable

from gatecli.anonymity.tables.interface import Column, Table
from gatecli.anonymity.tables.postgres import written_in_postgres
from gatecli.anonymity.tables.spark import written_in_spark
from gatecli.anonymity.tables.sqlite import written_in_sqlite

WRITTEN: dict[str, Callable[[Table], dict[str, Column]]] = {
    "sqlite": written_in_sqlite,
    "postgres": written_in_postgres,
    "pyspark": written_in_spark,
}


def as_written(table: Table) -> Table:
    """The table, whose values differ where they are written differently, as a published table shows them."""
    written = WRITTEN.get(table.get_backend().name)
    return table if written is None else table.mutate(**written(table))
