"""Tables in databases: the work is done there, and only counts come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.digests import fingerprint
from gatecli.anonymity.tables.interface import Connection, OpenedTable, Table, TableOptions
from gatecli.anonymity.tables.postgres import connect_postgres
from gatecli.anonymity.tables.problems import guard_engine
from gatecli.anonymity.tables.spark import LOCAL, connect_spark, spark_file
from gatecli.anonymity.tables.sqlite import connect_sqlite
from gatecli.anonymity.tables.written import as_written
from gatecli.errors import MissingExtraError, UsageError


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine by URL: the extra that holds its driver, and how it is connected to."""

    name: str
    extra: str
    connect: Callable[[str], Connection]


def _by_url(url: str) -> Connection:
    """Drivers that wait for a server in Python: their calls are broken off."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    backend = ibis.connect(url)
    return Connection(backend, None, partial(disconnect, backend))


ENGINES: dict[str, Engine] = {
    "postgres": Engine("postgres", "postgres", connect_postgres),
    "postgresql": Engine("postgres", "postgres", connect_postgres),
    "sqlite": Engine("sqlite", "sqlite", connect_sqlite),
    "spark": Engine("spark", "spark", connect_spark),
    "sc": Engine("spark", "spark", connect_spark),
    "bigquery": Engine("bigquery", "bigquery", _by_url),
    "snowflake": Engine("snowflake", "snowflake", _by_url),
    "trino": Engine("trino", "trino", _by_url),
}


def is_url(source: str) -> bool:
    """Whether a source names a database."""
    return "://" in source


def open_database(source: str, options: TableOptions) -> OpenedTable:
    """A table of a database: `scheme://…#schema.table`, or `options.table`.

    Raises UsageError for an unknown engine or table, MissingExtraError for a missing driver,
    UncheckableError where the database cannot be reached.
    """
    scheme, _, _ = source.partition("://")
    engine = ENGINES.get(scheme)
    if engine is None:
        raise UsageError(f"{scheme}:// is not an engine", advice=f"the engines are {', '.join(ENGINES)}")
    url, _, fragment = source.partition("#")
    if "@" in fragment:
        raise UsageError(
            f"{without_password(source)}: # begins the name of the table", advice="write %23 in a password"
        )
    shown = without_password(url)
    try:
        with guard_engine(shown):
            connection = engine.connect(url)
    except ImportError:
        raise MissingExtraError(
            f"{shown}: the driver of {engine.name} is not installed",
            advice=f"pip install 'gatecli[{engine.extra}]'",
        ) from None
    try:
        with guard_engine(shown):
            return _open_table(engine, connection, url, options.table or fragment, shown, options.timeout)
    except BaseException:
        connection.close()
        raise


def _open_table(
    engine: Engine, connection: Connection, url: str, wanted: str, shown: str, timeout: float | None
) -> OpenedTable:
    table, name = _table(engine, connection.backend, url, wanted, shown)
    columns = {column: str(kind) for column, kind in table.schema().items()}
    where = f"{shown}#{name}" if name else shown
    return OpenedTable(
        where,
        as_written(table),
        engine.name,
        columns,
        fingerprint(engine.name, where, columns),
        "the engine, the table and its schema",
        timeout=timeout,
        interrupt=connection.interrupt,
        close=connection.close,
    )


def without_password(url: str) -> str:
    """A URL as it may be shown: no password, no query and no parameters, which may hold a token."""
    scheme, _, rest = url.partition("://")
    account, at, host = rest.rpartition("@")
    host = host.partition("?")[0].partition(";")[0]
    return f"{scheme}://{account.partition(':')[0]}{at}{host}"


def _table(engine: Engine, backend: Any, url: str, wanted: str, shown: str) -> tuple[Table, str]:
    if engine.name == "spark":
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition(";")[0].partition("/")
        is_local = scheme == "spark" and host == LOCAL
        if "/" in wanted:
            return spark_file(backend, wanted, is_local=is_local), wanted
        if path and not wanted:
            return spark_file(backend, f"/{path.lstrip('/')}", is_local=is_local), ""
    names = sorted(backend.list_tables())
    if not wanted and len(names) == 1:
        wanted = names[0]
    if not wanted:
        listed = ", ".join(names[:20]) or "none"
        raise UsageError(
            f"{shown} does not say which table", advice=f"append #table; its tables are {listed}"
        )
    schema, _, name = wanted.rpartition(".")
    if not schema and name not in names:
        raise UsageError(
            f"{shown} has no table {name!r}", advice=f"its tables are {', '.join(names[:20]) or 'none'}"
        )
    return (backend.table(name, database=schema) if schema else backend.table(name)), wanted
