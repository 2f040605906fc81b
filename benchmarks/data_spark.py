"""Grouped counts and means behind a budget on local Spark, beside the plain aggregate in the same run.

python benchmarks/data_spark.py [ROWS ...] [--rounds N] [--without-units]     default: 1e6 1e7, 5 rounds

Spark runs with two cores on a Parquet file of ROWS rows. A round asks each way once, by turns: plain
`groupBy(…).agg(count, avg)`, the same question through `gatecli.data` where each row is a unit, and where at
most one row of each unit is counted, of whom there are half as many as rows. Beside the last one stands what
Spark needs to number each unit's rows and add up the first ones without gatecli.

Seconds are by the clock, and of the processors that Spark used (on Linux; the better figure on a machine that
others use too).

Target: the question without units takes at most 1.3 times as long as the plain aggregate, at 10⁷ rows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gatecli.data import open_table  # noqa: E402 - after the path

DEFAULT_ROWS = ("1e6", "1e7")
WARDS = tuple(f"ward {number}" for number in range(20))
MOST = 1.3
Way = Callable[[], object]


def start_spark(folder: Path) -> Any:
    """Spark as it comes, with two cores; its log is in the folder."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra that starts a JVM

    builder = SparkSession.builder.master("local[2]").config("spark.local.dir", str(folder / "local"))
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    builder = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    kept = os.dup(2)
    with (folder / "log").open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        return builder.config("spark.driver.memory", "2g").getOrCreate()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def write_table(session: Any, rows: int, folder: Path) -> Any:
    """A frame of a Parquet file: a person, who has two rows or so, a ward and an age."""
    query = f"""
        select cast(rand(1) * {rows // 2} as bigint) as pid,
            concat('ward ', cast(floor(rand(2) * {len(WARDS)}) as string)) as ward,
            floor(rand(3) * 100) + rand(4) as age
        from range({rows})
    """  # noqa: S608 - our own numbers
    path = str(folder / f"{rows}.parquet")
    session.sql(query).write.parquet(path)
    return session.read.parquet(path)


def plain(frame: Any) -> Way:
    """What anybody would write."""
    from pyspark.sql import functions as f  # noqa: PLC0415 - an optional extra

    return lambda: frame.groupBy("ward").agg(f.count("*"), f.avg("age")).collect()


def plain_bounded(frame: Any) -> Way:
    """One row of each person, by hand."""
    from pyspark.sql import Window  # noqa: PLC0415 - an optional extra
    from pyspark.sql import functions as f  # noqa: PLC0415 - an optional extra

    place = f.row_number().over(Window.partitionBy("pid").orderBy(f.hash("ward", "age")))

    def ask() -> object:  # a frame that was computed before keeps what it shuffled
        first = frame.withColumn("place", place).where("place = 1")
        return first.groupBy("ward").agg(f.count("*"), f.avg("age")).collect()

    return ask


def private(frame: Any, unit: str | None = None) -> Way:
    """The same, behind a budget that does not end."""
    table = open_table(
        frame, budget={"epsilon": 10_000}, bounds={"age": (0, 100)}, keys={"ward": WARDS}, unit=unit
    ).groupby("ward")
    return lambda: table.agg(n="count", mean=("age", "mean"), epsilon=1)


class Spent(NamedTuple):
    """Seconds by the clock, and of Spark's processors."""

    clock: float
    processor: float


Found = dict[str, list[Spent]]


def processor_seconds(session: Any) -> float:
    """Of the Java machine until now, in user mode and in the kernel."""
    pid = session.sparkContext._gateway.proc.pid  # noqa: SLF001 - pyspark has no public name for it
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def time_of(work: Way, session: Any) -> Spent:
    start, before = time.perf_counter(), processor_seconds(session)
    work()
    return Spent(time.perf_counter() - start, processor_seconds(session) - before)


def compare(ways: Mapping[str, Way], rounds: int, session: Any) -> Found:
    """Each way once a round, each first as often; the first round is not counted."""
    found: Found = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds + 1):
        for name in names:
            spent = time_of(ways[name], session)
            if number:
                found[name].append(spent)
        names = [*names[1:], names[0]]
    return found


def ratios(found: Found, one: str, other: str) -> Spent:
    """The median of the ratios of rounds."""
    pairs = list(zip(found[one], found[other], strict=True))
    clock = statistics.median(mine.clock / its.clock for mine, its in pairs)
    return Spent(clock, statistics.median(mine.processor / its.processor for mine, its in pairs))


def measure(frame: Any, rows: int, rounds: int, *, without_units: bool) -> None:
    ways = {"plain": plain(frame), "private": private(frame)}
    if not without_units:
        ways |= {"plain, bounded": plain_bounded(frame), "private, bounded": private(frame, "pid")}
    found = compare(ways, rounds, frame.sparkSession)
    print(f"{rows:,} rows, {len(WARDS)} groups, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name, spent in found.items():
        clock = [each.clock for each in spent]
        processor = statistics.median(each.processor for each in spent)
        print(
            f"  {name:17} {statistics.median(clock):6.2f} s ({min(clock):.2f} to {max(clock):.2f}), "
            f"processor {processor:.2f} s"
        )
    for kind in ("", ", bounded")[: len(ways) // 2]:
        both = ratios(found, f"private{kind}", f"plain{kind}")
        goal = "" if kind else f" (goal at 10⁷ rows: {MOST} or less)"
        print(
            f"  private{kind} to plain{kind}: {both.clock:.2f}, processor {both.processor:.2f}{goal}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=DEFAULT_ROWS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-units", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        session = start_spark(Path(folder))
        try:
            for text in given.rows:
                rows = int(float(text))
                frame = write_table(session, rows, Path(folder))
                measure(frame, rows, given.rounds, without_units=given.without_units)
        finally:
            session.stop()


if __name__ == "__main__":
    main()
