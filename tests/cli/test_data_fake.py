"""`gatecli data fake`: the columns of a table, and none of its values."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from gatecli.cli.app import main

Command = Callable[..., tuple[int, str]]

VALUE = "Zweistein-4711"
TYPES: Mapping[str, Any] = {
    "patient_id": pa.string(),
    "name": pa.string(),
    "ward": pa.large_string(),
    "age": pa.int8(),
    "visits": pa.uint16(),
    "person_id": pa.int64(),
    "phone": pa.int64(),
    "bmi": pa.float64(),
    "latitude": pa.float32(),
    "cost": pa.decimal128(9, 2),
    "smoker": pa.bool_(),
    "dob": pa.date32(),
    "admitted": pa.timestamp("us"),
    "seen": pa.timestamp("us", "UTC"),
    "woken": pa.time64("us"),
    "scan": pa.binary(),
}
SENTENCES = {
    "has no column": ("--bounds", "nobody=1:2"),
    "not LOW:HIGH": ("--bounds", "age=9:1"),
    "has days for its bounds": ("--bounds", "age=2020-01-01:2020-02-01"),
    "has numbers for its bounds": ("--bounds", "dob=1:2"),
    "without a whole number": ("--bounds", "age=1.2:1.3"),
    "does not hold its bounds": ("--bounds", "age=0:1000"),
    "takes no bounds": ("--bounds", "smoker=0:1"),
    "has a key that is not of its type": ("--keys", "age=a,b"),
    "--bounds age": ("--bounds", "age=a:b"),
    "this table has types": ("--numeric", "age"),
}


@pytest.fixture(name="run")
def in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.chdir(tmp_path)

    def command(source: str, target: str, *more: str, rows: int = 6) -> tuple[int, str]:
        code = main(["data", "fake", source, "-o", target, "--rows", str(rows), *more])
        shown = capsys.readouterr()
        assert VALUE not in shown.err + shown.out
        return code, shown.err + shown.out

    return command


def real_table(**values: Any) -> str:
    """A table of all types, of one value each; of nothing else."""
    given = dict.fromkeys(TYPES) | values
    columns = {name: pa.array([given[name]], kind) for name, kind in TYPES.items()}
    pq.write_table(pa.table(columns), "real.parquet")
    return "real.parquet"


def read_csv(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_names_types_and_order_of_the_columns_are_kept(run: Command) -> None:
    assert run(real_table(), "out.fake.parquet")[0] == 0
    out = pq.read_table("out.fake.parquet")
    wanted = {name: pa.string() if pa.types.is_large_string(kind) else kind for name, kind in TYPES.items()}
    assert dict(zip(out.schema.names, out.schema.types, strict=True)) == wanted | {"woken": pa.time64("ns")}
    assert out.num_rows == 6
    assert sum(column.null_count for column in out.columns) == 0


def test_the_values_of_the_table_change_nothing(run: Command) -> None:
    assert run(real_table(), "one.fake.parquet")[0] == 0
    values: dict[str, Any] = {
        "patient_id": VALUE,
        "name": VALUE,
        "ward": "a",
        "age": 99,
        "bmi": 12.5,
        "cost": Decimal("3.25"),
        "smoker": True,
        "dob": dt.date(1950, 1, 1),
        "scan": b"\xff",
    }
    assert run(real_table(**values), "other.fake.parquet")[0] == 0
    assert Path("one.fake.parquet").read_bytes() == Path("other.fake.parquet").read_bytes()


def test_no_value_of_a_column_of_few_gets_over(run: Command) -> None:
    rows = "".join(f"{VALUE},ward-{VALUE},{30 + at}\n" for at in range(9))
    Path("real.csv").write_text("name,ward,age\n" + rows)
    assert run("real.csv", "out.fake.csv", rows=200)[0] == 0
    assert VALUE not in Path("out.fake.csv").read_text()
    assert len(read_csv("out.fake.csv")) == 200


def test_the_same_seed_gives_the_same_table(run: Command) -> None:
    Path("real.csv").write_text("name,ward,age\n")
    made = {}
    for target, seed in (("a", ()), ("b", ("--seed", "0")), ("c", ("--seed", "1"))):
        assert run("real.csv", f"{target}.fake.csv", *seed)[0] == 0
        made[target] = Path(f"{target}.fake.csv").read_text()
    assert made["a"] == made["b"] != made["c"]


def test_fewer_rows_and_columns_are_a_part_of_more(run: Command) -> None:
    Path("wide.csv").write_text("ward,name,age\n")
    Path("narrow.csv").write_text("age,name\n")
    assert run("wide.csv", "wide.fake.csv", rows=9)[0] == 0
    assert run("narrow.csv", "narrow.fake.csv", rows=4)[0] == 0
    wide, narrow = read_csv("wide.fake.csv"), read_csv("narrow.fake.csv")
    assert [{"age": row["age"], "name": row["name"]} for row in wide[:4]] == narrow


def workbook() -> str:
    book = openpyxl.Workbook()
    for row in (("name", "age"), (VALUE, 3)):
        book.active.append(row)
    book.save("real.xlsx")
    return "real.xlsx"


def schema_file() -> str:
    Path("real.json").write_text('{"name": "string", "age": "int64"}')
    return "real.json"


def lines() -> str:
    Path("real.jsonl").write_text(f'{{"name": "{VALUE}", "age": 3}}\n')
    return "real.jsonl"


def arrow() -> str:
    feather.write_feather(pa.table({"name": [VALUE], "age": [3]}), "real.arrow")
    return "real.arrow"


@pytest.mark.parametrize("write", [workbook, schema_file, lines, arrow])
def test_a_table_of_any_kind_gives_one_of_its_columns(run: Command, write: Callable[[], str]) -> None:
    code, told = run(write(), "out.fake.csv", "--bounds", "age=18:20")
    assert code == 0, told
    rows = read_csv("out.fake.csv")
    assert {tuple(row) for row in rows} == {("name", "age")}
    assert all(18 <= float(row["age"]) <= 20 for row in rows)


def test_the_dialect_of_a_text_file_is_kept(run: Command) -> None:
    Path("real.csv").write_bytes(b'"name";"age"\r\n"x";"3"\r\n')
    assert run("real.csv", "out.fake.csv", rows=1)[0] == 0
    head, row, end = Path("out.fake.csv").read_bytes().split(b"\r\n")
    assert (head, row.count(b'"'), row.count(b";"), end) == (b'"name";"age"', 4, 1, b"")


def test_bounds_and_keys_say_what_a_column_may_hold(run: Command) -> None:
    asked = (
        "age=18:19",
        "bmi=10.5:11",
        "dob=2020-01-01:2020-01-02",
        "cost=-1:-0.98",
        "admitted=2021-01-01:2021-01-01",
    )
    keys = ("ward=a,b", "visits=7", "smoker=true", "latitude=0.5")
    more = [each for text in asked for each in ("--bounds", text)]
    more += [each for text in keys for each in ("--keys", text)]
    code, told = run(real_table(), "out.fake.parquet", *more, rows=60)
    assert code == 0, told
    out = pq.read_table("out.fake.parquet").to_pydict()
    assert set(out["age"]) == {18, 19}
    assert all(10.5 <= each <= 11 for each in out["bmi"])
    assert set(out["dob"]) == {dt.date(2020, 1, 1), dt.date(2020, 1, 2)}
    assert set(out["cost"]) == {Decimal("-1.00"), Decimal("-0.99"), Decimal("-0.98")}
    assert {each.date() for each in out["admitted"]} == {dt.date(2021, 1, 1)}
    assert (set(out["ward"]), set(out["visits"]), set(out["smoker"])) == ({"a", "b"}, {7}, {True})
    assert set(out["latitude"]) == {0.5}


def test_columns_of_text_hold_numbers_where_that_is_said(run: Command) -> None:
    Path("real.csv").write_text("a,b,c,dob\n")
    asked = (
        "--numeric",
        "a",
        "--bounds",
        "b=3:4",
        "--bounds",
        "c=0.5:1",
        "--bounds",
        "dob=2020-01-01:2020-01-01",
    )
    assert run("real.csv", "out.fake.csv", *asked)[0] == 0
    for row in read_csv("out.fake.csv"):
        assert 0 <= float(row["a"]) <= 100
        assert row["b"] in ("3", "4")
        assert 0.5 <= float(row["c"]) <= 1
        assert row["dob"] == "2020-01-01"


def test_identifiers_are_unique(run: Command) -> None:
    assert run(real_table(), "out.fake.parquet", rows=300)[0] == 0
    out = pq.read_table("out.fake.parquet").to_pydict()
    assert [len(set(out[name])) for name in ("patient_id", "person_id")] == [300, 300]
    assert out["patient_id"][0] == "FAKE-00-0001"


@pytest.mark.parametrize(("name", "better"), [("out.csv", "out.fake.csv"), ("out.csv.gz", "out.fake.csv.gz")])
def test_a_name_that_does_not_say_what_it_is_is_refused(run: Command, name: str, better: str) -> None:
    code, told = run(real_table(), name)
    assert (code, f"call it {better}" in told) == (2, True), told
    assert run(real_table(), better)[0] == 0


def test_the_mark_stays_when_the_file_gets_another_name(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--quasi-identifier", "ward", "--k", "1", "--no-roles")
    for ending in ("parquet", "arrow"):
        assert run(real_table(), f"out.fake.{ending}", "--keys", "ward=a")[0] == 0
        Path(f"out.fake.{ending}").rename(f"plain.{ending}")
        assert main(["anonymity", "check", f"plain.{ending}", *asked]) == 0
        assert "a fake table (gatecli data fake)" in capsys.readouterr().err
    assert run(real_table(), "out.fake.csv", "--keys", "ward=a")[0] == 0
    assert main(["anonymity", "check", "out.fake.csv", *asked]) == 0
    assert "a fake table (gatecli data fake)" in capsys.readouterr().err
    assert main(["anonymity", "check", "real.parquet", *asked]) == 0
    assert "fake" not in capsys.readouterr().err


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_cannot_be_made_up_is_one_sentence(run: Command, sentence: str) -> None:
    code, told = run(real_table(), "out.fake.parquet", *SENTENCES[sentence])
    assert (code, sentence in told) == (2, True), told
    assert sorted(each.name for each in Path().iterdir()) == ["real.parquet"]


def test_a_column_of_lists_is_left_out_or_refused(run: Command) -> None:
    pq.write_table(pa.table({"ids": [[1]], "at": pa.array([1], pa.time64("ns")), "age": [3]}), "real.parquet")
    code, told = run("real.parquet", "out.fake.parquet")
    assert (code, "the type of the column 'at' is not known" in told) == (2, True), told
    code, told = run("real.parquet", "out.fake.parquet", "--drop", "at")
    assert (code, "cannot be made up" in told) == (2, True), told
    assert run("real.parquet", "out.fake.parquet", "--drop", "ids,at")[0] == 0
    assert pq.read_schema("out.fake.parquet").names == ["age"]
    assert run("real.parquet", "out.fake.parquet", "--drop", "ids,at,age")[0] == 2


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"a": 3}', '{"a": "no such type"}', '{"": "string"}', '{"a": "int64", "A": "int64"}']
)
def test_a_schema_that_is_none_is_one_sentence(run: Command, text: str) -> None:
    Path("schema.json").write_text(text)
    code, told = run("schema.json", "out.fake.csv")
    assert code in (2, 4)
    assert "bug" not in told
    assert not Path("out.fake.csv").exists()


def test_the_table_that_is_read_is_not_written_over(run: Command) -> None:
    assert run(schema_file(), "made.fake.parquet")[0] == 0
    code, told = run("made.fake.parquet", "made.fake.parquet")
    assert (code, "is the table that is read" in told) == (2, True), told


def test_without_faker_the_extra_is_named(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    code, told = run(real_table(), "out.fake.csv")
    assert (code, "gatecli[fake]" in told) == (2, True), told
