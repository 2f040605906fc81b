"""Files as texts that can be scanned: decoded, in their format, in pieces where they are large.

Reading and parsing are apart: `read_texts` decodes, `gatecli.sources.string_fields.formats` parses what a
prefilter lets through.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from gatecli.model.finding import Finding
from gatecli.model.text import RawText, Skipped
from gatecli.sources.encoding import Binary, Encoding, encoding_of, may_be_packed
from gatecli.sources.files import ReadError, open_file
from gatecli.sources.scan_rules import unreadable
from gatecli.sources.string_fields.formats import TEXT, format_of, is_known, records
from gatecli.sources.tree import shown_path

if TYPE_CHECKING:
    from gatecli.sources.packed.interface import CutOff, PackedTable, Stream, Unpack

WHOLE = 8 * 2**20
"""Bytes of a file that is read at once and parsed; a larger one is read in pieces of its lines."""

PIECE = 2**20
"""Bytes that are read at a time of a larger file."""

OVERLAP = 4096
"""Characters that a piece of text repeats of the one before: nothing longer is looked for in it."""

CSV = "csv"

POINTER = "version https://git-lfs.github.com/spec/v"
"""How a file begins that stands for one that Git LFS keeps elsewhere (its specification, "The Pointer")."""

Read: TypeAlias = "RawText | Skipped | Finding | PackedTable | CutOff"
_LINE = re.compile(r"[^\r\n]*")


def read_texts(path: Path, unpack: Unpack | None = None) -> Iterator[Read]:
    """The text of a file, or its pieces in order; or that it is binary; or why it cannot be judged.

    With `unpack` also what an archive, a compressed file or a table holds, member by member.
    A finding may also come last: a file that changed while it was read was not judged.
    """
    shown = shown_path(path)
    try:
        with open_file(path) as file:
            before = _state(file)
            yield from _contents(shown, file, path, unpack)
            changed = _state(file) != before
        if changed:
            error = ReadError("changed while it was read", "scan it again when nothing writes to it")
            yield unreadable(shown, error)
    except ReadError as error:
        yield unreadable(shown, error)


def read_stream(stream: BinaryIO, name: str = "-", unpack: Unpack | None = None) -> Iterator[Read]:
    """The same for standard input, whose format is guessed from how it begins."""
    try:
        yield from _contents(name, stream, None, unpack)
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or 'unknown error').lower()}"
        yield unreadable(name, ReadError(problem, "give the input again"))


def _state(file: BinaryIO) -> tuple[int, int]:
    now = os.fstat(file.fileno())
    return now.st_size, now.st_mtime_ns


def _contents(name: str, file: BinaryIO, path: Path | None, unpack: Unpack | None) -> Iterator[Read]:
    content = file.read(WHOLE + 1)
    if unpack is None or not may_be_packed(content):
        yield from read_plain(name, name, content, file)
    elif path is None and len(content) <= WHOLE:
        yield from unpack(name, content, BytesIO(content), None)
    elif path is None:
        yield from read_plain(name, name, content, file)
    else:
        yield from unpack(name, content, file, path)


def read_plain(shown: str, name: str, content: bytes, rest: Stream) -> Iterator[RawText | Skipped]:
    """A file that is not packed; `content` is how it begins, all of it where it is no larger than `WHOLE`.

    `shown` is where it stands, `name` what it is called there.
    """
    whole = len(content) <= WHOLE
    encoding = encoding_of(content, whole=whole, named_text=is_known(name))
    if isinstance(encoding, Binary):
        yield Skipped(shown, encoding.reason)
    elif whole:
        text, notes = _decode_content(content, encoding)
        digest = hashlib.sha256(content).hexdigest()
        format_ = format_of(name, text[:2000])
        yield RawText(shown, text, format_, encoding.name, notes=notes, sha256=digest)
        if text.startswith(POINTER):
            yield Skipped(shown, "a pointer of Git LFS: the file that it stands for is not here")
    else:
        yield from _pieces(shown, name, encoding, rest, content)


def _decode_content(content: bytes, encoding: Encoding) -> tuple[str, tuple[str, ...]]:
    body = content[len(encoding.mark) :]
    try:
        return body.decode(encoding.codec), encoding.notes
    except UnicodeDecodeError:
        note = f"holds bytes that are not {encoding.codec.upper()}"
        return body.decode(encoding.codec, "replace"), (*encoding.notes, note)


def _pieces(shown: str, name: str, encoding: Encoding, file: Stream, content: bytes) -> Iterator[RawText]:
    """A large file in pieces that end with a line where they can; memory does not grow with it."""
    chunks = _chunks(encoding, file, content)
    text = next(chunks)
    format_, notes = _format_of_large(name, text, encoding)
    header = (_LINE.match(text) or [""])[0] if format_ == CSV else ""
    at = RawText(shown, "", format_, encoding.name, whole=False, notes=notes)
    for chunk in chunks:
        while cut := _cut(text, at.overlap, format_):
            piece = replace(at, text=text[:cut])
            yield piece
            at, text = _following(piece, text, header, format_)
        text += chunk
    if len(text) > at.overlap:
        yield replace(at, text=text)


def _chunks(encoding: Encoding, file: Stream, content: bytes) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors="replace")
    body = memoryview(content)[len(encoding.mark) :]
    for start in range(0, len(body), PIECE):
        yield decoder.decode(body[start : start + PIECE])
    while chunk := file.read(PIECE):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _format_of_large(name: str, beginning: str, encoding: Encoding) -> tuple[str, tuple[str, ...]]:
    format_ = format_of(name, beginning[:2000])
    if records(format_):
        return format_, encoding.notes
    return TEXT, (*encoding.notes, f"scanned as text: it is larger than {WHOLE // 2**20} MiB")


def _cut(text: str, overlap: int, format_: str) -> int:
    """Where a piece may end: behind its last line, or anywhere in a line that is too long; else 0."""
    cut = _even_line_end(text) if format_ == CSV else text.rfind("\n") + 1
    if cut > overlap:
        return cut
    longest = PIECE if format_ == TEXT else WHOLE
    if len(text) - overlap < longest:
        return 0
    return len(text) - text.endswith("\r")


def _even_line_end(text: str) -> int:
    """Behind the last line before which every quoted cell is closed."""
    cut = text.rfind("\n") + 1
    quotes = text.count('"', 0, cut)
    while quotes % 2:
        before = text.rfind("\n", 0, cut - 1) + 1
        quotes -= text.count('"', before, cut)
        cut = before
    return cut


def _following(piece: RawText, text: str, header: str, format_: str) -> tuple[RawText, str]:
    """The piece after `piece`, still empty, and what of `text` it begins with."""
    cut = len(piece.text)
    keep = 0 if format_ != TEXT and piece.text.endswith("\n") else min(OVERLAP, cut)
    start = cut - keep
    place = piece.position(start)
    at = RawText(
        piece.path,
        "",
        piece.format,
        piece.encoding,
        place.line,
        place.column,
        piece.offset + start,
        keep,
        whole=False,
        header=header,
    )
    return at, text[start:]
