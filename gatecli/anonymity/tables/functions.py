"""The few functions of ibis that are not methods of an expression; ibis is imported when one is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from gatecli.anonymity.tables.interface import Column, Table
from gatecli.anonymity.tables.spark import kept_in_spark
from gatecli.anonymity.tables.sqlite import arrow_column

WITHOUT_NAN = frozenset({"sqlite"})
"""Engines that keep NaN as a missing value and have no test for it."""

INTEGER = r"^ *[-+]?[0-9]+ *$"
BATCH = 100_000
"""Rows that are written at a time."""

EXACT_DIGITS = 15
"""A float holds every integer of as many; a sign or a blank may cost one of them."""


def row_number(by: Column | None = None) -> Column:
    """0, 1, 2 … in the order of a column, or in no particular one."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.row_number() if by is None else ibis.row_number().over(ibis.window(order_by=by))


def numbered_rows(table: Table, name: str) -> Table:
    """A table with the place of each row as a column; as it is where its engine keeps rows in no order."""
    keeps_order = table.get_backend().name in {"duckdb", "sqlite"}
    return table.mutate(**{name: row_number()}) if keeps_order else table


def row_numbers(partition: Sequence[Column], order: Sequence[Column]) -> Column:
    """0, 1, 2 … within each partition, in an order."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.row_number().over(ibis.window(group_by=list(partition), order_by=list(order)))


def hash_together(columns: Mapping[str, Column]) -> Column:
    """A number that the values of a row give together, as the engine's own hash has it."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.struct(dict(columns)).hash()


def dense_rank(column: Column) -> Column:
    """0 for the smallest value, the same for equal ones, no gaps."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.dense_rank().over(ibis.window(order_by=column))


def largest(*columns: Column) -> Column:
    """The largest of several columns, row by row."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.greatest(*columns)


def least(*columns: Column) -> Column:
    """The smallest of several columns, row by row."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.least(*columns)


def first_case(cases: Sequence[tuple[Column, Column]], otherwise: Column) -> Column:
    """The value beside the first condition that holds."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.cases(*cases, else_=otherwise)


def first_known(*columns: Column) -> Column:
    """The first value that is not missing, row by row."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.coalesce(*columns)


def constant(value: float | str, kind: str = "int64") -> Column:
    """One value for every row."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.literal(value, type=kind)


def nothing(kind: Any) -> Column:
    """A missing value of a type."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.null(kind)


def endless(number: Column) -> Column:
    """Whether a float that is not NaN is infinite: not every engine has a test of its own."""
    return number.abs() > sys.float_info.max


def keeps_no_nan(table: Table) -> bool:
    """Whether the table's engine keeps NaN as a missing value, and so has no test for it."""
    return table.get_backend().name in WITHOUT_NAN


def rounded_as_floats(text: Table, columns: Sequence[str]) -> list[str]:
    """Of some columns of text, those with an integer that a float would round, and so merge with others."""
    longest = {
        column: text[column].re_search(INTEGER).ifelse(text[column].length(), 0).max() for column in columns
    }
    found = only_row(text.aggregate(**longest))
    return [column for column in columns if (found[column] or 0) > EXACT_DIGITS]


def times(condition: Column) -> Column:
    """How many rows it holds for; 0 for no rows."""
    return condition.ifelse(1, 0).sum().fill_null(0)


def window(partition: Sequence[str], order: Sequence[Column]) -> Column:
    """The rows of a partition, in order, up to and including this one."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.window(group_by=list(partition), order_by=list(order), preceding=None, following=0)


def whole(partition: Sequence[str], order: Sequence[Column]) -> Column:
    """The rows of a partition, in order, for neighbours and ranks."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.window(group_by=list(partition), order_by=list(order))


def arrow_type(kind: str) -> Any:
    """The Arrow type that ibis's name of a type means (`int64`, `timestamp(6)`). Raises ValueError."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    try:
        return ibis.dtype(kind).to_pyarrow()
    except Exception as error:
        raise ValueError(f"{kind!r} is not a type") from error


def local_table(columns: dict[str, list[object]], kinds: dict[str, str]) -> Table:
    """A small table of given columns, sent to the engine when it is used."""
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    return ibis.memtable(columns, schema=ibis.schema(kinds))


def keep_table(table: Table) -> Table:
    """The table, computed once; the engine keeps it for as long as it is referred to, or connected.

    An engine without temporary tables computes it again each time: every table kept is determined by its
    query, so that only time is lost.
    """
    engine = table.get_backend()
    if not engine.supports_temporary_tables:
        return table
    if engine.name == "pyspark":
        import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

        return kept_in_spark(engine, _compile_query(engine, table), ibis.util.gen_name("kept"))
    return table.cache()


def _compile_query(engine: Any, table: Table) -> str:
    """The query of a table, whose small tables (`local_table`) are sent first: compiling does not."""
    engine._run_pre_execute_hooks(table)  # noqa: SLF001 - only ibis's own ways to fetch run it, see `rows`
    return str(engine.compile(table))


def rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a small result as plain values; of counts, which every driver returns alike."""
    engine = table.get_backend()
    query = _compile_query(engine, table)
    if engine.name == "pyspark":
        return [row.asDict() for row in engine.raw_sql(query).collect()]
    if engine.name == "duckdb":  # its connection is its cursor
        return _rows_by_name(engine.con.execute(query))
    with closing(engine.raw_sql(query)) as cursor:
        return _rows_by_name(cursor)


def _rows_by_name(cursor: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def arrow(table: Table) -> Any:
    """The rows of a result as an Arrow table; from any engine, whatever its driver returns."""
    if table.get_backend().name == "duckdb":
        return _arrow_of_duckdb(table)
    import pyarrow as pa  # noqa: PLC0415 - heavy; only results that are fetched whole need it

    return pa.Table.from_pylist(rows(table), schema=table.schema().to_pyarrow())


def whole_table(table: Table) -> Any:
    """The rows of a table as an Arrow table, of columns of any type."""
    match table.get_backend().name:
        case "duckdb":
            return _arrow_of_duckdb(table)
        case "sqlite":
            return _arrow_of_sqlite(table)
        case _:
            return table.to_pyarrow()


def arrow_batches(table: Table) -> tuple[Any, Iterator[Any]]:
    """The Arrow schema of a table and its rows in batches, in the order that its engine reads them in."""
    engine = table.get_backend()
    if engine.name == "duckdb":
        engine.con.execute("SET preserve_insertion_order = true")
        reader = engine.con.sql(_compile_query(engine, table)).to_arrow_reader(BATCH)
        return reader.schema, iter(reader)
    found = whole_table(table)
    return found.schema, iter(found.to_batches(BATCH))


def column_text(column: Column) -> Column:
    """A column as text; a float that is an integer, without its decimals."""
    text = column.cast("string")
    return text.re_replace(r"\.0$", "") if column.type().is_floating() else text


def _arrow_of_sqlite(table: Table) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only results that are fetched whole need it

    engine = table.get_backend()
    with closing(engine.raw_sql(_compile_query(engine, table))) as cursor:
        found = cursor.fetchall()
    kinds = table.schema()
    columns = zip(*found, strict=True) if found else [()] * len(kinds)
    return pa.table(
        {
            name: arrow_column(values, kind)
            for (name, kind), values in zip(kinds.items(), columns, strict=True)
        }
    )


def _arrow_of_duckdb(table: Table) -> Any:
    """What ibis's own `to_pyarrow` gives, which imports pandas: a fifth of a second, for nothing."""
    from ibis.formats.pyarrow import PyArrowData  # noqa: PLC0415 - heavy; only a table needs it

    schema = table.schema()
    if any(kind.is_null() for kind in schema.types):
        return table.to_pyarrow()
    engine = table.get_backend()
    return PyArrowData.convert_table(engine.con.sql(_compile_query(engine, table)).to_arrow_table(), schema)


def only_row(table: Table) -> dict[str, Any]:
    """The row of an aggregate over everything."""
    (row,) = rows(table)
    return row
