"""A ledger in one file: SQLite 3.37 or newer, in write-ahead mode, synchronised at each commit."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar
from urllib.parse import quote

from gatecli.errors import UsageError
from gatecli.ledger.file_systems import network_file_system
from gatecli.ledger.interface import LedgerIdentity, LedgerUnavailable
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.booking import Run
from gatecli.ledger.sql.rows import Row
from gatecli.ledger.sql.store import SqlStore
from gatecli.ledger.sql.versions import refuse_newer, refuse_older
from gatecli.ledger.sqlite_schema import APPLICATION_ID, MIGRATIONS
from gatecli.model.ledger import SCHEMA_VERSION

T = TypeVar("T")

OLDEST = (3, 37, 0)
"""The first SQLite with STRICT tables: in others a sum beyond 2^63 becomes a float."""

BUSY_SECONDS = 30.0
"""How long a writer waits for its turn."""

_WRITE_NOTHING = "UPDATE ledger SET public_key = public_key WHERE 0"
"""Where the file is read-only, BEGIN IMMEDIATE begins to read, and only the first change is refused."""

_PRAGMAS: tuple[str, ...] = ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF")
_PRAGMAS_DARWIN = ("fullfsync = ON", "checkpoint_fullfsync = ON")

_REASONS: tuple[tuple[str, str, str], ...] = (
    ("SQLITE_FULL", "the disk is full", "free some space; nothing was written"),
    ("SQLITE_READONLY", "the file cannot be written", "give yourself the right to write it and its folder"),
    ("SQLITE_BUSY", "others were writing all the time", "try again"),
    ("SQLITE_LOCKED", "others were writing all the time", "try again"),
    ("SQLITE_NOTADB", "the file is not a ledger", "name a file that `gatecli ledger init` made"),
    ("SQLITE_CORRUPT", "the file is damaged", "keep it, and restore the last export or backup"),
    ("SQLITE_CANTOPEN", "the file cannot be opened", "check that you may read it and write in its folder"),
    ("SQLITE_PERM", "the file cannot be opened", "check that you may read it and write in its folder"),
    ("SQLITE_IOERR", "the disk cannot be read or written", "check the disk, and whether it is full"),
    ("SQLITE_TOOBIG", "the entry is too long", "declare less about the release"),
)


class SqliteStore(SqlStore):
    """A ledger in a file."""

    def __init__(self, connection: sqlite3.Connection, where: str, *, read_only: bool) -> None:
        self._connection = connection
        self._turn = RLock()
        with sentences(where):
            row = connection.execute(sql.IDENTITY).fetchone()
        super().__init__(where, LedgerIdentity(*row), read_only=read_only)

    def _write(self, work: Callable[[Run], T]) -> T:
        with self._turn, sentences(self.where), transaction(self._connection):
            return work(self._run)

    def _read(self, statement: str, parameters: dict[str, Any]) -> list[Row]:
        with self._turn, sentences(self.where):
            return self._run(statement, parameters)

    def _run(self, statement: str, parameters: dict[str, Any]) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def _check_clock(self, run: Run, at: str) -> None:
        """The file has no clock but that of the machine."""

    def _hold_log(self, run: Run) -> None:
        """Nobody else writes meanwhile."""

    def close(self) -> None:
        with self._turn:
            self._connection.close()


def create_sqlite(
    path: Path, identity: LedgerIdentity, *, fill: Callable[[Run], None] | None = None
) -> SqliteStore:
    """A new ledger, with what `fill` writes. Raises UsageError where a database is already, LedgerUnavailable
    where none can be; then no file is left that was not there.
    """
    where, was_there = str(path), path.exists()
    _require_possible(path)
    if not path.parent.is_dir():
        raise LedgerUnavailable(
            f"the ledger {where}: its folder is not there", advice="make the folder first"
        )
    with sentences(where):
        connection = _connect(path, "rwc")
    try:
        with sentences(where):
            _require_empty(connection, where)
            _configure(connection, where)
            with transaction(connection):
                _require_empty(connection, where)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                _migrate(connection, 0)
                row = {"id": identity.id, "name": identity.name, "made_at": identity.made_at}
                connection.execute(sql.ADD_IDENTITY, row | {"public_key": identity.public_key})
                if fill is not None:
                    fill(lambda statement, given: connection.execute(statement, given).fetchall())
        return SqliteStore(connection, where, read_only=False)
    except BaseException:
        connection.close()
        if not was_there:
            _remove(path)
        raise


def _remove(path: Path) -> None:
    """The file of a ledger that could not be made, unless somebody else made one there meanwhile."""
    try:
        with closing(_connect(path, "ro")) as connection:
            is_empty = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if is_empty else ():
        file.unlink(missing_ok=True)


def open_sqlite(path: Path, *, read_only: bool) -> SqliteStore:
    """The ledger in a file, migrated where it is older and opened for writing. Raises LedgerUnavailable."""
    where = str(path)
    _require_possible(path)
    if not path.is_file():
        raise LedgerUnavailable(f"there is no ledger at {where}", advice="make one: gatecli ledger init")
    with sentences(where):
        connection = _connect(path, "ro" if read_only else "rw")
    try:
        with sentences(where):
            _require_ledger(connection, where)
            if read_only:
                connection.execute("PRAGMA query_only = ON")
                refuse_older(_version(connection), where)
            else:
                _configure(connection, where)
                _migrate_older(connection, where)
        return SqliteStore(connection, where, read_only=read_only)
    except BaseException:
        connection.close()
        raise


def _require_possible(path: Path) -> None:
    if sqlite3.sqlite_version_info < OLDEST:
        raise LedgerUnavailable(
            f"SQLite {sqlite3.sqlite_version} is too old for a ledger",
            advice="use a Python that is built with SQLite 3.37 or newer, or a ledger on PostgreSQL",
        )
    real = path.resolve()
    kind = network_file_system(real if real.exists() else real.parent)
    if kind:
        raise LedgerUnavailable(
            f"the ledger {path} is on a network file system ({kind}), where locks do not hold and "
            "two machines could spend one budget twice",
            advice="put it on a disk of this machine, or use a ledger on PostgreSQL",
        )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    if mode == "ro" and _is_on_read_only_disk(path):
        uri += "&immutable=1"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _is_on_read_only_disk(path: Path) -> bool:
    """Where nobody can write, no file of locks is needed beside; what a log there holds would be missed."""
    is_read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return is_read_only and not path.with_name(f"{path.name}-wal").exists()


def _configure(connection: sqlite3.Connection, where: str) -> None:
    """Write-ahead mode is a property of the file, the rest of the connection."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise LedgerUnavailable(
            f"the ledger {where}: its file system has no write-ahead log", advice="put it on a local disk"
        )
    for pragma in (*_PRAGMAS, *(_PRAGMAS_DARWIN if sys.platform == "darwin" else ())):
        connection.execute(f"PRAGMA {pragma}")


def _require_empty(connection: sqlite3.Connection, where: str) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise UsageError(f"there is a ledger, or another database, at {where}", advice="name another file")


def _require_ledger(connection: sqlite3.Connection, where: str) -> None:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise LedgerUnavailable(
            f"{where} is not a ledger", advice="name a file that `gatecli ledger init` made"
        )
    refuse_newer(_version(connection), where)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrate_older(connection: sqlite3.Connection, where: str) -> None:
    """In a turn to write, which also tells whether the file can be written."""
    with transaction(connection):
        connection.execute(_WRITE_NOTHING)
        version = _version(connection)
        refuse_newer(version, where)
        if version < SCHEMA_VERSION:
            _migrate(connection, version)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    """The tables of this version, from those of an older one; inside a transaction."""
    for number in range(version + 1, SCHEMA_VERSION + 1):
        for statement in MIGRATIONS[number]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is written, or none. The turn to write is taken at the start: nobody waits half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # the database has rolled back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def sentences(where: str) -> Iterator[None]:
    """Errors of SQLite as sentences; the driver's own text is not shown."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        for prefix, reason, advice in _REASONS:
            if name.startswith(prefix):
                raise LedgerUnavailable(f"the ledger {where}: {reason}", advice=advice) from None
        raise LedgerUnavailable(
            f"the ledger {where} cannot be used ({name})", advice="run gatecli ledger verify"
        ) from None
