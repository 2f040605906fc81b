"""The bodies of requests and answers as texts: unpacked within a bound, in every likely character set.

What holds no text is told from what does, and why; nothing here holds a value of the body.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gatecli.model.text import RawText
from gatecli.sources.encoding import Binary, encoding_of
from gatecli.sources.string_fields.formats import format_of

LARGEST = 16 * 2**20
"""Bytes of a body that is searched, unpacked: a small one may unpack to anything."""

MOST_ENCODINGS = 4
"""Times that a body may be packed in another: each takes as long as the body."""
MOST_MEMBERS = 512
"""Of one stream: each takes as long as what follows it. Such as are written in blocks have one for 64 KiB."""

JSON, JSON_LINES, CSV, EVENTS = "json", "json-lines", "csv", "event-stream"
_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "application/json": JSON,
        "text/json": JSON,
        "application/json-lines": JSON_LINES,
        "application/jsonl": JSON_LINES,
        "application/jsonlines": JSON_LINES,
        "application/ndjson": JSON_LINES,
        "application/x-json-stream": JSON_LINES,
        "application/x-jsonlines": JSON_LINES,
        "application/x-ndjson": JSON_LINES,
        "application/csv": CSV,
        "text/csv": CSV,
        "text/tab-separated-values": CSV,
        "text/event-stream": EVENTS,
        "application/yaml": "yaml",
        "application/x-yaml": "yaml",
        "text/yaml": "yaml",
    }
)
"""How the text of a media type is read; of any other, how it begins says it."""
_TABS = "text/tab-separated-values"
_OPAQUE = frozenset(
    {
        "application/grpc",
        "application/pdf",
        "application/protobuf",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
        "application/x-npy",
        "application/x-npz",
        "application/x-parquet",
        "application/x-protobuf",
        "application/x-recordio",
        "application/x-recordio-protobuf",
        "application/zip",
    }
)
_OPAQUE_KINDS = ("image/", "audio/", "video/", "font/")
_CHARSETS: Mapping[str, str] = MappingProxyType(
    {
        **{each: each for each in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "big5", "gb18030")},
        **{f"iso-8859-{number}": f"iso8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)},
        **{f"windows-{number}": f"cp{number}" for number in range(1250, 1259)},
        "utf8": "utf-8",
        "us-ascii": "latin-1",
        "ascii": "latin-1",
        "latin1": "latin-1",
        "latin-1": "latin-1",
        "utf-16le": "utf-16-le",
        "utf-16be": "utf-16-be",
        "gbk": "gb18030",
        "gb2312": "gb18030",
        "shift_jis": "cp932",
        "euc-jp": "euc-jp",
        "euc-kr": "cp949",
        "koi8-r": "koi8-r",
        "koi8-u": "koi8-u",
    }
)
"""Character sets that are read, each in linear time, by the names that HTTP has for them."""


@dataclass(frozen=True, slots=True)
class Unsearchable:
    """Why a body cannot be searched, in one clause."""

    reason: str


@dataclass(frozen=True, slots=True)
class BodyText:
    """A body as one text; `is_declared` says that its media type names its form, and not how it begins."""

    raw: RawText = field(repr=False)
    is_declared: bool


@dataclass(frozen=True, slots=True)
class MediaType:
    """What a body says that it is: type and character set, in small letters; "" where it does not say."""

    name: str
    charset: str

    @property
    def format(self) -> str:
        """The format of its text; "" where only the text tells."""
        return JSON if self.name.endswith("+json") else _FORMATS.get(self.name, "")

    @property
    def is_opaque(self) -> bool:
        """Whether it is a form whose numbers and texts stand in no text."""
        is_packed = self.name in _OPAQUE or self.name.endswith(("+proto", "+zip"))
        return is_packed or (self.name.startswith(_OPAQUE_KINDS) and not self.name.endswith("+xml"))


def media_type(header: str) -> MediaType:
    """A `Content-Type` header; a part of it that is none says nothing."""
    name, *parameters = header.split(";")
    charset = ""
    for each in parameters:
        key, _, value = each.partition("=")
        if key.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
    return MediaType(name.strip().lower(), charset)


def texts_of(body: bytes, content_type: str, content_encoding: str) -> tuple[BodyText, ...] | Unsearchable:
    """The body as whoever gets it may read it: in the character set that is named, and as its bytes are."""
    media = media_type(content_type)
    if media.is_opaque:
        return Unsearchable("its media type holds no text that could be searched")
    plain = unpacked_body(body, content_encoding)
    if isinstance(plain, Unsearchable):
        return plain
    if len(plain) > LARGEST:
        return Unsearchable(f"it is larger than {LARGEST // 2**20} MiB")
    named = _CHARSETS.get(media.charset or "utf-8")
    if named is None:
        return Unsearchable("its character set is not known")
    found = encoding_of(plain)
    if isinstance(found, Binary):
        return Unsearchable("it is not text")
    text = plain[len(found.mark) :].decode(found.codec, "replace")
    texts = [_body_text(text, media, found.name)]
    # Where one character of UTF-16 is two of ASCII, a NUL somewhere must not hide what everybody reads.
    is_guess = not found.mark and found.codec not in {"utf-8", "latin-1"}
    if (media.charset or is_guess) and named != found.codec:
        other = plain.decode(named, "replace").removeprefix("\ufeff")
        if other != text:
            texts.append(_body_text(other, media, named))
    return tuple(texts)


def _body_text(text: str, media: MediaType, encoding: str) -> BodyText:
    path = "-.tsv" if media.name == _TABS else "-"
    raw = RawText(path, text, media.format or format_of("-", text[:2000]), encoding)
    return BodyText(raw, bool(media.format))


def unpacked_body(body: bytes, content_encoding: str) -> bytes | Unsearchable:
    """What a body is packed of, in at most `LARGEST` bytes."""
    names = [each.strip().lower() for each in content_encoding.split(",") if each.strip()]
    if len(names) > MOST_ENCODINGS:
        return Unsearchable(f"it is packed more than {MOST_ENCODINGS} times")
    for name in reversed(names):
        if name == "identity":
            continue
        window = _WINDOWS.get(name)
        if window is None:
            return Unsearchable("its content encoding is not gzip, deflate or identity")
        if name == "deflate" and not _is_zlib(body):
            window = -zlib.MAX_WBITS
        try:
            body = _inflate(body, window)
        except (zlib.error, ValueError):
            return Unsearchable(f"it does not unpack to at most {LARGEST // 2**20} MiB")
    return body


_WINDOWS: Mapping[str, int] = MappingProxyType(
    {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
)


def _is_zlib(body: bytes) -> bool:
    """Whether a stream begins as RFC 1950 has it: some send `deflate` without."""
    return len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _inflate(body: bytes, window: int) -> bytes:
    """All members of a stream. Raises zlib.error, and ValueError for one that is too large or ends early."""
    pieces: list[bytes] = []
    left = LARGEST
    while body:
        if len(pieces) == MOST_MEMBERS:
            raise ValueError("too many members")
        stream = zlib.decompressobj(window)
        piece = stream.decompress(body, left + 1)
        left -= len(piece)
        if left < 0 or not stream.eof:
            raise ValueError("too large, or cut off")
        pieces.append(piece)
        body = stream.unused_data
    return b"".join(pieces)
