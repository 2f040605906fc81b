"""Spark: on this machine, a standalone cluster, or any cluster by Spark Connect."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gatecli.anonymity.tables.columns import require_distinct
from gatecli.anonymity.tables.folders import parquet_below
from gatecli.anonymity.tables.interface import Column, Connection, Table, nothing
from gatecli.anonymity.tables.parquet_files import alike
from gatecli.anonymity.tables.scratch import Scratch, scratch
from gatecli.errors import NothingToCheckError, UncheckableError

LOCAL = "local"
LOOPBACK = "127.0.0.1"
CONNECT_PORT = 15002
CONNECT_SECONDS = 10
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # zip=01234 is not 1234
    "spark.sql.files.ignoreCorruptFiles": "false",  # a cluster's own configuration may have them left out
    "spark.sql.files.ignoreMissingFiles": "false",
}
UNINTERESTING = ("PySpark does not yet fully support pandas", "'verifySchema' is ignored")
"""Warnings about how a small table of ours is sent."""


def connect_spark(url: str) -> Connection:
    """`spark://local…` is Spark on this machine, `spark://HOST:PORT…` a standalone cluster whose driver is
    this process, `spark://#table` whatever Spark's own configuration names, `sc://HOST:PORT…` a Spark Connect
    server. A session that is there already is used.

    Raises UncheckableError where Spark does not start or answer.
    """
    for words in UNINTERESTING:
        warnings.filterwarnings("ignore", words)
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an optional extra
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra that starts a JVM

    running = SparkSession.getActiveSession()
    if running is not None:
        return Connection(_backend(running), _stopping(running), nothing)
    private = scratch()
    try:
        session = _start_session(SparkSession.builder.appName("gatecli"), url, private.folder)
        backend = _backend(session)
    except PySparkRuntimeError:
        private.remove()
        raise UncheckableError(
            "Spark does not start on this machine",
            advice="install Java 17 or newer and set JAVA_HOME to it, or give a server: sc://HOST:15002",
        ) from None
    except BaseException:
        private.remove()
        raise
    return Connection(backend, _stopping(session), partial(_close, session, private))


def connect_frame(frame: Any) -> Table:
    """The table of a frame of Spark, in its own session; a view of it is all that is made there.

    Raises UncheckableError for a stream.
    """
    if frame.isStreaming:
        raise UncheckableError(
            "the frame is a stream, and has other rows each time", advice="write it to a table, and give that"
        )
    require_distinct("the frame", frame.columns)
    session = frame.sparkSession
    name = f"gatecli_{secrets.token_hex(8)}"
    frame.createOrReplaceTempView(name)
    return _backend(session).table(name)


def spark_file(backend: Any, path: str, *, is_local: bool) -> Table:
    """Parquet by its path, or by the URL of an object store.

    Raises NothingToCheckError where a local path holds none, UncheckableError where not all of it is read.
    """
    if is_local and "://" not in path:
        if not Path(path).exists():
            raise NothingToCheckError(
                f"{path} does not exist", advice="check the path: spark://local/folder/data.parquet"
            )
        if not path.endswith((".parquet", ".pq")) and not Path(path).is_dir():
            raise UncheckableError(
                f"{path} is not Parquet",
                advice="give Parquet, or a table of the catalogue: spark://local#table",
            )
        if Path(path).is_dir():
            return _folder(backend, path)
    return backend.read_parquet(path)


def _folder(backend: Any, path: str) -> Table:
    files = parquet_below(path, Path(path))
    if not files:
        raise NothingToCheckError(f"{path} holds no table", advice="give a folder of Parquet files")
    alike(path, files)
    table = backend.read_parquet(path)
    read = len(backend._session.table(table.get_name()).inputFiles())  # noqa: SLF001 - ibis has no public name for it
    if read != len(files):
        raise UncheckableError(
            f"{path}: Spark would read {read} of its {len(files)} files: "
            "it leaves out folders that are not named like zip=01234, and names that begin with _ or .",
            advice="put the files into one folder, under other names, or check it without Spark",
        )
    return table


def written_in_spark(table: Table) -> dict[str, Column]:
    """The text, without a collation that might take different ones for equal (`UTF8_LCASE`)."""
    text = [name for name, kind in table.schema().items() if kind.is_string()]
    return {name: table[name].cast("binary").cast("string") for name in text}


def kept_in_spark(backend: Any, query: str, name: str) -> Table:
    """The result of a query, computed now.

    Not cached, which Spark does later and may do again, and whose plans grow with each step: a checkpoint
    is computed once and has no past.
    """
    backend._session.sql(query).localCheckpoint(eager=True).createOrReplaceTempView(name)  # noqa: SLF001 - ibis has no public name for it
    return backend.table(name)


def _backend(session: Any) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.pyspark.connect(session)


def _start_session(builder: Any, url: str, scratch: Path) -> Any:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    for setting, value in SETTINGS.items():
        builder = builder.config(setting, value)
    if scheme == "sc":
        _reach(url)
        return builder.remote(url).getOrCreate()
    builder = builder.config("spark.ui.enabled", "false")
    if host == LOCAL:
        builder = builder.master("local[*]").config("spark.sql.shuffle.partitions", "8")
        builder = builder.config("spark.driver.host", LOOPBACK).config("spark.driver.bindAddress", LOOPBACK)
        builder = builder.config("spark.local.dir", str(scratch))
        if rest.partition("/")[2]:
            builder = builder.config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
            builder = builder.config("spark.sql.catalogImplementation", "in-memory")
    elif host:
        builder = builder.master(f"spark://{host}")
    with _its_log_in(scratch / "log"):
        return builder.getOrCreate()


def _reach(url: str) -> None:
    """Spark Connect itself tries for minutes. Raises an OSError."""
    parts = urlsplit(url)
    address = (parts.hostname or "localhost", parts.port or CONNECT_PORT)
    socket.create_connection(address, CONNECT_SECONDS).close()


@contextmanager
def _its_log_in(path: Path) -> Iterator[None]:
    """A Java machine started here writes its log to a file, which ends with it."""
    sys.stderr.flush()
    kept = os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _stopping(session: Any) -> Any:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra

    is_here = type(session) is SparkSession
    return session.sparkContext.cancelAllJobs if is_here else session.interruptAll


def _close(session: Any, private: Scratch) -> None:
    session.stop()
    private.remove()
