"""Counts: how often each class holds each sensitive value. Everything is measured from these."""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.anonymity.coding import Coded
from gatecli.anonymity.tables.functions import rows
from gatecli.anonymity.tables.interface import Table
from gatecli.model.anonymity import ClassSize


def counted(table: Table, columns: Sequence[str], unit: str | None) -> Table:
    """`n` by `columns`: rows, or distinct units; rows that miss their unit count as one unit."""
    if unit is None:
        return table.group_by(list(columns)).aggregate(n=table.count())
    each = table.select(*columns, unit).distinct()
    return each.group_by(list(columns)).aggregate(n=each.count())


def tallied(coded: Coded, column: str | None, pairs: Table | None) -> Table:
    """`n` by class and, where a `column` is given, by its code `s`.

    With `pairs` (`gatecli.anonymity.wildcards`) a class counts what it may match as well.
    """
    keys = list(coded.keys)
    by = keys if column is None else [*keys, "s"]
    table = coded.table if column is None else coded.table.mutate(s=coded.table[column])
    if pairs is None:
        return counted(table, by, coded.unit)
    if coded.unit is not None:
        return counted(through(table.select(*by, coded.unit).distinct(), pairs, keys), by, coded.unit)
    merged = through(counted(table, by, None), pairs, keys)
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
