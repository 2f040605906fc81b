"""How fast `gatecli anonymity apply` is and what memory it needs: `python benchmarks/apply.py [FOLDER]`.

FOLDER holds `adult.csv` (30,162 rows, `;`) and `adult_hierarchy_COLUMN.csv` as ARX ships them: then the
optima are compared with those of ARX, and the time with that of anjana's `k_anonymity`, where that package
is installed. Without it, only a made-up table of 1,000,000 rows × 8 is searched, as it is after all else.
`--memory ROWS` is that in this process.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import ibis

from gatecli.anonymity.hierarchies import hierarchy_from_csv
from gatecli.anonymity.search.branches import explore
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.lattice import WORK
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import LossMetric
from tests.support.adult import adult

COLUMNS = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation")
ADDITIONS = 10**7

OPTIMA: tuple[tuple[dict[str, Any], str, int], ...] = (
    # What is demanded of `occupation` beside k = 5, the rows that may go, and ARX's least discernibility.
    ({}, "0", 33_627_534),
    ({"l": 3}, "0", 55_170_356),
    ({"t": Fraction(1, 5)}, "0", 456_853_172),
    ({"t": Fraction(2, 5)}, "0", 97_868_020),
    ({"beta": Fraction(1)}, "0", 456_853_172),
    ({"beta": Fraction(4)}, "0", 290_180_796),
    ({"enhanced_beta": Fraction(2)}, "0", 456_853_172),
    ({"delta": Fraction(1)}, "0", 909_746_244),
    ({"delta": Fraction(2)}, "0", 311_880_088),
    ({"entropy_l": Fraction(5)}, "0", 55_170_356),
    ({}, "0.05", 7_220_555),
    ({"l": 3}, "0.05", 9_800_845),
    ({"t": Fraction(1, 5)}, "0.05", 336_773_094),
    ({"t": Fraction(2, 5)}, "0.05", 41_927_971),
    ({"beta": Fraction(1)}, "0.05", 450_156_172),
    ({"beta": Fraction(4)}, "0.05", 61_789_602),
    ({"enhanced_beta": Fraction(2)}, "0.05", 169_298_616),
    ({"delta": Fraction(1)}, "0.05", 696_850_757),
    ({"delta": Fraction(2)}, "0.05", 248_994_281),
    ({"entropy_l": Fraction(5)}, "0.05", 16_201_416),
)
"""ARX (commit aacd487), discernibility, without practical monotonicity. With β and
suppression ours may be larger: gatecli measures β in what is published.
"""


def processor_time(work: Callable[[], Any]) -> float:
    """Seconds of all processors, in this process and in those that it waits for."""
    before = os.times()
    work()
    return sum(os.times()[:4]) - sum(before[:4])


def count_up() -> None:
    total = 0
    for number in range(ADDITIONS):
        total += number


def compare_optima(folder: Path) -> None:
    files = {name: hierarchy_from_csv(name, _text(folder, name)) for name in COLUMNS}
    import pyarrow.csv as texts  # noqa: PLC0415 - heavy, and only this needs it

    table = texts.read_csv(folder / "adult.csv", parse_options=texts.ParseOptions(delimiter=";"))
    source = ibis.duckdb.connect().create_table("adult", table)
    bases = {
        sensitive: fetch(source, [files[name] for name in COLUMNS if name not in sensitive], sensitive, {})
        for sensitive in ((), ("occupation",))
    }
    same = 0
    for demanded, share, least in OPTIMA:
        base = bases[("occupation",) if demanded else ()]
        most = int(Fraction(share) * base.rows)
        found = explore(base, Thresholds(k=5, **demanded), LossMetric.DISCERNIBILITY, most, WORK)
        loss = int(found.candidates[0].loss)
        same += loss == least
        if loss != least:
            print(f"  k=5 {demanded} {share}: {loss:,}, ARX {least:,}; complete: {found.is_complete}")
    print(f"{same} of {len(OPTIMA)} optima are ARX's")


def _text(folder: Path, name: str) -> str:
    return (folder / f"adult_hierarchy_{name}.csv").read_text("utf-8")


def apply_adult(folder: Path, *options: str) -> None:
    """The command as a whole, in a process of its own."""
    trees = [f"{name}={folder}/adult_hierarchy_{name}.csv" for name in COLUMNS]
    asked = [word for tree in trees for word in ("--hierarchy", tree)]
    command = [sys.executable, "-m", "gatecli", "anonymity", "apply", str(folder / "adult.csv"), "--k", "5"]
    columns = ["--quasi-identifier", ",".join(COLUMNS)]
    with tempfile.TemporaryDirectory() as target:
        files = ["-o", f"{target}/out.csv"]
        subprocess.run([*command, *columns, *asked, *options, *files], check=True, capture_output=True)


def peer(folder: Path) -> None:
    """The `k_anonymity` of anjana, of the same table, hierarchies and share of suppression."""
    import pandas  # noqa: PLC0415, ICN001 - heavy, and only the peer needs it

    pandas.set_option("future.infer_string", False)  # noqa: FBT003 - anjana expects arrays of objects
    frame = pandas.read_csv(folder / "adult.csv", sep=";")
    trees = {
        name: dict(pandas.read_csv(folder / f"adult_hierarchy_{name}.csv", sep=";", header=None))
        for name in COLUMNS
    }
    anonymity = importlib.import_module("anjana.anonymity")
    anonymity.k_anonymity(frame, [], list(COLUMNS), 5, 5, trees)


def compare_times(folder: Path) -> None:
    yardstick = processor_time(count_up)
    print(f"10⁷ additions in Python: {yardstick:.2f} s CPU")
    apply_adult(folder)
    for what, options in {"with cells": (), "levels alone": ("--no-cells", "--no-local")}.items():
        seconds = processor_time(partial(apply_adult, folder, *options))
        print(f"apply, {what}: {seconds:.1f} s CPU, {seconds / yardstick:.1f} × that")
    if importlib.util.find_spec("anjana") is None:
        print("anjana is not installed: no peer")
        return
    seconds = processor_time(lambda: peer(folder))
    print(f"anjana k_anonymity, in this process: {seconds:.1f} s CPU, {seconds / yardstick:.1f} × that")


def search_large(rows: int) -> None:
    """Search and apply in this process; its peak memory."""
    from gatecli.cli.app import main as gatecli  # noqa: PLC0415 - so that its memory is that of this command alone

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "adult.parquet"
        subprocess.run([sys.executable, __file__, "--write", str(rows), str(source)], check=True)
        asked = ["--quasi-identifier", ",".join(COLUMNS), "--k", "5", "-o", f"{folder}/out.parquet"]
        code: list[int] = []
        seconds = processor_time(lambda: code.append(gatecli(["anonymity", "apply", str(source), *asked])))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"apply, {rows:,} rows × {len(COLUMNS)}: exit {code[0]}, {seconds:.1f} s CPU, peak {peak:.0f} MB")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["--write", rows, path]:
            import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and only this needs it

            pq.write_table(adult(int(rows)).drop(["fnlwgt"]), path)
        case ["--memory", rows]:
            search_large(int(rows))
        case [folder, *rest]:
            compare_optima(Path(folder))
            compare_times(Path(folder))
            subprocess.run([sys.executable, __file__, "--memory", *(rest[1:] or ["1000000"])], check=True)
        case _:
            search_large(1_000_000)


if __name__ == "__main__":
    main(sys.argv[1:])
