"""Frames that are in memory already, or in Spark: pandas, Polars, Arrow."""

from __future__ import annotations

import hashlib
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.files import start_engine
from gatecli.anonymity.tables.interface import OpenedTable, TableOptions
from gatecli.anonymity.tables.scratch import scratch
from gatecli.anonymity.tables.spark import connect_frame

_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "pyspark"})


def is_frame(thing: Any) -> bool:
    """Whether it is a frame of a library that is read; none is imported to tell."""
    return any(
        kind.__module__.partition(".")[0] in _LIBRARIES
        and kind.__name__ in {"DataFrame", "LazyFrame", "Table"}
        for kind in type(thing).__mro__
    )


def open_frame(frame: Any) -> OpenedTable:
    """The table of a frame; the digest is of its columns' names and types."""
    if type(frame).__module__.startswith("pyspark"):
        table, close, engine = connect_frame(frame), _nothing, "Spark"
    else:
        table, close, engine = *_in_duckdb(_arrow(frame)), "DuckDB"
    columns = {name: str(kind) for name, kind in table.schema().items()}
    digest = hashlib.sha256(repr(sorted(columns.items())).encode()).hexdigest()
    return OpenedTable(
        "the frame", table, engine, columns, digest, "the names and types of its columns", close=close
    )


def _nothing() -> None:
    """The session is its owner's."""


def _arrow(frame: Any) -> Any:
    library = type(frame).__module__.partition(".")[0]
    if library == "polars":
        return (frame.collect() if hasattr(frame, "collect") else frame).to_arrow()
    if library == "pandas":
        import pyarrow as pa  # noqa: PLC0415 - heavy; only a frame of pandas needs it

        return pa.Table.from_pandas(frame.copy(), preserve_index=False)  # a frame may change later, in place
    return frame


def _in_duckdb(data: Any) -> tuple[Any, Any]:
    private = scratch()
    try:
        engine = start_engine(TableOptions(), private.folder)
        engine.con.register("data", data)
        table = engine.table("data")
    except BaseException:
        private.remove()
        raise

    def close() -> None:
        disconnect(engine)
        private.remove()

    return table, close
