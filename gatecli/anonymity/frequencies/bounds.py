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
    sums = _matrix(rows, len(free))
    return Feasibility(
        free,
        sums,
        np.array(low),
        np.array(high),
        linked.low[free],
        linked.high[free],
        _matrix(asked, len(free)),
        fixed,
        np.isinf(linked.high[free]) & (np.asarray(sums.sum(axis=0)).ravel() == 0),
    )


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
