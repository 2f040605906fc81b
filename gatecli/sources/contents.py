"""The contents of files that several gates look through, each read once in a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from gatecli.sources.files import read_bytes

ReadBytes: TypeAlias = Callable[[Path], bytes]
"""Gives all of a file. Raises `ReadError`."""

LARGEST = 2**16
"""Bytes of a file that is kept: most that hold definitions are smaller."""
MOST = 2**26
"""Bytes that are kept in all."""


class KeptContents:
    """Reads files, and keeps what is small."""

    def __init__(self) -> None:
        self._kept: dict[Path, bytes] = {}
        self._size = 0

    def read(self, path: Path) -> bytes:
        """All of a file, as it was when it was first read. Raises `ReadError`."""
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        content = read_bytes(path)
        if len(content) <= LARGEST and self._size + len(content) <= MOST:
            self._kept[path] = content
            self._size += len(content)
        return content
