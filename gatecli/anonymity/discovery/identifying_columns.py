"""Which columns of a table tell whose row it is: alone, by name, or in combination.

Distinction and separation follow Motwani and Xu, "Efficient Algorithms for Masking and Finding
Quasi-Identifiers" (2007): the distinction of a set of columns is its distinct combinations ÷ rows, its
separation the pairs of rows that it tells apart ÷ all pairs of rows. A missing value counts as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from gatecli.anonymity.discovery.column_names import Role
from gatecli.anonymity.discovery.column_roles import ColumnEvidence, column_role
from gatecli.anonymity.discovery.minimal_combinations import minimal_combinations
from gatecli.anonymity.discovery.partitions import Counts, count_combination, encode_column
from gatecli.anonymity.discovery.roles import ColumnRole, Combination, Discovery
from gatecli.anonymity.hierarchies import column_of
from gatecli.anonymity.hierarchy_proposals import written_as
from gatecli.anonymity.tables.functions import only_row, row_number, whole_table
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import NothingToCheckError, UsageError

Classify = Callable[[str, tuple[str, ...]], "str | None"]
"""Column name and a sample of its values in, the id of the personal-data entity they are, or None."""

MAX_COLUMNS = 4
ERROR = Fraction(1, 10_000)
CELLS_IN_MEMORY = 8_000_000
SAMPLED_VALUES = 200


def discover(
    table: Table,
    *,
    max_columns: int = MAX_COLUMNS,
    error: Fraction = ERROR,
    classify: Classify | None = None,
) -> Discovery:
    """The minimal combinations of at most `max_columns` columns that identify, and every column's role.

    Almost unique is what leaves some pairs of rows together, but at most the share `error` of all, that
    is, has a separation of at least 1 − `error` and below 1. Raises NothingToCheckError for a table
    without rows, UsageError for limits that mean nothing.
    """
    if max_columns < 1 or not 0 <= error < 1:
        raise UsageError(
            "combinations need at least 1 column and an error from 0 to below 1",
            advice="give for example 4 columns and an error of 1e-4",
        )
    rows = int(only_row(table.aggregate(n=table.count()))["n"])
    if rows == 0:
        raise NothingToCheckError("the table has no rows", advice="give a table that holds records")
    names = tuple(table.columns)
    sample = _fetch_sample(table, _stride(rows, len(names)))
    codes = [encode_column(column) for column in sample.columns[: len(names)]]
    taken = len(sample)
    found = minimal_combinations(codes, taken, max_columns, _allowed_duplicates(error, taken))
    combination_of = _measure(table, names, rows, codes, found.counts if taken == rows else None)
    unique = tuple(one for one in map(combination_of, found.unique) if one.exact)
    almost = tuple(one for one in map(combination_of, found.almost) if 0 < 1 - one.separation <= error)
    columns = [
        _with_doubt(table, column_role(_evidence(name, sample.column(at), combination_of((at,)), classify)))
        for at, name in enumerate(names)
    ]
    complete = found.complete and taken == rows
    return Discovery(rows, tuple(columns), unique, almost, max_columns, error, taken, complete)


def _with_doubt(table: Table, role: ColumnRole) -> ColumnRole:
    if role.role not in {Role.QUASI_IDENTIFIER, Role.SENSITIVE}:
        return role
    return replace(role, doubt=written_as(role.name, column_of(table, role.name))[1])


def _stride(rows: int, columns: int) -> int:
    """Every how many-th row fits into memory."""
    return max(1, -(-rows * columns // CELLS_IN_MEMORY))


def _fetch_sample(table: Table, stride: int) -> Any:
    """All rows, or a systematic sample: the same one each time the table is read in the same order."""
    plain = table.select(**{f"c{at}": column_of(table, name) for at, name in enumerate(table.columns)})
    if stride == 1:
        return whole_table(plain)
    numbered = plain.mutate(row_in_order=row_number())
    return whole_table(numbered.filter(numbered.row_in_order % stride == 0).drop("row_in_order"))


def _allowed_duplicates(error: Fraction, rows: int) -> int:
    return int(error * (rows * (rows - 1) // 2))


def _measure(
    table: Table,
    names: Sequence[str],
    rows: int,
    codes: Sequence[Any],
    counted: Mapping[tuple[int, ...], Counts] | None,
) -> Callable[[tuple[int, ...]], Combination]:
    """What counts a combination on all rows: from the codes, or where they are a sample, in the engine.

    `counted` are combinations whose counts are known already; None where the codes are a sample.
    """

    def combination_of(columns: tuple[int, ...]) -> Combination:
        chosen = tuple(names[column] for column in columns)
        if counted is None:
            counts = _engine_counts(table, chosen)
        else:
            counts = counted.get(columns) or count_combination(codes, columns, rows)
        return Combination(chosen, rows, counts.distinct, counts.unique_rows, counts.pairs)

    return combination_of


def _engine_counts(table: Table, columns: Sequence[str]) -> Counts:
    keys = {f"c{at}": column_of(table, name) for at, name in enumerate(columns)}
    sizes = table.group_by(**keys).aggregate(n=table.count())
    pairs = sizes.n.cast("decimal(38, 0)")
    row = only_row(
        sizes.aggregate(
            distinct=sizes.count(), alone=(sizes.n == 1).sum(), ordered=(pairs * (sizes.n - 1)).sum()
        )
    )
    return Counts(int(row["distinct"]), int(row["alone"]), int(row["ordered"]) // 2)


def _values(column: Any) -> tuple[str, ...]:
    """Some distinct values as text, for a classifier alone; they go nowhere else."""
    first = column.slice(0, SAMPLED_VALUES * 10).drop_null().unique()
    return tuple(str(value) for value in first.to_pylist()[:SAMPLED_VALUES])


def _evidence(name: str, column: Any, alone: Combination, classify: Classify | None) -> ColumnEvidence:
    values = _values(column)
    entity = classify(name, values) if classify and values and alone.distinct > 1 else None
    return ColumnEvidence(name, alone, values, entity, _span(column, alone))


def _span(column: Any, alone: Combination) -> int | None:
    """The largest less the smallest of integers of which every row has its own; None for anything else."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only a table needs it
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    if not alone.exact or alone.rows < 2:
        return None
    try:
        ends = pc.min_max(column.cast(pa.int64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return None if low is None else int(high - low)
