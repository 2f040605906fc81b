"""When two names are one: a reader cannot tell them apart, so neither does a gate."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})
"""Categories of characters that take no place in print: zero-width letters, marks of direction, controls."""

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")


_PRINTED_LIKE = {
    "a": "\u0430\u03b1",
    "b": "\u0432\u03b2\u044c",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u0454\u03b5",
    "g": "\u0261",
    "h": "\u043d\u04bb\u03b7",
    "i": "\u0456\u03b9\u0131\u0269",
    "j": "\u0458\u0237",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u2113",
    "m": "\u043c\u03bc",
    "o": "\u043e\u03bf\u03c3",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "r": "\u0433",
    "s": "\u0455",
    "t": "\u0442\u03c4",
    "u": "\u03c5",
    "v": "\u0475\u03bd",
    "w": "\u051d\u03c9",
    "x": "\u0445\u03c7",
    "y": "\u0443",
    "z": "\u03b6",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
}
"""Cyrillic, Greek and other letters, and dashes, by the ASCII ones that they or their capitals are
printed like.

Chosen from the table of confusable characters of Unicode Technical Standard 39.
"""
_ASCII = str.maketrans({other: plain for plain, others in _PRINTED_LIKE.items() for other in others})


def identity_of(name: str) -> str:
    """What a name is compared by: without case, width, script, unseen letters, and spare blanks."""
    seen = (letter for letter in unicodedata.normalize("NFKC", name) if not _is_unseen(letter))
    folded = unicodedata.normalize("NFKC", "".join(seen).casefold())
    return " ".join(folded.translate(_ASCII).split())


def _is_unseen(letter: str) -> bool:
    if letter.isspace():
        return False
    selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return selector or letter in _FILLERS or unicodedata.category(letter) in _UNSEEN
