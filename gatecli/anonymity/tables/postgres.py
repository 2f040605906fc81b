"""PostgreSQL: a server that knows more types than its driver, and more ways for two texts to be equal."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.interface import Column, Connection, Table

CONNECT_SECONDS = 10
NONDETERMINISTIC = "SELECT 1 FROM pg_catalog.pg_collation WHERE NOT collisdeterministic LIMIT 1"
TEXTS = frozenset({25, 1042, 1043})
TYPED = frozenset({16, 17, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1700})
"""Object identifiers of types (`pg_type.dat`): text, char, varchar; bool, bytea, numbers, dates and times.
Any other is text here: enumerations, UUIDs, addresses, JSON, arrays, intervals, times with a zone.
"""


def connect_postgres(url: str) -> Connection:
    """The server and database of a URL. Raises what the driver raises where it does not answer."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    patience = (
        {} if "connect_timeout" in parse_qs(urlsplit(url).query) else {"connect_timeout": CONNECT_SECONDS}
    )
    backend = ibis.connect(url.replace("postgresql://", "postgres://", 1), **patience)
    backend.raw_sql("SET row_security = off").close()  # rows that a policy would hide are then an error
    return Connection(backend, backend.con.cancel, partial(disconnect, backend))


def written_in_postgres(table: Table) -> dict[str, Column]:
    """The columns that are read as text, and text whose collation might take different ones for equal."""
    backend = table.get_backend()
    types, kinds = _types(backend, table.op()), table.schema()
    with closing(backend.raw_sql(NONDETERMINISTIC)) as cursor:
        may_merge = cursor.fetchone() is not None
    strange = [name for name, kind in types.items() if kind not in TYPED | TEXTS or kinds[name].is_unknown()]
    merging = [name for name, kind in types.items() if may_merge and kind in TEXTS and name not in strange]
    return {name: _as_text(table[name]) for name in strange} | {
        name: _as_bytes(table[name]) for name in merging
    }


def _types(backend: Any, named: Any) -> dict[str, int]:
    """The type of each column as the server states it, of a domain the type below it."""
    names = [name for name in (named.namespace.database, named.name) if name]
    source = ".".join('"' + name.replace('"', '""') + '"' for name in names)
    with closing(backend.raw_sql(f"SELECT * FROM {source} LIMIT 0")) as cursor:  # noqa: S608 - quoted names
        return {column.name: column.type_code for column in cursor.description}


def _as_text(column: Column) -> Column:
    """An enumeration is a string to ibis, which then sees nothing to cast."""
    return column + "" if column.type().is_string() else column.cast("string")


def _as_bytes(column: Column) -> Column:
    """The text without its collation."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    @ibis.udf.scalar.builtin(signature=(("string", "string"), "binary"))  # type: ignore[untyped-decorator]  # ibis ships no types
    def convert_to(text: Column, encoding: str) -> Column: ...

    @ibis.udf.scalar.builtin(signature=(("binary", "string"), "string"))  # type: ignore[untyped-decorator]  # ibis ships no types
    def convert_from(data: Column, encoding: str) -> Column: ...

    return convert_from(convert_to(column, "UTF8"), "UTF8")
