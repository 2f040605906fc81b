"""Tables in databases: the work is done there, and only counts come back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.digests import fingerprint
from gatecli.anonymity.tables.interface import OpenedTable, Table, TableOptions, nothing
from gatecli.anonymity.tables.problems import guarded
from gatecli.errors import MissingExtraError, NothingToCheckError, UncheckableError, UsageError


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine by URL: how it is connected to and stopped, and the extra that holds its driver."""

    name: str
    extra: str
    connect: Callable[[str], Any]
    interrupt: Callable[[Any], Callable[[], None]] = lambda _connection: nothing


def _by_url(url: str) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.connect(url)


def _sqlite(url: str) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    path = Path(url.removeprefix("sqlite://"))
    if not path.is_file():
        raise NothingToCheckError(f"{path} does not exist", advice="check the path: sqlite:///folder/file.db")
    return ibis.sqlite.connect(path)


def _postgres(url: str) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.connect(url.replace("postgresql://", "postgres://", 1))


def _spark(url: str) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra that starts a JVM

    master = url.removeprefix("spark://").partition("/")[0]
    if master != "local":
        raise UsageError(
            "only spark://local/… is supported",
            advice="run gatecli on the cluster's driver, or read the files directly",
        )
    session = (
        SparkSession.builder.master("local[*]")
        .appName("gatecli")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # about versions of pandas, which is not used here
        return ibis.pyspark.connect(session)


ENGINES: dict[str, Engine] = {
    "postgres": Engine("postgres", "postgres", _postgres, lambda connection: connection.con.cancel),
    "postgresql": Engine("postgres", "postgres", _postgres, lambda connection: connection.con.cancel),
    "sqlite": Engine("sqlite", "sqlite", _sqlite, lambda connection: connection.con.interrupt),
    "spark": Engine(
        "spark",
        "spark",
        _spark,
        lambda connection: connection._session.sparkContext.cancelAllJobs,  # noqa: SLF001 - ibis has no public name for it
    ),
    "bigquery": Engine("bigquery", "bigquery", _by_url),
    "snowflake": Engine("snowflake", "snowflake", _by_url),
    "trino": Engine("trino", "trino", _by_url),
    "mysql": Engine("mysql", "mysql", _by_url),
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
    shown = _without_password(url)
    try:
        with guarded(shown):
            connection = engine.connect(url)
            table, name = _table(engine, connection, url, options.table or fragment, shown)
            columns = {column: str(kind) for column, kind in table.schema().items()}
    except ImportError:
        raise MissingExtraError(
            f"{shown}: the driver of {engine.name} is not installed",
            advice=f"pip install 'gatecli[{engine.extra}]'",
        ) from None
    return OpenedTable(
        f"{shown}#{name}" if name else shown,
        table,
        engine.name,
        columns,
        fingerprint(engine.name, f"{shown}#{name}", columns),
        "the engine, the table and its schema",
        timeout=options.timeout,
        interrupt=engine.interrupt(connection),
        close=nothing if engine.name == "spark" else partial(disconnect, connection),
    )


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    account, at, host = rest.rpartition("@")
    host = host.partition("?")[0]
    return f"{scheme}://{account.partition(':')[0]}{at}{host}"


def _table(engine: Engine, connection: Any, url: str, wanted: str, shown: str) -> tuple[Table, str]:
    if engine.name == "spark" and not wanted:
        return _spark_file(connection, "/" + url.removeprefix("spark://").partition("/")[2]), ""
    names = sorted(connection.list_tables())
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
    return (connection.table(name, database=schema) if schema else connection.table(name)), wanted


def _spark_file(connection: Any, path: str) -> Table:
    if not Path(path).exists():
        raise NothingToCheckError(
            f"{path} does not exist", advice="check the path: spark://local/folder/data.parquet"
        )
    if not path.endswith((".parquet", ".pq")) and not Path(path).is_dir():
        raise UncheckableError(
            f"{path} is not Parquet", advice="give Parquet, or a table of the catalogue: spark://local#table"
        )
    return connection.read_parquet(path)
