"""What a zip file holds beside its members: comments, and bytes that no entry of its directory names."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

Span = tuple[int, int]

_DESCRIBED = 0x8
"""The flag of a member whose sizes stand behind it (APPNOTE.TXT, 4.3.9)."""
_LOCAL_HEADER = 30
_END_SIGN = b"PK\x05\x06"
_END_RECORD = 22
_LONGEST_COMMENT = 2**16


def comments(archive: zipfile.ZipFile) -> bytes:
    """The comments of the archive and of its members, a line each."""
    each = (archive.comment, *(info.comment for info in archive.infolist()))
    return b"\n".join(comment for comment in each if comment)


def unnamed_spans(archive: zipfile.ZipFile, file: BinaryIO) -> Iterator[tuple[str, Span]]:
    """Where bytes stand that are of no member: where that is, in words, and from where to where."""
    size = file.seek(0, os.SEEK_END)
    at = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset > at:
            yield "between its members" if at else "before its first member", (at, info.header_offset)
        at = max(at, _end_of_member(file, info))
    directory = archive.start_dir
    if directory > at:
        yield "between its members" if at else "before its first member", (at, directory)
    end = _end_of_archive(file, size)
    if end < size:
        yield "behind its end", (end, size)


def _end_of_member(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER:
        return info.header_offset
    name, extra = struct.unpack("<HH", header[-4:])
    end = info.header_offset + _LOCAL_HEADER + int(name) + int(extra) + info.compress_size
    return end + _descriptor_size(file, info, end) if info.flag_bits & _DESCRIBED else end


def _descriptor_size(file: BinaryIO, info: zipfile.ZipInfo, at: int) -> int:
    """Bytes behind a member that repeat its sizes: with a sign before them or not, of 32 bits or 64."""
    file.seek(at)
    found = file.read(24)
    for form in ("<LQQ", "<LLL"):
        try:
            sizes = struct.pack(form, info.CRC, info.compress_size, info.file_size)
        except struct.error:
            continue
        for described in (b"PK\x07\x08" + sizes, sizes):
            if found.startswith(described):
                return len(described)
    return 0


def _end_of_archive(file: BinaryIO, size: int) -> int:
    start = max(0, size - _END_RECORD - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END_SIGN)
    if at < 0 or len(tail) < at + _END_RECORD:
        return size
    return start + at + _END_RECORD + int.from_bytes(tail[at + 20 : at + 22], "little")


def bytes_between(file: BinaryIO, span: Span, step: int) -> Iterator[bytes]:
    """The bytes of a span, in pieces."""
    at, end = span
    while at < end:
        file.seek(at)
        block = file.read(min(step, end - at))
        if not block:
            return
        at += len(block)
        yield block
