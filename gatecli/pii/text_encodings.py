"""Further ways to write a text so that no person reads it: hex, base32, wide or compressed text in base64.

Each reader has a necessary condition that costs a search for a literal: most texts have none of them.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator

from gatecli.pii.base64_text import SHORTEST
from gatecli.pii.budget import BudgetSpentError
from gatecli.pii.cue_encoding import encode_classes
from gatecli.pii.views import Piece, View, part, replace_pieces

MOST_UNPACKED = 2**22
"""Bytes that one compressed text may unpack to."""

_TELLING = re.compile(r"[0-9@]")
_TELLING_SHORT = re.compile(r"[^@\s]@[^@\s]+\.[A-Za-z]|[0-9](?:[^0-9]*+[0-9]){4}")
"""The same of a text too short to be encoded once more: one decimal fraction in thirty is hex of a text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?((?:[2-7][0-9A-Fa-f]){7,100000}+)(?![0-9A-Za-z])")
_HEX_APART = re.compile(
    r"(?<![0-9A-Za-z])([2-7][0-9A-Fa-f](?:[ :][2-7][0-9A-Fa-f](?![0-9A-Za-z])){6,100000}+)"
)
_HEX_PAIRS = (b"00:00:00:00:00:00:00", b"00 00 00 00 00 00 00")

_BASE32 = re.compile(r"(?<![0-9A-Za-z])([A-Z2-7]{16,100000}+)={0,6}(?![0-9A-Za-z])")
_BASE32_ALIKE = bytes(
    0x62 if chr(byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" else 0x20 for byte in range(256)
)
_SHORTEST_BASE32 = b"b" * 16

_RUN = r"[A-Za-z0-9+/]"
_PACKED = re.compile(rf"(?<!{_RUN})((?:H4sI|eJ[w-z]|eN[o-r]|eAE|eF[4-7]){_RUN}{{12,}}+)={{0,2}}")
_PACKED_STARTS = ("H4sI", "eJ", "eN", "eAE", "eF")
# Each second byte of UTF-16 is 0: seen in the sextets of two whole triples.
_WIDE = re.compile(
    rf"(?<!{_RUN})\+?((?:(?://4|/v8){_RUN})?(?:{_RUN}[AQgw][AB]{_RUN}A[A-H]{_RUN}A|A[A-H]{_RUN}A{_RUN}[AQgw][AB]{_RUN})"
    rf"{_RUN}{{8,}}+)={{0,2}}"
)
_SHORTEST_WIDE = 22
_ALNUM = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ALIKE = bytes(0x77 if byte in _ALNUM else 0x20 for byte in range(256))
_SHORTEST = b"w" * 14
_LONG_RUN = re.compile(_SHORTEST + b"w*+")
_LEADS = b"234567"
"""Of the hex digits of a byte that is text, the first."""

_MAY_BE_QUOTED = re.compile(r"=[0-9A-Fa-f]{2}=[0-9A-Fa-f]{2}=[0-9A-Fa-f]{2}")
_QUOTED = re.compile(r"(?:=[0-9A-Fa-f]{2}){3,}")
_SOFT_END = re.compile(r"(?<=[0-9])=\r?\n(?=[0-9])")


def is_encoded_otherwise(text: str) -> bool:
    """Whether `encoded_views` could show anything."""
    return any(True for _, pieces in _readings(text) for _ in pieces) or _may_be_packed(text)


def is_quoted_printable(text: str) -> bool:
    """Whether `quoted_printable_views` shows anything."""
    return bool(_quoted_pieces(text))


def encoded_views(view: View) -> Iterator[View]:
    """What hex, base32 and base64 of compressed or wide text read as."""
    packed = _packed_pieces(view.text) if _may_be_packed(view.text) else ()
    for step, pieces in (*_readings(view.text), ("gzip", packed)):
        for start, end, text in pieces:
            yield part(view, start, end, text, step)


def _readings(text: str) -> Iterator[tuple[str, Iterator[Piece]]]:
    """What is not compressed, by step; what a few characters of the text rule out is not tried."""
    coded = text.encode("ascii", "replace")
    runs = [coded[slice(*found.span())] for found in _LONG_RUN.finditer(coded.translate(_ALIKE))]
    classes = encode_classes(text)
    if any(map(_may_be_hex, runs)):
        yield "hex", _hex_pieces(text, _HEX)
    if any(pairs in classes for pairs in _HEX_PAIRS):
        yield "hex", _hex_pieces(text, _HEX_APART)
    if _SHORTEST_BASE32 in coded.translate(_BASE32_ALIKE):
        yield "base32", _base32_pieces(text)
    if any(map(_may_be_wide, runs)):
        yield "utf-16", _wide_pieces(text)


def _may_be_hex(run: bytes) -> bool:
    leads = run[2::2] if run[1:2] in b"xX" else run[::2]
    return not leads.translate(None, _LEADS)


def _may_be_wide(run: bytes) -> bool:
    """Both orders, without and with the mark of one: `_WIDE`, whose `/` and `+` no run has."""
    pairs = ((0, 3), (4, 7), (2, 5), (7, 10))
    return len(run) >= _SHORTEST_WIDE and any(run[one] == run[other] == ord("A") for one, other in pairs)


def _may_be_packed(text: str) -> bool:
    return any(start in text for start in _PACKED_STARTS) and _PACKED.search(text) is not None


def quoted_printable_views(view: View) -> Iterator[View]:
    """`=34=34`, and lines that end in `=` to go on (RFC 2045, 6.7)."""
    if pieces := _quoted_pieces(view.text):
        yield replace_pieces(view, sorted(pieces), "quoted-printable")


def _quoted_pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    if _MAY_BE_QUOTED.search(text):
        pieces += [(*found.span(), _read_quoted(found.group())) for found in _QUOTED.finditer(text)]
    if "=\n" in text or "=\r" in text:
        pieces += [(*found.span(), "") for found in _SOFT_END.finditer(text)]
    return pieces


def _read_quoted(text: str) -> str:
    return binascii.a2b_qp(text).decode("utf-8", "replace")


def _hex_pieces(text: str, expression: re.Pattern[str]) -> Iterator[Piece]:
    for found in expression.finditer(text):
        read = bytes.fromhex(found[1].replace(":", " ")).decode("latin-1")
        if _is_text(read):
            yield *found.span(), read


def _base32_pieces(text: str) -> Iterator[Piece]:
    for found in _BASE32.finditer(text):
        read = _decode_text(base64.b32decode, found[1] + "=" * (-len(found[1]) % 8), "utf-8")
        if _is_text(read):
            yield *found.span(), read


def _wide_pieces(text: str) -> Iterator[Piece]:
    for found in _WIDE.finditer(text):
        run = found[1][: len(found[1]) - (len(found[1]) % 4 == 1)]
        codec = "utf-16" if run.startswith(("//4", "/v8")) else "utf-16-be" if run[0] == "A" else "utf-16-le"
        read = _decode_text(_whole_base64, run, codec)
        if _is_text(read):
            yield *found.span(), read


def _packed_pieces(text: str) -> Iterator[Piece]:
    """Raises BudgetSpentError for what unpacks to more than is looked into."""
    for found in _PACKED.finditer(text):
        unpacked = _unpack(found[1])
        if len(unpacked) > MOST_UNPACKED:
            raise BudgetSpentError(f"what is compressed unpacks to more than {MOST_UNPACKED} bytes")
        try:
            read = unpacked.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if read:
            yield *found.span(), read


def _unpack(run: str) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(_whole_base64(run), MOST_UNPACKED + 1)
    except (zlib.error, binascii.Error):
        return b""


def _whole_base64(run: str) -> bytes:
    run = run[: len(run) - (len(run) % 4 == 1)]
    return binascii.a2b_base64(run + "=" * (-len(run) % 4))


def _decode_text(decode: Callable[[str], bytes], run: str, codec: str) -> str:
    try:
        return decode(run).decode(codec)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _is_text(read: str) -> bool:
    """Whether something was read that a person could have written, and that could hold a value."""
    telling = _TELLING if len(read) >= SHORTEST else _TELLING_SHORT
    return read.isascii() and _CONTROL.search(read) is None and telling.search(read) is not None
