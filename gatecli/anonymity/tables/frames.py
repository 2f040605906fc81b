"""Frames that are in memory already, or in Spark: pandas, Polars, Arrow."""

from __future__ import annotations

import hashlib
from typing import Any

from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.columns import require_distinct
from gatecli.anonymity.tables.files import start_engine
from gatecli.anonymity.tables.interface import OpenedTable, TableOptions
from gatecli.anonymity.tables.scratch import scratch
from gatecli.anonymity.tables.spark import connect_frame
from gatecli.errors import GatecliError, UncheckableError


def is_frame(thing: Any) -> bool:
    """Whether it is a frame of pandas or Spark, or gives Arrow data; no library is imported to tell."""
    return _library(thing) in {"pandas", "pyspark"} or _is_lazy(thing) or hasattr(thing, "__arrow_c_stream__")


def _library(thing: Any) -> str:
    """The library of a frame, by the class that it is derived from; "" for anything else."""
    kinds = (kind for kind in type(thing).__mro__ if kind.__name__ == "DataFrame")
    return next((kind.__module__.partition(".")[0] for kind in kinds), "")


def _collect(thing: Any) -> Any:
    """A lazy frame of Polars, computed."""
    return thing.collect() if _is_lazy(thing) else thing


def _is_lazy(thing: Any) -> bool:
    return type(thing).__name__ == "LazyFrame" and hasattr(thing, "collect")


def open_frame(frame: Any) -> OpenedTable:
    """The table of a frame; the digest is of its columns' names and types.

    Raises UncheckableError without the error of a library, which quotes the cell that it stumbled on.
    """
    try:
        return _open(frame)
    except GatecliError:
        raise
    except Exception as error:  # noqa: BLE001 - as above, whatever its class is
        name = type(error).__name__
    raise UncheckableError(
        f"the {type(frame).__name__} cannot be read as a table ({name})",
        advice="give a frame whose columns have different names, and hold values of one plain type each",
    )


def _open(frame: Any) -> OpenedTable:
    if _library(frame) == "pyspark":
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
    """The frame as an Arrow table. Raises UncheckableError, whose text has no value of it."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only a frame needs it

    try:
        if _library(frame) == "pandas":
            require_distinct("the frame", map(str, frame.columns))
            # A frame may change later, in place.
            found = pa.Table.from_pandas(frame.copy(), preserve_index=False)
        else:
            found = pa.table(_collect(frame))
        found.validate(full=True)
    except (pa.ArrowException, TypeError, ValueError):  # UnicodeError is a ValueError
        problem = True
    else:
        problem = False
    if problem:
        raise UncheckableError(
            "the frame has a column whose values are not of one plain type, or text that is not Unicode",
            advice="convert the column, or leave it out",
        )
    require_distinct("the frame", found.column_names)
    return found


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
