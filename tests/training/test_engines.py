"""Engines of noise beside OpenDP: each passes the contract, and its audit finds what is refused."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.environments import ROOT
from tests.support.training import run

PROGRAM = """
import pyarrow as pa
from gatecli.data import open_table
from gatecli.errors import ConfigurationError

rows = pa.table({"age": [20.0, 30.0, 40.0] * 100, "ward": ["a", "b", "b"] * 100})
for engine in ("pydp", "diffprivlib"):
    people = open_table(
        rows, budget={"epsilon": 10, "delta": "1e-6"}, bounds={"age": (0, 100)},
        keys={"ward": ["a", "b"]}, engine=engine,
    )
    answer = people.groupby("ward").agg(n="count", epsilon=5, delta="1e-7")
    print([abs(row["n"] - exact) < 10 for row, exact in zip(answer, (100, 200))])
    print(answer.receipt.engine)
    print(answer.receipt.reason)
    for ask in (people.mean, people.median):
        try:
            print(abs(ask("age", epsilon=1).value - 30) < 20)
        except ConfigurationError as error:
            print(error.message)
    print(len(people.budget.questions))
    people.write_evidence(f"{engine}.json")
"""
ANSWERS = """\
[True, True]
python-dp 1.1.5 (as asked: its Laplace noise, rounded to whole numbers)
Laplace, since python-dp draws no Gaussian noise here; delta is not spent
True
python-dp draws no quantiles here
2
[True, True]
diffprivlib 0.6.6 (as asked: its geometric noise, for counts)
Laplace, since diffprivlib draws no Gaussian noise here; delta is not spent
diffprivlib's geometric is exact up to a scale of 1024, and 2097160 is asked
True
2
"""


def test_each_engine_passes_its_contract_and_its_audit() -> None:
    quiet = ("--noconftest", "-q", "-p", "no:cacheprovider")
    done = run("-m", "pytest", *quiet, "tests/training/engine_contracts.py", folder=ROOT)
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^\d+ passed in", done.stdout, re.MULTILINE)


def test_tables_are_asked_by_each_engine(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = run("program.py", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, ANSWERS), done.stderr
    for name, library in (("pydp", "python-dp"), ("diffprivlib", "diffprivlib")):
        assert f'"name": "{library}"' in (tmp_path / f"{name}.json").read_text("utf-8")
