"""How fast discovery and the search for a generalisation are: `python benchmarks/generalisation.py [ROWS]`.

On a made-up table with Adult's schema: `discover` beside Desbordante's HPIValid and HyUCC where that
package is installed, and `search` beside grouping every node of the same lattice in DuckDB.
"""

from __future__ import annotations

import importlib
import importlib.util
import resource
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any, TypeVar

import ibis

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.hierarchies import generalised_column
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.generalisation import apply, describe
from gatecli.anonymity.search.lattice import search
from gatecli.model.anonymity import Thresholds
from tests.support.adult import QUASI_IDENTIFIERS, adult

Answer = TypeVar("Answer")

FIVE = ("age", "workclass", "education", "race", "sex")
PEER_ROWS = 30_000
"""Desbordante has no limit of columns: its work explodes where nearly nothing is unique."""


def run_timed(name: str, work: Callable[[], Answer]) -> tuple[float, Answer]:
    start = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - start
    print(f"{name}: {seconds:.2f} s")
    return seconds, answer


def peer_seconds(table: Any) -> None:
    if importlib.util.find_spec("desbordante") is None:
        print("desbordante is not installed: no peer for discovery")
        return
    desbordante = importlib.import_module("desbordante")
    frame = table.to_pandas()
    for name in ("HPIValid", "HyUCC"):
        algorithm = getattr(desbordante.ucc.algorithms, name)()

        def work(algorithm: Any = algorithm) -> None:
            algorithm.load_data(table=frame)
            algorithm.execute()

        run_timed(f"  desbordante {name}, exact only, any number of columns", work)


def whole_lattice(table: Any, names: tuple[str, ...], k: int) -> int:
    """The nodes that reach k within 5 %, each grouped by the engine."""
    hierarchies = proposed_hierarchies(table, names)
    reached = 0
    for levels in product(*(hierarchy.levels for hierarchy in hierarchies)):
        keys = {
            f"q{at}": generalised_column(table[name], level)
            for at, (name, level) in enumerate(zip(names, levels, strict=True))
        }
        sizes = table.group_by(**keys).aggregate(n=table.count())
        left = sizes.filter(sizes.n >= k).n.sum().to_pyarrow().as_py() or 0
        reached += left >= 0.95 * table.count().to_pyarrow().as_py()
    return reached


def main(rows: int) -> None:
    connection = ibis.duckdb.connect()
    small = adult(PEER_ROWS)
    run_timed(
        f"discover, {PEER_ROWS:,} × 15, up to 4 columns, exact and almost unique",
        lambda: discover(connection.create_table("small", small)),
    )
    peer_seconds(small)
    table = connection.create_table("large", adult(rows))
    run_timed(f"discover, {rows:,} × 15", lambda: discover(table))
    fast, found = run_timed(
        f"search k=5 l=2, {rows:,} rows × 5 quasi-identifiers",
        lambda: search(table, FIVE, ["income"], Thresholds(k=5, l=2)),
    )
    print(f"  {describe(found[0])}; least: {found[0].least}")
    slow, nodes = run_timed("  every node grouped in DuckDB, k alone", lambda: whole_lattice(table, FIVE, 5))
    print(f"  {nodes} nodes reach k; ratio {slow / fast:.0f} ×")
    limits = Thresholds(k=5, l=2, t=Fraction(3, 10))
    _, found = run_timed(
        f"search k=5 l=2 t=0.3, {rows:,} rows × 9 quasi-identifiers, 2 sensitive",
        lambda: search(table, QUASI_IDENTIFIERS, ["income", "capital-gain"], limits),
    )
    print(f"  {describe(found[0])}; least: {found[0].least}")
    _, left = run_timed("apply the best", lambda: int(apply(table, found[0]).count().to_pyarrow().as_py()))
    assert left == found[0].rows - found[0].suppressed
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
