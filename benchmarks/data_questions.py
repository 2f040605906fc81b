"""What a table behind a budget costs beside OpenDP alone: `python benchmarks/data_questions.py [ROWS …]`.

Both read the same Parquet file and answer the same question, a count and a mean within bounds at ε = 1. Bare
OpenDP gets the column as numpy's array, and adds it up by itself. Medians of five, in one process.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gatecli.data import open_table

SIZES = (1_000_000, 10_000_000)
BOUNDS = (0.0, 110.0)
RUNS = 5


def write_rows(path: Path, rows: int) -> None:
    """A file of ages and wards."""
    rng = np.random.default_rng(7)
    ages = np.clip(rng.normal(50, 20, rows), 0, 110)
    pq.write_table(pa.table({"age": ages, "ward": rng.integers(0, 5, rows)}), path)


def median_time(work: Callable[[], object]) -> float:
    """Seconds, the median of several runs after one that warms up."""
    work()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def opendp_alone(path: Path) -> Callable[[], object]:
    """OpenDP's own chain: clamp, sum, count, and discrete noise; ε split in two."""
    import opendp.prelude as dp  # noqa: PLC0415 - the peer

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.symmetric_distance()
    total = space >> dp.t.then_clamp(BOUNDS) >> dp.t.then_sum()
    count = space >> dp.t.then_count()
    noisy_total = dp.binary_search_chain(lambda scale: total >> dp.m.then_laplace(scale), d_in=1, d_out=0.5)
    noisy_count = dp.binary_search_chain(lambda scale: count >> dp.m.then_laplace(scale), d_in=1, d_out=0.5)

    def work() -> object:
        ages = pq.read_table(path, columns=["age"]).column("age").to_numpy()
        return noisy_total(ages), noisy_count(ages)

    return work


def behind_a_budget(path: Path) -> Callable[[], object]:
    """The same question to a table behind a budget."""
    table = open_table(path, budget={"epsilon": 1000}, bounds={"age": BOUNDS})
    return lambda: table.agg(n="count", mean=("age", "mean"), epsilon=1)


def import_seconds() -> tuple[float, float]:
    """Importing `open_table` in a new process, and starting Python alone: the least of five."""
    programs = ("from gatecli.data import open_table", "pass")
    found = []
    for program in programs:
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            times.append(time.perf_counter() - start)
        found.append(min(times))
    return found[0], found[1]


def main() -> None:
    whole, alone = import_seconds()
    print(f"import: {whole - alone:.2f} s above the {alone:.2f} s of Python (the goal: 0.3 s)")
    for rows in [int(each) for each in sys.argv[1:]] or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            write_rows(path, rows)
            ours, theirs = median_time(behind_a_budget(path)), median_time(opendp_alone(path))
        print(f"{rows:>10,} rows: {ours:.3f} s, OpenDP alone {theirs:.3f} s: {ours / theirs:.2f}×")


if __name__ == "__main__":
    main()
