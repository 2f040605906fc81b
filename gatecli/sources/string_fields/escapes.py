"""Backslash escapes, as the formats with C's strings share them."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([ \t]*(?:\r\n?|\n)\s*)|([\s\S]))"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescape(text: str) -> str:
    """The text that is meant; an escaped line end is dropped with the indentation after it."""
    return whole(_ESCAPE.sub(_meant_text, text)) if "\\" in text else text


def _meant_text(match: re.Match[str]) -> str:
    if code := match[1] or match[2] or match[3]:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else match[0]
    return _LETTERS.get(match[5], match[5]) if match[5] else ""


def whole(text: str) -> str:
    """The text with surrogate pairs joined, and with U+FFFD for half a character."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
