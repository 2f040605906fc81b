"""Looks into a packed file: archives in archives, within bounds, each member read as a file of its own.

A member is called `a.zip!dir/file.yaml`. Nothing is written anywhere: what must be sought in (an archive or
a table inside an archive) is held in memory.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from gatecli.model.text import RawText, Skipped
from gatecli.sources.packed.bounds import (
    CutOffError,
    DamagedError,
    Meter,
    MeteredStream,
    TooLargeError,
    Unpacking,
)
from gatecli.sources.packed.interface import CutOff, PackedRead, PackedTable, Stream, Texts
from gatecli.sources.packed.kinds import STREAMS, PackedKind, kind_of
from gatecli.sources.packed.members import (
    DAMAGED,
    PackedMember,
    holds_member,
    tar_members,
    unpacked_blocks,
    unpacked_name,
    zip_members,
)

TAIL = 16
"""Bytes of the end of a file that say what it is."""

_HEAD = 8 * 2**20 + 1
"""Bytes of a member that are read first: a larger one is read in pieces."""

_WORKBOOK = "xl/workbook.xml"
_SHEETS = re.compile(r"xl/(?:worksheets/sheet[^/]*|sharedStrings)\.xml", re.IGNORECASE)
"""What a workbook's rows are read from."""


class _Resumed(RawIOBase):
    """A stream from its beginning again, of which some bytes were read."""

    def __init__(self, begun: bytes, rest: Stream) -> None:
        super().__init__()
        self._begun = begun
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes as asked for, or to the end."""
        wanted = sys.maxsize if size < 0 else size
        content, self._begun = self._begun[:wanted], self._begun[wanted:]
        return content if len(content) == wanted else content + self._rest.read(wanted - len(content))


@dataclass(frozen=True, slots=True)
class _Opening:
    """One file that is looked into."""

    unpacking: Unpacking
    meter: Meter
    texts: Texts


def read_packed(
    path: str, head: bytes, file: BinaryIO, source: Path | None, unpacking: Unpacking, texts: Texts
) -> Iterator[PackedRead]:
    """All that the file at `path` holds, which begins with `head`; what was not read is among it, and why.

    A file that is not packed after all is read as such.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    kind = kind_of(head, file.read(TAIL))
    if kind is None:
        file.seek(len(head))
        yield from texts(path, path, head, file)
        return
    file.seek(0)
    opening = _Opening(unpacking, Meter(unpacking.bounds, size), texts)
    try:
        yield from _open(opening, path, kind, file, source, 1)
    except CutOffError as error:
        yield CutOff(path, f"{error}")
    except DamagedError as error:
        yield Skipped(path, str(error) or DAMAGED)


def _open(
    opening: _Opening, path: str, kind: PackedKind, file: BinaryIO, source: Path | None, depth: int
) -> Iterator[PackedRead]:
    """What a file of a kind holds. It can be sought in, except where it is a tar or compressed."""
    if kind in STREAMS:
        yield from _decompress_file(opening, path, kind, file, depth)
    elif kind is PackedKind.TAR:
        yield from _members(opening, path, tar_members(file, opening.meter), depth)
    elif kind is PackedKind.ZIP:
        yield from _zip(opening, path, file, depth)
    else:
        yield PackedTable(path, kind, file, source)


def _zip(opening: _Opening, path: str, file: BinaryIO, depth: int) -> Iterator[PackedRead]:
    """A workbook's rows are read as tables; what else it holds (comments, properties) as members."""
    is_workbook = holds_member(file, _WORKBOOK)
    if is_workbook:
        yield PackedTable(path, PackedKind.EXCEL, file)
    members = zip_members(file, opening.meter)
    others = (each for each in members if not (is_workbook and _SHEETS.fullmatch(each.name)))
    yield from _members(opening, path, others, depth)


def _decompress_file(
    opening: _Opening, path: str, kind: PackedKind, file: BinaryIO, depth: int
) -> Iterator[PackedRead]:
    stream = MeteredStream(unpacked_blocks(kind, file, opening.unpacking), opening.meter)
    name = unpacked_name(path)
    head = stream.read(_HEAD)
    if kind_of(head, b"") is PackedKind.TAR:  # its members stand in the archive that people see
        yield from _open(opening, path, PackedKind.TAR, _resume(head, stream), None, depth)
    elif head or stream.damage is None:
        yield from _read_member(opening, f"{path}!{name}", name, head, stream, depth + 1)
    stream.raise_damage()


def _members(
    opening: _Opening, path: str, members: Iterator[PackedMember], depth: int
) -> Iterator[PackedRead]:
    for member in members:
        place = f"{path}!{member.name}"
        if member.unread:
            yield Skipped(place, member.unread)
            continue
        stream = MeteredStream(member.blocks(), opening.meter)
        head = stream.read(_HEAD)
        try:
            if member.is_beside:
                yield from _beside_members(opening, place, member.name, head, stream)
            elif head or stream.damage is None:
                yield from _read_member(opening, place, member.name, head, stream, depth + 1)
            stream.raise_damage()
        except DamagedError as error:
            yield Skipped(place, str(error) or DAMAGED)


def _beside_members(
    opening: _Opening, place: str, name: str, head: bytes, stream: MeteredStream
) -> Iterator[PackedRead]:
    """What stands beside the members of an archive, as text; zeros fill it up and are nothing."""
    if head.strip(b"\0"):
        yield from _texts(opening, place, name, head, stream)


def _texts(opening: _Opening, place: str, name: str, head: bytes, stream: Stream) -> Iterator[PackedRead]:
    for read in opening.texts(place, name, head, stream):
        yield replace(read, packed=True) if isinstance(read, RawText) else read


def _read_member(
    opening: _Opening, place: str, name: str, head: bytes, stream: MeteredStream, depth: int
) -> Iterator[PackedRead]:
    whole = len(head) < _HEAD
    kind = kind_of(head, head[-TAIL:]) if whole else _kind_of_large(head)
    if kind is None:
        yield from _texts(opening, place, name, head, stream)
        return
    bounds = opening.unpacking.bounds
    if depth > bounds.depth:
        yield CutOff(place, f"it is packed more than {bounds.depth} times over")
        return
    if kind is PackedKind.TAR or kind in STREAMS:
        yield from _open(opening, place, kind, _resume(head, stream), None, depth)
        return
    try:
        held = BytesIO(head) if whole else stream.hold(bounds.held, head)
    except TooLargeError as error:
        yield CutOff(place, str(error))
        return
    if not whole and kind_of(head, held.getvalue()[-TAIL:]) is None:  # it began like a table
        held.seek(len(head))
        yield from _texts(opening, place, name, head, held)
        return
    yield from _open(opening, place, kind, held, None, depth)


def _kind_of_large(head: bytes) -> PackedKind | None:
    """Of a member whose end is not known yet: how it begins must do, and no text has zeros in it."""
    tails = (b"", b"PAR1", b"ORC\0", b"FEA1") if b"\0" in head else (b"",)
    return next((kind for tail in tails if (kind := kind_of(head, tail))), None)


def _resume(head: bytes, stream: Stream) -> BinaryIO:
    return cast("BinaryIO", _Resumed(head, stream))
