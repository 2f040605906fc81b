"""Where a cost meets a target: a bracketed secant search on a grid of exact numbers.

The answer is decided by exact comparisons at grid points alone; floats only choose where to look
next, so a bad guess costs an evaluation and never a wrong answer.

Derivation.

1. Positions are ordered so that a larger one never costs more. Then some position passes and all larger
   ones do, and all smaller ones fail: two neighbours, one failing and one passing, prove the boundary.
2. Noise has a fixed number of significant digits: position p stands for (10ⁿ⁻¹ + p mod 9·10ⁿ⁻¹) ·
   10^(p div 9·10ⁿ⁻¹ − n + 1). Neighbours differ by less than 1/10ⁿ⁻¹ of themselves at every scale.
3. ln cost is nearly linear in ln value (ε of a Gaussian falls like 1/σ, that of many steps grows like √T):
   a secant through the two samples nearest to the target aims for it (regula falsi; Brent, "Algorithms for
   Minimization without Derivatives", 1973, bisects where that stalls, as is done here every
   second time after `_TRUSTED` looks).
4. Before both sides are seen, steps go outward as far as the last slope says, within limits that grow.

Example. The cheapest three-digit noise whose cost 1/x is at most 0.3 is 3.34:

>>> noise = Grid(3, falling=False, lowest=Fraction(1, 1000), highest=Fraction(1000))
>>> start = noise.position(Fraction(1))
>>> found = find_boundary(
...     lambda at: 1 / noise.value(at), noise, Fraction(3, 10), start=start, slope=-1.0, limit=20
... )
>>> [float(noise.value(at)) for at in (found.failing, found.passing)]
[3.33, 3.34]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from gatecli.accounting.rounding import log_of

Cost = Callable[[int], Fraction | None]
"""The cost at a grid position; None where no finite cost is known, which never meets a target."""

_TRUSTED = 8
"""Evaluations after which every second look is a plain bisection: a secant may stall, a half cannot."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Positive exact numbers, numbered so that a larger position never costs more.

    `digits` is the number of significant digits of a value, 0 for whole numbers. Where a larger
    value costs more (`falling`), position −p holds the value that p holds elsewhere.
    """

    digits: int
    falling: bool
    lowest: Fraction
    highest: Fraction

    def value(self, position: int) -> Fraction:
        """The exact number at a position."""
        index = -position if self.falling else position
        if not self.digits:
            return Fraction(index)
        decade, step = divmod(index, 9 * self._unit)
        return Fraction(self._unit + step, self._unit) * Fraction(10) ** decade

    def position(self, number: Fraction) -> int:
        """The position of the nearest value that costs no more than `number` would."""
        low = self._floor(number)
        if self.falling:
            return -low
        return low if self.value(low) == number else low + 1

    @property
    def ends(self) -> tuple[int, int]:
        """The first and last position within the limits."""
        ends = (self.position(self.lowest), self.position(self.highest))
        return min(ends), max(ends)

    @property
    def _unit(self) -> int:
        return int(10 ** (self.digits - 1))

    def _floor(self, number: Fraction) -> int:
        if not self.digits:
            return math.floor(number)
        decade = math.floor(log_of(number) / math.log(10))
        decade += (number >= Fraction(10) ** (decade + 1)) - (number < Fraction(10) ** decade)
        step = math.floor(number / Fraction(10) ** decade * self._unit) - self._unit
        return decade * 9 * self._unit + step


@dataclass(frozen=True, slots=True)
class Boundary:
    """What a search found: the safest position known to fail, the least safe known to pass.

    `slope` is the last estimate of d ln(cost) / d ln(value): a start for a similar search.
    """

    failing: int | None
    passing: int | None
    evaluations: int
    slope: float


@dataclass(frozen=True, slots=True)
class _Sample:
    position: int
    at: float
    cost: float
    passes: bool


def find_boundary(
    cost: Cost, grid: Grid, target: Fraction, *, start: int, slope: float, limit: int
) -> Boundary:
    """The neighbouring positions between which `cost` falls to at most `target`.

    Evaluates `cost` at most `limit` times, first at `start`. Where the limit or an end of the grid
    comes first, `failing` or `passing` is None or the two are not neighbours: the caller sees it.
    """
    samples: list[_Sample] = []
    position: int | None = start
    while position is not None and len(samples) < limit:
        samples.append(_sample(cost(position), position, grid, target))
        slope = _slope(samples, log_of(target), slope)
        position = _next(samples, grid, log_of(target), slope)
    failing = max((one.position for one in samples if not one.passes), default=None)
    passing = min((one.position for one in samples if one.passes), default=None)
    return Boundary(failing, passing, len(samples), slope)


def _sample(cost: Fraction | None, position: int, grid: Grid, target: Fraction) -> _Sample:
    height = math.inf if cost is None else log_of(cost)
    return _Sample(position, log_of(grid.value(position)), height, cost is not None and cost <= target)


def _nearest(samples: list[_Sample], target: float) -> list[_Sample]:
    finite = [one for one in samples if math.isfinite(one.cost)]
    return sorted(finite, key=lambda one: abs(one.cost - target))[:2]


def _slope(samples: list[_Sample], target: float, known: float) -> float:
    match _nearest(samples, target):
        case [near, far] if near.at != far.at:
            measured = (near.cost - far.cost) / (near.at - far.at)
            return measured if measured * known > 0 else known
        case _:
            return known


def _next(samples: list[_Sample], grid: Grid, target: float, slope: float) -> int | None:
    """The position to look at next; None where nothing is left to learn."""
    first, last = grid.ends
    low = max((one.position + 1 for one in samples if not one.passes), default=first)
    high = min((one.position - 1 for one in samples if one.passes), default=last)
    if low > high:
        return None
    bracketed = any(one.passes for one in samples) and not all(one.passes for one in samples)
    if not bracketed:
        return min(max(_outward(samples, grid, target, slope), low), high)
    near = _nearest(samples, target)
    if not near or (len(samples) > _TRUSTED and len(samples) % 2):
        return (low + high) // 2
    aim = near[0].at + (target - near[0].cost) / slope
    return min(max(_at(grid, aim), low), high)


def _outward(samples: list[_Sample], grid: Grid, target: float, slope: float) -> int:
    """A step towards the side not seen yet: as far as the slope says, within limits that grow.

    Towards less noise it starts short, because accountants are slow where noise is small, and no
    step stays so short that a wrong slope could make the search creep.
    """
    safer = not samples[-1].passes
    most = math.log(1000) if safer else math.log(16 if grid.falling else 2) * len(samples)
    least = 0.0 if len(samples) == 1 else min(2e-4 * 4.0 ** (len(samples) - 1), most)
    edge = max(samples, key=lambda one: one.position if safer else -one.position)
    length = abs((target - edge.cost) / slope) if math.isfinite(edge.cost) else math.log(4)
    length = min(max(length, least), most)
    return _at(grid, edge.at + (length if safer != grid.falling else -length))


def _at(grid: Grid, logarithm: float) -> int:
    low, high = sorted((log_of(grid.lowest), log_of(grid.highest)))
    decade, rest = divmod(min(max(logarithm, low), high), math.log(10))
    return grid.position(Fraction(math.exp(rest)) * Fraction(10) ** int(decade))
