"""The first (or named) sheet of an Excel workbook, by openpyxl."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.columns import require_unique
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.errors import MissingExtraError, NothingToCheckError, UncheckableError, UsageError


def read_excel(name: str, path: Path, options: TableOptions) -> Any:
    """A `pyarrow.Table`; `options.table` names the sheet. A column of one kind keeps it, else it is text."""
    try:
        import openpyxl  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading Excel needs openpyxl", advice="pip install 'gatecli[excel]'"
        ) from None
    import zipfile  # noqa: PLC0415 - only for a workbook

    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise UncheckableError(
            f"{name} is truncated or no Excel workbook", advice="save it again as .xlsx"
        ) from None
    if options.table is not None and options.table not in workbook.sheetnames:
        raise UsageError(
            f"{name} has no sheet {options.table!r}",
            advice=f"its sheets are {', '.join(workbook.sheetnames)}",
        )
    sheet = workbook[options.table or workbook.sheetnames[0]]
    rows = list(sheet.iter_rows(values_only=True))
    workbook.close()
    if not rows:
        raise NothingToCheckError(f"{name} is empty", advice="give a sheet with a header and rows")
    header = ["" if cell is None else str(cell) for cell in rows[0]]
    require_unique(name, header)
    return _table(header, rows[1:])


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Any:
    import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

    full = [row for row in rows if any(cell is not None for cell in row)]
    columns = [_column([row[at] if at < len(row) else None for row in full]) for at in range(len(header))]
    return pyarrow.table(dict(zip(header, columns, strict=True)))


def _column(cells: Sequence[object]) -> Any:
    import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

    kinds = {_kind(cell) for cell in cells if cell is not None}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return pyarrow.array(cells, type=getattr(pyarrow, kind)())
    return pyarrow.array([None if cell is None else str(cell) for cell in cells], type=pyarrow.string())


def _kind(cell: object) -> str | None:
    match cell:
        case bool():
            return "bool_"
        case int() | float():
            return "float64"
        case _:
            return None
