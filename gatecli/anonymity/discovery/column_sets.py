"""Sets of columns as bits, of which all are compared at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import or_


def mask_of(columns: Iterable[int]) -> int:
    """Columns as bits."""
    return sum(1 << column for column in columns)


def columns_of(mask: int) -> tuple[int, ...]:
    """The columns of bits, ascending."""
    return tuple(at for at in range(mask.bit_length()) if mask >> at & 1)


class ColumnSets:
    """Sets of columns. By column, the sets that have it are bits of one number, so that a comparison with all
    of them is a handful of operations on such numbers.
    """

    def __init__(self, columns: int) -> None:
        self._holding = [0] * columns
        self.masks: list[int] = []

    def add(self, mask: int) -> None:
        """Hold one more."""
        for column in columns_of(mask):
            self._holding[column] |= 1 << len(self.masks)
        self.masks.append(mask)

    def holds_subset_of(self, mask: int) -> bool:
        """Whether a set is held that has no column but those of the mask."""
        beyond = 0
        for column, holding in enumerate(self._holding):
            if not mask >> column & 1:
                beyond |= holding
        return beyond != (1 << len(self.masks)) - 1

    def columns_to_a_superset(self, mask: int) -> int:
        """The columns, as bits, with each of which a mask that has no held subset would have one."""
        outside = [column for column in range(len(self._holding)) if not mask >> column & 1]
        holding = [self._holding[column] for column in outside]
        before = accumulate(holding, or_, initial=0)
        after = [*accumulate(reversed(holding), or_, initial=0)][-2::-1]
        every = (1 << len(self.masks)) - 1
        others = zip(outside, before, after, strict=False)
        return mask_of(column for column, left, right in others if left | right != every)

    def holds_superset_of(self, mask: int) -> bool:
        """Whether a set is held that has all columns of the mask."""
        left = (1 << len(self.masks)) - 1
        for column in columns_of(mask):
            left &= self._holding[column]
        return left != 0
