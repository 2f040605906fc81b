"""Files of SPSS, Stata, SAS and R, by pyreadstat and pyreadr; read whole into memory.

Codes stay codes, as they are stored: labels of values are not read. What the file itself calls missing is
missing, and so is an empty text, as these programs have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.columns import require_distinct
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.errors import GatecliError, MissingExtraError, NothingToCheckError, UncheckableError, UsageError

READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
"""pyreadstat's own, by the ending of a file's name."""

SAS = frozenset({"read_sas7bdat", "read_xport"})
SAS_DATES = [
    *("YEAR", "MONTH", "MMYY", "MMYYC", "MMYYD", "MMYYN", "MMYYP", "MMYYS", "MONYY", "QTR", "QTRR", "YYQ"),
    *(
        "YYMM",
        "YYMMC",
        "YYMMD",
        "YYMMN",
        "YYMMP",
        "YYMMS",
        "YYMON",
        "WEEKDATX",
        "WORDDATX",
        "DOWNAME",
        "MONNAME",
    ),
]
"""Formats of SAS that show a part of a date, whose days are stored all the same."""

R = frozenset({".rds", ".rda", ".rdata"})
SEVERAL = frozenset({".rda", ".rdata"})
"""Files that may hold several tables."""

ROW_NAMES = "rownames"


def read_statistics(name: str, path: Path, options: TableOptions) -> Any:
    """A `pyarrow.Table`; `options.table` names one of several data frames.

    Raises MissingExtraError, NothingToCheckError for a table without rows or columns, UncheckableError for a
    file that cannot be read.
    """
    kind = path.suffix.lower()
    if options.table is not None and kind not in SEVERAL:
        raise UsageError(
            f"{name} is a single table, so it has no table of that name", advice="leave out the table's name"
        )
    try:
        table = _read_r(name, path, options.table) if kind in R else _read_columns(path, READERS[kind])
    except GatecliError:
        raise
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading {kind} needs {'pyreadr' if kind in R else 'pyreadstat'}",
            advice="pip install 'gatecli[statistics]'",
        ) from None
    except Exception:  # noqa: BLE001 - their errors share no base, and quote what they stumbled on
        raise UncheckableError(
            f"{name} is truncated or not what its name says", advice="write the file again"
        ) from None
    if not table.num_columns or not table.num_rows:
        raise NothingToCheckError(f"{name} is empty", advice="give a table with rows")
    require_distinct(name, table.column_names)
    return table


def _read_columns(path: Path, reader: str) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this kind of table needs it
    import pyreadstat  # noqa: PLC0415 - an optional extra

    columns: Mapping[str, Sequence[object]]
    more = {"extra_date_formats": SAS_DATES} if reader in SAS else {}
    columns, about = getattr(pyreadstat, reader)(path, output_format="dict", **more)
    if any(len(values) != about.number_rows for values in columns.values()):
        raise EOFError
    return pa.table({name: _column(list(values)) for name, values in columns.items()})


def _column(values: list[object]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this kind of table needs it

    known = [None if value in ("", None) else value for value in values]
    kinds = {_kind(value) for value in known if value is not None}
    kind = kinds.pop() if len(kinds) == 1 else "string"
    if kind == "string":
        known = [None if value is None else str(value) for value in known]
    return pa.array(known, pa.type_for_alias(kind), from_pandas=True)


def _kind(value: object) -> str:
    match value:
        case bool() | str():
            return "string"
        case int() | float():
            return "float64"
        case datetime():
            return "timestamp[us]"
        case date():
            return "date32"
        case time():
            return "time64[us]"
        case _:
            return "string"


def _read_r(name: str, path: Path, wanted: str | None) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this kind of table needs it
    import pyreadr  # noqa: PLC0415 - an optional extra

    frame = _choose_frame(name, pyreadr.read_r(str(path)), wanted)
    names = [str(label) for label in frame.index]
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    plain = [
        field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    table = table.cast(pa.schema(plain))
    if names == [str(at) for at in range(1, len(names) + 1)] or names == [
        str(at) for at in range(len(names))
    ]:
        return table
    return table.add_column(0, ROW_NAMES, [names])  # names of people, as often as not


def _choose_frame(name: str, frames: Mapping[Any, Any], wanted: str | None) -> Any:
    if not frames:
        raise NothingToCheckError(f"{name} holds no data frame", advice="save a data frame")
    if wanted is not None and wanted not in frames:
        raise UsageError(f"{name} has no data frame {wanted!r}", advice=_list_frames(frames))
    if wanted is None and len(frames) > 1:
        raise UsageError(
            f"{name} does not say which data frame", advice=f"--table NAME: {_list_frames(frames)}"
        )
    return next(iter(frames.values())) if wanted is None else frames[wanted]


def _list_frames(frames: Mapping[Any, Any]) -> str:
    return f"its data frames are {', '.join(map(str, frames))}"
