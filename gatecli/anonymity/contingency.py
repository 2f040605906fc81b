"""Counts: how often each class holds each sensitive value. Everything is measured from these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatecli.anonymity.dictionary_encoding import EncodedTable
from gatecli.anonymity.tables.functions import arrow, keep_table, only_row, rows
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.errors import NothingToCheckError, UncheckableError
from gatecli.model.anonymity import ClassSize

CELLS_IN_MEMORY = 64_000_000
"""Classes times columns."""


def count_cells(table: Table, columns: Sequence[str], unit: str | None) -> Table:
    """`n` by `columns`: rows, or distinct units; rows that miss their unit count as one unit."""
    if unit is None:
        return table.group_by(list(columns)).aggregate(n=table.count())
    each = table.select(*columns, unit).distinct()
    return each.group_by(list(columns)).aggregate(n=each.count())


def fetch_cells(opened: OpenedTable, source: Table, columns: Sequence[str], unit: str | None) -> Any:
    """`count_cells` as an Arrow table: for what is matched or walked here, and not in the engine.

    Raises NothingToCheckError for no rows, UncheckableError for more classes than memory should hold.
    """
    classes = keep_table(
        count_cells(source.select(*columns, *([] if unit is None else [unit])), columns, unit)
    )
    number = int(only_row(classes.aggregate(classes=classes.count()))["classes"])
    if number == 0:
        raise NothingToCheckError(f"{opened.name} has no rows", advice="give a table that holds records")
    if number * len(columns) > CELLS_IN_MEMORY:
        raise UncheckableError(
            f"{opened.name}: {number:,} classes are too many to hold in memory",
            advice="generalise the quasi-identifiers first, or name fewer",
        )
    return arrow(classes)


def count_codes(coded: EncodedTable, column: str | None, pairs: Table | None) -> Table:
    """`n` by class and, where a `column` is given, by its code `s`.

    With `pairs` (`gatecli.anonymity.wildcards`) a class counts what it may match as well.
    """
    keys = list(coded.keys)
    by = keys if column is None else [*keys, "s"]
    table = coded.table if column is None else coded.table.mutate(s=coded.table[column])
    if pairs is None:
        return count_cells(table, by, coded.unit)
    if coded.unit is not None:
        return count_cells(through(table.select(*by, coded.unit).distinct(), pairs, keys), by, coded.unit)
    merged = through(count_cells(table, by, None), pairs, keys)
    return merged.group_by(by).aggregate(n=merged["n"].sum().cast("int64"))


def through(table: Table, pairs: Table, keys: Sequence[str]) -> Table:
    """Every row once for each class that its own class may match."""
    joined = table.join(pairs, [(key, f"other_{key}") for key in keys], rname="of_{name}")
    others = [name for name in table.columns if name not in keys]
    return joined.select(
        **{key: joined[f"of_{key}"] for key in keys}, **{name: joined[name] for name in others}
    )


def sizes_of(sized: Table) -> tuple[ClassSize, ...]:
    """The distribution of class sizes, ascending; `sized` has `size` and `own` by class."""
    grouped = sized.group_by("size").aggregate(
        classes=sized.count(), records=sized["own"].sum().cast("int64")
    )
    found = (ClassSize(int(row["size"]), int(row["classes"]), int(row["records"])) for row in rows(grouped))
    return tuple(sorted(found, key=lambda item: item.size))
