"""Coarser spellings of a text, in which a necessary condition is one search for a literal.

Translating and searching bytes costs about a nanosecond a character, an expression ten or more. Every coding
follows from `classes`: two texts of the same classes are alike in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import accumulate
from string import ascii_lowercase, ascii_uppercase, digits

_ALNUM = (digits + ascii_uppercase + ascii_lowercase).encode()
_CLASSES = bytes.maketrans(_ALNUM, b"0" * 10 + b"A" * 26 + b"a" * 26)
_RUNS = bytes.maketrans(b"0Aa", b"www")
SEPARATORS = b" ()./_:+-"
_TIGHT = b" ./_-"
_MARKED = bytes.maketrans(SEPARATORS, b"-" * len(SEPARATORS))
_SAME = bytes(range(256))
MOST_DIGITS = 64
"""No literal asks for more digits in a row."""
_RUNS_OF_DIGITS = tuple(b"0" * count for count in range(MOST_DIGITS + 1))

CODINGS: Mapping[str, tuple[bytes, bytes]] = {
    "classes": (_SAME, b""),
    "marked": (_MARKED, b""),
    "tight": (_SAME, _TIGHT),
    "squeezed": (_SAME, SEPARATORS),
    "runs": (_RUNS, b""),
}
"""By name: what a text's classes are translated to, and what is left out.

`classes`: digits are `0`, capitals `A`, small letters `a`, other ASCII itself, the rest `?`. `marked`: the
same, every separator `-`. `tight` and `squeezed`: without the separators inside a number, and without any.
`runs`: letters and digits alike are `w`.
"""


def encode_classes(text: str) -> bytes:
    """The `classes` of a text."""
    return text.encode("ascii", "replace").translate(_CLASSES)


def encode_character(character: str, coding: str) -> str:
    """One character in a coding; "" where it is left out."""
    table, left_out = CODINGS[coding]
    return encode_classes(character).translate(table, left_out).decode()


Span = tuple[int, int]


def keeps_places(coding: str) -> bool:
    """Whether a character of a coding stands where it stands in the text."""
    return not CODINGS[coding][1]


class CueEncodings:
    """A text's codings by name, and which literals they hold: each made when it is first asked for."""

    __slots__ = ("_begins", "_codings", "_counts", "_holds", "_longest", "_places", "size")

    def __init__(self, classes: bytes) -> None:
        self.size = len(classes)
        self._codings = {"classes": classes}
        self._begins: list[int] = []
        self._holds: dict[tuple[str, bytes], bool] = {}
        self._longest: dict[str, int] = {}
        self._counts: dict[tuple[str, tuple[bytes, ...]], int] = {}
        self._places: dict[tuple[str, tuple[bytes, ...]], list[Span]] = {}

    def count(self, coding: str, literals: tuple[bytes, ...]) -> int:
        """How often `literals` stand in the text's `coding`, the overlapping ones left out."""
        found = self._counts.get((coding, literals))
        if found is None:
            text = self.coding(coding)
            found = sum(text.count(each) for each in literals if self._is_held(coding, each))
            self._counts[coding, literals] = found
        return found

    def places(self, coding: str, literals: tuple[bytes, ...]) -> list[Span]:
        """Where in the text `literals` stand, ascending; each that is not told overlaps one that is."""
        found = self._places.get((coding, literals))
        if found is None:
            found = sorted(span for literal in literals for span in self._places_of(coding, literal))
            self._places[coding, literals] = found
        return found

    def _places_of(self, coding: str, literal: bytes) -> Iterator[Span]:
        if not self._is_held(coding, literal):
            return
        spelling = _spelling(coding, literal)
        if keeps_places(coding):
            yield from (found.span() for found in spelling.finditer(self.coding(coding)))
            return
        # What is left out is never a line end: the literal is sought in the lines that hold it.
        for start, end in self._lines_with(coding, literal):
            yield from (found.span() for found in spelling.finditer(self._codings["classes"], start, end))

    def _lines_with(self, coding: str, literal: bytes) -> Iterator[Span]:
        text, begins = self.coding(coding), self._begins
        if not begins:
            sizes = map(len, self._codings["classes"].split(b"\n"))
            begins.extend(accumulate((size + 1 for size in sizes), initial=0))
        number = counted = 0
        at = text.find(literal)
        while at >= 0:
            number += text.count(b"\n", counted, at)
            yield begins[number], begins[number + 1] - 1
            counted = text.find(b"\n", at)
            at = text.find(literal, counted) if counted >= 0 else -1

    def holds_any(self, coding: str, literals: tuple[bytes, ...]) -> bool:
        """Whether one of `literals` stands in the text's `coding`."""
        return any(self._is_held(coding, literal) for literal in literals)

    def _is_held(self, coding: str, literal: bytes) -> bool:
        known = self._holds.get((coding, literal))
        if known is None:
            digits = digits_in(literal)
            known = digits <= self.longest_digits(coding) and (
                digits == len(literal) or self._is_found(coding, literal)
            )
            self._holds[coding, literal] = known
        return known

    def _is_found(self, coding: str, literal: bytes) -> bool:
        """One character is found, or missed, far sooner than several."""
        rare = len(literal) == 1 or all(self._is_held(coding, each) for each in _signs(literal))
        return rare and literal in self.coding(coding)

    def longest_digits(self, coding: str) -> int:
        """The longest run of digits in a coding: most literals ask for more than a text has."""
        known = self._longest.get(coding)
        if known is None:
            known = self._longest[coding] = longest_digits(self.coding(coding))
        return known

    def coding(self, coding: str) -> bytes:
        """The text in a coding."""
        found = self._codings.get(coding)
        if found is None:
            table, left_out = CODINGS[coding]
            found = self._codings[coding] = self._codings["classes"].translate(table, left_out)
        return found


@cache
def _spelling(coding: str, literal: bytes) -> re.Pattern[bytes]:
    """`literal` as it stands in a coding of the same length, or in the classes with all that is left out."""
    left_out = CODINGS[coding][1]
    between = b"[" + re.escape(left_out) + b"]*+" if left_out else b""
    return re.compile(between.join(re.escape(bytes([each])) for each in literal))


@cache
def _signs(literal: bytes) -> tuple[bytes, ...]:
    return tuple(bytes([each]) for each in sorted(set(literal) - set(b"0Aaw")))


@cache
def digits_in(literal: bytes) -> int:
    """How many digits in a row a literal asks for."""
    return longest_digits(literal)


def longest_digits(coded: bytes) -> int:
    """How many digits stand beside each other, at most `MOST_DIGITS` of them."""
    count = 0
    while count < MOST_DIGITS and _RUNS_OF_DIGITS[count + 1] in coded:
        count += 1
    return count
