"""Coarser spellings of a text, in which a necessary condition is one search for a literal.

Translating and searching bytes costs about a nanosecond a character, an expression ten or more.
"""

from __future__ import annotations

from functools import cached_property
from string import ascii_lowercase, ascii_uppercase, digits

_ALNUM = (digits + ascii_uppercase + ascii_lowercase).encode()
_CLASSES = bytes.maketrans(_ALNUM, b"0" * 10 + b"A" * 26 + b"a" * 26)
_RUNS = bytes.maketrans(_ALNUM, b"w" * 62)
SEPARATORS = b" ()./_:+-"


class CueEncodings:
    """A text's codings, each made when it is first asked for.

    `classes`: digits are `0`, capitals `A`, small letters `a`, other ASCII itself, the rest `?`.
    `squeezed`: the same without separators. `runs`: letters and digits alike are `w`.
    """

    def __init__(self, text: str) -> None:
        self._bytes = text.encode("ascii", "replace")

    @cached_property
    def classes(self) -> bytes:
        return self._bytes.translate(_CLASSES)

    @cached_property
    def squeezed(self) -> bytes:
        return self._bytes.translate(_CLASSES, SEPARATORS)

    @cached_property
    def runs(self) -> bytes:
        return self._bytes.translate(_RUNS)
