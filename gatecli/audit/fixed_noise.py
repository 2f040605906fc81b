"""Noise that is the same in every process, whatever our seed is.

Two fresh processes run a mechanism on one input. Where they return the same n values, either its noise is
fixed, or that is chance. Let c be the chance that two draws are equal; n pairs of independent draws are all
equal with c^n. c is bounded from one of the two streams: its n/2 disjoint pairs of neighbouring draws are
equal with c each, so that Clopper and Pearson bound it. A stream counts as fixed where c^n is below
`CHANCE` with c at its bound, itself wrong with `CHANCE`. So a coin that shows the same in two short streams
proves nothing, and one that does in two long ones proves it.

Noise that is fixed is known to everybody who can run the code. Where it gives another stream on a neighbour,
the event "this stream" has probability 1 on one input and 0 on the other: no (ε, δ) with δ < 1 allows that.
Each cell of an output is looked at by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gatecli.audit.binomial import highest_rate
from gatecli.audit.outputs import Outputs, join

CHANCE = 1e-9
_RUNS = (64, 448)
"""Runs that are compared: most mechanisms show by the first few that their noise is not fixed."""
MOST_RUNS = sum(_RUNS)

Stream = npt.NDArray[np.complex128]
"""Outputs, one row a run and one column a cell: its value, and its kind as the imaginary part."""
Process = Callable[[int, int], Callable[[int], Outputs]]
"""A fresh process for an input and a seed: a function that gives the next so many outputs."""


def find_fixed_noise(pairs: int, start: Process) -> int | None:
    """The first of so many pairs (inputs 2i and 2i + 1) that fixed noise tells apart; None where there is
    none.
    """
    for pair in range(pairs):
        one = _fixed_stream(2 * pair, start)
        if one is None:
            return None  # the noise is not fixed, or an output is too plain to tell
        other = _fixed_stream(2 * pair + 1, start)
        if other is not None and _differ(one, other):
            return pair
    return None


def _fixed_stream(data: int, start: Process) -> Stream | None:
    """The outputs on an input, with NaN in the cells that are not fixed; None where no cell is."""
    draws = [start(data, seed) for seed in (1, 2)]
    found: list[list[Outputs]] = [[], []]
    for runs in _RUNS:
        for kept, draw in zip(found, draws, strict=True):
            kept.append(draw(runs))
        first, again = (_cells(join(kept)) for kept in found)
        if first.shape != again.shape:
            return None
        equal = (first == again).all(axis=0)
        if not equal.any():
            return None
        fixed = [bool(each) and _is_no_chance(column) for each, column in zip(equal, first.T, strict=True)]
        if any(fixed):
            return np.where(fixed, first, math.nan)
    return None


def _cells(outputs: Outputs) -> Stream:
    cells = np.empty(outputs.values.shape, dtype=np.complex128)
    cells.real = np.where(np.isnan(outputs.values), 0.0, outputs.values)
    cells.imag = outputs.kinds
    return cells


def _is_no_chance(column: Stream) -> bool:
    pairs = len(column) // 2
    matches = int((column[0 : 2 * pairs : 2] == column[1 : 2 * pairs : 2]).sum())
    return bool(highest_rate(matches, pairs, CHANCE) ** len(column) < CHANCE)


def _differ(one: Stream, other: Stream) -> bool:
    """Whether a cell that is fixed in both is another one in some run."""
    runs, width = min(len(one), len(other)), min(one.shape[1], other.shape[1])
    one, other = one[:runs, :width], other[:runs, :width]
    is_fixed = ~np.isnan(one) & ~np.isnan(other)
    return bool((is_fixed & (one != other)).any())
