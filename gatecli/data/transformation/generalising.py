"""The levels that a classification asks for, and a table at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gatecli.anonymity.hierarchies import (
    Bands,
    Calendar,
    Hierarchy,
    Level,
    Mapped,
    Period,
    Prefix,
    generalised_column,
)
from gatecli.anonymity.tables.functions import only_row, times
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UsageError
from gatecli.gates.table_measurement import read_hierarchies
from gatecli.model.column_classification import ColumnClassificationSpec, ColumnGeneralisation


def levels_of(spec: ColumnClassificationSpec, folder: Path) -> dict[str, Level]:
    """The level of each generalised column; files of hierarchies are relative to `folder`.

    Raises UsageError and ConfigurationError for a hierarchy that cannot be used.
    """
    return {
        name: _level_of(name, column.to, folder)
        for name, column in spec.columns.items()
        if column.to is not None
    }


def _level_of(name: str, to: ColumnGeneralisation, folder: Path) -> Level:
    if to.bands is not None:
        return Bands(to.bands, to.bands)
    if to.prefix is not None:
        return Prefix(to.prefix)
    if to.period is not None:
        return Calendar(Period(to.period))
    (hierarchy,) = read_hierarchies({name: str(folder / str(to.hierarchy))})
    return _mapped_level(name, hierarchy, to.level or 1)


def _mapped_level(name: str, hierarchy: Hierarchy, number: int) -> Level:
    """A level of a file; the one behind its last is `*` for every value."""
    steps = [level for level in hierarchy.levels[1:] if isinstance(level, Mapped)]
    if number > len(steps) + 1:
        raise UsageError(
            f"the hierarchy of {name} has {len(steps) + 1} levels, and level {number} is asked for",
            advice="name one of its levels",
        )
    return hierarchy.levels[number]


def generalised_table(opened: OpenedTable, table: Table, levels: Mapping[str, Level]) -> Table:
    """The table with columns at their levels.

    Raises UsageError where a value has no place at its level, such as a text that is not a date.
    """
    if not levels:
        return table
    coarse = {name: generalised_column(table[name], level) for name, level in levels.items()}
    lost = {name: times(table[name].notnull() & column.isnull()) for name, column in coarse.items()}
    with computing(opened):
        found = only_row(table.aggregate(**lost))
    for name in (name for name in coarse if found[name]):
        raise UsageError(
            f"{opened.name}: {name!r} holds values that cannot be generalised so",
            advice="numbers for bands, dates with the year first for a period",
        )
    return table.mutate(**coarse)
