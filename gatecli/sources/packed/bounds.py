"""How much of an archive is unpacked: bounds for all that one file holds, however it is nested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

Zstd = Callable[[BinaryIO], Iterator[bytes]]
"""Opens a zstd stream: the library for it lives elsewhere."""


@dataclass(frozen=True, slots=True)
class ArchiveBounds:
    """What is unpacked of one file. What is larger was not looked into, and that is no pass."""

    members: int = 100_000
    bytes: int = 2**30
    ratio: int = 200
    """Bytes that a byte may unpack to, from `free` bytes on."""
    free: int = 16 * 2**20
    depth: int = 5
    """Archives in archives, the outermost counted."""
    held: int = 64 * 2**20
    """Bytes of an archive or a table inside an archive, which is held in memory."""


@dataclass(frozen=True, slots=True)
class Unpacking:
    """How packed files are read: in what bounds, all rows or a sample, and who reads zstd."""

    zstd: Zstd
    all_rows: bool = False
    bounds: ArchiveBounds = ArchiveBounds()


class DamagedError(Exception):
    """An archive, or the rest of it, cannot be read; the text says more than that, where there is more."""


class CutOffError(Exception):
    """A bound was reached: the rest was not unpacked. The text is a clause for the finding."""


class TooLargeError(CutOffError):
    """One member is too large to be held; the others are not concerned."""


class Meter:
    """What was unpacked so far of one file of `size` bytes. The one mutable value here."""

    __slots__ = ("bounds", "members", "size", "unpacked")

    def __init__(self, bounds: ArchiveBounds, size: int) -> None:
        self.bounds = bounds
        self.size = size
        self.members = 0
        self.unpacked = 0

    def count_member(self) -> None:
        """Account for a member. Raises CutOffError."""
        self.members += 1
        if self.members > self.bounds.members:
            raise CutOffError(f"it holds more than {self.bounds.members:,} members")

    def count_bytes(self, size: int) -> None:
        """Account for bytes that were unpacked. Raises CutOffError."""
        self.unpacked += size
        if self.unpacked > self.bounds.bytes:
            raise CutOffError(f"it unpacks to more than {self.bounds.bytes // 2**20:,} MiB")
        if self.unpacked > max(self.bounds.free, self.size * self.bounds.ratio):
            raise CutOffError(f"it unpacks to more than {self.bounds.ratio} times its size")


class MeteredStream:
    """A stream of unpacked bytes: reads as many as asked for, or to the end; each is counted.

    What stands before damage is read; `damage` is it, once it was come upon.
    """

    def __init__(self, blocks: Iterable[bytes], meter: Meter) -> None:
        self._blocks = iter(blocks)
        self._meter = meter
        self._rest = b""
        self.damage: DamagedError | None = None

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end. Raises CutOffError."""
        parts = [self._rest]
        have = len(self._rest)
        while have < size and (block := self._next_block()) is not None:
            self._meter.count_bytes(len(block))
            parts.append(block)
            have += len(block)
        content = b"".join(parts)
        self._rest = content[size:]
        return content[:size]

    def _next_block(self) -> bytes | None:
        try:
            return next(self._blocks, None)
        except DamagedError as error:
            self.damage = error
            return None  # and a generator that raised gives nothing more

    def raise_damage(self) -> None:
        """Raises DamagedError where the stream did not end as it should."""
        if self.damage is not None:
            raise self.damage

    def hold(self, limit: int, begun: bytes = b"") -> BytesIO:
        """All of it in memory, behind what was read before. Raises TooLargeError above `limit` bytes."""
        content = begun + self.read(limit + 1 - len(begun))
        if len(content) > limit:
            raise TooLargeError(f"it is an archive or a table of more than {limit // 2**20} MiB")
        return BytesIO(content)


def blocks_of(file: BinaryIO, size: int = 2**18) -> Iterator[bytes]:
    """What a file holds, in pieces."""
    while block := file.read(size):
        yield block
