"""What an audit of a table of counts costs, in ratio to two linear programs for each suppressed cell.

python benchmarks/count_audits.py [SIZE,SIZE[,...] ...]     default: 50,50 and 20,20,5

All margins are published; counts below 5 and a fifth of the others are suppressed. The peer bounds
the least and the most of each suppressed cell over the whole table, over fractions. A sample of its programs
is timed, and multiplied.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from gatecli.anonymity.frequencies.atoms import LinkedTables, link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.bounds import intervals
from gatecli.anonymity.frequencies.published import PublishedCell, PublishedTable
from gatecli.model.disclosure import CountDemands

DEMANDS = CountDemands(minimum=5, protection=4, distinct=2, sensitive=())
SAMPLE = 10


def suppressed_table(shape: tuple[int, ...]) -> LinkedTables:
    """A table of skewed counts with its margins, small counts and a fifth of the others suppressed."""
    random = np.random.default_rng(1)
    full = random.poisson(random.lognormal(np.log(8), 0.8, shape)).astype(np.int64)
    for axis in range(len(shape)):
        full = np.concatenate([full, full.sum(axis=axis, keepdims=True)], axis=axis)
    cells = []
    for place in np.ndindex(full.shape):
        labels = tuple(None if at == size else f"c{at}" for at, size in zip(place, shape, strict=True))
        count = int(full[place])
        is_hidden = 0 < count < DEMANDS.minimum or (
            None not in labels and count > 0 and bool(random.random() < 0.2)
        )
        cells.append(PublishedCell(labels, 0 if is_hidden else count, None if is_hidden else count))
    table = PublishedTable("t", tuple(f"d{at}" for at in range(len(shape))), tuple(cells))
    return link([table], {}, absent_is_zero=True)


def peer_seconds(linked: LinkedTables) -> float:
    """Processor seconds of two programs for each suppressed cell, from a sample."""
    hidden = [box.atoms for box in linked.boxes if not box.cell.is_exact]
    known = intervals(linked, hidden)
    chosen = range(0, len(hidden), max(1, len(hidden) // SAMPLE))
    everything = np.arange(len(known.free))
    start = time.process_time()
    for target in chosen:
        for sign in (1, -1):
            known.prove(target, everything, sign=sign)
    return (time.process_time() - start) / len(chosen) * len(hidden)


def main(arguments: list[str]) -> None:
    """Print a line for each table."""
    print(f"{'table':14} {'suppressed':>10} {'exposed':>8} {'unsettled':>12} {'seconds':>8} {'of peer':>12}")
    for text in arguments or ["50,50", "20,20,5"]:
        linked = suppressed_table(tuple(map(int, text.split(","))))
        start = time.process_time()
        found = audit(linked, DEMANDS)
        took = time.process_time() - start
        print(
            f"{text:14} {found.suppressed:10,} {found.exposed:8,} {found.unsettled:12,} {took:8.1f} "
            f"{took / peer_seconds(linked):12.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
