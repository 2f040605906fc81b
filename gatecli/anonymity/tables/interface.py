"""What an opened table is: a lazy expression of its engine, and what identifies its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

Table: TypeAlias = Any
"""An `ibis.Table`: ibis ships no types."""

Column: TypeAlias = Any
"""An `ibis.Column` or scalar."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is read; None leaves it to what the data itself says.

    `numeric` names columns of text files that are numbers; every other column of a text file is text,
    so that codes keep their leading zeros. `missing_values` are the texts that stand for a missing
    value in a text file. `memory_limit` bounds the embedded engine, which then works on disk.
    """

    delimiter: str | None = None
    encoding: str | None = None
    numeric: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ("",)
    table: str | None = None
    memory_limit: str = "1GB"
    threads: int | None = None
    timeout: float | None = None


def nothing() -> None:
    """There is nothing to do."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An engine that was connected to: ibis's backend, how it is stopped, how it is closed."""

    backend: Any
    interrupt: Callable[[], None] | None
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table that nothing was computed of yet; close it to release its engine.

    `columns` are the names and types as the engine states them. `digest` is the SHA-256 that
    `digest_of` describes: of a file's bytes, of the files of a folder; for a database it is a
    fingerprint of the engine, the table and the schema, which tells two questions apart and not two
    states of the data.
    """

    name: str
    table: Table
    engine: str
    columns: Mapping[str, str]
    digest: str
    digest_of: str
    is_typed: bool = True
    """Whether the types are the source's own; in a file of text, every column is text."""
    is_slow_to_scan: bool = False
    """Whether the columns that matter are copied into the engine once, before they are counted."""
    timeout: float | None = None
    interrupt: Callable[[], None] | None = nothing
    """Asks the engine to stop what it computes; None where its driver has no way to."""
    close: Callable[[], None] = nothing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
