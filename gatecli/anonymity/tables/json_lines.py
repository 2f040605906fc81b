"""JSON lines: one object a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.functions import rounded_as_floats
from gatecli.anonymity.tables.interface import Table, TableOptions
from gatecli.anonymity.tables.parquet_files import ALONE, escape_path
from gatecli.anonymity.tables.text_files import as_utf8
from gatecli.errors import NothingToCheckError, UncheckableError

RENAMED = re.compile(r"(.+)_\d+", re.DOTALL)
KEYS = "SELECT DISTINCT unnest(json_keys(json)) FROM read_ndjson_objects(?)"

KINDS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda kind: kind.is_boolean(), "BOOLEAN"),
    (lambda kind: kind.is_integer(), "BIGINT"),
    (lambda kind: kind.is_decimal(), "HUGEINT"),
    (lambda kind: kind.is_floating(), "DOUBLE"),
    (lambda kind: kind.is_json() or kind.is_nested(), "JSON"),
)


def read_json_lines(name: str, path: Path, options: TableOptions, scratch: Path, engine: Any) -> Table:
    """A lazy table of the file, with JSON's types: dates and the like, which the engine finds, are text.

    Raises NothingToCheckError for an empty file, UncheckableError where two keys differ in case alone.
    """
    plain = as_utf8(path, options, scratch)
    if not plain.stat().st_size:
        raise NothingToCheckError(f"{name} is empty", advice="give a file of one object a line")
    table = _read(plain, engine, sample_size=-1)
    if _may_be_renamed(table.columns):
        _require_distinct_keys(name, plain, engine)
    kinds = {column: _kind(kind) for column, kind in table.schema().items()}
    floats = [column for column, kind in kinds.items() if kind == "DOUBLE"]
    if floats:
        text = _read(plain, engine, columns=dict.fromkeys(floats, "VARCHAR"))
        kinds |= dict.fromkeys(rounded_as_floats(text, floats), "VARCHAR")
    return _read(plain, engine, columns=kinds)


def _read(path: Path, engine: Any, **how: Any) -> Table:
    return engine.read_json(
        escape_path(path), format="newline_delimited", convert_strings_to_integers=False, **how, **ALONE
    )


def _kind(kind: Any) -> str:
    """The engine's type for what it found, or for what it made of text: a date, a time, a UUID."""
    return next((ours for is_of, ours in KINDS if is_of(kind)), "VARCHAR")


def _may_be_renamed(columns: tuple[str, ...]) -> bool:
    """Whether a column is named as the engine renames one: `Age_1` beside `age`."""
    known = {column.casefold() for column in columns}
    return any(match and match[1].casefold() in known for match in map(RENAMED.fullmatch, columns))


def _require_distinct_keys(name: str, path: Path, engine: Any) -> None:
    keys = [key for (key,) in engine.con.execute(KEYS, [escape_path(path)]).fetchall()]
    if len({key.casefold() for key in keys}) < len(keys):
        raise UncheckableError(
            f"{name}: two keys of its objects have the same name, case aside",
            advice="give every column a name of its own",
        )
