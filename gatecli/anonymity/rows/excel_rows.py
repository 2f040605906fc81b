"""The sheets of an Excel workbook, by openpyxl; the first row names the columns."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import islice, repeat
from typing import Any, BinaryIO

from gatecli.anonymity.rows.interface import BATCH, Rows, TableFile, UnreadableRowsError
from gatecli.model.cells import HEAD, SAMPLE, CellBatch, RowBatch, UnreadTable, cells_of

EVERY = 9
"""Of the rows behind the beginning of a sheet, one of so many is in a sample: its length is not known."""

REACH = HEAD + EVERY * (SAMPLE - HEAD)

_SHEETS = re.compile(r"xl/worksheets/sheet[^/]*\.xml", re.IGNORECASE)
"""Parts of a workbook that are read here and nowhere else."""

_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[ >/]")
_OVERLAP = 32
_STEP = 2**18

Row = tuple[object, ...]


def excel_rows(table: TableFile) -> Rows:
    """The rows of every sheet: values as they were last computed, and the formulas themselves."""
    try:
        import openpyxl  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise UnreadableRowsError(
            "reading Excel by column needs openpyxl: pip install 'gatecli[excel]'"
        ) from None
    sheets, has_formulas = _parts(table.file)
    with ExitStack() as books:

        def worksheets(*, computed: bool) -> list[Any]:
            book = openpyxl.load_workbook(table.file, read_only=True, data_only=computed)
            books.enter_context(closing(book))
            return list(book.worksheets)

        written = worksheets(computed=False) if has_formulas else repeat(None)
        for sheet, other in zip(worksheets(computed=True), written, strict=False):
            sheets.discard(sheet._worksheet_path)  # noqa: SLF001 - openpyxl tells it nowhere else
            yield from _sheet_rows(sheet, other, all_rows=table.all_rows)
    for name in sorted(sheets):
        yield UnreadTable("a sheet that the workbook does not name", name)


def _parts(file: BinaryIO) -> tuple[set[str], bool]:
    """The names of the parts that are sheets, and whether any holds a formula."""
    with zipfile.ZipFile(file) as archive:
        sheets = {name for name in archive.namelist() if _SHEETS.fullmatch(name)}
        return sheets, any(_has_formula(archive, name) for name in sorted(sheets))


def _has_formula(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as part:
        before = b""
        while block := part.read(_STEP):
            if _FORMULA.search(before + block):
                return True
            before = block[-_OVERLAP:]
    return False


def _sheet_rows(sheet: Any, written: Any, *, all_rows: bool) -> Iterator[CellBatch]:
    """The rows of a sheet; `written` is the same with its formulas, where there are any."""
    rows = enumerate(_rows(sheet), start=1)
    header = next(rows, (1, ()))[1]
    formulas = _rows(written) if written is not None else None
    picked: list[tuple[int, Row]] = []
    told: list[tuple[int, Row]] = [(1, _formulas_of(next(formulas, ())))] if formulas is not None else []
    passed = 0
    for number, row in rows if all_rows else islice(rows, REACH):
        other = next(formulas, ()) if formulas is not None else ()
        if all_rows or number <= HEAD + 1 or (number - HEAD) % EVERY == 0:
            picked.append((number, row))
            told.append((number, _formulas_of(other)))
        else:
            passed += 1
        if len(picked) == BATCH:
            yield from _batches(sheet.title, header, picked, told)
            picked, told = [], []
    yield from _batches(sheet.title, header, picked, told)
    yield CellBatch(passed=passed, more=next(rows, None) is not None)


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what a file says its size is need not be true, and would cut it
    rows: Iterator[Row] = sheet.iter_rows(values_only=True)
    return rows


def _formulas_of(row: Row) -> Row:
    """The formulas of a row in their places; openpyxl gives those of several cells an object each."""
    texts = (getattr(value, "text", value) for value in row)
    return tuple(text if isinstance(text, str) and text.startswith("=") else None for text in texts)


def _batches(
    title: str, header: Row, rows: list[tuple[int, Row]], formulas: list[tuple[int, Row]]
) -> Iterator[CellBatch]:
    """The values of some rows, and their formulas, which are no rows of their own."""
    yield _batch(title, header, rows)
    told = [(number, row) for number, row in formulas if any(row)]
    if told:
        yield replace(_batch(title, header, told), rows=0)


def _batch(title: str, header: Row, rows: list[tuple[int, Row]]) -> CellBatch:
    width = max((len(row) for _, row in rows), default=len(header))
    names = [_name(header, at) for at in range(max(width, len(header)))]
    columns = [
        (name, [row[at] if at < len(row) else None for _, row in rows]) for at, name in enumerate(names)
    ]
    return cells_of(RowBatch([number for number, _ in rows], columns), title)


def _name(header: Row, at: int) -> str:
    cell = header[at] if at < len(header) else None
    return f"column {at + 1}" if cell is None else str(cell)
