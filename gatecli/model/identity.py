"""When two names are one: a reader cannot tell them apart, so neither does a gate."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})
"""Categories of characters that take no place in print: zero-width letters, marks of direction, controls."""

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")


def identity_of(name: str) -> str:
    """What a name is compared by: without case, width, unseen letters, and spare blanks."""
    seen = (letter for letter in unicodedata.normalize("NFKC", name) if not _is_unseen(letter))
    folded = unicodedata.normalize("NFKC", "".join(seen).casefold())
    return " ".join(folded.split())


def _is_unseen(letter: str) -> bool:
    if letter.isspace():
        return False
    selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return selector or letter in _FILLERS or unicodedata.category(letter) in _UNSEEN
