"""The distinct rows of some columns, as text, each with how often it occurs."""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.anonymity.hierarchies import column_of
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.functions import arrow
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import NothingToCheckError

Row = tuple[str | None, ...]


def distinct_rows(opened: OpenedTable, columns: Sequence[str]) -> list[tuple[Row, int]]:
    """Each distinct row of `columns` and its number of rows, sorted; a missing value is None.

    Raises UsageError for a column that is not there, NothingToCheckError where there are no rows.
    """
    require_columns(opened.name, opened.columns, columns)
    with computing(opened):
        table = opened.table
        text = table.select(
            **{f"c{at}": column_of(table, name).cast("string") for at, name in enumerate(columns)}
        )
        names = [f"c{at}" for at in range(len(columns))]
        found = arrow(text.group_by(names).aggregate(n=text.count()) if names else text)
    if not found.num_rows:
        raise NothingToCheckError(f"{opened.name} has no rows", advice="give a table that holds records")
    values = [found.column(name).to_pylist() for name in names]
    counted = zip(zip(*values, strict=True), found.column("n").to_pylist(), strict=True)
    return sorted(
        ((tuple(row), int(count)) for row, count in counted),
        key=lambda each: [(value is not None, value or "") for value in each[0]],
    )
