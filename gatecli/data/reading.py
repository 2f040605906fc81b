"""The rows of a table that is opened behind a budget: read once, so that no question can fail for a row.

What an engine cannot read is found here, where nothing was asked yet. A later error would tell whether such
a row is among those that were asked about.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from gatecli.anonymity.tables.databases import is_url
from gatecli.anonymity.tables.frames import is_frame, open_frame
from gatecli.anonymity.tables.functions import rows
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import guard_engine
from gatecli.data.aggregation import clean_column, kinds_in
from gatecli.data.expressions import ColumnKind
from gatecli.errors import UsageError

TOTAL_ENGINES = frozenset({"duckdb", "pyspark"})
"""Engines whose arithmetic of doubles has a value for every row."""


def open_rows(source: Any, numeric: tuple[str, ...]) -> OpenedTable:
    """The table of a path, a URL or a frame; `numeric` are the columns of numbers of a text file.

    Raises UsageError for what is no table, and for an engine that stops where a number overflows;
    UncheckableError where rows cannot be read.
    """
    opened = _open(source)
    try:
        _require_total(opened)
        found = opened if opened.is_typed else _with_numbers(opened, numeric)
        if found.table.get_backend().name == "duckdb":
            _require_readable(found)
    except BaseException:
        opened.close()
        raise
    return found


def _open(source: Any) -> OpenedTable:
    if is_frame(source):
        return open_frame(source)
    if not isinstance(source, str | os.PathLike):
        raise UsageError(
            f"a {type(source).__name__} is not a table",
            advice="give a path, or a frame of pandas, Polars, Arrow or Spark",
        )
    named = os.fspath(source)
    if is_url(named):
        return open_table(named)
    # A program may change its folder between questions; messages name the table as the caller does.
    return replace(open_table(os.path.abspath(named)), name=named)  # noqa: PTH100 - Path.resolve follows links


def _require_total(opened: OpenedTable) -> None:
    if opened.table.get_backend().name not in TOTAL_ENGINES:
        raise UsageError(
            f"{opened.name}: {opened.engine} stops where a number overflows, and that would tell of a row",
            advice="export the table to Parquet, or give a frame",
        )


def _with_numbers(opened: OpenedTable, numeric: tuple[str, ...]) -> OpenedTable:
    """A text file with some columns as numbers; what is not a number is missing.

    Blanks are cut off here since the engine would read a plain cast as the type of the file's column, where
    what is not a number is an error.
    """
    text = opened.table
    known = [name for name in numeric if name in text.columns]
    return replace(
        opened, table=text.mutate(**{name: text[name].strip().try_cast("float64") for name in known})
    )


def _require_readable(opened: OpenedTable) -> None:
    """Read every column that can be asked about. Raises UncheckableError for text that is not Unicode,
    and for a text file whose lines are not rows.
    """
    table, kinds = opened.table, kinds_in(opened.table.schema())
    found = {
        f"column{number}": _read_column(clean_column(table[name], kind), kind)
        for number, (name, kind) in enumerate(kinds.items())
    }
    if found:
        with guard_engine(opened.name):
            rows(table.aggregate(**found))


def _read_column(column: Any, kind: ColumnKind) -> Any:
    """An aggregate that the statistics of a file do not answer."""
    if kind is ColumnKind.TEXT:
        return column.length().max()
    return column.year().max() if kind is ColumnKind.DATE else column.count()
