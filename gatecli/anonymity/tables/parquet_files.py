"""Parquet: one file, or the files of a folder as one table."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.columns import require_distinct
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import UncheckableError

ALONE = {"hive_partitioning": False}
"""How one file is read: `age=5` in the name of a folder would take the place of a column `age`."""


def escape_path(path: Path) -> str:
    """A path that the engine takes for this file alone: it would expand patterns, and `~`."""
    return glob.escape(os.path.join(".", path))  # noqa: PTH118 - pathlib drops the leading dot again


def read_parquet(name: str, paths: Sequence[Path], root: Path | None, engine: Any) -> Table:
    """A lazy table of the files; `root` is the folder whose own folders may hold columns (`zip=01234`).

    Raises UncheckableError where the files differ in their columns, or a folder names a column that
    they hold: one would silently be read as the other.
    """
    alike(name, paths)
    require_distinct(name, _names(paths[0]))
    table = _read(engine, paths, is_partitioned=False)
    folders = {} if root is None else dict.fromkeys(_keys(paths[0].relative_to(root)))
    if not folders:
        return table
    twice = next((key for key in _keys(paths[0]) if key.casefold() in map(str.casefold, table.columns)), None)
    if twice is not None:
        raise UncheckableError(
            f"{name}: the column {twice!r} is both in the files and in the name of a folder",
            advice="leave one of them out",
        )
    return _read(engine, paths, is_partitioned=True).select(*table.columns, *folders)


def _read(engine: Any, paths: Sequence[Path], *, is_partitioned: bool) -> Table:
    """A file's statistics leave NaN out: trusted, they would make the engine find none where one is.
    Codes in the names of folders keep their leading zeros.
    """
    return engine.read_parquet(
        [escape_path(path) for path in paths],
        can_have_nan=True,
        hive_partitioning=is_partitioned,
        hive_types_autocast=False,
    )


def _keys(path: Path) -> list[str]:
    """The columns that the names of folders hold."""
    return [folder.partition("=")[0] for folder in path.parent.parts if "=" in folder]


def alike(name: str, paths: Sequence[Path]) -> None:
    """Raises UncheckableError where the columns of two files, or of their folders, differ in name or type."""
    wanted = _schema(paths[0]) if len(paths) > 1 else None
    strange = next((path for path in paths[1:] if _schema(path) != wanted), None)
    if strange is not None:
        raise UncheckableError(
            f"{name}: {strange.name} has other columns, or other types of them, than {paths[0].name}",
            advice="write all files with one schema, or check them one by one",
        )


def _schema(path: Path) -> tuple[list[str], list[tuple[str, str, str]]]:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only several files need it

    return _keys(path), sorted(_leaves(pyarrow.parquet.read_metadata(path).schema))


def _names(path: Path) -> list[str]:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    return list(pyarrow.parquet.read_schema(path).names)


def _leaves(schema: Any) -> Iterator[tuple[str, str, str]]:
    for at in range(len(schema)):
        column = schema.column(at)
        yield column.path, column.physical_type, str(column.logical_type)


def compression_of(path: Path) -> str:
    """How the first column of a file is compressed, as pyarrow names it."""
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    metadata = pyarrow.parquet.read_metadata(path)
    has_cells = metadata.num_row_groups and metadata.num_columns
    name = metadata.row_group(0).column(0).compression.lower() if has_cells else "snappy"
    return {"uncompressed": "none"}.get(name, name)


def write_parquet(path: Path, schema: Any, batches: Iterator[Any], compression: str) -> None:
    """Write batches as one file, in row groups of as many rows."""
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    with pyarrow.parquet.ParquetWriter(path, schema, compression=compression) as writer:
        for batch in batches:
            writer.write_batch(batch)
