"""All nine classic measures: against pycanon in the same run, and from 10⁵ rows upwards.

python benchmarks/anonymity.py [ROWS ...]     default: 1e5 3e5 1e6 5e6 1e7; 1e8 needs 3 GB of disk

Each size is measured in a process of its own, so that its peak memory is its own. The peer runs once, on
`PEER_ROWS` rows; what it needs grows with rows × classes, so the ratio at more rows is larger.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.model.anonymity import AnonymityQuestion

QUASI = ("age", "zip", "sex", "country", "education")
DEFAULT_ROWS = ("1e5", "3e5", "1e6", "5e6", "1e7")
PEER_ROWS = 300_000
PEER_CLASSES = """select age, zip[:1] as zip, sex, country[:9] as country, 'any' as education,
    diagnosis, salary from"""

TABLE = """
    select (17 + floor(70 * random() * random()))::int as age,
        lpad((floor(1000 * random() * random()))::int::varchar, 5, '0') as zip,
        if(random() < 0.5, 'female', 'male') as sex,
        'country-' || (floor(20 * random() * random() * random()))::int as country,
        'education-' || (floor(16 * random()))::int as education,
        'disease ' || (floor(60 * random() * random()))::int as diagnosis,
        (1000 + floor(5000 * random() * random()))::int as salary
    from range({rows})
"""


def write_parquet(path: Path, query: str) -> Path:
    """A Parquet file of a query's rows, the same in each run."""
    import duckdb  # noqa: PLC0415 - heavy, and only this needs it

    connection = duckdb.connect()
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '1GB'")
    connection.execute("select setseed(0.42)")
    connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return path


def time_of(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(path: Path, sensitive: str = "diagnosis", memory: str = "1GB") -> str:
    with open_table(path, TableOptions(memory_limit=memory)) as opened:
        found = measure(opened, AnonymityQuestion(QUASI, (sensitive,)))
    return f"k={found.k} classes={found.classes:,}"


def peer(path: Path) -> None:
    """The same nine measures by pycanon."""
    import pandas  # noqa: PLC0415, ICN001 - heavy, and only the oracle needs it
    from pycanon import anonymity  # noqa: PLC0415 - heavy, and only the peer needs it

    frame = pandas.read_parquet(path)
    anonymity.k_anonymity(frame, list(QUASI))
    for name in anonymity.__all__:
        if name != "k_anonymity":
            getattr(anonymity, name)(frame, list(QUASI), ["diagnosis"])


def write_table(rows: str, sensitive: str) -> None:
    """One size in this process: seconds by the clock and of all processors, and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        make = [sys.executable, __file__, "--write", rows, str(path)]
        subprocess.run(make, check=True)
        seen: list[str] = []
        seconds = time_of(
            lambda: seen.append(ours(path, sensitive, "1GB" if float(rows) < 5e7 else "1500MB"))
        )
        used = resource.getrusage(resource.RUSAGE_SELF)
        peak, worked = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
        cost = f"{seconds:7.2f} s  {worked:7.2f} s CPU  {peak:6.0f} MB"
        print(f"{int(float(rows)):>12,} rows  {sensitive:<10} {cost}  {seen[0]}", flush=True)


def against_the_peer() -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = write_parquet(Path(folder) / "raw.parquet", TABLE.format(rows=PEER_ROWS))
        path = write_parquet(Path(folder) / "coarse.parquet", f"{PEER_CLASSES} '{raw}'")
        ours(path)
        mine, theirs = time_of(lambda: ours(path)), time_of(lambda: peer(path))
        print(
            f"{PEER_ROWS:,} rows, {ours(path)}: {mine:.2f} s, pycanon {theirs:.1f} s: {theirs / mine:.0f} ×",
            flush=True,
        )


def main(arguments: list[str]) -> None:
    match arguments:
        case ["--write", rows, path]:
            write_parquet(Path(path), TABLE.format(rows=int(float(rows))))
        case ["--size", rows, sensitive]:
            write_table(rows, sensitive)
        case ["--peer"]:
            against_the_peer()
        case _:
            for rows in arguments or DEFAULT_ROWS:
                for sensitive in ("diagnosis", "salary"):
                    subprocess.run([sys.executable, __file__, "--size", rows, sensitive], check=True)
            against_the_peer()


if __name__ == "__main__":
    main(sys.argv[1:])
