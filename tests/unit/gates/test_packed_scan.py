"""What is in tables, archives and pickles is found: by column, with counts, and never shown."""

from __future__ import annotations

import gzip
import io
import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from gatecli.checks.personal_data import Search, search_of
from gatecli.gates.file_scan import FileScan, scan_file, scan_stream
from gatecli.model.cells import SAMPLE
from gatecli.model.finding import Finding, Severity
from gatecli.model.policy import PiiRules
from tests.support.packed import (
    DIGITS,
    ROWS,
    SSN,
    TABLES,
    csv_text,
    excel_of,
    parquet_of,
    people,
    sqlite_of,
    zip_of,
)

SEARCH = search_of(PiiRules())
ALL_ROWS = Search(SEARCH.detector, SEARCH.severities, SEARCH.limits, all_rows=True)


def scanned(folder: Path, name: str, content: bytes, search: Search = SEARCH) -> FileScan:
    (folder / name).write_bytes(content)
    return scan_file(folder / name, search)


def rules_of(scan: FileScan) -> list[str]:
    return sorted({finding.rule.id for finding in scan.findings})


def columns(scan: FileScan) -> list[str]:
    return [finding.place.pointer or "" for finding in scan.findings if finding.rule.id == "pii-us-ssn"]


def note(scan: FileScan, rule: str = "pii-not-searched") -> Finding:
    (found,) = (finding for finding in scan.findings if finding.rule.id == rule)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_each_column_is_one_finding_with_its_counts(tmp_path: Path, name: str) -> None:
    scan = scanned(tmp_path, name, TABLES[name](people(first=5)))
    above = "/people" if name.endswith((".db", ".xlsx")) or name == "nested.zip" else ""
    assert columns(scan) == [f"{above}/ssn", f"{above}/ssn_number"]
    row = 7 if name.endswith(".xlsx") else 6  # a sheet's own numbers count the header
    for finding in scan.findings:
        assert f"in {ROWS - 5} of {ROWS - 5} values, first in row {row}" in finding.message
        assert finding.severity is Severity.ERROR
    assert scan.checked is not None
    assert scan.checked.measures == {"searchedWhole": True, "rows": ROWS, "rowsSearched": ROWS}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_personal_data_is_clean_and_counts_as_checked(tmp_path: Path, name: str) -> None:
    scan = scanned(tmp_path, name, TABLES[name]([{"id": at, "sales": at / 7} for at in range(ROWS)]))
    assert scan.findings == ()
    assert scan.checked is not None


@pytest.mark.parametrize("name", [*TABLES, "people.pkl"])
def test_no_value_is_in_what_is_found(tmp_path: Path, name: str) -> None:
    rows = people()
    content = pickle.dumps(rows) if name == "people.pkl" else TABLES[name](rows)
    scan = scanned(tmp_path, name, content)
    assert scan.findings
    assert SSN not in repr(scan)
    assert str(DIGITS) not in repr(scan)
    assert "Maria" not in repr(scan)


@pytest.mark.parametrize("name", ["model.bin", "weights", "data.csv", "notes.txt"])
def test_a_table_is_told_by_its_bytes_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    assert columns(scanned(tmp_path, name, parquet_of(people()))) == ["/ssn", "/ssn_number"]
    assert columns(scanned(tmp_path, name, zip_of({"a.csv": csv_text(people())}))) == ["/ssn", "/ssn_number"]


@pytest.mark.parametrize(
    "text", ["PAR1 is how Parquet begins\n", "ORC\n", "BZh9 is bzip2\n", "PK\n", "\x80\n"]
)
def test_a_text_that_begins_like_a_packed_file_is_a_text(tmp_path: Path, text: str) -> None:
    scan = scanned(tmp_path, "a.txt", f"{text}ssn: {SSN}\n".encode())
    assert rules_of(scan) == ["pii-us-ssn"]
    assert scan.findings[0].place.line == 2


def test_a_plain_csv_stays_a_text_with_its_lines(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "people.csv", csv_text(people(3)))
    assert sorted({finding.place.line for finding in scan.findings}, key=str) == [2, 3, 4]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.dictionary(pa.int32(), pa.string()), SSN),
        (pa.large_string(), SSN),
        (pa.binary(), SSN.encode()),
        (pa.int64(), DIGITS),
        (pa.float64(), float(DIGITS)),
        (pa.decimal128(12, 2), DIGITS),
        (pa.list_(pa.string()), [SSN]),
        (pa.struct([("us", pa.string())]), {"us": SSN}),
        (pa.map_(pa.string(), pa.string()), [("us", SSN)]),
    ],
    ids=str,
)
def test_every_type_of_column_is_searched(tmp_path: Path, kind: Any, value: object) -> None:
    table = pa.table({"ssn": pa.array([None, value, value], kind)})
    content = io.BytesIO()
    pa.parquet.write_table(table, content)
    (finding,) = scanned(tmp_path, "a.parquet", content.getvalue()).findings
    assert finding.rule.id == "pii-us-ssn"
    assert (finding.place.pointer or "").startswith("/ssn")


def test_dates_times_and_missing_values_of_any_unit_are_read(tmp_path: Path) -> None:
    columns_ = {
        "a": pa.array([1, None], pa.timestamp("ns", "Europe/Berlin")),
        "b": pa.array([1, None], pa.duration("us")),
        "c": pa.array([1, None], pa.date32()),
        "d": pa.array([1, None], pa.time64("ns")),
        "e": pa.nulls(2),
        "f": pa.array([True, None]),
    }
    content = io.BytesIO()
    pa.parquet.write_table(pa.table(columns_), content)
    scan = scanned(tmp_path, "a.parquet", content.getvalue())
    assert scan.findings == ()
    assert scan.checked is not None


def test_a_name_in_another_column_names_the_value(tmp_path: Path) -> None:
    rows = [{"field": "city", "value": "Rome"}, {"field": "ssn", "value": str(DIGITS)}]
    assert columns(scanned(tmp_path, "a.parquet", parquet_of(rows))) == ["/value"]


def test_nine_digits_without_a_telling_name_are_no_finding(tmp_path: Path) -> None:
    assert scanned(tmp_path, "a.parquet", parquet_of([{"order": DIGITS}])).findings == ()


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz", "a.jsonl.gz", "a.db", "a.xlsx"])
def test_the_digits_of_a_measured_number_are_no_identifier(tmp_path: Path, name: str) -> None:
    rows = [{"amount": at / 7 + 1e3, "ssn": 536.904399 + at, "card": 4.539148803436467} for at in range(500)]
    make = TABLES[name.replace("a.", "people.")]
    assert scanned(tmp_path, name, make(rows)).findings == ()


@pytest.mark.parametrize("value", ["+1 212.4567890", "212.456.7890"])
def test_telephone_numbers_with_a_point_are_found_in_compressed_text(tmp_path: Path, value: str) -> None:
    content = f"phone,x\n{value},1.5\n{value},2.25\n".encode()
    scan = scanned(tmp_path, "a.csv.gz", gzip.compress(content))
    assert rules_of(scan) == rules_of(scanned(tmp_path, "a.csv", content)) == ["pii-phone-number"]


def test_two_columns_of_one_name_are_read(tmp_path: Path) -> None:
    table = pa.table([["a"], [SSN]], names=["ssn", "ssn"])
    content = io.BytesIO()
    pa.parquet.write_table(table, content)
    assert columns(scanned(tmp_path, "a.parquet", content.getvalue())) == ["/ssn"]


def test_a_record_that_was_taken_for_a_header_is_found_and_masked(tmp_path: Path) -> None:
    for name, content in (
        ("a.csv.gz", gzip.compress(f"Ann,{SSN}\nBob,{SSN}\n".encode())),
        ("a.xlsx", excel_of([{"Ann": "Bob", SSN: SSN}])),
    ):
        scan = scanned(tmp_path, name, content)
        assert rules_of(scan) == ["pii-us-ssn"]
        assert SSN not in repr(scan)


def test_published_test_values_are_a_note_apart(tmp_path: Path) -> None:
    rows = [{"ssn": "078-05-1120"}, {"ssn": SSN}]
    scan = scanned(tmp_path, "a.parquet", parquet_of(rows))
    assert [finding.severity for finding in scan.findings] == [Severity.NOTE, Severity.ERROR]
    assert len({finding.fingerprint for finding in scan.findings}) == 2


def test_a_column_is_known_again_whatever_the_order_and_the_number_of_rows(tmp_path: Path) -> None:
    first = scanned(tmp_path, "a.parquet", parquet_of(people(20)))
    again = scanned(tmp_path, "a.parquet", parquet_of(people(31, first=3)[::-1]))
    assert [each.fingerprint for each in first.findings] == [each.fingerprint for each in again.findings]


# Samples.


@pytest.mark.parametrize("name", ["a.parquet", "a.db", "a.feather", "a.orc"])
def test_a_long_table_is_sampled_and_said_so(tmp_path: Path, name: str) -> None:
    rows = people(SAMPLE * 2)
    make = TABLES[name.replace("a.", "people.")]
    scan = scanned(tmp_path, name, make(rows))
    assert scan.checked is not None
    assert scan.checked.measures == {"searchedWhole": False, "rows": 20_000, "rowsSearched": 10_000}
    assert "10,000 of 20,000 rows" in note(scan, "pii-table-sampled").message
    whole = scanned(tmp_path, name, make(rows), ALL_ROWS)
    assert rules_of(whole) == ["pii-us-ssn"]
    assert "in 20,000 of 20,000 values" in whole.findings[0].message


def test_a_sample_is_spread_over_the_whole_table_and_numbers_its_rows(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "a.parquet", parquet_of(people(40_000, first=30_000), row_group_size=1000))
    found = next(finding for finding in scan.findings if finding.place.pointer == "/ssn")
    assert "first in row 30,00" in found.message


def test_rows_are_numbered_in_the_file_where_row_groups_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatecli.anonymity.rows.arrow_rows.REACH", 10_000)
    scan = scanned(tmp_path, "a.parquet", parquet_of(people(40_000, first=32_000), row_group_size=1000))
    found = next(finding for finding in scan.findings if finding.place.pointer == "/ssn")
    assert "first in row 32,001" in found.message
    assert "of 40,000 rows" in note(scan, "pii-table-sampled").message


def test_one_value_in_two_million_is_found_by_all_rows_alone(tmp_path: Path) -> None:
    last = SAMPLE * 3 - 2
    rows = people(SAMPLE * 3, first=last)
    assert rules_of(scanned(tmp_path, "a.parquet", parquet_of(rows))) == ["pii-table-sampled"]
    assert rules_of(scanned(tmp_path, "a.parquet", parquet_of(rows), ALL_ROWS)) == ["pii-us-ssn"]


def test_the_same_bytes_give_the_same_findings(tmp_path: Path) -> None:
    content = parquet_of(people(SAMPLE + 1000))
    assert scanned(tmp_path, "a.parquet", content) == scanned(tmp_path, "a.parquet", content)


def test_long_compressed_text_is_sampled_after_its_beginning(tmp_path: Path) -> None:
    line = b"1,nobody," + b"x" * 90 + b"\n"
    head = b"id,name,ssn\n"
    content = head + line * 150_000 + f"2,Maria,{SSN}\n".encode() + line * 10
    scan = scanned(tmp_path, "a.csv.gz", gzip.compress(content, 1))
    assert "of 150,011 rows" in note(scan, "pii-table-sampled").message
    assert "pii-us-ssn" in rules_of(scanned(tmp_path, "a.csv.gz", gzip.compress(content, 1), ALL_ROWS))


def test_a_long_sheet_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatecli.anonymity.rows.excel_rows.HEAD", 10)
    monkeypatch.setattr("gatecli.anonymity.rows.excel_rows.REACH", 40)
    scan = scanned(tmp_path, "a.xlsx", excel_of(people(60)))
    assert "more than" in note(scan, "pii-table-sampled").message
    assert scan.checked is not None
    assert scan.checked.measures["searchedWhole"] is False


# SQLite.


def test_every_table_of_a_database_is_searched_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute('CREATE TABLE "odd ""name" (ssn)')
        connection.execute("CREATE TABLE keyed (ssn TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.execute("CREATE VIEW seen AS SELECT * FROM keyed")
        connection.execute('INSERT INTO "odd ""name" VALUES (?)', (SSN,))
        connection.execute("INSERT INTO keyed VALUES (?)", (SSN,))
        connection.commit()
    before = sorted(tmp_path.iterdir())
    scan = scan_file(file, SEARCH)
    assert columns(scan) == ["/keyed/ssn", '/odd "name/ssn']
    assert sorted(tmp_path.iterdir()) == before


def test_changes_that_are_in_a_log_alone_are_said_to_be_unread(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (ssn)")
        connection.commit()
        scan = scan_file(tmp_path / "a.db", SEARCH)
    assert "log of changes" in note(scan).message


def test_bytes_in_a_column_are_searched_where_they_are_text(tmp_path: Path) -> None:
    rows = [{"note": f"ssn {SSN}".encode()}, {"note": b"\x00\xff\xfe"}]
    scan = scanned(tmp_path, "a.db", sqlite_of(rows))
    assert rules_of(scan) == ["pii-not-searched", "pii-us-ssn"]
    assert "1 values are bytes" in note(scan).message


# Excel.


def test_every_sheet_and_every_other_part_of_a_workbook_is_searched(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["city"])
    second = workbook.create_sheet("second")
    second.append(["ssn"])
    second.append([DIGITS])
    second["A2"].comment = openpyxl.comments.Comment(f"ssn {SSN}", "x")
    content = io.BytesIO()
    workbook.save(content)
    scan = scanned(tmp_path, "a.xlsx", content.getvalue())
    assert "/second/ssn" in columns(scan)
    assert any("!xl/comments" in finding.place.path for finding in scan.findings)


def test_a_missing_extra_is_named_and_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    scan = scanned(tmp_path, "a.xlsx", excel_of(people()))
    assert "gatecli[excel]" in note(scan).message


# Streams.


def test_a_packed_file_is_read_from_a_stream() -> None:
    scan = scan_stream(io.BytesIO(zip_of({"a.yaml": f"ssn: {SSN}\n".encode()})), SEARCH)
    assert [finding.place.path for finding in scan.findings] == ["-!a.yaml"]


# Damage.


@pytest.mark.parametrize("name", [name for name in TABLES if name != "people.tar"])
def test_a_cut_file_is_said_to_be_damaged_and_never_ends_the_run(tmp_path: Path, name: str) -> None:
    content = TABLES[name](people(300))
    for size in (len(content) // 2, len(content) - 20):
        scan = scanned(tmp_path, name, content[:size])
        assert "pii-not-searched" in rules_of(scan)


# Pickles.


class Exploding:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('a pickle was loaded')",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_texts_of_a_pickle_are_searched_and_nothing_is_run(tmp_path: Path, protocol: int) -> None:
    data = [{"ssn": str(DIGITS)}, {"ssn": DIGITS}, Exploding(), f"ssn {SSN}"]
    scan = scanned(tmp_path, "a.pkl", pickle.dumps(data, protocol))
    assert columns(scan).count("/ssn") == 1
    assert rules_of(scan) == ["pii-us-ssn"]


def test_several_pickles_in_one_file_are_all_searched(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "a.pkl", pickle.dumps([1]) + pickle.dumps({"ssn": SSN}))
    assert rules_of(scan) == ["pii-us-ssn"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_texts_that_arrow_packs_together_are_searched_one_by_one(tmp_path: Path, kind: Any) -> None:
    array = pa.array([SSN] * 9, kind)
    scan = scanned(tmp_path, "a.pkl", pickle.dumps(array, 5))
    assert "in 9 of" in next(each for each in scan.findings if each.rule.id == "pii-us-ssn").message


def test_what_a_pickle_packs_in_bytes_is_said_to_be_unread(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "a.pkl", pickle.dumps({"weights": bytes(range(256))}))
    assert "packs in bytes" in note(scan).message


def test_what_follows_a_pickle_is_said_to_be_unread(tmp_path: Path) -> None:
    scan = scanned(tmp_path, "a.pkl", pickle.dumps({"ssn": SSN})[:-1] + b"\xff\xff raw")
    assert rules_of(scan) == ["pii-not-searched", "pii-us-ssn"]
