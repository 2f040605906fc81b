"""SQLite: a file whose columns are declared in any words, and whose values need not keep to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.interface import Connection, Table
from gatecli.errors import NothingToCheckError

AFFINITIES = (("int", "int64"), ("real", "float64"), ("floa", "float64"), ("doub", "float64"))
"""What a declared type that holds these letters stores (sqlite.org, "Datatypes In SQLite", 3.1)."""

NUMBERS = "('integer', 'real', 'null')"


def connect_sqlite(url: str) -> Connection:
    """The file of `sqlite://PATH`. Raises NothingToCheckError where there is none."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    path = Path(url.removeprefix("sqlite://"))
    if not path.is_file():
        raise NothingToCheckError(
            f"{path} does not exist",
            advice="sqlite:///srv/file.db is meant from the root, sqlite://file.db from here",
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
        declared = {kind for kind in _declared(connection) if kind and not is_known(kind)}
    return {
        kind: next((ours for letters, ours in AFFINITIES if letters in kind), "string") for kind in declared
    }


def _declared(connection: sqlite3.Connection) -> Iterator[str]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    for name in names:
        try:
            found = connection.execute("SELECT lower(type) FROM pragma_table_info(?)", name).fetchall()
        except sqlite3.OperationalError:
            continue  # a view of what is no more: an error only where it is asked for
        yield from (kind for (kind,) in found)


def mixed(table: Table) -> list[str]:
    """The columns without a declared type that are numbers by their first value, but not by all of them.

    A copy is of the first value's type, and would make one value of 1 and '1'.
    """
    connection = table.get_backend().con
    declared = connection.execute("SELECT name, type FROM pragma_table_info(?)", [table.get_name()])
    kinds = table.schema()
    open_to_all = [name for name, kind in declared if not kind and kinds[name].is_numeric()]
    if not open_to_all:
        return []
    strange = ", ".join(f"max(typeof({_quoted(name)}) NOT IN {NUMBERS})" for name in open_to_all)
    found = connection.execute(f"SELECT {strange} FROM {_quoted(table.get_name())}").fetchone()  # noqa: S608 - quoted names
    return [name for name, is_mixed in zip(open_to_all, found, strict=True) if is_mixed]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def arrow_column(values: Sequence[Any], kind: Any) -> Any:
    """Values as SQLite returns them as an Arrow array of an ibis type, or of text where one is not of it."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only results that are fetched whole need it

    read = next((read for is_of, read in READ if is_of(kind)), None)
    try:
        typed = values if read is None else [None if value is None else read(value) for value in values]
        return pa.array(typed, pa.float64() if kind.is_decimal() else kind.to_pyarrow())
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _boolean(value: Any) -> bool:
    if value not in {0, 1}:
        raise ValueError
    return bool(value)


READ: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (lambda kind: kind.is_boolean(), _boolean),
    (lambda kind: kind.is_date(), date.fromisoformat),
    (lambda kind: kind.is_timestamp(), datetime.fromisoformat),
    (lambda kind: kind.is_time(), time.fromisoformat),
    (lambda kind: kind.is_decimal(), float),
)
