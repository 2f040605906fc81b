"""The first (or named) sheet of an Excel workbook, by openpyxl."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from gatecli.anonymity.tables.columns import require_header
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.errors import GatecliError, MissingExtraError, NothingToCheckError, UncheckableError, UsageError

MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")
ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\sr=["'](\d+)""")
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
UNCOMPUTED = re.compile(rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*</(?:\w+:)?c>")
"""A cell that ends after its formula: without a value."""
NOT_COMPUTED = re.compile(rb"""\bfullCalcOnLoad\s*=\s*["'](?:1|true)["']""")


def read_excel(name: str, path: Path, options: TableOptions) -> Any:
    """A `pyarrow.Table`; `options.table` names the sheet. A column of one kind keeps it, else it is text."""
    try:
        import openpyxl  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading Excel needs openpyxl", advice="pip install 'gatecli[excel]'"
        ) from None
    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as workbook:
            rows = _rows(name, workbook, options.table)
    except GatecliError:
        raise
    except Exception:  # noqa: BLE001 - a broken workbook makes openpyxl stumble anywhere, over anything
        raise UncheckableError(
            f"{name} is truncated or not an Excel workbook", advice="save it again as .xlsx"
        ) from None
    if not rows:
        raise NothingToCheckError(f"{name} is empty", advice="give a sheet with a header and rows")
    header = ["" if cell is None else str(cell) for cell in rows[0]]
    require_header(name, header)
    wide = next((at for at, row in enumerate(rows, start=1) if _holds(row[len(header) :])), None)
    if wide is not None:
        raise UncheckableError(
            f"{name}: row {wide} has more columns than the header", advice="name every column"
        )
    return _table(header, rows[1:])


def _rows(name: str, workbook: Any, wanted: str | None) -> list[tuple[object, ...]]:
    if wanted is not None and wanted not in workbook.sheetnames:
        raise UsageError(
            f"{name} has no sheet {wanted!r}", advice=f"its sheets are {', '.join(workbook.sheetnames)}"
        )
    sheet = workbook[wanted or workbook.sheetnames[0]]
    _require_values(name, workbook._archive, sheet._worksheet_path)  # noqa: SLF001 - openpyxl has no public names for them
    sheet.reset_dimensions()  # what a file says its size is need not be true, and would cut it
    return list(sheet.iter_rows(values_only=True))


def _require_values(name: str, parts: ZipFile, sheet: str) -> None:
    """Raises UncheckableError where a cell would be left out, or read as a missing or another value.

    A program that only writes formulas leaves their values out, or zeros, and has them computed on load
    (ECMA-376 part 1, 18.2.2, `fullCalcOnLoad`); of merged cells only the first holds the value.
    """
    xml = _xml(parts, sheet)
    if MERGED.search(xml):
        raise UncheckableError(
            f"{name} has merged cells, of which only the first holds the value",
            advice="unmerge them, and write the value into each",
        )
    if any(later <= row for row, later in pairwise(int(number) for number in ROW.findall(xml))):
        raise UncheckableError(
            f"{name} numbers its rows out of order, and some would be left out",
            advice="save it again as .xlsx",
        )
    if UNCOMPUTED.search(xml) or (FORMULA.search(xml) and _is_to_be_computed(parts)):
        raise UncheckableError(
            f"{name} holds formulas that no program has computed",
            advice="open it in a spreadsheet program and save it, or write values",
        )


def _is_to_be_computed(parts: ZipFile) -> bool:
    """By the file itself: openpyxl takes a workbook that does not say so for one that does."""
    workbooks = (part for part in parts.namelist() if re.search(r"workbook[^/]*\.xml$", part, re.IGNORECASE))
    return any(NOT_COMPUTED.search(_xml(parts, part)) for part in workbooks)


def _xml(parts: ZipFile, part: str) -> bytes:
    return parts.read(part).replace(b"\0", b"")  # UTF-16 is allowed


def _holds(cells: Sequence[object]) -> bool:
    return any(cell is not None for cell in cells)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Any:
    import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

    full = [row for row in rows if _holds(row)]
    columns = [_column([row[at] if at < len(row) else None for row in full]) for at in range(len(header))]
    return pyarrow.table(dict(zip(header, columns, strict=True)))


def sheet_name(path: Path, options: TableOptions) -> str | None:
    """The name of the sheet that `read_excel` reads."""
    import openpyxl  # noqa: PLC0415 - an optional extra

    with closing(openpyxl.load_workbook(path, read_only=True)) as workbook:
        return options.table or str(workbook.sheetnames[0])


def write_excel(path: Path, names: Sequence[str], batches: Iterable[Any], sheet: str | None) -> None:
    """Write batches as a workbook of one sheet, and nothing else of the workbook that it is made of."""
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError(
            f"{path.name}: writing Excel needs openpyxl", advice="pip install 'gatecli[excel]'"
        ) from None
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(sheet)
    page.append([_cell(page, name) for name in names])
    for batch in batches:
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            page.append([_cell(page, value) for value in row])
    workbook.save(path)


def _cell(page: Any, value: object) -> Any:
    """A cell of a value: text is text, also where it begins as a formula does."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - an optional extra

    match value:
        case None | bool() | int() | datetime() | date() | time():
            return WriteOnlyCell(page, value)
        case float() if math.isfinite(value):
            return WriteOnlyCell(page, int(value) if value.is_integer() else value)
        case Decimal():
            return WriteOnlyCell(page, value)
        case _:
            cell = WriteOnlyCell(page, str(value))
            cell.data_type = "s"
            return cell


def _column(cells: Sequence[object]) -> Any:
    import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

    kinds = {_kind(cell) for cell in cells if cell is not None}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return pyarrow.array(cells, type=pyarrow.type_for_alias(kind))
    return pyarrow.array([None if cell is None else str(cell) for cell in cells], type=pyarrow.string())


def _kind(cell: object) -> str | None:
    match cell:
        case bool():
            return "bool"
        case int() | float():
            return "float64"
        case datetime():
            return "timestamp[us]"
        case _:
            return None
