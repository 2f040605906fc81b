"""Values inside values: every view of a text that a reader of it could have, within a budget.

Each reader is a function from a view to further views; `expand` applies them all, level by level.
`may_hide` is their common necessary condition, for texts that are as plain as they look.
"""

from __future__ import annotations

import html
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from gatecli.pii.base64_text import base64_views, holds_base64
from gatecli.pii.budget import FORM, ScanBudget, TooDeepError
from gatecli.pii.json_text import json_views
from gatecli.pii.split_text import is_split, numeral_views, reads_as_numerals, split_views
from gatecli.pii.text_encodings import (
    encoded_views,
    is_encoded_otherwise,
    is_quoted_printable,
    quoted_printable_views,
)
from gatecli.pii.views import Piece, Reader, View, replace_pieces, whole

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[ux]\{[0-9A-Fa-f]{1,6}\}"
    r"|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-7]{2,3}|[nrtbf\"/\\])"
)
_UNPLAIN = re.compile(r"[^\t\n\r -\x7f]")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+|(?:%u[0-9A-Fa-f]{4})+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,8};)")
_SCIENTIFIC = re.compile(r"(?<![0-9A-Za-z.])([1-9])\.([0-9]{7,24})[eE]\+?([0-9]{1,2})(?![0-9A-Za-z.])")
_MANTISSA = re.compile(r"\.(?<=[1-9].)[0-9]{7,24}+[eE]")
"""What every number in scientific notation holds behind its first digit: begun by a rare character."""

_DASHES = "‐‑‒–—―−﹘﹣-⁃­˗۔➖"
_DOTS = "·•‧∙⋅・․。．｡"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800\u3164\uffa0"  # noqa: E501 - one table
_SLASHES = "⁄∕／"
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})
_LETTERS = {"Х": "X", "х": "x", "Χ": "X", "χ": "x", "＠": "@", "﹫": "@"}


@lru_cache(maxsize=4096)
def plain(character: str) -> str:  # noqa: PLR0911 - a table of look-alikes, one line each
    """What a reader takes a character for: digits of any script, dashes, dots, spaces, nothing."""
    if character in _DASHES:
        return "-"
    if character in _DOTS:
        return "."
    if character in _SPACES:
        return " "
    if character in _SLASHES:
        return "/"
    if character in _LETTERS:
        return _LETTERS[character]
    if character in "\n\r\t":
        return character
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    read = unicodedata.normalize("NFKC", character)
    return read if read == character else "".join([each if each.isascii() else plain(each) for each in read])


_PLAIN = bytes((9, 10, 13, *range(32, 128)))


def _is_plain(text: str) -> bool:
    """Whether no character of `text` is read as another: far quicker than looking for one."""
    return text.isascii() and not text.encode().translate(None, _PLAIN)


def _unicode_pieces(text: str) -> Iterator[Piece]:
    for found in _UNPLAIN.finditer(text):
        read = plain(found.group())
        if read != found.group():
            yield found.start(), found.end(), read


def unicode_views(view: View) -> Iterator[View]:
    """NFKC, digits of every script, look-alike separators; what is invisible vanishes."""
    if _is_plain(view.text):
        return
    pieces = list(_unicode_pieces(view.text))
    if pieces:
        yield replace_pieces(view, pieces, "unicode")


_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/", "\\": "\\", "b": "", "f": ""}


def _unescape(escape: str) -> str:
    kind, rest = escape[1], escape[2:]
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if len(escape) == len(r"\ud83d\ude00"):
        return bytes.fromhex(escape[2:6] + escape[8:]).decode("utf-16-be")
    point = int(escape[1:], 8) if kind.isdigit() else int(rest.strip("{}"), 16)
    return chr(point) if point < 0xD800 or 0xDFFF < point <= 0x10FFFF else ""


def escape_views(view: View) -> Iterator[View]:
    r"""`\u0031`, `\x31`, `\061` and the short escapes of JSON and of most languages."""
    if "\\" in view.text:
        yield from _substitute_views(view, _ESCAPE, _unescape, "escapes")


def percent_views(view: View) -> Iterator[View]:
    """URL-encoding; `+` is a space only beside it."""
    if "%" in view.text:
        yield from _substitute_views(view, _PERCENT, _unquote, "url-encoding")


def _unquote(text: str) -> str:
    if text[1] == "u":  # as JavaScript's escape() writes them
        return "".join([chr(int(each, 16)) for each in text.split("%u")[1:]])
    return urllib.parse.unquote(text)


def entity_views(view: View) -> Iterator[View]:
    """HTML and XML character references."""
    if "&" in view.text:
        yield from _substitute_views(view, _ENTITY, html.unescape, "html")


def scientific_views(view: View) -> Iterator[View]:
    """A long integer that a serialiser wrote as a float: `1.10101199003077352E+17`."""
    if pieces := list(_integer_pieces(view.text)):
        yield replace_pieces(view, pieces, "number")


def spells_integer(text: str) -> bool:
    """Whether a number in `text` is an integer in scientific notation."""
    return next(_integer_pieces(text), None) is not None


def _integer_pieces(text: str) -> Iterator[Piece]:
    for mantissa in _MANTISSA.finditer(text):
        found = _SCIENTIFIC.match(text, mantissa.start() - 1)
        if found is not None and len(found[2]) <= int(found[3]) <= 24:
            yield found.start(), found.end(), found[1] + found[2].ljust(int(found[3]), "0")


def _substitute_views(
    view: View, pattern: re.Pattern[str], read: Callable[[str], str], step: str
) -> Iterator[View]:
    pieces = [(found.start(), found.end(), read(found.group())) for found in pattern.finditer(view.text)]
    if pieces:
        yield replace_pieces(view, pieces, step)


READERS: tuple[Reader, ...] = (
    unicode_views,
    escape_views,
    percent_views,
    entity_views,
    scientific_views,
    json_views,
    base64_views,
    encoded_views,
    quoted_printable_views,
    split_views,
    numeral_views,
)

WRAPPERS: tuple[Reader, ...] = (base64_views, percent_views)
"""What can be wrapped around a value again and again; beyond the depth it hides something."""

# Escapes that YAML, JSON or a language may spell a digit or a separator with; line ends and quotes are none.
_ESCAPED = re.compile(r"\\[^nrt\"'\\\s]")
_HOLDS = re.compile(r"[0-9@]|[^\x00-\x7f]")
_PRINTABLE = bytes((9, 10, 13, *range(32, 127)))


def may_hide(text: str) -> bool:
    """Whether `text` could read differently once decoded, other than by structure alone.

    A number in scientific notation needs no test: its digits are a cue as they stand.
    """
    return (
        not text.isascii()
        or len(text.encode("ascii").translate(None, _PRINTABLE)) > 0
        or is_spelled_otherwise(text)
        or holds_base64(text)
        or is_encoded_otherwise(text)
    )


def is_spelled_otherwise(text: str) -> bool:
    """Whether characters of `text` could be escaped or divided, so that it reads differently as a whole."""
    return (
        ("\\" in text and _ESCAPED.search(text) is not None)
        or ("%" in text and _PERCENT.search(text) is not None)
        or ("&" in text and _ENTITY.search(text) is not None)
        or is_quoted_printable(text)
        or is_split(text)
        or (not text.isascii() and reads_as_numerals(text))
    )


def as_read(text: str) -> str:
    """`text` with every character as a reader takes it: what `unicode_views` shows."""
    if _is_plain(text):
        return text
    read = {ord(each): plain(each) for each in set(text) if _UNPLAIN.match(each)}
    return text.translate(read)


def hidden_texts(text: str) -> Iterator[str]:
    """What stands encoded in parts of `text`. Raises `BudgetSpentError` for what unpacks to too much."""
    view = whole(text)
    return (each.text for reader in (base64_views, encoded_views) for each in reader(view))


Choice = Callable[[list[View]], list[View]]
"""Which views of a level are worth looking at, and into."""


def _all_views(views: list[View]) -> list[View]:
    return views


def expand(
    text: str, budget: ScanBudget, *, readers: Iterable[Reader] = READERS, choose: Choice = _all_views
) -> Iterator[View]:
    """The text itself, then every view inside it, to the budget's depth; each distinct text once.

    Of each level what `choose` leaves out is neither given nor opened.

    Raises `BudgetSpentError` when work or size end first, `TooDeepError` last, where something is left that
    could hold a value.
    """
    readers = tuple(readers)
    level = [whole(text)]
    yield level[0]
    seen = {text}
    for _ in range(budget.limits.depth):
        level = choose(list(_open_views(level, readers, seen, budget)))
        yield from level
        if not level:
            return
    rests = (rest.text for view in level for reader in WRAPPERS for rest in reader(view))
    if any(rest not in seen and _could_hold(rest) for rest in rests):
        raise TooDeepError(f"values are encoded more than {budget.limits.depth} times over")


def _could_hold(text: str) -> bool:
    """Whether a decoded text could hold a value: none is without a digit, an `@` or a foreign letter."""
    return _HOLDS.search(text) is not None or any(True for reader in WRAPPERS for _ in reader(whole(text)))


def _open_views(
    level: Iterable[View], readers: tuple[Reader, ...], seen: set[str], budget: ScanBudget
) -> Iterator[View]:
    for parent in level:
        for reader in readers:
            budget.spend(len(parent.text) / FORM)
            for view in reader(parent):
                budget.take(len(view.text) + 1)
                key = "\0".join((*view.context, view.text))
                if key not in seen:
                    seen.add(key)
                    yield view
