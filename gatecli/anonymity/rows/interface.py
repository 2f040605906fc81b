"""What a reader of rows gives, and what stops one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from gatecli.model.cells import CellBatch, UnreadTable

BATCH = 2_000
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that holds tables, open at its beginning; `path` is None inside an archive."""

    file: BinaryIO
    path: Path | None
    all_rows: bool = False


class UnreadableRowsError(Exception):
    """A table cannot be read, or not to its end; the text says why, without a value."""


Rows: TypeAlias = Iterator[CellBatch | UnreadTable]
Reader: TypeAlias = Callable[[TableFile], Rows]
