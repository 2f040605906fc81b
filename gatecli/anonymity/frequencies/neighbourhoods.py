"""Parts of large tables that are small enough for a program over whole numbers, and what such parts show.

A part is some pieces of each dimension, with the others held fixed. Counts that it can have, the whole table
can have too. Counts that it cannot have say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.random import Generator

from gatecli.anonymity.frequencies.atoms import Bounds, Indices
from gatecli.anonymity.frequencies.programs import Failure, LinearProgram, require_consistent

BLOCK = 300
"""Atoms of a part, about."""

NODES = 500
"""Of a program over whole numbers, for each part."""

_REPAIRS = 40
_REPAIR_BLOCK = 100
_WANDER = 1e-4
_REPAIR_NODES = 10
_SWEEPS = 200


def blocks(places: Indices, size: int, random: Generator, weights: Bounds | None = None) -> Iterator[Indices]:
    """Every atom once, in parts of about `size` atoms: some random pieces of each dimension.

    Of atoms with weights, the first part has the pieces that weigh most.
    """
    pieces = [np.unique(row) for row in places]
    wide = [float(len(each)) for each in pieces]
    filled = places.shape[1] / np.prod(wide)
    while np.prod(wide) * filled > size:
        widest = int(np.argmax(wide))
        wide[widest] *= 0.9
    owner = np.zeros(places.shape[1], np.int64)
    for row, own, width in zip(places, pieces, wide, strict=True):
        groups = max(1, round(len(own) / width))
        at = np.searchsorted(own, row)
        chance = random.random(len(own))
        rank = chance if weights is None else chance - np.bincount(at, weights, len(own))
        group_of = np.empty(len(own), np.int64)
        group_of[np.argsort(rank)] = np.arange(len(own)) * groups // len(own)
        owner = owner * groups + group_of[at]
    order = np.argsort(owner, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(owner[order])) + 1)


def whole_counts(program: LinearProgram, places: Indices, random: Generator) -> Bounds | None:
    """Some whole counts that agree with a program; None where none were found.

    Those of a large program are fitted, rounded, and repaired part by part. Raises UncheckableError where
    there are no counts at all.
    """
    if places.shape[1] <= BLOCK:
        found = program.whole_counts(np.where(np.isfinite(program.high), 0.0, 1.0), nodes=NODES)
        require_consistent(found)
        return None if isinstance(found, Failure) else found
    counts = _round_counts(program, _fit_counts(program), random)
    for turn in range(_REPAIRS):
        size = _REPAIR_BLOCK if turn < _REPAIRS // 4 else 2 * _REPAIR_BLOCK
        off = program.off(counts)
        if not off.any():
            return counts
        for chosen in blocks(places, size, random, None if turn % 3 else program.sums.T @ off):
            _repair(program, chosen, counts, random)
    if not program.off(counts).any():
        return counts
    require_consistent(program.solve(np.zeros(counts.size), whole=False, nodes=1))
    return None


def _fit_counts(program: LinearProgram) -> Bounds:
    """Counts whose sums are about right, by proportional fitting: few of them are the least or the most."""
    degree = np.maximum(np.asarray(program.sums.sum(axis=0)).ravel(), 1)
    high = np.where(np.isfinite(program.high), program.high, program.low + 1)
    counts: Bounds = (program.low + high) / 2
    for _ in range(_SWEEPS):
        sums = program.sums @ counts
        wanted = np.clip(sums, program.sums_low, program.sums_high)
        change = program.sums.T @ np.log(np.maximum(wanted, 1e-3) / np.maximum(sums, 1e-3))
        counts = np.clip(counts * np.exp(change / degree), program.low, high)
    return counts


def _round_counts(program: LinearProgram, fractions: Bounds, random: Generator) -> Bounds:
    """Whole counts near some, changed one by one as long as their sums come closer to what they must be."""
    counts: Bounds = np.clip(np.rint(fractions), program.low, program.high)
    row = np.repeat(np.arange(program.sums.shape[0]), np.diff(program.sums.indptr))
    column = program.sums.indices
    for _ in range(_SWEEPS):
        sums = program.sums @ counts
        gain = np.stack(
            [
                program.sums.T @ ((sums < program.sums_low) * 1.0 - (sums >= program.sums_high)),
                program.sums.T @ ((sums > program.sums_high) * 1.0 - (sums <= program.sums_low)),
            ]
        )
        gain[0, counts >= program.high] = gain[1, counts <= program.low] = -1
        better = gain.max(axis=0) > 0
        if not better.any():
            break
        turn = np.where(better, random.random(counts.size), -1.0)
        first = np.full(len(sums), -1.0)
        np.maximum.at(first, row, turn[column])
        later = np.bincount(column, turn[column] < first[row], counts.size) > 0
        chosen = better & ~later  # no two of them in a sum
        counts[chosen] += np.where(gain[0] >= gain[1], 1.0, -1.0)[chosen]
    return counts


def _repair(program: LinearProgram, chosen: Indices, counts: Bounds, random: Generator) -> None:
    """Change the counts of a part to those with which its sums are off by the least.

    Of several, to random ones: what is off wanders, until it meets its opposite.
    """
    part = program.part(chosen, counts, counts)
    off = part.off(counts[chosen])
    if not off.any():
        return
    from scipy.sparse import eye_array, hstack  # noqa: PLC0415 - heavy; only tables of counts need it

    rows, columns = part.sums.shape
    slack = np.zeros(2 * rows)
    wider = LinearProgram(
        hstack([part.sums, eye_array(rows), -eye_array(rows)], format="csr"),
        part.sums_low,
        part.sums_high,
        np.concatenate([part.low, slack]),
        np.concatenate([part.high, np.full(2 * rows, off.max() + 1)]),
    )
    wander = np.where(np.isfinite(part.high), random.choice([-_WANDER, _WANDER], columns), _WANDER)
    costs = np.concatenate([wander, np.ones(2 * rows)])
    found = wider.whole_counts(costs, nodes=_REPAIR_NODES)
    if not isinstance(found, Failure) and part.off(found[:columns]).sum() <= off.sum():
        counts[chosen] = found[:columns]


def around(program: LinearProgram, atoms: Sequence[int] | Indices, most: int) -> Indices:
    """The atoms that share a sum with some, and those that share one with these, as many as `most` allows."""
    inside = np.zeros(program.sums.shape[1], np.bool_)
    inside[atoms] = True
    for _ in range(2):
        touched = program.sums @ inside > 0
        wider = (program.sums.T @ touched > 0) | inside
        if wider.sum() > most:
            break
        inside = wider
    return np.flatnonzero(inside)
