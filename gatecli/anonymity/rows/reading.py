"""The rows of a table's file, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from gatecli.anonymity.rows.arrow_rows import arrow_rows, feather_rows, orc_rows, parquet_rows
from gatecli.anonymity.rows.excel_rows import excel_rows
from gatecli.anonymity.rows.interface import Reader, Rows, TableFile, UnreadableRowsError
from gatecli.anonymity.rows.sqlite_rows import sqlite_rows
from gatecli.model.cells import UnreadTable

READERS: Mapping[str, Reader] = {
    "parquet": parquet_rows,
    "arrow": arrow_rows,
    "feather": feather_rows,
    "orc": orc_rows,
    "sqlite": sqlite_rows,
    "excel": excel_rows,
}
"""By the kind of file, as `gatecli.sources.packed.kinds` tells them."""


def read_rows(kind: str, table: TableFile) -> Rows:
    """The cells of the table, and what of it could not be read: a file that breaks a reader is damaged."""
    try:
        yield from READERS[kind](table)
    except UnreadableRowsError as error:
        yield UnreadTable(str(error))
    except ImportError as error:
        yield UnreadTable(
            f"reading it needs {(error.name or 'a package').partition('.')[0]}, which is missing"
        )
    except MemoryError:
        yield UnreadTable("damaged, or too large: reading it takes more memory than there is")
    except Exception:  # noqa: BLE001 - a broken file makes its engine stumble anywhere, over anything
        yield UnreadTable("damaged, or written in a way that its engine cannot read")


class _Borrowed:
    """A file that is read here and closed by its owner."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """It stays open."""
        self.closed = True


def open_zstd(file: BinaryIO) -> Iterator[bytes]:
    """What a zstd file holds, in pieces. Raises ValueError where it is damaged."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this compression needs it

    try:
        with pa.CompressedInputStream(pa.PythonFile(_Borrowed(file), mode="r"), "zstd") as stream:
            while block := stream.read(1 << 20):
                yield block
    except (pa.ArrowException, OSError) as error:
        raise ValueError("a damaged zstd stream") from error
