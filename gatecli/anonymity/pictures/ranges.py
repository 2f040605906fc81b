"""Ranges of numbers with round bounds: a histogram that shows no number of any row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.functions import only_row, rows
from gatecli.anonymity.tables.interface import Column, Table

_CELLS = 200
_ROUNDS = 6
_TAIL = 0.01
"""The share of the records at either end that may stand in an open range: outliers squeeze no histogram."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """`count` half-open ranges of `width` from `first`·`width` on, and an open one at either end."""

    first: int
    count: int
    width: float

    def index(self, number: Column) -> Column:
        """The range of a number: 0 and `count` + 1 are the open ones."""
        position = (number / self.width - float(self.first) + 1.0).clip(0.0, float(self.count + 1))
        return position.floor().cast("int64")

    def labels(self, wanted: Sequence[int]) -> Mapping[int, str]:
        """What a reader is shown for each range."""
        return {at: self._label(at) for at in wanted}

    def _label(self, at: int) -> str:
        low, high = self._bound_text(at - 1), self._bound_text(at)
        if at == 0:
            return f"below {high}"
        return f"{low} and more" if at > self.count else f"{low} to below {high}"

    def _bound_text(self, at: int) -> str:
        bound = (self.first + at) * self.width
        return f"{round(bound):,}" if self.width >= 1 and abs(bound) < 1e15 else f"{bound:.6g}"


def ranges_of(weighted: Table, most: int) -> Ranges:
    """At most `most` ranges for values `v` that `n` records hold; their bounds are multiples of 1, 2 or 5
    times a power of ten.
    """
    low, high = _body(weighted)
    width = _round_width((high - low) / max(most - 1, 1))
    first = math.floor(low / width)
    return Ranges(first, max(1, min(most, math.floor(high / width) - first + 1)), width)


def _round_width(least: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if not least > 0:
        return 1.0
    power = math.floor(math.log10(least))
    for digit in (1, 2, 5, 10):
        width = float(f"{digit}e{power}")
        if width >= least * (1 - 1e-9):
            return width
    return float(f"1e{power + 1}")


def _body(weighted: Table) -> tuple[float, float]:
    """Where all but the tails lie: cells are counted, and the range narrowed while that tells more."""
    number = weighted["v"]
    finite = weighted.filter(number.abs() < 1e300)
    ends = only_row(finite.aggregate(low=finite["v"].min(), high=finite["v"].max()))
    if ends["low"] is None:
        return 0.0, 1.0
    low, high = float(ends["low"]), float(ends["high"])
    for _ in range(_ROUNDS):
        tighter = _narrow_range(finite, low, high) if high > low else (low, high)
        shrunk = (tighter[1] - tighter[0]) / (high - low) if high > low else 1.0
        low, high = tighter
        if shrunk > 0.5:
            break
    return low, high


def _narrow_range(weighted: Table, low: float, high: float) -> tuple[float, float]:
    size = (high - low) / _CELLS
    cell = ((weighted["v"] - low) / size).clip(-1.0, float(_CELLS)).floor().cast("int64")
    grouped = weighted.mutate(cell=cell).group_by("cell").aggregate(n=weighted["n"].sum().cast("int64"))
    counts = sorted((int(row["cell"]), int(row["n"])) for row in rows(grouped))
    allowed = int(sum(count for _, count in counts) * _TAIL)
    first, last = _first(counts, allowed), _first(counts[::-1], allowed)
    return low + max(first, 0) * size, low + min(last + 1, _CELLS) * size


def _first(counts: Sequence[tuple[int, int]], allowed: int) -> int:
    """The first cell that does not fit into the tail any more."""
    for cell, count in counts:
        allowed -= count
        if allowed < 0:
            return cell
    return counts[-1][0]
