"""`gatecli pii scan` over packed files, as a whole process: every report says what was not searched."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

from gatecli.reports.registry import ReportFormat
from tests.cli.conftest import Run
from tests.support.packed import DIGITS, SSN, TABLES, parquet_of, people, write_packed, zip_of

PNG = b"\x89PNG\r\n\x1a\n\0\0"


@pytest.fixture(name="data")
def packed_data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    write_packed(folder, people())
    return folder


def test_no_packed_file_with_people_in_it_is_open(run: Run, data: Path) -> None:
    done = run("pii", "scan", "data", "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    named = {Path(item["path"].partition("!")[0]).name for item in report["findings"]}
    assert named == {file.name for file in data.iterdir()} == {*TABLES, "people.pkl"}
    assert report["summary"]["error"] >= 2 * len(TABLES)


@pytest.mark.parametrize("name", ReportFormat)
def test_no_report_holds_a_value(run: Run, data: Path, name: ReportFormat) -> None:
    (data / f"ssn {SSN}.zip").write_bytes(zip_of({f"{SSN}.csv": f"x,{SSN}\n1,{SSN}\n".encode()}))
    (data / f"of {DIGITS}.parquet").write_bytes(parquet_of([{SSN: SSN}]))
    (data / "a.pkl").write_bytes(pickle.dumps({SSN: SSN}))
    done = run("pii", "scan", "data", "-v", "--format", name)
    shown = done.stdout + done.stderr
    assert SSN not in shown
    assert "536-90" not in shown
    assert "Maria" not in shown
    assert f"ssn {SSN}" not in shown


@pytest.mark.parametrize("name", ReportFormat)
def test_every_report_says_what_was_not_searched(run: Run, tmp_path: Path, name: ReportFormat) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "link").symlink_to("gone")
    done = run("pii", "scan", ".", "--format", name)
    assert done.returncode == 0
    assert "logo.png" in done.stdout
    assert "link" in done.stdout
    assert "pii-not-searched" in done.stdout


@pytest.mark.parametrize("name", ReportFormat)
def test_every_report_says_that_a_table_was_sampled(run: Run, tmp_path: Path, name: ReportFormat) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet_of([{"x": at} for at in range(20_000)]))
    done = run("pii", "scan", ".", "--format", name)
    assert done.returncode == 0
    assert "10,000 of 20,000 rows" in " ".join(re.sub(r"\\n|&#?\w+;", " ", done.stdout).split())
    again = run("pii", "scan", ".", "--all-rows", "--format", name)
    assert again.returncode == 0
    assert "pii-table-sampled" not in again.stdout


def test_many_notes_are_counted_for_people_and_listed_on_request_and_in_json(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    for at in range(9):
        (tmp_path / f"{at}.png").write_bytes(PNG)
    short = run("pii", "scan", ".").stdout
    assert short.count("pii-not-searched") == 1
    assert "and 8 more notes of this rule" in " ".join(short.split())
    assert "-v lists them" in short
    assert "open · 9 notes" in short
    assert run("pii", "scan", ".", "-v").stdout.count("pii-not-searched") == 9
    report = json.loads(run("pii", "scan", ".", "--format", "json").stdout)
    assert len(report["findings"]) == 9
    assert len({finding["fingerprint"] for finding in report["findings"]}) == 9


def test_a_folder_of_nothing_but_binaries_was_not_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    assert run("pii", "scan", ".").returncode == 3


def test_a_policy_can_close_the_gate_for_what_was_not_searched(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: strict}\n"
        "spec: {extends: default, severities: {pii-not-searched: error}}\n"
    )
    assert run("pii", "scan", ".").returncode == 1


def test_a_baseline_knows_a_column_whose_rows_changed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet_of(people(20)))
    (tmp_path / "before.json").write_text(run("pii", "scan", "a.parquet", "--format", "json").stdout)
    (tmp_path / "a.parquet").write_bytes(parquet_of(people(500)[::-1]))
    assert run("pii", "scan", "a.parquet", "--baseline", "before.json").returncode == 0


def test_check_searches_tables_too_and_keeps_them_in_its_cache(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(parquet_of(people(20_000)))
    arguments = ("check", "repository", "--cache-dir", "cache", "--format", "json")
    first, again = run(*arguments), run(*arguments)
    assert first.returncode == again.returncode == 1
    assert first.stdout == again.stdout
    whole = run(*arguments, "--all-rows")
    assert "pii-table-sampled" in first.stdout
    assert "pii-table-sampled" not in whole.stdout


def test_redact_refuses_a_packed_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({"a.yaml": f"ssn: {SSN}\n".encode()}))
    done = run("pii", "redact", "a.zip")
    assert done.returncode == 4
    assert done.stdout == ""
