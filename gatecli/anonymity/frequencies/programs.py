"""Linear programs over whole counts: sums of unknown counts that are known to lie between bounds.

HiGHS solves them, through SciPy. It does not hear an interruption while it works, so it works in a thread of
its own, and the caller's listens. Limits are counted in nodes, never in time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Thread
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.atoms import Bounds, Indices, contradiction

SLACK = 1e-6
"""What a solution of HiGHS may be off."""

_OPTIMAL, _INFEASIBLE = 0, 2
_LISTEN = 0.2
T = TypeVar("T")


class Failure(Enum):
    """Why a program has no solution to show."""

    NO_SOLUTION = "there is none"
    GAVE_UP = "none was found within the limits"


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """Unknown counts from `low` to `high`, and their sums: a row of `sums` each, with its own bounds."""

    sums: Any
    sums_low: Bounds
    sums_high: Bounds
    low: Bounds
    high: Bounds

    def solve(self, costs: Bounds, *, whole: bool, nodes: int) -> Bounds | Failure:
        """Counts of the least cost; `whole` numbers alone, where that is asked."""
        if not costs.size:
            return costs
        from scipy.optimize import Bounds as Range  # noqa: PLC0415 - heavy; only tables of counts need it
        from scipy.optimize import LinearConstraint, milp  # noqa: PLC0415 - the same

        known = LinearConstraint(self.sums, self.sums_low, self.sums_high) if self.sums.shape[0] else ()
        found = run_interruptibly(
            lambda: milp(
                costs,
                integrality=np.full(len(costs), int(whole)),
                bounds=Range(self.low, self.high),
                constraints=known,
                options={"node_limit": nodes, "mip_rel_gap": 0.0},
            )
        )
        if found.status == _INFEASIBLE:
            return Failure.NO_SOLUTION
        if found.status != _OPTIMAL or found.x is None:
            return Failure.GAVE_UP
        solution: NDArray[np.float64] = np.asarray(found.x)
        return np.rint(solution) if whole else solution

    def whole_counts(self, costs: Bounds, *, nodes: int) -> Bounds | Failure:
        """Whole counts of the least cost; without branching where the first solution is whole."""
        found = self.solve(costs, whole=False, nodes=nodes)
        if isinstance(found, Failure):
            return found
        if is_whole(found):
            rounded: Bounds = np.rint(found)
            return rounded
        return self.solve(costs, whole=True, nodes=nodes)

    def off(self, counts: Bounds) -> Bounds:
        """How far each sum of some counts is from its bounds."""
        sums = self.sums @ counts
        away: Bounds = np.maximum(0, np.maximum(self.sums_low - sums, sums - self.sums_high))
        return away

    def part(self, chosen: Indices, least: Bounds, most: Bounds) -> LinearProgram:
        """The program of some counts alone, where the others are from `least` to `most`.

        With others that are fixed, every solution of it is one of the whole; with others as free as they are,
        every solution of the whole is one of it.
        """
        columns = self.sums[:, chosen]
        rows = np.flatnonzero(np.diff(columns.indptr))
        sums = self.sums[rows]
        inside = columns[rows]
        others_least = sums @ least - inside @ least[chosen]
        open_ends = np.isinf(most)
        finite = np.where(open_ends, 0.0, most)
        others_most = sums @ finite - inside @ finite[chosen]
        others_open = (sums @ open_ends - inside @ open_ends[chosen]) > 0
        return LinearProgram(
            inside,
            np.where(others_open, -np.inf, self.sums_low[rows] - others_most),
            self.sums_high[rows] - others_least,
            self.low[chosen],
            self.high[chosen],
        )

    def components(self) -> list[Indices]:
        """The counts that sums connect, each component ascending."""
        from scipy.sparse import block_array  # noqa: PLC0415 - heavy; only an audit of counts needs it
        from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

        rows, columns = self.sums.shape
        if not rows:
            return [np.array([at], np.int64) for at in range(columns)]
        _, label = connected_components(block_array([[None, self.sums], [self.sums.T, None]]), directed=False)
        own = label[rows:]
        order = np.argsort(own, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(own[order])) + 1)


def is_whole(counts: Bounds) -> bool:
    """Whether every count is a whole number, as far as the solver is exact."""
    return float(np.abs(counts - np.rint(counts)).max(initial=0)) <= SLACK


def require_consistent(found: Bounds | Failure) -> None:
    """Raises UncheckableError where there are no counts at all that agree with the sums."""
    if found is Failure.NO_SOLUTION:
        raise contradiction()


def run_interruptibly(work: Callable[[], T]) -> T:
    """The result of work that does not hear an interruption itself; whatever it raises is raised here."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LISTEN)
    if failed:
        raise failed[0]
    return done[0]
