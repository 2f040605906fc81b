"""What cannot be read is found when a table is opened, or is missing: never by the question that meets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatecli.data import column, open_table
from gatecli.data.table import PrivateTable
from gatecli.errors import GatecliError, UncheckableError, UsageError

BUDGET = {"epsilon": 10**4}
INVALID = pa.array([b"ok", b"\xff\xfe"]).view(pa.string())


def open_text(folder: Path, text: bytes, **options: Any) -> PrivateTable:
    (folder / "people.csv").write_bytes(text)
    return open_table(folder / "people.csv", budget=BUDGET, **options)


def test_what_is_not_a_number_in_a_text_file_is_missing(tmp_path: Path) -> None:
    text = b"name,age\na,40\nb,unknown\nc, 60 \nd,1e999\ne,NaN\nf,12345678901234567890\n"
    table = open_text(tmp_path, text, bounds={"age": (0, 100)})
    assert table.count("age", epsilon=1000).value == 4
    assert table.filter(column("name") == "b").mean("age", epsilon=1000).value is None


@pytest.mark.parametrize("text", [b"name\na\n\xff\xfe\n", b"name\na\nb,c\n", b'name\na\n"b\n'])
@pytest.mark.parametrize("bounds", [{}, {"name": (0, 1)}])
def test_a_text_file_that_cannot_be_read_is_not_opened(tmp_path: Path, text: bytes, bounds: Any) -> None:
    with pytest.raises(UncheckableError, match=r"people\.csv"):
        open_text(tmp_path, text, bounds=bounds)


def test_text_that_is_not_unicode_is_not_opened(tmp_path: Path) -> None:
    data = pa.table({"name": INVALID})
    pq.write_table(data, tmp_path / "people.parquet")
    for source in (data, tmp_path / "people.parquet"):
        with pytest.raises(UncheckableError, match="not Unicode"):
            open_table(source, budget=BUDGET)


def test_dates_of_a_file_that_the_engine_cannot_hold_are_not_opened(tmp_path: Path) -> None:
    moments = pa.array([2**62, 0], pa.int64())
    pq.write_table(pa.table({"day": moments.cast(pa.timestamp("ms"))}), tmp_path / "people.parquet")
    for source in (tmp_path / "people.parquet", pa.table({"day": moments.cast(pa.timestamp("s", "UTC"))})):
        with pytest.raises(UncheckableError, match="not of its column's type"):
            open_table(source, budget=BUDGET)


CANARY = "canary-7391"


@pytest.mark.parametrize(
    "values", [[1.0, CANARY], [object(), CANARY], [CANARY, 2]], ids=["mixed", "objects", "numbers"]
)
def test_a_frame_that_is_no_table_is_refused_in_our_words(values: list[Any]) -> None:
    with pytest.raises(UncheckableError, match="the frame has a column") as caught:
        open_table(pd.DataFrame({"age": values}), budget=BUDGET)
    assert caught.value.__context__ is None
    assert CANARY not in caught.value.message + caught.value.advice


def test_columns_that_differ_in_case_alone_are_said_at_opening(tmp_path: Path) -> None:
    data = pd.DataFrame([[1, 2]], columns=["age", "AGE"])
    data.to_csv(tmp_path / "people.csv", index=False)
    twice = pd.DataFrame([[1, 2]], columns=["age", "age"])
    for source in (data, pa.table({"age": [1], "AGE": [2]}), twice, tmp_path / "people.csv"):
        with pytest.raises(GatecliError, match="same name, case aside"):
            open_table(source, budget=BUDGET)


def test_a_relative_path_is_that_of_the_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "people.csv").write_text("name\na\nb\n")
    monkeypatch.chdir(tmp_path)
    with open_table("people.csv", budget=BUDGET) as table:
        monkeypatch.chdir("/")
        assert table.count(epsilon=1000).value == 2


@pytest.mark.parametrize("given", [2.0, 1, (1, 0), "epsilon", [("epsilon", 1)]])
def test_a_budget_is_epsilon_and_delta(given: Any) -> None:
    with pytest.raises(UsageError, match="not epsilon and delta"):
        open_table(pa.table({"age": [1]}), budget=given)
