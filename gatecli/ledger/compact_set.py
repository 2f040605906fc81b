"""A set of many keys in eight bytes each: what `verify` remembers of a million finished releases."""

from __future__ import annotations

from array import array
from collections.abc import Hashable

_FIRST_CAPACITY = 1024
_CODES = 0xFFFF_FFFF_FFFF_FFFF
"""A hash without its sign; 0 stands for an empty place, and 1 for the hash of 0."""


class CompactSet:
    """Keys by their 64-bit hashes, in one array with open addressing.

    Two of a million keys have one hash with a probability of 3e-8.
    """

    __slots__ = ("_mask", "_size", "_table")

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _FIRST_CAPACITY))
        self._mask = _FIRST_CAPACITY - 1
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: Hashable) -> bool:
        code = hash(key) & _CODES or 1
        table, mask = self._table, self._mask
        place = code & mask
        while (found := table[place]) and found != code:
            place = (place + 1) & mask
        return found != 0

    def add(self, key: Hashable) -> None:
        """Add a key."""
        code = hash(key) & _CODES or 1
        table, mask = self._table, self._mask
        place = code & mask
        while (found := table[place]) and found != code:
            place = (place + 1) & mask
        if not found:
            table[place] = code
            self._size += 1
            if 3 * self._size > 2 * mask:
                self._grow()

    def _grow(self) -> None:
        """Twice as many places."""
        old = self._table
        mask = 2 * len(old) - 1
        table = array("Q", bytes(8 * (mask + 1)))
        for code in filter(None, old):
            place = code & mask
            while table[place]:
                place = (place + 1) & mask
            table[place] = code
        self._table, self._mask = table, mask
