"""Folders of Parquet files that are one table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gatecli.anonymity.tables.compressed import COMPRESSED
from gatecli.errors import UncheckableError

PARQUET = frozenset({".parquet", ".pq"})
OTHER_TABLES = frozenset(
    {".csv", ".tsv", ".jsonl", ".ndjson", ".arrow", ".feather", ".ipc", ".xlsx", ".duckdb"}
    | {".sav", ".zsav", ".dta", ".sas7bdat", ".xpt", ".rds", ".rda", ".rdata"}
)
"""What is a table as well; `.txt` mostly is not."""
MAGIC = b"PAR1"
WITHOUT_ROWS = frozenset({"_metadata", "_common_metadata"})
"""Parquet by their content, but the schema of the other files and nothing else."""


def suffix(path: Path) -> str:
    """What a file's name says that it is, in lower case, compressed or not: `.csv` of `t.CSV.gz`."""
    suffixes = [part.lower() for part in path.suffixes]
    while suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def parquet_below(name: str, folder: Path) -> list[Path]:
    """The Parquet files in a folder and its folders, sorted; `name` is for messages.

    Raises UncheckableError where rows would be left out, OSError where a folder may not be read: a part of
    a table is not the table.
    """
    return sorted(_below(name, folder))


def _below(name: str, folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder, onerror=_raise):
        link = next((entry for entry in folders if Path(at, entry).is_symlink()), None)
        if link is not None:
            raise UncheckableError(
                f"{name}: {link} is a link to another folder, whose files would be left out",
                advice="put the files where the link is",
            )
        for path in (Path(at, entry) for entry in files):
            if suffix(path) in PARQUET:
                yield path
            else:
                _require_no_table(name, path)


def _require_no_table(name: str, path: Path) -> None:
    if suffix(path) in OTHER_TABLES:
        raise UncheckableError(
            f"{name}: {path.name} is a table too, and would be left out, as it is not Parquet",
            advice="check it by itself, and give the others by a pattern: folder/*.parquet",
        )
    if _is_parquet(path):
        raise UncheckableError(
            f"{name}: {path.name} holds Parquet, but its name does not say so",
            advice="give it a name that ends in .parquet",
        )


def _is_parquet(path: Path) -> bool:
    if path.name in WITHOUT_ROWS or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _raise(error: OSError) -> None:
    raise error
