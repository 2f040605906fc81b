"""How fast discovery is on a wide table: `python benchmarks/discovery.py [ROWS]`, by default 50,000 × 40.

Skewed categories of 2 to 100 values, of which thousands of combinations of four are almost unique: a hard
case. The peer is DuckDB grouping by some combinations of four columns; what all combinations of up to four
would take is estimated from these.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from itertools import combinations
from math import comb
from typing import Any

import ibis

from gatecli.anonymity.discovery.identifying_columns import MAX_COLUMNS, discover

ROWS = 50_000
VALUES = (
    *(2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 9, 10),
    *(10, 12, 12, 14, 15, 16, 18, 20, 20, 24, 25, 30, 30, 35, 40, 45, 50, 60, 80, 100),
)
GROUPED = 100
"""Combinations that the peer groups by."""


def wide_table(connection: Any, rows: int) -> Any:
    """A table of as many columns as there are numbers of values, the same in each run."""
    columns = ", ".join(
        f"floor({values} * random() * random())::int as v{at}" for at, values in enumerate(VALUES)
    )
    connection.con.execute("set threads = 1")
    connection.con.execute("select setseed(0.42)")
    connection.con.execute(f"create table wide as select {columns} from range({rows})")  # noqa: S608 - numbers of its own
    return connection.table("wide")


def processor_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """What work takes of all processors, whatever else the machine does, and its answer."""
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def peer_seconds(connection: Any) -> float:
    """What grouping by one combination of four columns takes, on average."""
    every = list(combinations(range(len(VALUES)), MAX_COLUMNS))
    chosen = random.Random(1).sample(every, GROUPED)  # noqa: S311 - a seed, no secret

    def group() -> None:
        for columns in chosen:
            keys = ", ".join(f"v{at}" for at in columns)
            sizes = f"select count(*) as n from wide group by {keys}"  # noqa: S608 - numbers of its own
            connection.con.execute(f"select sum(n * (n - 1)) from ({sizes})").fetchall()  # noqa: S608 - numbers of its own

    return processor_seconds(group)[0] / GROUPED


def main(rows: int) -> None:
    connection = ibis.duckdb.connect()
    table = wide_table(connection, rows)
    ours, found = processor_seconds(lambda: discover(table))
    combined = f"{len(found.unique):,} unique and {len(found.almost_unique):,} almost unique combinations"
    print(f"discover, {rows:,} × {len(VALUES)}: {ours:.1f} s of processor; {combined}, {found.complete=}")
    looked_at = sum(comb(len(VALUES), size) for size in range(1, MAX_COLUMNS + 1))
    each = peer_seconds(connection)
    print(f"  DuckDB, {looked_at:,} groupings at {each * 1000:.1f} ms: {each * looked_at:.0f} s; ", end="")
    print(f"ratio {each * looked_at / ours:.0f} ×")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
