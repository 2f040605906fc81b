"""The tables of an SQLite file, read only; the file and what stands beside it stay as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from gatecli.anonymity.rows.interface import BATCH, Rows, TableFile
from gatecli.model.cells import (
    REACH,
    CellBatch,
    RowBatch,
    UnreadTable,
    beside_rows,
    cells_of,
    sample_rows,
)

if TYPE_CHECKING:
    import sqlite3

_HEADER = 100
_VERSIONS = slice(18, 20)
_NO_LOG = b"\x01\x01"
"""How a file says that it keeps no log of changes (its file format, 1.3.3): in memory none can be kept."""
_DEFINITIONS = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name, type"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def sqlite_rows(table: TableFile) -> Rows:
    """The rows of every table, and the definition of all there is; a log of changes beside it is named."""
    import sqlite3  # noqa: PLC0415 - only this kind of table needs it

    with closing(_connect(table)) as connection:
        connection.text_factory = _text
        if _has_log(table):
            yield UnreadTable("its log of changes (-wal) was not applied")
        if _is_cut(table):
            yield UnreadTable("damaged: it is shorter than it says")
        for name, definition in connection.execute(_DEFINITIONS).fetchall():
            yield beside_rows([("(definition)", definition)], _as_text(name))
        for (name,) in connection.execute(f"{_TABLES} ORDER BY name").fetchall():
            try:
                yield from _table_rows(connection, _as_text(name), all_rows=table.all_rows)
            except sqlite3.Error:
                yield UnreadTable("SQLite could not read it to its end", _as_text(name))


def _connect(table: TableFile) -> sqlite3.Connection:
    """A connection that writes nothing, not even the files that SQLite keeps beside a database."""
    import sqlite3  # noqa: PLC0415 - only this kind of table needs it

    if table.path is not None:
        name = quote(str(table.path.absolute()).encode("utf-8", "surrogateescape"))
        connection = sqlite3.connect(f"file:{name}?mode=ro&immutable=1", uri=True)
    else:
        connection = sqlite3.connect(":memory:")
        content = table.file.read()
        connection.deserialize(content[: _VERSIONS.start] + _NO_LOG + content[_VERSIONS.stop :])
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _has_log(table: TableFile) -> bool:
    log = table.path.with_name(table.path.name + "-wal") if table.path else None
    return log is not None and log.is_file() and log.stat().st_size > 0


def _is_cut(table: TableFile) -> bool:
    """Whether pages are missing at the end, which SQLite does not look for (its file format, 1.3)."""
    table.file.seek(0)
    head = table.file.read(_HEADER)
    size = table.file.seek(0, os.SEEK_END)
    page = int.from_bytes(head[16:18], "big")
    return size < int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)


def _text(content: bytes) -> str | bytes:
    """A text is text where it can be; SQLite does not look."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _as_text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("latin-1")


def _table_rows(connection: sqlite3.Connection, name: str, *, all_rows: bool) -> Iterator[CellBatch]:
    known = '"' + name.replace('"', '""') + '"'
    (total,) = connection.execute(f"SELECT count(*) FROM {known}").fetchone()  # noqa: S608 - a quoted name
    reach = total if all_rows else min(total, REACH)
    wanted = sample_rows(reach, all_rows=all_rows)
    cursor = connection.execute(f"SELECT * FROM {known} LIMIT {reach}")  # noqa: S608 - the same
    columns = [_as_text(item[0]) for item in cursor.description]
    read = at = 0
    while read < len(wanted) and (rows := cursor.fetchmany(BATCH)):
        picked: list[int] = []
        while read + len(picked) < len(wanted) and wanted[read + len(picked)] < at + len(rows):
            picked.append(wanted[read + len(picked)])
        if picked:
            values = zip(*(rows[row - at] for row in picked), strict=True)
            named = [(column, list(each)) for column, each in zip(columns, values, strict=True)]
            yield cells_of(RowBatch([row + 1 for row in picked], named), name)
        read += len(picked)
        at += len(rows)
    yield CellBatch(passed=total - read)
