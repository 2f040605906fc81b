"""How a sentence quotes what stands in a file: only where it cannot tell anything of a person.

A mistyped word is worth showing; a number of a dozen digits helps nobody, and may be somebody's. The rule
is one of shape, and knows no entity: it also holds for a value that is cut short, half a document or
without the name that it stood under.
"""

from __future__ import annotations

import re

LONGEST = 40
"""Characters of a quoted text."""
_SHOWN_NUMBER = 7
"""Digits of the longest whole number that is shown."""

_TELLING = re.compile(
    r"@|-----"  # an address; a key
    r"|[0-9]{7}"  # a number of somebody, in one piece
    r"|(?:[0-9][^0-9]{0,2}){9}"  # or in groups; a date has eight digits
    r"|(?=[A-Z0-9]{8})[A-Z0-9]*?[0-9]{4}"  # an IBAN, the number of a passport
)
_PARAMETER = re.compile(r"[+-]?[0-9]{0,7}\.[0-9]*([eE]-?[0-9]{1,3})?")
_QUOTED = re.compile(r"'([^']{3,})'|\"([^\"]{3,})\"")


def tells(text: str) -> bool:
    """Whether `text` has the shape of what tells who somebody is."""
    plain = text if text.isascii() else _decimal(text)
    return _TELLING.search(plain) is not None and not _PARAMETER.fullmatch(plain)


def _decimal(text: str) -> str:
    """Digits of every script as ASCII's."""
    return "".join([str(int(char)) if char.isdecimal() else char for char in text])


def quote_text(text: str, limit: int = LONGEST) -> str:
    """`text` in quotes, cut to `limit` characters; its size alone where it might tell who somebody is."""
    if tells(text):
        return f"a text of {len(text)} characters"
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def quote_name(text: str, limit: int = 100) -> str:
    """The same of a name that stands without quotes."""
    return quote_text(text) if tells(text) else text[:limit]


def figure(literal: str, limit: int = LONGEST) -> str:
    """A number as it was written; its size alone where that many digits stand before its point."""
    if len(literal) > _SHOWN_NUMBER and _digits_before_the_point(literal) > _SHOWN_NUMBER:
        return "a number of many digits"
    return literal if len(literal) <= limit else literal[: limit - 1] + "…"


def _digits_before_the_point(literal: str) -> int:
    """Of the number; of its digits where it is written with an exponent: 1.1010119900307E+17."""
    whole, _, _ = literal.lower().partition("e") if _shrinks(literal) else literal.partition(".")
    return sum(char.isdecimal() for char in whole)


def _shrinks(literal: str) -> bool:
    _, mark, exponent = literal.lower().partition("e")
    return bool(mark) and not exponent.startswith("-")


def requote_sentence(sentence: str) -> str:
    """A parser's own sentence, with what it quotes as `quote_text` shows it."""
    return _QUOTED.sub(lambda found: quote_text(found[1] or found[2]), sentence)
