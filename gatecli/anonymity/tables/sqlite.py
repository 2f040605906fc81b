"""SQLite: a file whose columns are declared in any words, and whose values need not keep to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.interface import Column, Connection, Table
from gatecli.errors import NothingToCheckError

AFFINITIES = (("int", "int64"), ("real", "float64"), ("floa", "float64"), ("doub", "float64"))
"""What a declared type that holds these letters stores (sqlite.org, "Datatypes In SQLite", 3.1)."""

ISO = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]?[0-2][0-9]:[0-5][0-9]*"

Kind = Callable[[Any], bool]

HELD: tuple[tuple[Kind, str], ...] = (
    (lambda kind: kind.is_integer(), "typeof({0}) = 'integer'"),
    (lambda kind: kind.is_floating() or kind.is_decimal(), "typeof({0}) IN ('integer', 'real')"),
    (lambda kind: kind.is_boolean(), "typeof({0}) = 'integer' AND {0} IN (0, 1)"),
    (lambda kind: kind.is_date(), "{0} IS date({0})"),
    (
        lambda kind: kind.is_timestamp(),
        f"typeof({{0}}) = 'text' AND {{0}} GLOB '{ISO}' AND datetime({{0}}) IS NOT NULL",
    ),
    (lambda kind: kind.is_binary(), "typeof({0}) = 'blob'"),
)
"""What a value that is not missing must meet to be of its column's type; other types are text here."""


def connect_sqlite(url: str) -> Connection:
    """The file of `sqlite://PATH`. Raises NothingToCheckError where there is none."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    path = Path(url.removeprefix("sqlite://"))
    if not path.is_file():
        raise NothingToCheckError(
            f"{path} does not exist",
            advice="sqlite:///srv/file.db is an absolute path, sqlite://file.db a relative one",
        )
    backend = ibis.sqlite.connect(path, type_map={"null": "string", **_unknown_types(path)})
    return Connection(backend, backend.con.interrupt, partial(disconnect, backend))


def _unknown_types(path: Path) -> dict[str, str]:
    """The declared types that ibis does not know, as SQLite takes them: numbers, or else text."""
    from ibis.backends.sql.datatypes import SQLiteType  # noqa: PLC0415 - as above

    def is_known(kind: str) -> bool:
        try:
            return not SQLiteType.from_string(kind).is_unknown()
        except TypeError:  # a width, as in int(11)
            return False

    with closing(sqlite3.connect(path)) as connection:
        declared = {kind for kind in _declared_columns(connection) if kind and not is_known(kind)}
    return {
        kind: next((ours for letters, ours in AFFINITIES if letters in kind), "string") for kind in declared
    }


def _declared_columns(connection: sqlite3.Connection) -> Iterator[str]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    for name in names:
        try:
            found = connection.execute("SELECT lower(type) FROM pragma_table_info(?)", name).fetchall()
        except sqlite3.OperationalError:
            continue  # a view of what is no more: an error only where it is asked for
        yield from (kind for (kind,) in found)


def written_in_sqlite(table: Table) -> dict[str, Column]:
    """The columns that are text, or not all of whose values are of the type that the column declares.

    Read as of that type, some would be lost, made alike or counted twice. The value of an expression has no
    collation, by which `A` might be `a`.
    """
    return {name: table[name].cast("string") + "" for name in _as_text(table)}


def _as_text(table: Table) -> list[str]:
    conditions = {name: _held_type(kind) for name, kind in table.schema().items()}
    bound = {name: condition.format(_quote_name(name)) for name, condition in conditions.items() if condition}
    if not bound:
        return list(conditions)
    strange = ", ".join(
        f"max({_quote_name(name)} IS NOT NULL AND NOT ({condition}))" for name, condition in bound.items()
    )
    query = f"SELECT {strange} FROM {_quote_name(table.get_name())}"  # noqa: S608 - quoted names
    found = table.get_backend().con.execute(query).fetchone()
    typed = {name for name, is_strange in zip(bound, found, strict=True) if not is_strange}
    return [name for name in conditions if name not in typed]


def _held_type(kind: Any) -> str | None:
    return next((condition for is_of, condition in HELD if is_of(kind)), None)


def _quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def arrow_column(values: Sequence[Any], kind: Any) -> Any:
    """Values as SQLite returns them, all of an ibis type, as an Arrow array: instants as they are written,
    decimals as the floats that they are.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy; only results that are fetched whole need it

    if kind.is_boolean():
        return pa.array([None if value is None else bool(value) for value in values], pa.bool_())
    if kind.is_temporal():
        return pa.array(values, pa.string())
    return pa.array(values, pa.float64() if kind.is_decimal() else kind.to_pyarrow())
