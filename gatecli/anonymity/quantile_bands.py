"""Bands of numbers that hold about as many rows each, cut at round bounds; and open ends.

Derivation. One income of nine millions makes a single band of all others where bands share the range. So
bounds are cut at the quantiles i ÷ g of the rows, and for a coarser level every second of them is left out:
levels nest. A bound is the roundest number between the quantiles (i − ¼) ÷ g and (i + ¼) ÷ g, or between a
value that holds more rows than that and the one before it. It equals the number of a row only by chance, and
the band is called by it. The bands at both ends are open: they are bottom- and top-coded (Hundepool et al.,
"Statistical Disclosure Control", 2012, section 3.2).

Example. Ten incomes of which the last is far out: halves and quarters of the rows.

>>> incomes = [(Fraction(value), 1) for value in (*range(20_000, 29_000, 1_000), 9_000_000)]
>>> [[int(bound) for bound in bounds] for bounds in quantile_bounds(incomes)]
[[22000, 25000, 28000], [25000]]
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

MOST_BANDS = 32
OUTLYING = Fraction(1, 100)
"""The share of the rows at one end that may make it an open end."""

Counted = Sequence[tuple[Fraction, int]]
"""Distinct numbers in ascending order, each with its rows."""


def quantile_bounds(values: Counted) -> list[tuple[Fraction, ...]]:
    """The bounds of ever coarser bands; [] for fewer than four values."""
    bands = MOST_BANDS
    while bands > len(values) // 2:
        bands //= 2
    reached = list(accumulate(rows for _, rows in values))
    bounds = sorted(
        {bound for at in range(1, bands) if (bound := _bound_near(values, reached, at, bands)) > values[0][0]}
    )
    levels = []
    while bounds:
        levels.append(tuple(bounds))
        bounds = bounds[1::2]
    return levels


def _bound_near(values: Counted, reached: Sequence[int], at: int, bands: int) -> Fraction:
    low, high = (
        bisect_left(reached, Fraction(4 * at + quarter, 4 * bands) * reached[-1]) for quarter in (-1, 1)
    )
    if low == high:
        low = max(low - 1, 0)
    return roundest(values[low][0], values[high][0])


def roundest(low: Fraction, high: Fraction) -> Fraction:
    """The number above `low` and at most `high` with the fewest digits; `high` where they are alike."""
    if low >= high:
        return high
    step = Fraction(10) ** 20
    while step > (high - low) / 100:
        for unit in (step, step / 2, step / 5):
            if (bound := high // unit * unit) > low:
                return bound
        step /= 10
    return high


def open_ends(values: Counted, width: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """Multiples of `width` beyond which few rows are spread over more than two bands: None where none are."""
    reached = list(accumulate(rows for _, rows in values))
    least = values[bisect_left(reached, OUTLYING * reached[-1])][0] // width * width
    most = (values[bisect_left(reached, (1 - OUTLYING) * reached[-1])][0] // width + 1) * width
    low = least if values[0][0] < least - 2 * width else None
    return low, most if values[-1][0] >= most + 2 * width else None
