"""Which counts of a table to suppress, so that no small one can be computed.

Small counts are suppressed first. Then, for each of them that is not yet protected, a linear program finds
another table with the same published sums in which that count is larger by the protection, at the least cost
in suppressed counts (Kelly, Golden and Assad, "Cell Suppression: Disclosure Protection for Sensitive Tabular
Data", Networks 22(4), 1992). That other table is the proof: nobody who reads the result can tell it from the
true one. Zeros stay published.

The choice is a heuristic, not the fewest suppressions: what hides one count may hide another for less than
they cost together. So tables of few small counts are searched in several orders, and once with all of them
larger at the same time; what loses least counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.atoms import Bounds, LinkedTables
from gatecli.anonymity.frequencies.published import Label
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import CountDemands

MOST_CELLS = 5_000
"""Cells and margins of a table; the linear programs of a larger one take hours."""

MOST_PROGRAMS = 200
"""Linear programs for one table; of more small counts, several are protected by each."""

SEVERAL_WAYS = 40
"""Small counts up to which a table is searched in every way."""

_SLACK = 1e-6
_GAP = 0.5
_NODES = 500


@dataclass(frozen=True, slots=True)
class SuppressedCells:
    """The cells to suppress, by their labels: those that are small, and those that protect them."""

    primary: frozenset[tuple[Label, ...]]
    secondary: frozenset[tuple[Label, ...]]


@dataclass(slots=True)
class _Search:
    """Cells as the rows of a matrix over atoms; what is suppressed, and the counts that other tables show."""

    cells: Any
    counts: Bounds
    atoms: Bounds
    suppressed: NDArray[np.bool_]
    least: Bounds
    most: Bounds


def suppress(linked: LinkedTables, demands: CountDemands) -> SuppressedCells:
    """The cells of one table to suppress. Raises UsageError for a table that has suppressed cells already,
    UncheckableError for a table that is too large, and where the solver gives up.
    """
    if any(not box.cell.is_exact for box in linked.boxes):
        raise UsageError(
            "the table has suppressed or rounded counts already",
            advice="give the table of true counts; check a published one with: gatecli anonymity counts",
        )
    if len(linked.boxes) > MOST_CELLS:
        raise UncheckableError(
            f"the table has {len(linked.boxes):,} cells, more than the {MOST_CELLS:,} that are searched",
            advice="suppress it in parts, such as one region at a time, and check the parts together",
        )
    start = _begin(linked)
    primary = np.flatnonzero((start.counts > 0) & (start.counts < demands.minimum))
    start.suppressed[primary] = True
    rising = sorted((int(at) for at in primary), key=lambda at: (start.counts[at], at))
    batch = -(-len(rising) // MOST_PROGRAMS)
    ways = [(rising, batch)]
    if 1 < len(rising) <= SEVERAL_WAYS:
        ways += [(rising[::-1], 1), (rising, len(rising))]
    found = [_protect_all(start, order, size, demands.protection) for order, size in ways]
    best = min((each for each in found if each is not None), key=_loss, default=None)
    if best is None:
        raise UncheckableError(
            "no suppression was found that protects every small count",
            advice="merge categories, or ask for less --protection",
        )
    labels = [box.cell.labels for box in linked.boxes]
    every = frozenset(labels[at] for at in np.flatnonzero(best.suppressed))
    first = frozenset(labels[at] for at in primary)
    return SuppressedCells(first, every - first)


def _loss(search: _Search) -> tuple[float, int]:
    """What is suppressed: the sum of the counts, then how many they are."""
    return float(search.counts[search.suppressed].sum()), int(search.suppressed.sum())


def _protect_all(start: _Search, order: list[int], batch: int, protection: int) -> _Search | None:
    """The search after every small count is hidden, `batch` at a time; None where one cannot be."""
    copied = (start.suppressed.copy(), start.least.copy(), start.most.copy())
    search = _Search(start.cells, start.counts, start.atoms, *copied)
    waiting = order
    while waiting := [at for at in waiting if search.most[at] - search.least[at] < protection]:
        if not _protect(search, waiting[:batch], protection):
            return None
    return search


def _begin(linked: LinkedTables) -> _Search:
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy; only suppression needs it

    counts = np.array([box.low for box in linked.boxes], np.float64)
    ends = np.cumsum([0, *(len(box.atoms) for box in linked.boxes)])
    inside = np.concatenate([box.atoms for box in linked.boxes])
    cells = csr_array((np.ones(len(inside)), inside, ends), shape=(len(counts), len(linked.low)))
    atoms = true_atoms(linked)
    if not np.array_equal(cells @ atoms, counts):
        raise UncheckableError(
            "the totals are not the sums of their cells",
            advice="give every cell of the table its true count; name totals with --total",
        )
    return _Search(cells, counts, atoms, np.zeros(len(counts), np.bool_), counts.copy(), counts.copy())


def true_atoms(linked: LinkedTables) -> Bounds:
    """The count of each atom; one that the table does not have is 0."""
    atoms = np.where(np.isfinite(linked.high), linked.low, 0.0)
    atoms[linked.high == 0] = 0.0
    return atoms


def _protect(search: _Search, cells: list[int], protection: int) -> bool:
    """Suppress what hides some cells: what differs in the cheapest other table where they are larger.

    Returns whether there is one.
    """
    change = _other_table(search, cells, protection)
    if change is not None and not _is_whole(change):
        moved = np.abs(search.cells @ change) > _SLACK
        within = search.suppressed | moved
        change = _other_table(search, cells, protection, within=within, whole=True)
        if change is None:
            change = _other_table(search, cells, protection, whole=True)
    if change is None:
        return False
    moves = search.cells @ np.rint(change)
    search.suppressed |= moves != 0
    np.minimum(search.least, search.counts + moves, out=search.least)
    np.maximum(search.most, search.counts + moves, out=search.most)
    return True


def _is_whole(change: Bounds) -> bool:
    return float(np.abs(change - np.rint(change)).max(initial=0)) <= _SLACK


def _other_table(
    search: _Search,
    chosen: list[int],
    protection: int,
    *,
    within: NDArray[np.bool_] | None = None,
    whole: bool = False,
) -> Bounds | None:
    """The change of each atom; of the cells `within` alone, where those are given. None where there is none.

    Variables are what each atom gains and loses, then what each cell does.
    """
    from scipy.optimize import Bounds as Range  # noqa: PLC0415 - heavy; only suppression needs it
    from scipy.optimize import LinearConstraint, milp  # noqa: PLC0415 - the same
    from scipy.sparse import eye_array, hstack  # noqa: PLC0415 - the same

    cells, atoms = search.cells.shape
    changes = hstack([search.cells, -search.cells, -eye_array(cells), eye_array(cells)], format="csr")
    cost = np.where(search.suppressed, 0.0, search.counts + 1)
    gains = np.where(search.atoms > 0, inf, 0.0)  # a published zero stays
    up, down, least = np.full(cells, inf), search.counts.copy(), np.zeros(cells)
    if within is not None:
        cost, up[~within], down[~within] = np.zeros(cells), 0.0, 0.0
    up[chosen], down[chosen], least[chosen] = protection, 0.0, protection
    found = milp(
        np.concatenate([np.zeros(2 * atoms), cost, cost]),
        integrality=np.full(2 * (atoms + cells), int(whole)),
        bounds=Range(
            np.concatenate([np.zeros(2 * atoms), least, np.zeros(cells)]),
            np.concatenate([gains, search.atoms, up, down]),
        ),
        constraints=LinearConstraint(changes, 0, 0),
        options={"mip_rel_gap": _GAP if whole else 0.0, "node_limit": _NODES},
    )
    return None if found.x is None else found.x[:atoms] - found.x[atoms : 2 * atoms]
