"""Tables in files, read by DuckDB inside this process; work that outgrows the memory goes to disk."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from os.path import commonpath
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables import statistics_files
from gatecli.anonymity.tables.closing import disconnect
from gatecli.anonymity.tables.columns import require_distinct
from gatecli.anonymity.tables.digests import file_digest, files_digest
from gatecli.anonymity.tables.duckdb_files import read_duckdb
from gatecli.anonymity.tables.excel import read_excel
from gatecli.anonymity.tables.folders import PARQUET, parquet_below, suffix
from gatecli.anonymity.tables.interface import OpenedTable, Table, TableOptions
from gatecli.anonymity.tables.json_lines import read_json_lines
from gatecli.anonymity.tables.parquet_files import read_parquet
from gatecli.anonymity.tables.problems import guard_engine
from gatecli.anonymity.tables.scratch import Scratch, scratch
from gatecli.anonymity.tables.statistics_files import read_statistics
from gatecli.anonymity.tables.text_files import read_text
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError

Reader = Callable[[str, Path, TableOptions, Path, Any], Table]


def _text(name: str, path: Path, options: TableOptions, scratch: Path, engine: Any) -> Table:
    return read_text(name, path, options, scratch, engine.read_csv)


def _parquet(name: str, path: Path, _options: TableOptions, _scratch: Path, engine: Any) -> Table:
    return read_parquet(name, [path], None, engine)


def _arrow(name: str, path: Path, _options: TableOptions, _scratch: Path, engine: Any) -> Table:
    import pyarrow.dataset  # noqa: PLC0415 - heavy; only this kind of table needs it

    data = pyarrow.dataset.dataset(str(path), format="ipc")
    require_distinct(name, data.schema.names)
    return _register_data(engine, data)


def _excel(name: str, path: Path, options: TableOptions, _scratch: Path, engine: Any) -> Table:
    return _register_data(engine, read_excel(name, path, options))


def _statistics(name: str, path: Path, options: TableOptions, _scratch: Path, engine: Any) -> Table:
    return _register_data(engine, read_statistics(name, path, options))


def _register_data(engine: Any, data: Any) -> Table:
    engine.con.register("data", data)
    return engine.table("data")


READERS: dict[str, Reader] = {
    ".csv": _text,
    ".tsv": _text,
    ".txt": _text,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".ipc": _arrow,
    ".xlsx": _excel,
    ".duckdb": read_duckdb,
    **dict.fromkeys((*statistics_files.READERS, *sorted(statistics_files.R)), _statistics),
}

SEVERAL = frozenset({_excel, _statistics, read_duckdb})
"""Readers of files that may hold several tables, by name."""

TEXT = frozenset(ending for ending, reader in READERS.items() if reader is _text)

COPIED = frozenset({_text, read_json_lines})
"""Readers that parse the text again on every scan."""


def open_file(source: str, options: TableOptions) -> OpenedTable:
    """The table of a file, or of the Parquet files of a folder or a glob pattern.

    Raises NothingToCheckError where there is none, UncheckableError where it cannot be read.
    """
    paths, root = _find_files(source)
    reader = _reader(source, paths)
    if options.table is not None and reader not in SEVERAL:
        raise UsageError(
            f"{source} is a single table, so it has no table of that name",
            advice="leave out the table's name; it is for a workbook or a database",
        )
    private = scratch()
    try:
        with guard_engine(source):
            return _open_files(source, paths, root, reader, private, options)
    except BaseException:
        private.remove()
        raise


def single_file(source: str) -> Path | None:
    """The file of a table that is in one file; None for a folder, a pattern and a database's URL."""
    return Path(source) if os.path.isfile(source) else None  # noqa: PTH113 - Path.is_file raises where a name is too long


def content_digest(source: str) -> str:
    """The digest that `open_file` would state, without an engine. Raises OSError and what that raises."""
    return _digest(*_find_files(source))


def holds(source: str, target: Path) -> bool:
    """Whether `target` is a file of the table, by whatever name, or stands in the folder of its files.

    Raises what `open_file` raises where there is no table.
    """
    paths, root = _find_files(source)
    real = Path(os.path.realpath(target))
    if root is not None and real.is_relative_to(os.path.realpath(root)):
        return True
    return os.path.exists(target) and any(os.path.samefile(path, target) for path in paths)  # noqa: PTH110, PTH121 - neither raises for a name that is too long


def is_read(source: str, target: Path) -> bool:
    """Whether what is written to `target` would replace what a table is read from, or become a part of it.

    A table of a server is in no file here; of one that is not there, it is said where it is opened.
    """
    file = source.removeprefix("sqlite://").partition("#")[0] if source.startswith("sqlite://") else source
    try:
        return "://" not in file and holds(file, target)
    except NothingToCheckError:
        return False


def _digest(paths: list[Path], root: Path | None) -> str:
    return file_digest(paths[0]) if root is None else files_digest(root, paths)


def _open_files(
    source: str, paths: list[Path], root: Path | None, reader: Reader, private: Scratch, options: TableOptions
) -> OpenedTable:
    engine = start_engine(options, private.folder)
    table = (
        reader(source, paths[0], options, private.folder, engine)
        if root is None
        else read_parquet(source, paths, root, engine)
    )
    return OpenedTable(
        source,
        table,
        "duckdb",
        {name: str(kind) for name, kind in table.schema().items()},
        _digest(paths, root),
        "the file's bytes" if root is None else "the names and bytes of the files",
        is_typed=reader is not _text,
        is_slow_to_scan=reader in COPIED,
        timeout=options.timeout,
        interrupt=engine.con.interrupt,
        close=lambda: _close(engine, private),
    )


def start_engine(options: TableOptions, scratch: Path) -> Any:
    import ibis  # noqa: PLC0415 - half a second to import; only a table needs it

    settings: dict[str, object] = {
        "memory_limit": options.memory_limit,
        "temp_directory": str(scratch / "spill"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
    }
    if options.threads is not None:
        settings["threads"] = options.threads
    return ibis.duckdb.connect(**settings)


def _close(engine: Any, private: Scratch) -> None:
    disconnect(engine)
    private.remove()


def _find_files(source: str) -> tuple[list[Path], Path | None]:
    """The files, and where they are several the folder that their names are relative to."""
    path = Path(source)
    if not source:
        raise NothingToCheckError("the table has no name", advice="give a file, a folder or a URL")
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a name is too long
        return [path], None
    if os.path.isdir(path):  # noqa: PTH112 - as above
        with guard_engine(source):
            files = parquet_below(source, path)
        return _some(source, files), path
    if glob.has_magic(source):
        matches = sorted(Path(match) for match in glob.glob(source, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [match for match in matches if not match.is_dir()]
        return _some(source, files), Path(commonpath([file.parent for file in files] or [Path()]))
    raise NothingToCheckError(f"{source} does not exist", advice="check the path")


def _some(source: str, files: list[Path]) -> list[Path]:
    if not files:
        raise NothingToCheckError(
            f"{source} holds no table", advice="give a file, or a folder of Parquet files"
        )
    return files


def _reader(source: str, paths: list[Path]) -> Reader:
    kinds = {suffix(path) for path in paths}
    if len(paths) > 1 and not kinds <= PARQUET:
        raise UncheckableError(
            f"{source} matches several files that are not all Parquet",
            advice="give one file, or Parquet files",
        )
    reader = READERS.get(kinds.pop())
    if reader is None:
        raise UncheckableError(
            f"{source} is of a kind that cannot be read",
            advice=f"the kinds are {', '.join(READERS)}, and URLs of databases",
        )
    return reader
