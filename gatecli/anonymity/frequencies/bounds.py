"""How closely published sums determine others: the feasibility interval of a count.

Whoever reads the tables knows that every count is a whole number, that none is negative, and every published
sum. The least and the largest count of a cell under that are its feasibility interval (Hundepool et al.,
"Statistical Disclosure Control", 2012, chapter 4). It is closed in from both sides. `floor` and `ceiling` are
proven: nothing outside can be, by each sum alone (Buzzigoli and Giusti's shuttle) and by linear programs.
`least` and `most` are shown: some table of whole numbers has them. Where the two do not meet, the interval is
not known, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.atoms import Bounds, Indices, LinkedTables, contradiction
from gatecli.anonymity.frequencies.programs import SLACK, Failure, LinearProgram, require_consistent
from gatecli.errors import UncheckableError

LARGEST = 10**9
"""Counts beyond are not exact enough to the solver, whose tolerance is relative."""

_PASSES = 100


@dataclass(slots=True)
class Intervals:
    """What is known of the sums in question, a row of `targets` each, over the atoms that are not settled.

    `free` are these atoms, `places` their coordinates by dimension; `components` are those that sums connect,
    and `base` some whole counts that agree with everything: NaN where none were found.
    """

    program: LinearProgram
    free: Indices
    places: Indices
    components: list[Indices]
    base: Bounds
    targets: Any
    fixed: Bounds
    floor: Bounds
    ceiling: Bounds
    least: Bounds
    most: Bounds

    def note(self, counts: Bounds) -> None:
        """Counts of all atoms that agree with everything; where there is a NaN, nothing is learned."""
        reached = self.targets @ counts + self.fixed
        endless = self.targets @ np.isinf(self.program.high) > 0
        np.fmin(self.least, reached, out=self.least)
        np.fmax(self.most, np.where(endless, inf, reached), out=self.most)

    def atoms_of(self, target: int) -> Indices:
        """The atoms of a target that are not settled."""
        found: Indices = self.targets.indices[self.targets.indptr[target] : self.targets.indptr[target + 1]]
        return found

    def show(self, chosen: Indices, costs: Bounds, *, nodes: int) -> bool:
        """Note counts of the least cost that differ from `base` in some atoms alone; say whether any are."""
        part = self.program.part(chosen, self.base, self.base)
        found = part.whole_counts(costs, nodes=nodes)
        if isinstance(found, Failure):
            return False
        counts = self.base.copy()
        counts[chosen] = found
        self.note(counts)
        return True

    def prove(self, target: int, region: Indices, *, sign: int) -> None:
        """Bound a target from above (or below) by the sums that touch a region of atoms around it."""
        own = self.atoms_of(target)
        inside = np.isin(region, own)
        outside = own[~np.isin(own, region)]
        part = self.program.part(region, self.program.low, self.program.high)
        found = part.solve(-sign * inside.astype(np.float64), whole=False, nodes=1)
        if isinstance(found, Failure):
            require_consistent(found)
            return
        rest = (self.program.high if sign > 0 else self.program.low)[outside].sum() + self.fixed[target]
        value = float(inside @ found + rest)
        if sign > 0:
            self.ceiling[target] = min(self.ceiling[target], np.floor(value + SLACK))
        else:
            self.floor[target] = max(self.floor[target], np.ceil(value - SLACK))


def intervals(linked: LinkedTables, targets: Sequence[Indices]) -> Intervals:
    """What each sum by itself says of the targets, and some counts that agree with everything.

    Raises UncheckableError for counts too large to be exact, and for tables that contradict themselves.
    """
    _require_exact(linked)
    low, high = linked.low, linked.high
    while True:  # a sum of atoms that are settled may settle others
        program, free, settled = _program(linked, low, high)
        tighter_low, tighter_high = _tighten(program)
        low, high = low.copy(), high.copy()
        low[free], high[free] = tighter_low, tighter_high
        if not (tighter_low == tighter_high).any():
            break
    program = LinearProgram(program.sums, program.sums_low, program.sums_high, tighter_low, tighter_high)
    number = np.full(len(low), -1, np.int64)
    number[free] = np.arange(len(free))
    asked = [own[own >= 0] for own in (number[atoms] for atoms in targets)]
    rows = matrix_of(asked, len(free))
    fixed = np.array([settled[atoms].sum() for atoms in targets], np.float64)
    unknown = np.full(len(fixed), np.nan)
    return Intervals(
        program,
        free,
        np.array(np.unravel_index(free, linked.shape), np.int64),
        program.components(),
        np.full(len(free), np.nan),
        rows,
        fixed,
        rows @ program.low + fixed,
        _sum_of_highs(rows, program.high) + fixed,
        unknown.copy(),
        unknown,
    )


def _program(linked: LinkedTables, low: Bounds, high: Bounds) -> tuple[LinearProgram, Indices, Bounds]:
    """The sums over atoms that are not settled, these atoms, and the count of each that is."""
    free = np.flatnonzero(low < high)
    number = np.full(len(low), -1, np.int64)
    number[free] = np.arange(len(free))
    settled = np.where(low < high, 0.0, low)
    sums_low, sums_high, rows = [], [], []
    for box in linked.boxes:
        if len(box.atoms) == 1 or (box.low <= 0 and box.high == inf):
            continue
        own = number[box.atoms]
        rest = float(settled[box.atoms].sum())
        inside = own[own >= 0]
        if inside.size:
            rows.append(inside)
            sums_low.append(box.low - rest)
            sums_high.append(box.high - rest)
        elif not box.low <= rest <= box.high:
            raise contradiction()
    sums = matrix_of(rows, len(free))
    return (
        LinearProgram(
            sums, np.array(sums_low, np.float64), np.array(sums_high, np.float64), low[free], high[free]
        ),
        free,
        settled,
    )


def _tighten(program: LinearProgram) -> tuple[Bounds, Bounds]:
    """The bounds of atoms by each sum alone: what is left of it where the others are least, or most.

    Raises UncheckableError where a bound crosses another.
    """
    sums, low, high = program.sums, program.low.copy(), program.high.copy()
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    column = sums.indices
    for _ in range(_PASSES):
        is_open = np.isinf(high)
        finite = np.where(is_open, 0.0, high)
        others_open = (sums @ is_open.astype(np.float64))[row] - is_open[column] > 0
        most = program.sums_high[row] - ((sums @ low)[row] - low[column])
        least = np.where(others_open, -inf, program.sums_low[row] - ((sums @ finite)[row] - finite[column]))
        new_low, new_high = low.copy(), high.copy()
        np.minimum.at(new_high, column, most)
        np.maximum.at(new_low, column, least)
        if (new_low > new_high).any():
            raise contradiction()
        if np.array_equal(new_low, low) and np.array_equal(new_high, high):
            break
        low, high = new_low, new_high
    return low, high


def _sum_of_highs(rows: Any, high: Bounds) -> Bounds:
    is_open: NDArray[np.bool_] = np.isinf(high)
    finite: Bounds = rows @ np.where(is_open, 0.0, high)
    return np.where(rows @ is_open > 0, inf, finite)


def matrix_of(rows: Sequence[Indices], columns: int) -> Any:
    """A sparse matrix of ones, a row for each set of columns."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy; only an audit of counts needs it

    ends = np.cumsum([0, *(len(row) for row in rows)])
    inside = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    return csr_array((np.ones(len(inside)), inside, ends), shape=(len(rows), columns))


def _require_exact(linked: LinkedTables) -> None:
    largest = max((box.low for box in linked.boxes), default=0)
    if largest > LARGEST:
        raise UncheckableError(
            f"a count is larger than {LARGEST:,}", advice="audit the table in parts, or in thousands"
        )
