"""How closely published sums determine others: the feasibility interval of a cell, by linear programming.

Whoever reads the tables knows that every count is a whole number, that none is negative, and every published
sum. The least and the largest count of a cell under that are its feasibility interval (Hundepool et al.,
"Statistical Disclosure Control", 2012, chapter 4). HiGHS computes both, through SciPy. The bound is one over
whole numbers: where a solution is not whole, it is computed again with whole numbers demanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.atoms import Bounds, Indices, LinkedTables, contradiction
from gatecli.errors import UncheckableError

LARGEST = 10**9
"""Counts beyond are not exact enough to the solver, whose tolerance is relative."""

_NODES = 20_000
_PASSES = 100
_SLACK = 1e-6
_OPTIMAL, _INFEASIBLE, _UNBOUNDED = 0, 2, 3


@dataclass(slots=True)
class Feasibility:
    """The free atoms, what is known of their sums, and the extremes that solutions have shown so far.

    `targets` are sums in question, a row of atoms each; `least` and `most` are counts that they can have.
    """

    free: Indices
    sums: Any
    sums_low: Bounds
    sums_high: Bounds
    low: Bounds
    high: Bounds
    targets: Any
    fixed: Bounds
    endless: NDArray[np.bool_]
    """Atoms that no sum and no cell bounds."""
    least: Bounds = field(default_factory=lambda: np.zeros(0))
    most: Bounds = field(default_factory=lambda: np.zeros(0))

    def maximum(self, target: int) -> float:
        """The largest count that a target can have; infinite where nothing bounds it."""
        value = self._extreme(target, 1)
        self.most[target] = max(self.most[target], value)
        return value

    def minimum(self, target: int) -> float:
        """The least count that a target can have."""
        value = self._extreme(target, -1)
        self.least[target] = min(self.least[target], value)
        return value

    def _extreme(self, target: int, sign: int) -> float:
        atoms = self.targets.indices[self.targets.indptr[target] : self.targets.indptr[target + 1]]
        if not atoms.size:
            return float(self.fixed[target])
        if sign > 0 and self.endless[atoms].any():
            return inf
        bound = float((self.high if sign > 0 else self.low)[atoms].sum() + self.fixed[target])
        if self.least.size and bound == (self.most if sign > 0 else self.least)[target]:
            return bound  # a solution has shown that each sum by itself already says it
        objective = np.zeros(len(self.free))
        objective[atoms] = 1
        solution = self.solve(-sign * objective)
        if solution is None:
            return inf
        return float(round(float(objective @ solution) + self.fixed[target]))

    def solve(self, costs: Bounds) -> Bounds | None:
        """Whole counts of the least cost, noted for every target; None where the cost has no end.

        Raises UncheckableError where no counts are possible, or the solver gives up.
        """
        solution = self._solve(costs, whole=False)
        if solution is not None and np.abs(solution - np.rint(solution)).max(initial=0) > _SLACK:
            solution = self._solve(costs, whole=True)
        if solution is None:
            return None
        counts: Bounds = np.rint(solution)
        reached = self.targets @ counts + self.fixed
        reached_most = np.where(self.targets @ self.endless > 0, inf, reached)
        if self.least.size:
            np.minimum(self.least, reached, out=self.least)
            np.maximum(self.most, reached_most, out=self.most)
        else:
            self.least, self.most = reached, reached_most
        return counts

    def _solve(self, costs: Bounds, *, whole: bool) -> Bounds | None:
        if not costs.size:
            return costs
        from scipy.optimize import Bounds as Range  # noqa: PLC0415 - heavy; only an audit of counts needs it
        from scipy.optimize import LinearConstraint, milp  # noqa: PLC0415 - the same

        known = LinearConstraint(self.sums, self.sums_low, self.sums_high) if self.sums.shape[0] else ()
        found = milp(
            costs,
            integrality=np.full(len(costs), int(whole)),
            bounds=Range(self.low, self.high),
            constraints=known,
            options={"node_limit": _NODES, "mip_rel_gap": 0.0},
        )
        if found.status == _INFEASIBLE:
            raise contradiction()
        if found.status == _UNBOUNDED:
            return None
        if found.status != _OPTIMAL or found.x is None:
            raise UncheckableError(
                "the linear program of the tables was not solved",
                advice="link fewer tables at a time, or leave out a dimension",
            )
        solution: NDArray[np.float64] = np.asarray(found.x)
        return solution


def feasibility(linked: LinkedTables, targets: Sequence[Indices]) -> Feasibility:
    """What the tables say of the atoms, and the sums in question.

    Raises UncheckableError for counts too large to be exact, and for tables that contradict themselves.
    """
    _require_exact(linked)
    free = np.flatnonzero(linked.low < linked.high)
    number = np.full(len(linked.low), -1, np.int64)
    number[free] = np.arange(len(free))
    settled = np.where(linked.low < linked.high, 0.0, linked.low)
    low, high, rows = [], [], []
    for box in linked.boxes:
        if len(box.atoms) == 1 or (box.low <= 0 and box.high == inf):
            continue
        own = number[box.atoms]
        rest = float(settled[box.atoms].sum())
        inside = own[own >= 0]
        if not inside.size:
            if not box.low <= rest <= box.high:
                raise contradiction()
            continue
        rows.append(inside)
        low.append(box.low - rest)
        high.append(box.high - rest)
    fixed = np.array([settled[atoms].sum() for atoms in targets], np.float64)
    asked = [own[own >= 0] for own in (number[atoms] for atoms in targets)]
    sums, sums_low, sums_high = _matrix(rows, len(free)), np.array(low), np.array(high)
    atoms_low, atoms_high = _tighten(sums, (sums_low, sums_high), (linked.low[free], linked.high[free]))
    return Feasibility(
        free,
        sums,
        sums_low,
        sums_high,
        atoms_low,
        atoms_high,
        _matrix(asked, len(free)),
        fixed,
        np.isinf(linked.high[free]) & (np.asarray(sums.sum(axis=0)).ravel() == 0),
    )


def _tighten(sums: Any, known: tuple[Bounds, Bounds], atoms: tuple[Bounds, Bounds]) -> tuple[Bounds, Bounds]:
    """The bounds of atoms by each sum alone: what is left of it where the others are least, or most.

    Raises UncheckableError where a bound crosses another.
    """
    low, high = atoms[0].copy(), atoms[1].copy()
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    column = sums.indices
    for _ in range(_PASSES):
        finite = np.where(np.isinf(high), 0.0, high)
        open_ends = sums @ np.isinf(high).astype(np.float64)
        others_open = open_ends[row] - np.isinf(high)[column] > 0
        most = known[1][row] - ((sums @ low)[row] - low[column])
        least = np.where(others_open, -inf, known[0][row] - ((sums @ finite)[row] - finite[column]))
        new_low, new_high = low.copy(), high.copy()
        np.minimum.at(new_high, column, most)
        np.maximum.at(new_low, column, least)
        if (new_low > new_high).any():
            raise contradiction()
        if np.array_equal(new_low, low) and np.array_equal(new_high, high):
            break
        low, high = new_low, new_high
    return low, high


def _matrix(rows: Sequence[Indices], columns: int) -> Any:
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
