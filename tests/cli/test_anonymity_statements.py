"""What a question states about columns, at every door: rows of a person, scales, formats, codes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import gatecli
from gatecli.cli.app import main

AGES = "pid,age\nA,30\nB,30\nA,31\nC,31\nB,32\nC,32\n"
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: stated}
spec: {extends: default, check: {tables: ["""
RELEASE = """
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn, version: 1.0.0}
spec:
  privacy: none
  datasets: [{name: people, anonymity: {path: people.csv, quasiIdentifiers: [age], unit: pid, k: 2%s}}]
"""


@pytest.fixture(name="folder", autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(AGES, "utf-8")
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main([*words, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def check(capsys: pytest.CaptureFixture[str], source: str, *words: str) -> tuple[int, dict[str, Any]]:
    return judged(capsys, "anonymity", "check", source, "--no-roles", *words)


@pytest.mark.parametrize(
    ("options", "keys", "named", "code"),
    [
        ((), "", {}, 0),
        (("--known", "2"), ", known: 2", {"known": 2}, 1),
        (("--trajectory",), ", trajectory: true", {"trajectory": True}, 1),
    ],
    ids=["row", "known", "trajectory"],
)
def test_every_door_knows_as_many_rows(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    keys: str,
    named: dict[str, Any],
    code: int,
) -> None:
    asked = ("--quasi-identifier", "age", "--unit", "pid", "--k", "2")
    assert check(capsys, "people.csv", *asked, *options)[0] == code
    (folder / "privacy.yaml").write_text(RELEASE % keys, "utf-8")
    assert judged(capsys, "check", ".", "--only", "anonymity")[0] == code
    verdict = gatecli.check_table("people.csv", quasi_identifiers=["age"], unit="pid", k=2, **named)
    assert verdict.exit_code == code


def test_the_evidence_says_what_was_stated(capsys: pytest.CaptureFixture[str]) -> None:
    stated = ("--scale", "pid=categorical", "--missing-code", "NA,age=-9", "--suppressed-code", "*")
    asked = ("--quasi-identifier", "age", "--sensitive", "pid", "--k", "2")
    (table,) = check(capsys, "people.csv", *asked, *stated)[1]["checked"]
    assert {"scales": {"pid": "categorical"}, "missingCodes": ["NA", "age=-9"]}.items() <= table[
        "inputs"
    ].items()
    assert table["inputs"]["suppressedCodes"] == ["*"]


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ("known: 2", "knows fewer rows of a unit than the 2 of the policy"),
        ("trajectory: true", "does not know all rows of a unit"),
        ("household: home", "leaves out the household home"),
        ("scales: {ill: categorical}", "measures ill on no stated scale where the policy says categorical"),
    ],
)
def test_whoever_asks_knows_what_the_policy_states(
    folder: Path, capsys: pytest.CaptureFixture[str], stated: str, problem: str
) -> None:
    table = f"{{name: people, path: people.csv, quasiIdentifiers: [age], unit: pid, k: 1, {stated}}}]}}}}"
    (folder / "gatecli.yaml").write_text(POLICY + table, "utf-8")
    code, report = check(capsys, "people.csv", "--quasi-identifier", "age", "--unit", "pid", "--k", "1")
    assert code == 1
    assert [each["message"] for each in report["findings"] if problem in each["message"]]


@pytest.mark.parametrize(
    "option",
    [("--scale", "pid=numeric"), ("--value-format", "pid=day-first"), ("--suppressed-code", "30")],
)
def test_nobody_states_what_the_policy_does_not(
    folder: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, str]
) -> None:
    (folder / "people.csv").write_text("age,pid\n30,01.01.2000\n30,02.01.2000\n", "utf-8")
    table = "{name: people, path: people.csv, quasiIdentifiers: [age], sensitive: [pid], k: 1}]}}"
    (folder / "gatecli.yaml").write_text(POLICY + table, "utf-8")
    asked = ("--quasi-identifier", "age", "--sensitive", "pid", "--k", "1")
    assert check(capsys, "people.csv", *asked)[0] == 0
    if option[1] == "pid=numeric":
        (folder / "people.csv").write_text("age,pid\n30,1\n30,2\n", "utf-8")
    if option[1] == "30":
        (folder / "people.csv").write_text("age,pid\n30,1\n31,2\n", "utf-8")
    assert check(capsys, "people.csv", *asked, *option)[0] == 1


def test_an_ambiguous_date_closes_the_gate_that_depends_on_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "people.csv").write_text("age,born\n1,10/08/1999\n1,11/09/1999\n1,01/02/2000\n", "utf-8")
    asked = ("--quasi-identifier", "age", "--sensitive", "born")
    assert check(capsys, "people.csv", *asked, "--k", "2")[0] == 0
    code, report = check(capsys, "people.csv", *asked, "--t", "0.5")
    assert (code, [each["rule"] for each in report["findings"]]) == (1, ["anon-ambiguous-format"])
    assert check(capsys, "people.csv", *asked, "--t", "0.5", "--value-format", "born=day-first")[0] == 0


def test_an_unknown_format_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--quasi-identifier", "age", "--k", "1", "--value-format", "age=roman")
    assert main(["anonymity", "check", "people.csv", *words]) == 2
    assert "no such format" in capsys.readouterr().err


DAYS = [date(1950 + at % 40, at % 12 + 1, at % 28 + 1) for at in range(60)]


def written_files(folder: Path) -> list[str]:
    """One table of 60 rows, whose dates are text, or dates where the kind of file has them."""
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy
    from openpyxl import Workbook  # noqa: PLC0415 - an optional extra

    ages, codes = [30 + at % 3 for at in range(60)], [at * at % 5 for at in range(60)]
    rows = list(zip(ages, codes, DAYS, strict=True))
    sizes = [f"{at * 41.5:,.1f}".translate(str.maketrans(",.", ".,")) for at in range(60)]
    local = [
        f"{age};{code};{day:%d.%m.%Y};{size}" for (age, code, day), size in zip(rows, sizes, strict=True)
    ]
    (folder / "local.csv").write_text("\n".join(["age;code;born;size", *local]), "utf-8")
    digits = [f"{age},{code},{day:%Y%m%d},{at * 41.5}" for at, (age, code, day) in enumerate(rows)]
    (folder / "digits.csv").write_text("\n".join(["age,code,born,size", *digits]), "utf-8")
    lines = [
        json.dumps({"age": age, "code": code, "born": day.isoformat(), "size": at * 41.5})
        for at, (age, code, day) in enumerate(rows)
    ]
    (folder / "data.jsonl").write_text("\n".join(lines), "utf-8")
    numbers = [at * 41.5 for at in range(60)]
    pq.write_table(
        pa.table({"age": ages, "code": codes, "born": DAYS, "size": numbers}), folder / "data.parquet"
    )
    texts = {"age": ages, "code": codes, "born": [f"{day:%d/%m/%Y}" for day in DAYS], "size": sizes}
    pq.write_table(pa.table(texts), folder / "texts.parquet")
    book = Workbook()
    for row in [("age", "code", "born", "size"), *[(*row, at * 41.5) for at, row in enumerate(rows)]]:
        book.active.append(row)
    book.save(folder / "data.xlsx")
    with closing(sqlite3.connect(folder / "data.db")) as connection:
        connection.execute("create table data (age integer, code integer, born date, size real)")
        values = [(age, code, day.isoformat(), at * 41.5) for at, (age, code, day) in enumerate(rows)]
        connection.executemany("insert into data values (?, ?, ?, ?)", values)
        connection.commit()
    files = ("local.csv", "digits.csv", "data.jsonl", "data.parquet", "texts.parquet", "data.xlsx")
    return [*files, "sqlite://data.db#data"]


def test_a_table_has_the_same_figures_in_every_format(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--quasi-identifier", "age", "--sensitive", "code,born,size", "--t", "1")
    found = {name: check(capsys, name, *asked)[1]["checked"][0]["measures"] for name in written_files(folder)}
    first = found["data.parquet"]
    assert {name: each for name, each in found.items() if each != first} == {}
    assert first["bySensitive"]["born"]["scale"] == "numeric"
    assert first["bySensitive"]["code"]["scale"] == "categorical"
