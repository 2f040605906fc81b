"""How well the quasi-identifiers tell rows apart: all of them, and each alone."""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.anonymity.contingency import count_cells, sizes_of
from gatecli.anonymity.dictionary_encoding import prepare_columns
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.functions import keep_table
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import NothingToCheckError, UsageError
from gatecli.model.anonymity import AnonymityQuestion
from gatecli.model.anonymity_risks import AttributeRisk, AttributeRisks


def attribute_risk(opened: OpenedTable, question: AnonymityQuestion) -> AttributeRisks:
    """Distinction and separation (Motwani and Xu 2007) of the quasi-identifiers, together and singly.

    They are about rows, whatever the question's unit; a missing value counts as a value. Raises
    UsageError for a column that the table does not have, NothingToCheckError for no rows.
    """
    names = question.quasi_identifiers
    if not names:
        raise UsageError("no quasi-identifier is named", advice="name the columns that others may know")
    require_columns(opened.name, opened.columns, names)
    with computing(opened):
        columns = [f"q{at}" for at in range(len(names))]
        source = prepare_columns(opened, question).select(*columns)
        classes = keep_table(count_cells(source, columns, None))
        together = _risk(opened, names, classes)
        singly = tuple(
            _risk(opened, (name,), _merge_classes(classes, column))
            for name, column in zip(names, columns, strict=True)
        )
        return AttributeRisks(together, singly)


def _merge_classes(classes: Table, column: str) -> Table:
    return classes.group_by(column).aggregate(n=classes["n"].sum().cast("int64"))


def _risk(opened: OpenedTable, names: Sequence[str], classes: Table) -> AttributeRisk:
    sizes = sizes_of(classes.mutate(size=classes["n"], own=classes["n"]))
    rows = sum(item.records for item in sizes)
    if not rows:
        raise NothingToCheckError(f"{opened.name} has no rows", advice="give a table that holds records")
    return AttributeRisk(
        tuple(names),
        rows,
        distinct=sum(item.classes for item in sizes),
        unique_rows=sum(item.records for item in sizes if item.size == 1),
        pairs_together=sum(item.classes * (item.size * (item.size - 1) // 2) for item in sizes),
    )
