"""Which counts in question can be computed too closely, cheapest means first.

1. The bounds that each sum gives by itself.
2. Counts of all cells that agree with everything, and many that differ from them in a part of the table: they
   show most counts to be safe.
3. Programs over the surroundings of a count, and then over all that is connected to it: what is still open.

What none of these settles is open: neither safe nor exposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from gatecli.anonymity.frequencies.atoms import Bounds, Indices
from gatecli.anonymity.frequencies.bounds import Intervals
from gatecli.anonymity.frequencies.neighbourhoods import BLOCK, NODES, around, blocks, whole_counts

Flags = NDArray[np.bool_]

MOST_WORK = 4_000_000
"""Atoms of all programs over a whole component: what goes beyond stays open."""

_ROUNDS = 6
_SURROUNDINGS = 1_500
_WHOLE_NODES = 20_000


@dataclass(frozen=True, slots=True)
class CountTargets:
    """Counts in question: the width that each one's interval must have, and whether a cell is suppressed.

    The others are sums that no cell gives. An interval from `minimum` upwards discloses nothing.
    """

    widths: Bounds
    is_suppressed: Flags
    minimum: int

    def is_safe(self, known: Intervals) -> Flags:
        """The targets that cannot be computed too closely, or disclose nothing if they are."""
        with np.errstate(invalid="ignore"):  # nothing may be shown yet: NaN
            wide = known.most - known.least >= self.widths
            may_be_nobody = ~self.is_suppressed & (known.least < 1)
        return wide | may_be_nobody | (known.floor >= self.minimum) | (known.ceiling < 1)

    def is_exposed(self, known: Intervals) -> Flags:
        """The targets of which it is proven that they can be computed too closely."""
        narrow = known.ceiling - known.floor < self.widths
        small = (known.ceiling < self.minimum) | (known.least < self.minimum)
        somebody = (known.floor >= 1) | (self.is_suppressed & (known.most >= 1))
        return narrow & small & somebody & ~self.is_safe(known)

    def open(self, known: Intervals) -> Indices:
        """The targets that are neither."""
        return np.flatnonzero(~(self.is_safe(known) | self.is_exposed(known)))


def settle(known: Intervals, targets: CountTargets, truth: Bounds | None = None) -> None:
    """Close in on the targets until each is safe or exposed, or the means are spent.

    `truth` is the count of each atom, where it is known; else some counts are looked for. Raises
    UncheckableError for tables that contradict themselves. Same input, same answer.
    """
    random = default_rng(len(known.base))
    _begin(known, truth, random)
    for atoms in known.components:
        if not np.isnan(known.base[atoms]).any():
            _look_around(known, targets, atoms, random)
    for means in (_show_nearby, _prove_nearby, _prove_and_show):
        _each(known, targets, means)


def _begin(known: Intervals, truth: Bounds | None, random: Generator) -> None:
    for atoms in known.components:
        part = known.program.part(atoms, known.program.low, known.program.high)
        found = (
            whole_counts(part, known.places[:, atoms], random) if truth is None else truth[known.free[atoms]]
        )
        if found is not None:
            known.base[atoms] = found
    known.note(known.base)


def _look_around(known: Intervals, targets: CountTargets, atoms: Indices, random: Generator) -> None:
    """Counts far apart from one another, part by part, as long as they show something new."""
    before = np.inf
    for _ in range(_ROUNDS):
        waiting = np.zeros(len(known.fixed))
        waiting[targets.open(known)] = random.choice([-1.0, 1.0], len(targets.open(known)))
        count = int(np.abs(waiting).sum())
        if not count or count > before * 0.95:
            return
        before = count
        wishes = np.where(np.isfinite(known.program.high), known.targets.T @ waiting, 0.0)
        for chosen in blocks(known.places[:, atoms], BLOCK, random):
            own = atoms[chosen]
            if wishes[own].any():
                known.show(own, wishes[own], nodes=NODES)
                known.show(own, -wishes[own], nodes=NODES)


Means = Callable[[Intervals, int, list[int]], None]
"""What may settle a target; it adds the atoms of programs over whole components to what is spent."""


def _each(known: Intervals, targets: CountTargets, means: Means) -> None:
    spent = [0]
    for target in targets.open(known):
        if spent[0] < MOST_WORK and not _is_settled(known, targets, int(target)):
            means(known, int(target), spent)


def _is_settled(known: Intervals, targets: CountTargets, target: int) -> bool:
    return bool(targets.is_safe(known)[target] or targets.is_exposed(known)[target])


def _show_nearby(known: Intervals, target: int, _: list[int]) -> None:
    _show(known, target, around(known.program, known.atoms_of(target), BLOCK), NODES)


def _prove_nearby(known: Intervals, target: int, _: list[int]) -> None:
    region = around(known.program, known.atoms_of(target), _SURROUNDINGS)
    for sign in (1, -1):
        known.prove(target, region, sign=sign)


def _prove_and_show(known: Intervals, target: int, spent: list[int]) -> None:
    """Programs over everything that is connected to the target."""
    own = known.atoms_of(target)
    connected = np.concatenate([atoms for atoms in known.components if np.isin(own, atoms).any()])
    spent[0] += 4 * len(connected)
    for sign in (1, -1):
        known.prove(target, connected, sign=sign)
    _show(known, target, connected, _WHOLE_NODES)


def _show(known: Intervals, target: int, chosen: Indices, nodes: int) -> None:
    costs = np.isin(chosen, known.atoms_of(target)).astype(np.float64)
    if np.isnan(known.base[chosen]).any() or not costs.any():
        return
    known.show(chosen, costs, nodes=nodes)
    known.show(chosen, np.where(np.isfinite(known.program.high[chosen]), -costs, 0.0), nodes=nodes)


def narrowest(known: Intervals, exposed: Sequence[int] | Indices) -> int | None:
    """The width of the narrowest interval of some targets, as far as it is known."""
    widths = (known.ceiling - known.floor)[exposed]
    return int(widths.min()) if len(widths) else None
