"""Which columns of a table tell whose row it is: alone, by name, or in combination.

Distinction and separation follow Motwani and Xu, "Efficient Algorithms for Masking and Finding
Quasi-Identifiers" (2007): the distinction of a set of columns is its distinct combinations ÷ rows, its
separation the pairs of rows that it tells apart ÷ all pairs of rows. A missing value counts as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from gatecli.anonymity.discovery.column_names import Role, role_of_name
from gatecli.anonymity.discovery.partitions import (
    Counts,
    count_combination,
    encode_column,
    minimal_combinations,
)
from gatecli.anonymity.discovery.roles import ColumnRole, Combination, Discovery
from gatecli.anonymity.discovery.value_shapes import TOKENS, shape_of
from gatecli.anonymity.hierarchies import column_of
from gatecli.anonymity.tables.functions import only_row, row_number, whole_table
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import NothingToCheckError, UsageError

Classify = Callable[[str, tuple[str, ...]], "str | None"]
"""Column name and a sample of its values in, the id of the personal-data entity they are, or None."""

MAX_COLUMNS = 4
ERROR = Fraction(1, 10_000)
CELLS_IN_MEMORY = 8_000_000
SAMPLED_VALUES = 200

WEAK_ENTITIES = frozenset(
    {"AGE", "DATE", "DATE_OF_BIRTH", "DATE_TIME", "LOCATION", "NRP", "POSTAL_CODE", "ZIP_CODE"}
)
"""Entities that single a person out only together with others."""


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
    combination_of = _measure(table, names, rows, codes, taken)
    found = minimal_combinations(codes, taken, max_columns, _allowed_duplicates(error, taken))
    unique = tuple(one for one in map(combination_of, found.unique) if one.exact)
    almost = tuple(one for one in map(combination_of, found.almost) if 0 < 1 - one.separation <= error)
    columns = [
        _column_role(name, combination_of((at,)), _values(sample.column(at)), classify)
        for at, name in enumerate(names)
    ]
    complete = found.complete and taken == rows
    return Discovery(rows, tuple(columns), unique, almost, max_columns, error, taken, complete)


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
    table: Table, names: Sequence[str], rows: int, codes: Sequence[Any], taken: int
) -> Callable[[Sequence[int]], Combination]:
    """What counts a combination on all rows: from the codes, or where they are a sample, in the engine."""

    def combination_of(columns: Sequence[int]) -> Combination:
        chosen = tuple(names[column] for column in columns)
        counts = count_combination(codes, columns, rows) if taken == rows else _engine_counts(table, chosen)
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


def _column_role(
    name: str, alone: Combination, values: tuple[str, ...], classify: Classify | None
) -> ColumnRole:
    if alone.distinct <= 1:
        return ColumnRole(name, Role.OTHER, "it holds one value", alone)
    entity = classify(name, values) if classify and values else None
    if entity and entity not in WEAK_ENTITIES:
        return ColumnRole(name, Role.DIRECT_IDENTIFIER, f"its values look like {entity}", alone, entity)
    if shape_of(values) == TOKENS:
        return ColumnRole(name, Role.DIRECT_IDENTIFIER, f"its values look like {TOKENS}", alone, entity)
    if named := role_of_name(name):
        return ColumnRole(name, named[0], f"its name says “{named[1]}”", alone, entity)
    why = _why_quasi(alone, values, entity)
    if why is None:
        return ColumnRole(name, Role.OTHER, "nothing indicates a role", alone)
    return ColumnRole(name, Role.QUASI_IDENTIFIER, why, alone, entity)


def _why_quasi(alone: Combination, values: Sequence[str], entity: str | None) -> str | None:
    """What makes a column whose name says nothing a quasi-identifier."""
    if known := entity or shape_of(values):
        return f"its values look like {known}"
    return "every row has a value of its own" if alone.exact and not _is_measurement(values) else None


def _is_measurement(values: Sequence[str]) -> bool:
    """Whether all values are numbers with decimals, which rarely anyone knows of a person."""
    return all("." in value and value.replace(".", "", 1).lstrip("-").isdigit() for value in values)
