"""Coarser spellings of a text, in which a necessary condition is one search for a literal.

Translating and searching bytes costs about a nanosecond a character, an expression ten or more. Every coding
follows from `classes`: two texts of the same classes are alike in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
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


class CueEncodings:
    """A text's codings by name, and which literals they hold: each made when it is first asked for."""

    __slots__ = ("_codings", "_holds", "_longest")

    def __init__(self, classes: bytes) -> None:
        self._codings = {"classes": classes}
        self._holds: dict[tuple[str, bytes], bool] = {}
        self._longest: dict[str, int] = {}

    def holds_any(self, coding: str, literals: tuple[bytes, ...]) -> bool:
        """Whether one of `literals` stands in the text's `coding`."""
        return any(self._is_held(coding, literal) for literal in literals)

    def _is_held(self, coding: str, literal: bytes) -> bool:
        known = self._holds.get((coding, literal))
        if known is None:
            digits = _digits_in(literal)
            known = digits <= self._digits(coding) and (
                digits == len(literal) or self._is_found(coding, literal)
            )
            self._holds[coding, literal] = known
        return known

    def _is_found(self, coding: str, literal: bytes) -> bool:
        """One character is found, or missed, far sooner than several."""
        rare = len(literal) == 1 or all(self._is_held(coding, each) for each in _signs(literal))
        return rare and literal in self.coding(coding)

    def _digits(self, coding: str) -> int:
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
def _signs(literal: bytes) -> tuple[bytes, ...]:
    return tuple(bytes([each]) for each in sorted(set(literal) - set(b"0Aaw")))


@cache
def _digits_in(literal: bytes) -> int:
    return longest_digits(literal)


def longest_digits(coded: bytes) -> int:
    """How many digits stand beside each other, at most `MOST_DIGITS` of them."""
    count = 0
    while count < MOST_DIGITS and _RUNS_OF_DIGITS[count + 1] in coded:
        count += 1
    return count
