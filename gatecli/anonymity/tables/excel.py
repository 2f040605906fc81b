"""The first (or named) sheet of an Excel workbook, by openpyxl."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.columns import require_header
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.errors import GatecliError, MissingExtraError, NothingToCheckError, UncheckableError, UsageError


def read_excel(name: str, path: Path, options: TableOptions) -> Any:
    """A `pyarrow.Table`; `options.table` names the sheet. A column of one kind keeps it, else it is text."""
    try:
        import openpyxl  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading Excel needs openpyxl", advice="pip install 'gatecli[excel]'"
        ) from None
    try:
        rows = _rows(name, openpyxl.load_workbook(path, read_only=True, data_only=True), options.table)
    except GatecliError:
        raise
    except Exception:  # noqa: BLE001 - a broken workbook makes openpyxl stumble anywhere, over anything
        raise UncheckableError(
            f"{name} is truncated or no Excel workbook", advice="save it again as .xlsx"
        ) from None
    if not rows:
        raise NothingToCheckError(f"{name} is empty", advice="give a sheet with a header and rows")
    header = ["" if cell is None else str(cell) for cell in rows[0]]
    require_header(name, header)
    wide = next((at for at, row in enumerate(rows, start=1) if any(row[len(header) :])), None)
    if wide is not None:
        raise UncheckableError(
            f"{name}: row {wide} has more columns than the header", advice="name every column"
        )
    return _table(header, rows[1:])


def _rows(name: str, workbook: Any, sheet: str | None) -> list[tuple[object, ...]]:
    with closing(workbook):
        if sheet is not None and sheet not in workbook.sheetnames:
            raise UsageError(
                f"{name} has no sheet {sheet!r}", advice=f"its sheets are {', '.join(workbook.sheetnames)}"
            )
        return list(workbook[sheet or workbook.sheetnames[0]].iter_rows(values_only=True))


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
