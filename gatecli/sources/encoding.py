"""Bytes of unknown origin as text: which encoding, or that they are no text at all.

Whatever is chosen can be said, and written back byte for byte. Magic numbers are those that the
formats' own specifications name.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEAD = 8000
"""git's own measure: a NUL among the first 8,000 bytes makes a file binary."""

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le with byte order mark"),  # begins like UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be with byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le with byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16-be with byte order mark"),
)
_MARK_OF: Mapping[str, bytes] = {name: mark for mark, name in _MARKS}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1\x15", "a Parquet table"),
    (b"OggS", "a sound"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"Obj\x01", "an Avro table"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"Rar!\x1a\x07", "a RAR archive"),
)
_PACKED = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1", b"FEA1", b"ORC",
           b"SQLite format 3\x00", b"\x80")  # fmt: skip
_TAR_HEADER = 512
_TAR_TYPES = frozenset(bytes([code]) for code in b"\x001234567gxLKSV0")
"""What a tar header says that its member is, where a text has any character."""

_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32), 127))
"""Control characters that no text has; tabs, ends of lines and the escape of terminals are not among them."""
_MOST_CONTROLS = 50
"""Of so many bytes of a text in an old encoding at most one is a control character."""

_FEW = 4
"""Of so many bytes of UTF-16 that are UTF-8 as well at least one is a NUL."""

_HIGH = re.compile(rb"[\x80-\xff]+")
_HIGH_BYTES = bytes(range(0x80, 0x100))


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes are text; `name` is what is said, `codec` Python's, `mark` what stands before the text."""

    name: str
    codec: str
    mark: bytes = b""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Why bytes are no text."""

    reason: str


def may_be_packed(content: bytes) -> bool:
    """Whether a file that begins so may be an archive, a table or a pickle: every one does, few others do."""
    if content.startswith(_PACKED):
        return True
    return len(content) >= _TAR_HEADER and content[156:157] in _TAR_TYPES and b"\0" in content[:_TAR_HEADER]


def encoding_of(content: bytes, *, whole: bool = True, named_text: bool = False) -> Encoding | Binary:
    """The encoding of the file that begins with `content`; `whole` if that is all of it.

    `named_text` says that its name promises text: then a NUL or a magic number does not make it
    binary, for a gate must not be closed by one byte.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return Encoding(name, name.partition(" ")[0], mark)
    magic = next((what for sign, what in _MAGIC if content.startswith(sign)), "")
    if magic and not named_text:
        return Binary(f"binary: {magic}")
    at = content.find(b"\0")
    if at >= 0 and (wide := _wide(content[: 2 * _HEAD])):
        return Encoding(wide, wide, notes=(f"read as {wide.upper()} without a byte order mark",))
    if 0 <= at < _HEAD and not named_text:
        return Binary(f"binary: a NUL byte at offset {at}")
    found = _eight_bit(content, whole=whole, named_text=named_text)
    if at < 0 or isinstance(found, Binary):
        return found
    return Encoding(found.name, found.codec, notes=(*found.notes, "holds NUL bytes"))


def _eight_bit(content: bytes, *, whole: bool, named_text: bool) -> Encoding | Binary:
    if _decodes(content, "utf-8", whole=whole):
        return Encoding("utf-8", "utf-8")
    if not named_text and _is_full_of_controls(content[:_HEAD]):
        return Binary("binary: control characters, and it is not UTF-8")
    runs = _HIGH.findall(content.rstrip(_HIGH_BYTES) if not whole else content)
    even = sum(len(run) % 2 == 0 for run in runs)
    # Two bytes make a character in GBK; in Latin-1 a letter with an accent mostly stands alone.
    if even * 5 >= len(runs) * 4 and _decodes(content, "gb18030", whole=whole):
        return Encoding("gb18030", "gb18030", notes=("read as GB18030: it is not UTF-8",))
    return Encoding("latin-1", "latin-1", notes=("read as Latin-1: it is not UTF-8",))


def _is_full_of_controls(head: bytes) -> bool:
    return (len(head) - len(head.translate(None, _CONTROLS))) * _MOST_CONTROLS > len(head)


def _decodes(content: bytes, codec: str, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(content, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _wide(content: bytes) -> str:
    """Which UTF-16 the bytes are, by where the NULs of its ASCII characters stand; "" if none.

    A few NULs in UTF-8 are no sign of it: two ASCII characters would read as one of Chinese, and hide.
    """
    if content.count(0) * _FEW < len(content) and _decodes(content, "utf-8", whole=False):
        return ""
    zeros = (content[0::2].count(0), content[1::2].count(0))
    total = max(len(content) // 2, 1)
    for codec, high, low in (("utf-16-le", zeros[1], zeros[0]), ("utf-16-be", zeros[0], zeros[1])):
        if low * 50 > total or high * 50 < total:
            continue
        text = content[: len(content) // 2 * 2].decode(codec, "replace")
        odd = sum(not (char.isprintable() or char in "\t\r\n") for char in text)
        if odd * 50 <= len(text):
            return codec
    return ""


def encode_text(text: str, name: str) -> bytes:
    """The bytes of `text` in an encoding by its name, with its mark. Raises `UnicodeEncodeError`."""
    return _MARK_OF.get(name, b"") + text.encode(name.partition(" ")[0])
