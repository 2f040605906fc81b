"""What reading a packed file gives besides texts, and how it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from gatecli.model.finding import Finding
from gatecli.model.text import RawText, Skipped
from gatecli.sources.packed.kinds import PackedKind


@dataclass(frozen=True, slots=True)
class PackedTable:
    """A file of rows, or a pickle, open at its beginning; `source` is its path, None inside an archive."""

    path: str
    kind: PackedKind
    file: BinaryIO
    source: Path | None = None

    @property
    def reason(self) -> str:
        """Why it is no text."""
        return f"binary: {self.kind.value}"


@dataclass(frozen=True, slots=True)
class CutOff:
    """Something was not read to its end because a bound was reached, which is no pass."""

    path: str
    reason: str


class Stream(Protocol):
    """What bytes are read from: as many as asked for, or to the end."""

    def read(self, size: int, /) -> bytes: ...


PackedRead: TypeAlias = RawText | Skipped | Finding | PackedTable | CutOff
Unpack: TypeAlias = Callable[[str, bytes, BinaryIO, Path | None], Iterator[PackedRead]]
"""Looks into a file that may be packed: where it stands, how it begins, the file, its path on disk."""
Texts: TypeAlias = Callable[[str, str, bytes, Stream], Iterator[RawText | Skipped | Finding]]
"""Reads a file that is not packed: where it stands, its name, how it begins, and the rest."""
