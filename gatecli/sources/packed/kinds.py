"""Which bytes are an archive, a compressed file, a table or a pickle: told by content, not by name.

Signs are those that the formats' own specifications name.
"""

from __future__ import annotations

import re
from enum import StrEnum


class PackedKind(StrEnum):
    """What a packed file is."""

    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    PARQUET = "parquet"
    ARROW = "arrow"
    FEATHER = "feather"
    ORC = "orc"
    SQLITE = "sqlite"
    EXCEL = "excel"
    PICKLE = "pickle"


STREAMS = frozenset({PackedKind.GZIP, PackedKind.BZIP2, PackedKind.XZ, PackedKind.ZSTD})
"""One file, compressed."""

_HEADS: tuple[tuple[re.Pattern[bytes], PackedKind], ...] = (
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)"), PackedKind.ZIP),
    (re.compile(rb"\x1f\x8b\x08"), PackedKind.GZIP),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), PackedKind.BZIP2),
    (re.compile(rb"\xfd7zXZ\x00"), PackedKind.XZ),
    (re.compile(rb"\x28\xb5\x2f\xfd"), PackedKind.ZSTD),
    (re.compile(rb"ARROW1\x00\x00"), PackedKind.ARROW),
    (re.compile(rb"SQLite format 3\x00"), PackedKind.SQLITE),
    (re.compile(rb"\x80[\x02-\x05][\x95}\])(cKX\x8c\x8a\x8b\x89\x88NJMGCB]"), PackedKind.PICKLE),
)
_BOTH_ENDS: tuple[tuple[bytes, re.Pattern[bytes], PackedKind], ...] = (
    (b"PAR1", re.compile(rb"PAR1\Z"), PackedKind.PARQUET),
    (b"FEA1", re.compile(rb"FEA1\Z"), PackedKind.FEATHER),
    (b"ORC", re.compile(rb"ORC.\Z", re.DOTALL), PackedKind.ORC),
)
"""Signs that a text may begin with, and how such a file ends."""

_TAR_HEADER = 512


def kind_of(head: bytes, tail: bytes) -> PackedKind | None:
    """The kind of the file that begins with `head` and ends in `tail`; None where nothing here reads it."""
    for form, kind in _HEADS:
        if form.match(head):
            return kind
    for sign, end, kind in _BOTH_ENDS:
        if head.startswith(sign) and end.search(tail):
            return kind
    return PackedKind.TAR if _begins_tar(head) else None


def _begins_tar(head: bytes) -> bool:
    """Whether the first block is a header of tar (POSIX.1-2017, pax): its own sum is in it."""
    block = head[:_TAR_HEADER]
    if len(block) < _TAR_HEADER or not block[0]:
        return False
    stated = block[148:156].strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,7}", stated):
        return False
    return int(stated, 8) == sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
