"""The bytes of files, compressed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
BLOCK = 1 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """What a file holds, uncompressed as its name says, in blocks of about a megabyte.

    Raises EOFError, an OSError or the compression's own error where a part of it cannot be read.
    """
    match path.suffix.lower():
        case ".gz":
            import gzip  # noqa: PLC0415 - only for a compressed file

            return _read(gzip.open(path, "rb"))
        case ".bz2":
            import bz2  # noqa: PLC0415 - only for a compressed file

            return _each_stream(path, bz2.BZ2Decompressor)
        case ".xz":
            import lzma  # noqa: PLC0415 - only for a compressed file

            return _each_stream(path, lzma.LZMADecompressor)
        case ".zst":
            import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

            return _read(pyarrow.input_stream(str(path), compression="zstd"))
        case _:
            return _read(path.open("rb"))


def _read(opened: Any) -> Iterator[bytes]:
    with opened as file:
        while block := file.read(BLOCK):
            yield block


def _each_stream(path: Path, new: Callable[[], Any]) -> Iterator[bytes]:
    """bz2 and xz: the standard library's readers ignore all that follows a stream and does not begin one,
    and so the rest of a table whose second stream is damaged.
    """
    with path.open("rb") as file:
        stream, data = new(), b""
        while True:
            if stream.eof:
                data = stream.unused_data or file.read(BLOCK)
                if not data:
                    return
                stream = new()
            elif stream.needs_input:
                data = file.read(BLOCK)
                if not data:
                    raise EOFError
            yield stream.decompress(data, BLOCK)
            data = b""


def compressed_file(path: Path) -> Any:
    """A new file that compresses as its name says; the same bytes make the same file."""
    match path.suffix.lower():
        case ".gz":
            import gzip  # noqa: PLC0415 - only for a compressed file

            return gzip.GzipFile(path, "wb", mtime=0)
        case ".bz2":
            import bz2  # noqa: PLC0415 - only for a compressed file

            return bz2.open(path, "wb")
        case ".xz":
            import lzma  # noqa: PLC0415 - only for a compressed file

            return lzma.open(path, "wb")
        case ".zst":
            import pyarrow  # noqa: PLC0415, ICN001 - heavy; only this kind of table needs it

            return pyarrow.output_stream(str(path), compression="zstd")
        case _:
            return path.open("wb")
