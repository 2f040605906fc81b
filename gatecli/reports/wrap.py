"""Text wrapped to a width in terminal cells; a URL or a path is never broken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CLOSING = frozenset("、。，．：；！？）］｝」』】〉》")
"""East Asian punctuation that no line may start with."""

_SPACE = re.compile(r" (?![=≥≤<>] )(?<! [=≥≤<>] )")
"""Where a line may end: not around a relation, so that `ε = 1.0` stays together."""


def _cell(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in {"Mn", "Me", "Cf"} else 1


def cells(text: str) -> int:
    """The width of a text in terminal cells (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _pieces(word: str) -> Iterator[str]:
    """The parts of a word that a line may end between: around wide characters, nowhere else."""
    if word.isascii() or "://" in word:
        yield word
        return
    piece = ""
    for char in word:
        stays = char in _CLOSING or _cell(char) == 0 or not (piece and _breaks(piece[-1], char))
        if not stays:
            yield piece
            piece = ""
        piece += char
    yield piece


def _breaks(before: str, after: str) -> bool:
    return _cell(before) == 2 or _cell(after) == 2


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """The lines of a text: `first` stands before the first line, `rest` before every other.

    A piece wider than `width` stands on a line of its own, unbroken.
    """
    if len(first) + len(text) <= width and text.isascii():
        return [first + text]
    lines, line, used = [], first, cells(first)
    empty = True
    for word in _SPACE.split(text):
        for place, piece in enumerate(_pieces(word)):
            glue = "" if empty or place else " "
            size = cells(piece)
            if not empty and used + len(glue) + size > width:
                lines.append(line)
                line, used, glue = rest, cells(rest), ""
            line, used, empty = line + glue + piece, used + len(glue) + size, False
    return [*lines, line]
