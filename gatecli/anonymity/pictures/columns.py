"""What each quasi-identifier does to the records: how many it makes unique alone, how many it must."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gatecli.anonymity.contingency import count_cells
from gatecli.anonymity.dictionary_encoding import EncodedTable
from gatecli.anonymity.tables.functions import keep_table, only_row, times
from gatecli.anonymity.tables.interface import Table
from gatecli.model.picture import ColumnEffect, CombinationRisk


def column_effects(
    codes: EncodedTable, quasi_identifiers: Sequence[str]
) -> tuple[CombinationRisk, tuple[ColumnEffect, ...]]:
    """All quasi-identifiers together, and what each does; a missing value counts as a value.

    Where a unit is named units are counted, and a share is of the units in classes.
    """
    names = list(codes.codes)
    rows = keep_table(_distinct(codes, names))
    together = _risk(rows, names, codes.unit, tuple(quasi_identifiers))
    effects = []
    for name, column in zip(names, quasi_identifiers, strict=True):
        alone = _risk(rows, [name], codes.unit, (column,)).unique
        others = [other for other in names if other != name]
        without = _risk(rows, others, codes.unit, ()).unique if others else None
        effects.append(ColumnEffect(column, alone, without))
    return together, tuple(effects)


def _distinct(codes: EncodedTable, names: list[str]) -> Table:
    """Classes with their size `n`; where a unit is named, each class and unit once."""
    if codes.unit is None:
        return count_cells(codes.table, names, None)
    return codes.table.select(*names, codes.unit).distinct()


def _risk(rows: Table, names: list[str], unit: str | None, columns: tuple[str, ...]) -> CombinationRisk:
    if unit is None:
        sizes = rows.group_by(names).aggregate(n=rows["n"].sum().cast("int64"))
    else:
        sizes = count_cells(rows, names, unit)
    n = sizes["n"]
    row = only_row(
        sizes.aggregate(
            records=n.sum(), distinct=sizes.count(), alone=times(n == 1), ordered=(n * (n - 1)).sum()
        )
    )
    records, together = int(row["records"]), int(row["ordered"])
    return CombinationRisk(
        columns,
        unique=Fraction(int(row["alone"]), records),
        distinction=Fraction(int(row["distinct"]), records),
        separation=1 - Fraction(together, max(records * (records - 1), 1)),
    )
