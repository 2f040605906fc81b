"""Writing a table into a file: a format a function, by the ending of the file's name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gatecli.anonymity.tables.excel import sheet_name, write_excel
from gatecli.anonymity.tables.files import TEXT, single_file
from gatecli.anonymity.tables.folders import PARQUET, suffix
from gatecli.anonymity.tables.functions import arrow_batches, column_text
from gatecli.anonymity.tables.interface import Table, TableOptions
from gatecli.anonymity.tables.parquet_files import compression_of, write_parquet
from gatecli.anonymity.tables.text_dialects import PLAIN, TextDialect, map_values, text_dialect_of, write_text
from gatecli.errors import UncheckableError, UsageError

Change = Callable[[str], str]

EXCEL = ".xlsx"
DELIMITERS = {".csv": ",", ".tsv": "\t"}
"""What a name promises, where the source's own name promised something else."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a new file keeps of the file that it is made of."""

    text: TextDialect = PLAIN
    compression: str = "snappy"
    sheet: str | None = None


DEFAULT = Dialect()


def dialect_of(source: str, options: TableOptions, target: Path) -> Dialect:
    """What a target keeps of its source; the usual dialect where they are of different kinds."""
    path, kind = single_file(source), suffix(target)
    before = "" if path is None else suffix(path)
    text = text_dialect_of(path, options) if path and before in TEXT and kind in TEXT else PLAIN
    if kind != before:
        return Dialect(text=replace(text, delimiter=DELIMITERS.get(kind, text.delimiter)))
    if path and kind in PARQUET:
        return Dialect(compression=compression_of(path))
    return Dialect(text, sheet=sheet_name(path, options) if path and kind == EXCEL else None)


def reading_options(target: Path, dialect: Dialect, options: TableOptions) -> TableOptions:
    """How a file in a dialect is read again: every column of text as text."""
    if suffix(target) not in TEXT:
        return TableOptions(memory_limit=options.memory_limit, threads=options.threads)
    return replace(
        options,
        table=None,
        numeric=(),
        delimiter=dialect.text.delimiter,
        encoding=None if dialect.text.mark else dialect.text.encoding,
    )


def _write_text(path: Path, schema: Any, batches: Iterator[Any], dialect: Dialect) -> None:
    write_text(path, schema.names, batches, dialect.text)


def _write_parquet(path: Path, schema: Any, batches: Iterator[Any], dialect: Dialect) -> None:
    write_parquet(path, schema, batches, dialect.compression)


def _write_arrow(path: Path, schema: Any, batches: Iterator[Any], _dialect: Dialect) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this kind of table needs it

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_json_lines(path: Path, schema: Any, batches: Iterator[Any], _dialect: Dialect) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for batch in batches:
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                named = dict(zip(schema.names, row, strict=True))
                file.write(json.dumps(named, ensure_ascii=False, default=str) + "\n")


def _write_excel(path: Path, schema: Any, batches: Iterator[Any], dialect: Dialect) -> None:
    write_excel(path, schema.names, batches, dialect.sheet)


Writer = Callable[[Path, Any, Iterator[Any], Dialect], None]

WRITERS: Mapping[str, Writer] = {
    **dict.fromkeys(sorted(TEXT), _write_text),
    **dict.fromkeys(sorted(PARQUET), _write_parquet),
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
    ".ipc": _write_arrow,
    EXCEL: _write_excel,
}
"""By the ending of a file's name: a path, an Arrow schema and batches of it, and the dialect to keep."""


def require_writable(path: Path) -> None:
    """Raises UsageError for a name that says no format that is written."""
    kind = suffix(path)
    if kind not in WRITERS or (kind not in TEXT and path.suffix.lower() != kind):
        raise UsageError(
            f"{path.name} does not name a format to write",
            advice=f"end the name in {', '.join(WRITERS)}; text may be compressed: .csv.gz",
        )


def write(
    table: Table,
    path: Path,
    dialect: Dialect = DEFAULT,
    changes: Mapping[str, Change] = MappingProxyType({}),
) -> None:
    """Write a table, all of it or nothing: an existing file is replaced at the end.

    `changes` say what becomes of each value of a column, as text. Raises UsageError for a name that says no
    format, UncheckableError where the place cannot be written.
    """
    require_writable(path)
    is_text = WRITERS[suffix(path)] is _write_text
    texts = {name: column_text(table[name]) for name in table.columns if is_text or name in changes}
    schema, batches = arrow_batches(table.mutate(**texts))
    _write_whole(path, dialect, schema, (_change_batch(batch, changes) for batch in batches))


def write_rows(
    path: Path, names: Sequence[str], rows: Sequence[Sequence[str | None]], dialect: Dialect = DEFAULT
) -> None:
    """Write rows of text, all of them or nothing. Raises as `write` does."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what is written needs it

    require_writable(path)
    columns = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(names))]
    schema = pa.schema([(name, pa.string()) for name in names])
    _write_whole(path, dialect, schema, iter([pa.record_batch(columns, schema=schema)]))


def write_batches(path: Path, schema: Any, batches: Iterator[Any], dialect: Dialect = DEFAULT) -> None:
    """Write Arrow batches of a schema, all of them or nothing; as text into text. Raises as `write`."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what is written needs it

    require_writable(path)
    if WRITERS[suffix(path)] is _write_text:
        schema = pa.schema([(name, pa.string()) for name in schema.names])
        batches = (
            pa.record_batch([each.cast(pa.string()) for each in batch.columns], schema=schema)
            for batch in batches
        )
    _write_whole(path, dialect, schema, batches)


def _write_whole(path: Path, dialect: Dialect, schema: Any, batches: Iterator[Any]) -> None:
    writer = WRITERS[suffix(path)]
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gatecli-") as folder:
            unfinished = Path(folder) / path.name
            writer(unfinished, schema, batches, dialect)
            unfinished.replace(path)
    except OSError as error:
        raise UncheckableError(
            f"{path} cannot be written: {error.strerror}", advice="name a file in a folder you may write to"
        ) from error


def _change_batch(batch: Any, changes: Mapping[str, Change]) -> Any:
    for name, change in changes.items():
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(at, batch.schema.field(at), map_values(batch.column(at), change))
    return batch
