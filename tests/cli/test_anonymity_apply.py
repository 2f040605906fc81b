"""`gatecli anonymity apply` writes no direct identifier, and keeps the dialect of the file that it reads."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import hmac
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from gatecli.anonymity.pseudonyms import CONTEXT
from gatecli.cli.app import main

Run = Callable[..., tuple[int, str]]

HEAD = ("name", "age", "zip", "diagnosis")
ROWS = [
    (f"Ada Quux-{at}", f"{30 + 10 * (at % 2)}", "02139", ("flu", "cold", "asthma")[at % 3])
    for at in range(12)
]
DAY = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - a workbook has no zones
ASKED = ("--quasi-identifier", "age,zip", "--sensitive", "diagnosis", "--k", "5")


@pytest.fixture(name="run")
def in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    write_csv("people.csv", HEAD, ROWS)
    Path("key").write_text("5f" * 32 + "\n")

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["anonymity", *arguments])
        shown = capsys.readouterr()
        return code, shown.err + shown.out

    return command


def write_csv(name: str, head: tuple[str, ...], rows: list[Any]) -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def read_csv(name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(Path(name).read_text("utf-8"))))


def pseudonym(value: str, key: str = "5f" * 32) -> str:
    return hmac.new(key.encode(), CONTEXT + value.encode(), hashlib.sha256).hexdigest()[:32]


def test_a_direct_identifier_is_not_written(run: Run) -> None:
    code, told = run("apply", "people.csv", *ASKED, "-o", "out.csv")
    assert code == 2
    assert "people.csv: name is a direct identifier" in told
    assert "--drop name" in told
    assert "Quux" not in told
    assert sorted(path.name for path in Path().iterdir()) == ["key", "people.csv"]


def test_values_that_name_people_are_not_written_whatever_the_column_is_called(run: Run) -> None:
    rows = [(f"p{at}@corp.test", *row[1:]) for at, row in enumerate(ROWS)]
    write_csv("people.csv", ("c7", *HEAD[1:]), rows)
    code, told = run("apply", "people.csv", *ASKED, "-o", "out.csv")
    assert (code, "c7 is a direct identifier" in told) == (2, True), told
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(("role", "refused"), [("--quasi-identifier", 4), ("--sensitive", 2)])
def test_a_direct_identifier_that_is_called_something_else_is_not_written_either(
    run: Run, role: str, refused: int
) -> None:
    write_csv(
        "visits.csv",
        HEAD,
        [("Ada Quux", *row[1:]) for row in ROWS[:6]] + [("Bo Quux", *row[1:]) for row in ROWS[6:]],
    )
    asked = ("--quasi-identifier", "zip", "--k", "2", role, "name", "-o", "out.csv")
    code, told = run("apply", "visits.csv", *asked)
    assert (code, "name is a direct identifier" in told) == (refused, True), told
    assert not Path("out.csv").exists()


def test_an_identifier_that_is_generalised_to_nothing_may_be_written(run: Run) -> None:
    code, told = run("apply", "people.csv", "--quasi-identifier", "name,age,zip", "--k", "5", "-o", "out.csv")
    assert code == 0, told
    assert {row[0] for row in read_csv("out.csv")} == {"name", "*"}


def test_a_direct_identifier_is_dropped_on_demand(run: Run) -> None:
    code, told = run("apply", "people.csv", *ASKED, "--drop", "name", "-o", "out.csv")
    assert code == 0, told
    assert read_csv("out.csv") == [list(row[1:]) for row in (HEAD, *ROWS)]
    assert run("check", "out.csv", *ASKED)[0] == 0


def test_a_pseudonym_is_keyed_and_is_still_a_direct_identifier(run: Run) -> None:
    asked = ("--pseudonymise", "name", "--key-file", "key")
    code, told = run("apply", "people.csv", *ASKED, *asked, "-o", "out.csv")
    assert code == 0, told
    assert "still personal data" in told
    assert [row[0] for row in read_csv("out.csv")] == ["name", *(pseudonym(row[0]) for row in ROWS)]
    assert "5f5f" not in told + Path("out.csv").read_text()
    code, told = run("check", "out.csv", *ASKED)
    assert (code, "name is a direct identifier" in told) == (1, True)


def test_a_pseudonym_is_a_direct_identifier_whatever_the_column_is_called(run: Run) -> None:
    write_csv("people.csv", ("c7", *HEAD[1:]), ROWS)
    asked = ("--pseudonymise", "c7", "--key-file", "key")
    assert run("apply", "people.csv", *ASKED, *asked, "-o", "out.csv")[0] == 0
    code, told = run("check", "out.csv", *ASKED)
    assert (code, "c7 is a direct identifier" in told) == (1, True), told


def test_a_missing_value_has_no_pseudonym(run: Run) -> None:
    write_csv("people.csv", HEAD, [("", *ROWS[0][1:]), *ROWS[1:]])
    asked = ("--pseudonymise", "name", "--key-file", "key", "-o", "out.csv")
    assert run("apply", "people.csv", *ASKED, *asked)[0] == 0
    assert read_csv("out.csv")[1][0] == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--pseudonymise", "name"), "--pseudonymise without --key-file"),
        (("--key-file", "key"), "--key-file without --pseudonymise"),
        (
            ("--pseudonymise", "name", "--key-file", "short"),
            "the pseudonym key short is shorter than 32 bytes",
        ),
        (("--pseudonymise", "name", "--key-file", "nowhere"), "the pseudonym key nowhere"),
        (("--pseudonymise", "nobody", "--key-file", "key"), "has no column 'nobody'"),
        (("--drop", "nobody"), "has no column 'nobody'"),
        (("--drop", "name", "--pseudonymise", "name", "--key-file", "key"), "named twice"),
        (("--drop", "name,age"), "'age' has a role, and is dropped or replaced"),
        (
            ("--drop", "name", "--pseudonymise", "diagnosis", "--key-file", "key"),
            "'diagnosis' has a role, and is dropped or replaced",
        ),
    ],
)
def test_what_cannot_be_done_to_an_identifier_is_one_sentence(
    run: Run, options: tuple[str, ...], sentence: str
) -> None:
    Path("short").write_text("5f" * 15 + "\n")
    code, told = run("apply", "people.csv", *ASKED, *options, "-o", "out.csv")
    assert (code, sentence in told) == (2, True), told
    assert not Path("out.csv").exists()


def test_the_key_is_not_written_over(run: Run) -> None:
    Path("key").rename("key.csv")
    asked = ("--pseudonymise", "name", "--key-file", "key.csv", "-o", "key.csv")
    code, _ = run("apply", "people.csv", *ASKED, *asked)
    assert (code, Path("key.csv").read_text()) == (2, "5f" * 32 + "\n")


BARE = [row[1:] for row in (HEAD, *ROWS)]


def lines(delimiter: str, newline: str, quoted: str = "") -> str:
    return "".join(delimiter.join(f"{quoted}{cell}{quoted}" for cell in row) + newline for row in BARE)


STYLES = {
    "semicolons and carriage returns": lines(";", "\r\n").encode(),
    "tabs": lines("\t", "\n").encode(),
    "bars": lines("|", "\n").encode(),
    "everything quoted": lines(",", "\n", '"').encode(),
    "text quoted": b"".join(
        f'"{age}","{zip_}","{what}"\r\n'.encode() if age == "age" else f'{age},{zip_},"{what}"\r\n'.encode()
        for age, zip_, what in BARE
    ),
    "a byte order mark": lines(",", "\n").encode("utf-8-sig"),
    "UTF-16": lines(",", "\r\n").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + lines(",", "\n").encode("utf-16-be"),
    "quotes in cells": lines(",", "\n").replace("flu", '"the ""flu"", mild"').encode(),
    "a decimal comma": lines(";", "\n").replace("flu", "1,5").encode(),
    "local dates": lines(",", "\n").replace("flu", "08.10.1999").encode(),
    "lines in cells": lines(",", "\n").replace("flu", '"the\nflu"').encode(),
    "missing values": lines(",", "\n").replace("flu", "").encode(),
    "quoted missing values": lines(",", "\n", '"').replace("flu", "").encode(),
}


@pytest.mark.parametrize("style", STYLES)
def test_text_that_nothing_changes_is_written_as_it_was(run: Run, style: str) -> None:
    Path("in.csv").write_bytes(STYLES[style])
    code, told = run("apply", "in.csv", *ASKED, "-o", "out.csv")
    assert code == 0, told
    assert Path("out.csv").read_bytes() == STYLES[style]


def test_an_encoding_that_is_named_is_written(run: Run) -> None:
    written = lines(";", "\r\n").replace("flu", "Grippe à Zürich").encode("latin-1")
    Path("in.csv").write_bytes(written)
    code, told = run("apply", "in.csv", *ASKED, "--encoding", "latin-1", "-o", "out.csv")
    assert code == 0, told
    assert Path("out.csv").read_bytes() == written


def test_a_compressed_file_stays_compressed(run: Run) -> None:
    text = lines(";", "\n").encode()
    Path("in.csv.gz").write_bytes(gzip.compress(text))
    assert run("apply", "in.csv.gz", *ASKED, "-o", "out.csv.gz")[0] == 0
    assert gzip.decompress(Path("out.csv.gz").read_bytes()) == text


def test_rows_keep_their_order_where_some_are_suppressed(run: Run) -> None:
    rows = [(f"{20 + at % 7}", f"{at % 5}", str(at)) for at in range(5_000)]
    write_csv("in.csv", HEAD[1:], [("90", "9", "alone"), *rows])
    assert run("apply", "in.csv", "--quasi-identifier", "age,zip", "--k", "5", "-o", "out.csv")[0] == 0
    assert read_csv("out.csv")[1:] == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("kind", "proposed"), [(".csv", "suppress"), (".csv", "recode locally"), (".parquet", "recode locally")]
)
def test_rows_keep_their_order_however_the_table_is_recoded(run: Run, kind: str, proposed: str) -> None:
    rows = [(str(20 + at * 7 % 23), str(10_000 + at % 3), str(7_919 * at % 1_009)) for at in range(300)]
    write_csv("in.csv", HEAD[1:], rows)
    asked = ("--quasi-identifier", "age,zip", "--k", "8")
    told = run("check", "in.csv", *asked)[1].replace("\n       ", " ")
    proposals = told.partition("fix: ")[2].split("; or ")
    (chosen,) = [at for at, line in enumerate(proposals, 1) if proposed in line][-1:]
    written = run("apply", "in.csv", *asked, "--proposal", str(chosen), "-o", f"out{kind}")
    assert written[0] == 0, written
    if kind == ".parquet":
        assert run("apply", f"out{kind}", *asked[:-1], "1", "-o", "out.csv")[0] == 0
    assert [row[-1] for row in read_csv("out.csv")[1:]] == [row[-1] for row in rows]
    assert read_csv("out.csv")[0] == list(HEAD[1:])


@pytest.mark.parametrize(
    ("lone", "options"),
    [
        ([(f"{100 + at}", f"{at}") for at in range(120)], ("--no-cells", "--no-local")),
        ([("90", f"{at % 5}") for at in range(3)], ("--max-suppression", "0", "--no-local")),
        (
            [("90", f"{at % 5}") for at in range(3)],
            ("--no-cells", "--max-suppression", "0", "--proposal", "2"),
        ),
    ],
    ids=["rows", "cells", "local"],
)
def test_rows_keep_their_order_however_much_is_suppressed(
    run: Run, lone: list[tuple[str, str]], options: tuple[str, ...]
) -> None:
    rows = [*lone, *((f"{20 + at % 7}", f"{at % 5}") for at in range(5_000))]
    write_csv("in.csv", HEAD[1:], [(*row, str(at)) for at, row in enumerate(rows)])
    asked = ("--quasi-identifier", "age,zip", "--k", "5", *options, "-o", "out.csv")
    code, told = run("apply", "in.csv", *asked)
    assert code == 0, told
    places = [int(row[2]) for row in read_csv("out.csv")[1:]]
    assert places == sorted(places)
    assert (len(places) < len(rows)) == (len(lone) > 3)


def test_numbers_that_nothing_changes_are_written_as_numbers_are(run: Run) -> None:
    Path("in.csv").write_bytes(lines(";", "\n").encode())
    assert run("apply", "in.csv", *ASKED, "--numeric", "age", "-o", "out.csv")[0] == 0
    assert Path("out.csv").read_bytes() == lines(";", "\n").encode()


def test_what_the_encoding_of_the_file_has_no_letter_for_is_refused(run: Run) -> None:
    Path("in.csv").write_bytes(lines(",", "\n").encode("latin-1"))
    Path("tree.csv").write_text("30;老;*\n40;少;*\n", "utf-8")
    asked = (*ASKED[:-1], "12", "--hierarchy", "age=tree.csv", "--encoding", "latin-1", "-o", "out.csv")
    Path("tree.csv").write_text("30;老;*\n40;老;*\n", "utf-8")
    code, told = run("apply", "in.csv", *asked)
    assert (code, "has no letter for" in told) == (4, True), told
    assert not Path("out.csv").exists()


def test_parquet_stays_parquet_with_its_types(run: Run) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this test needs it

    table = pa.table(
        {
            "age": pa.array([30, 40] * 6, pa.int16()),
            "seen": pa.array([dt.date(2020, 1, 1 + at) for at in range(12)], pa.date32()),
            "diagnosis": ["flu", None, "cold"] * 4,
        }
    )
    pq.write_table(table, "in.parquet", compression="zstd")
    asked = ("--quasi-identifier", "age", "--sensitive", "diagnosis", "--k", "5", "-o", "out.parquet")
    code, told = run("apply", "in.parquet", *asked)
    assert code == 0, told
    written = pq.read_table("out.parquet")
    assert written.equals(table)
    assert pq.read_metadata("out.parquet").row_group(0).column(0).compression == "ZSTD"


def test_a_workbook_stays_a_workbook_with_one_sheet_of_its_name(run: Run) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("secret notes").append(["Ada Quux"])
    people = workbook.create_sheet("people")
    rows = [
        [int(age), zip_, DAY + dt.timedelta(days=at), what] for at, (_, age, zip_, what) in enumerate(ROWS)
    ]
    for row in (["age", "zip", "seen", "diagnosis"], *rows):
        people.append(row)
    people["D2"] = "=not a formula"
    people["D2"].data_type = "s"
    workbook.save("in.xlsx")
    code, told = run("apply", "in.xlsx", *ASKED, "--table", "people", "-o", "out.xlsx")
    assert code == 0, told
    written = openpyxl.load_workbook("out.xlsx")
    assert written.sheetnames == ["people"]
    rows[0][3] = "=not a formula"
    assert [[cell.value for cell in row] for row in written["people"].iter_rows()][1:] == rows
    assert written["people"]["D2"].data_type == "s"


@pytest.mark.parametrize("name", ["out.jsonl", "out.arrow", "out.feather", "out.tsv", "out.pq"])
def test_what_is_written_is_read_again_as_the_same_rows(run: Run, name: str) -> None:
    assert run("apply", "people.csv", *ASKED, "--drop", "name", "-o", name)[0] == 0
    assert run("apply", name, *ASKED, "-o", "back.csv")[0] == 0
    assert sorted(read_csv("back.csv")) == sorted([list(row[1:]) for row in (HEAD, *ROWS)])


def test_a_format_that_cannot_be_written_is_named(run: Run) -> None:
    code, told = run("apply", "people.csv", *ASKED, "--drop", "name", "-o", "out.docx")
    assert (code, "does not name a format to write" in told) == (2, True)
