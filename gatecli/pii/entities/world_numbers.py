"""Checks that python-stdnum lacks."""

from __future__ import annotations

from gatecli.pii.interface import Validity
from gatecli.pii.validation import compact, distinct, weighted

_REFUSED_PREFIXES = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})


def nino(value: str) -> Validity | None:
    """HMRC manual NIM39110: prefixes never allocated."""
    number = compact(value)
    if number[:2] in _REFUSED_PREFIXES or not distinct(number[2:8]):
        return None
    return Validity("prefix and suffix valid")


# By the weighted sum modulo 11; the offsets of T, G (4) and M (3) are in the tables already.
_NRIC_LETTERS = {
    "S": "JZIHGFEDCBA",
    "T": "GFEDCBAJZIH",
    "F": "XWUTRQPNMLK",
    "G": "RQPNMLKXWUT",
    "M": "TRQPNJLKXWU",
}


def nric(value: str) -> Validity | None:
    """The check letter of Singapore's NRIC and FIN, weights 2 7 6 5 4 3 2."""
    number = compact(value)
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2))
    expected = _NRIC_LETTERS[number[0]][total % 11]
    return Validity("check letter valid") if number[8] == expected and distinct(number[1:8]) else None


def medicare(value: str) -> Validity | None:
    """Weights 1 3 7 9 1 3 7 9 modulo 10, then the issue number."""
    number = compact(value)
    total = weighted(number[:8], (1, 3, 7, 9, 1, 3, 7, 9))
    return Validity("checksum valid") if total % 10 == int(number[8]) and distinct(number[:8]) else None
