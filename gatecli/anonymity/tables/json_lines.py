"""JSON lines: one object a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.interface import Table, TableOptions
from gatecli.anonymity.tables.parquet_files import ALONE, spelled
from gatecli.anonymity.tables.text_files import as_utf8
from gatecli.errors import NothingToCheckError, UncheckableError

RENAMED = re.compile(r"(.+)_\d+", re.DOTALL)
KEYS = "SELECT DISTINCT unnest(json_keys(json)) FROM read_ndjson_objects(?)"


def read_json_lines(name: str, path: Path, options: TableOptions, scratch: Path, engine: Any) -> Table:
    """A lazy table of the file, with the engine's types but no number made of text.

    Raises NothingToCheckError for an empty file, UncheckableError where two keys differ in case alone.
    """
    plain = as_utf8(path, options, scratch)
    if not plain.stat().st_size:
        raise NothingToCheckError(f"{name} is empty", advice="give a file of one object a line")
    table = engine.read_json(
        spelled(plain),
        format="newline_delimited",
        sample_size=-1,
        convert_strings_to_integers=False,
        **ALONE,
    )
    if _may_be_renamed(table.columns):
        _require_distinct_keys(name, plain, engine)
    return table


def _may_be_renamed(columns: tuple[str, ...]) -> bool:
    """Whether a column is named as the engine renames one: `Age_1` beside `age`."""
    known = {column.casefold() for column in columns}
    return any(match and match[1].casefold() in known for match in map(RENAMED.fullmatch, columns))


def _require_distinct_keys(name: str, path: Path, engine: Any) -> None:
    keys = [key for (key,) in engine.con.execute(KEYS, [spelled(path)]).fetchall()]
    if len({key.casefold() for key in keys}) < len(keys):
        raise UncheckableError(
            f"{name}: two keys of its objects have the same name, case aside",
            advice="give every column a name of its own",
        )
