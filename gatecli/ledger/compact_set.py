"""A set of many keys in eight bytes each: what `verify` remembers of a million finished releases."""

from __future__ import annotations

from array import array
from collections.abc import Hashable

_FIRST_CAPACITY = 1024


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
        return self._table[self._place(_code(key))] != 0

    def add(self, key: Hashable) -> None:
        """Add a key."""
        code = _code(key)
        place = self._place(code)
        if self._table[place]:
            return
        self._table[place] = code
        self._size += 1
        if 3 * self._size > 2 * self._mask:
            self._grow()

    def _place(self, code: int) -> int:
        """Where a code stands, or would."""
        table, mask = self._table, self._mask
        place = code & mask
        while table[place] and table[place] != code:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        old = self._table
        self._mask = 2 * len(old) - 1
        self._table = array("Q", bytes(16 * len(old)))
        for code in old:
            if code:
                self._table[self._place(code)] = code


def _code(key: Hashable) -> int:
    """The hash of a key, without a sign; 0 stands for an empty place."""
    return hash(key) & 0xFFFF_FFFF_FFFF_FFFF or 1
