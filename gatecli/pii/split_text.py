"""Values that are taken apart where they stand: pieces of strings, markup between digits, single digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.pii.cue_encoding import encode_classes
from gatecli.pii.views import Piece, View, replace_pieces

_BETWEEN_STRINGS = re.compile(
    r"(?<=[0-9Xx-])(?:\"\"|''|\"'|'\"|\\\r?\n"
    r"|[\"'`][ \t\r\n]{0,40}(?:\+|\.\.?|\|\||&|~|<>)[ \t\r\n]{0,40}[\"'`])(?=[0-9-])"
)
_QUOTES_ALIKE = bytes(
    0x30 if chr(byte) in "0123456789-Xx"
    else 0x71 if chr(byte) in "\"'`"
    else 0x6F if chr(byte) in "+.|&~<>"
    else 0x5C if chr(byte) == "\\"
    else 0x20
    for byte in range(256)
)  # fmt: skip
_JOINTS = (b"0qq0", b"0qoq0", b"0qooq0", b"0\\0")
"""What every such place is, once its blanks are left out: q a quote, o an operator, 0 a digit."""

_MARKUP = re.compile(
    r"(?<=[0-9])(?:<[^<>\n]{1,120}>|\*\*|\{\}|[\"']?[ ]{0,3}-?\}\}|\{\{-?[ ]{0,3}[\"']?|\$\{\"\"\}"
    r"|\x1b\[[0-9;]{0,8}m){1,8}(?=[0-9])"
)
_MARKS = ((b"0<", b">0"), (b"0**", b"**0"), (b"0{}0",), (b"}}0",), (b"0{{",), (b'0${""}0',), (b"\x1b[",))
"""Of each kind, what stands at its ends."""

_ALONE = re.compile(r"(?<![\w.])[0-9]([^\w\r\n]{1,6})[0-9](?:\1[0-9]){6,60}+(?![\w.])")
_MANY_ALONE = tuple(mark.join([b"0"] * 8) for mark in (b",", b", ", b";", b"|", b"*", b"\t", b'"', b"]["))

_NUMERALS = {
    each: str(at) for row in ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖") for at, each in enumerate(row)
}
_NUMERAL_RUN = re.compile(f"[{''.join(_NUMERALS)}]{{6,100000}}+[Xx]?")
_OVERRIDDEN = re.compile("\u202e([^\u202c\n]{2,400}+)")


def is_split(text: str) -> bool:
    """Whether two digits in `text` are divided by what a program or a reader leaves out."""
    classes = encode_classes(text)
    return (
        (_may_be_joined(text) and _BETWEEN_STRINGS.search(text) is not None)
        or (_may_be_marked(classes) and _MARKUP.search(text) is not None)
        or bool(_one_by_one(text, classes))
    )


def split_views(view: View) -> Iterator[View]:
    r"""`"5369" + "04399"`, a line that ends in a backslash, `5369<b>04399</b>`, `5,3,6,9,…`."""
    text, classes = view.text, encode_classes(view.text)
    joined = _pieces_to_remove(text, _BETWEEN_STRINGS) if _may_be_joined(text) else []
    marked = _pieces_to_remove(text, _MARKUP) if _may_be_marked(classes) else []
    for pieces, step in (
        (joined, "joined strings"),
        (marked, "markup"),
        (_one_by_one(text, classes), "single digits"),
    ):
        if pieces:
            yield replace_pieces(view, pieces, step)


def reads_as_numerals(text: str) -> bool:
    """Whether `numeral_views` shows anything."""
    return _NUMERAL_RUN.search(text) is not None or _OVERRIDDEN.search(text) is not None


def numeral_views(view: View) -> Iterator[View]:
    """Digits in Chinese numerals, and text that an override shows from right to left (Unicode UAX 9)."""
    if view.text.isascii():
        return
    numerals = [
        (*found.span(), "".join([_NUMERALS.get(each, each) for each in found.group()]))
        for found in _NUMERAL_RUN.finditer(view.text)
    ]
    overridden = [(*found.span(), found[1][::-1]) for found in _OVERRIDDEN.finditer(view.text)]
    for pieces, step in ((numerals, "numerals"), (overridden, "right to left")):
        if pieces:
            yield replace_pieces(view, pieces, step)


def _may_be_joined(text: str) -> bool:
    if not any(sign in text for sign in "\"'`\\"):
        return False
    squeezed = text.encode("ascii", "replace").translate(_QUOTES_ALIKE, b" \t\r\n")
    return any(joint in squeezed for joint in _JOINTS)


def _may_be_marked(classes: bytes) -> bool:
    return any(all(mark in classes for mark in marks) for marks in _MARKS)


def _pieces_to_remove(text: str, expression: re.Pattern[str]) -> list[Piece]:
    return [(*found.span(), "") for found in expression.finditer(text)]


def _one_by_one(text: str, classes: bytes) -> list[Piece]:
    """Rows of single digits, read with a sign between them that few kinds of number have."""
    if not any(row in classes for row in _MANY_ALONE):
        return []
    rows = _ALONE.finditer(text)
    return [(*found.span(), "_".join(re.findall("[0-9]", found.group()))) for found in rows]
