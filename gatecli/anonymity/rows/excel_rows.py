"""The sheets of an Excel workbook, by openpyxl; the first row names the columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from gatecli.anonymity.rows.interface import BATCH, Rows, TableFile, UnreadableRowsError
from gatecli.model.cells import HEAD, SAMPLE, CellBatch, RowBatch, cells_of

EVERY = 9
"""Of the rows behind the beginning of a sheet, one of so many is in a sample: its length is not known."""

REACH = HEAD + EVERY * (SAMPLE - HEAD)


def excel_rows(table: TableFile) -> Rows:
    """The rows of every sheet: values as they were last computed, formulas themselves not."""
    try:
        import openpyxl  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise UnreadableRowsError(
            "reading Excel by column needs openpyxl: pip install 'gatecli[excel]'"
        ) from None
    with closing(openpyxl.load_workbook(table.file, read_only=True, data_only=True)) as workbook:
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # what a file says its size is need not be true, and would cut it
            yield from _sheet_rows(sheet, all_rows=table.all_rows)


def _sheet_rows(sheet: Any, *, all_rows: bool) -> Iterator[CellBatch]:
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    header = next(rows, (1, ()))[1]
    picked: list[tuple[int, tuple[object, ...]]] = []
    passed = 0
    for number, row in rows if all_rows else islice(rows, REACH):
        if all_rows or number <= HEAD + 1 or (number - HEAD) % EVERY == 0:
            picked.append((number, row))
        else:
            passed += 1
        if len(picked) == BATCH:
            yield _batch(sheet.title, header, picked)
            picked = []
    yield _batch(sheet.title, header, picked)
    yield CellBatch(passed=passed, more=next(rows, None) is not None)


def _batch(title: str, header: tuple[object, ...], rows: list[tuple[int, tuple[object, ...]]]) -> CellBatch:
    width = max((len(row) for _, row in rows), default=len(header))
    names = [_name(header, at) for at in range(max(width, len(header)))]
    columns = [
        (name, [row[at] if at < len(row) else None for _, row in rows]) for at, name in enumerate(names)
    ]
    return cells_of(RowBatch([number for number, _ in rows], columns), title)


def _name(header: tuple[object, ...], at: int) -> str:
    cell = header[at] if at < len(header) else None
    return f"column {at + 1}" if cell is None else str(cell)
