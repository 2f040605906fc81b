"""Tables as offices write them, at every door: local dates, decimal commas, codes, suppressed rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatecli.cli.app import main

Run = Callable[..., tuple[int, str]]

DOTTED = (
    "08.10.1999",
    "09.10.1999",
    "11.11.1999",
    "23.12.1999",
    "01.02.2001",
    "02.02.2001",
    "03.03.2001",
    "14.03.2001",
)
SLASHED = (
    "08/10/1999",
    "09/10/1999",
    "11/11/1999",
    "03/12/1999",
    "01/02/2001",
    "02/02/2001",
    "03/03/2001",
    "04/03/2001",
)
AMERICAN = (
    "10/08/1999",
    "10/09/1999",
    "11/11/1999",
    "12/23/1999",
    "02/01/2001",
    "02/02/2001",
    "03/03/2001",
    "03/14/2001",
)
DIGITS = tuple("".join(reversed(day.split("."))) for day in DOTTED)
TIMES = tuple(f"{day} {hour}:05" for hour, day in enumerate(DOTTED, 8))
QUARTERS = ("1999-Q4",) * 4 + ("2001-Q1",) * 4
YEARS = ("1999",) * 4 + ("2001",) * 4
ASK = "state how the dates of x are written, day-first or month-first: --value-format x=day-first"


@pytest.fixture(name="run")
def in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["anonymity", *arguments])
        shown = capsys.readouterr()
        return code, " ".join((shown.err + shown.out).split())

    return command


def write(*lines: str) -> str:
    Path("people.csv").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return "people.csv"


def apply_to(run: Run, source: str, *arguments: str) -> tuple[str, list[str]]:
    """What `apply` said, and the lines that it wrote behind the header."""
    code, told = run("apply", source, "-o", "new.csv", "--quasi-identifier", "x", "--no-local", *arguments)
    assert code == 0, told
    return told, Path("new.csv").read_text("utf-8").splitlines()[1:]


@pytest.mark.parametrize(
    ("column", "arguments", "written"),
    [
        (DOTTED, (), QUARTERS),
        (SLASHED, ("--value-format", "x=day-first"), QUARTERS),
        (AMERICAN, (), QUARTERS),
        (AMERICAN, ("--value-format", "x=month-first"), QUARTERS),
        (DIGITS, (), QUARTERS),
        (TIMES, (), QUARTERS),
        (SLASHED, (), YEARS),
        (("1/5/1999 2:30 PM", "1/13/1999 1:00 AM"), (), ("1999-01",) * 2),
        (("08101999", "25101999"), (), ("1999-10",) * 2),
        (("1999/10/8", "1999/10/25"), (), ("1999-10",) * 2),
        (("1999-10-08T10:00+02:00", "1999-10-25T23:00Z"), (), ("1999-10",) * 2),
        (("8.10.1999 9:30", "08.10.1999 10:00"), (), ("08.10.1999",) * 2),
        (("10/08/1999 9:30", "10/8/1999 10:00"), ("--value-format", "x=month-first"), ("10/08/1999",) * 2),
        (("8.10.1999", "08.10.1999"), (), ("08.10.1999",) * 2),
        (("1999.10.08 1:00", "1999.10.08 2:00"), (), ("1999.10.08",) * 2),
    ],
)  # fmt: skip
def test_dates_are_generalised_by_the_calendar_however_they_are_written(
    run: Run, column: Sequence[str], arguments: Sequence[str], written: Sequence[str]
) -> None:
    _, lines = apply_to(run, write("x", *column), "--k", "2", *arguments)
    assert lines == list(written)


def test_the_format_that_settles_ambiguous_dates_is_asked_for_at_every_door(run: Run) -> None:
    source = write("x", *SLASHED)
    asked, _ = apply_to(run, source, "--k", "2")
    for told in (
        asked,
        run("check", source, "--quasi-identifier", "x", "--k", "2")[1],
        run("discover", source)[1],
        run("discover", source, "--format", "yaml")[1],
    ):
        assert ASK in told
        assert "formats: {x: day-first} in a declaration" in told
    assert '"doubt": "ambiguous-dates"' in run("discover", source, "--format", "json")[1]


@pytest.mark.parametrize("settled", ["format", "hierarchy", "no doubt"])
def test_what_is_settled_is_not_asked_for(run: Run, settled: str) -> None:
    source = write("x", *(AMERICAN if settled == "no doubt" else SLASHED))
    Path("levels.csv").write_text("".join(f"{day};{day[-4:]};*\n" for day in SLASHED))
    how = {"format": ("--value-format", "x=day-first"), "hierarchy": ("--hierarchy", "x=levels.csv")}
    told, _ = apply_to(run, source, "--k", "2", *how.get(settled, ()))
    assert "state how" not in told


def test_a_format_that_is_not_that_of_the_column_is_refused(run: Run) -> None:
    source = write("x", *DOTTED)
    code, told = run(
        "check", source, "--quasi-identifier", "x", "--k", "2", "--value-format", "x=month-first"
    )
    assert (code, "8 distinct values of 'x' are not month-first dates" in told) == (4, True)
    code, told = run("check", source, "--quasi-identifier", "x", "--k", "2", "--value-format", "y=day-first")
    assert (code, "'y' has a format but is not asked about" in told) == (2, True)


def days() -> list[dt.date]:
    return [dt.datetime.strptime(day, "%d.%m.%Y").date() for day in DOTTED]  # noqa: DTZ007 - a day has no zone


COLUMNS: dict[str, Callable[[], list[Any]]] = {
    "dates": days,
    "instants": lambda: [dt.datetime.combine(day, dt.time(5)) for day in days()],
    "local text": lambda: list(DOTTED),
    "text of digits": lambda: list(DIGITS),
    "numbers": lambda: [int(text) for text in DIGITS],
}


def write_table(kind: str, column: list[Any]) -> str:
    groups = ["a"] * 4 + ["b"] * 4
    source = f"people.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"x": column, "g": groups}), source)
    elif kind == "csv":
        write("x,g", *(f"{value},{group}" for value, group in zip(column, groups, strict=True)))
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (("x", "g"), *zip(column, groups, strict=True)):
            sheet.append(row)
        book.save(source)
    return source


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("column", COLUMNS)
def test_dates_have_one_scale_and_one_hierarchy_in_every_kind_of_table(
    run: Run, kind: str, column: str
) -> None:
    source = write_table(kind, COLUMNS[column]())
    _, lines = apply_to(run, source, "--k", "2")
    assert [line.split(",")[0] for line in lines] == list(QUARTERS)
    demands = "check", source, "--quasi-identifier", "g", "--sensitive", "x", "--no-roles", "--t"
    assert run(*demands, "0.285")[0] == 1  # by rank: two halves of eight values, 2/7
    assert run(*demands, "0.286")[0] == 0


def test_decimal_commas_are_banded_as_they_are_written(run: Run) -> None:
    incomes = "1.234,5", "2.345,50", "12,00", "99,9", "1.000", "5.678,1", "7.000,01", "800"
    _, lines = apply_to(run, write("x;d", *(f"{each};a" for each in incomes)), "--k", "2", "--no-cells")
    banded = '"[1200; 5000)";a', "<500;a", '"[500; 1200)";a', ">=5000;a"
    assert lines == [banded[at] for at in (0, 0, 1, 1, 2, 3, 3, 2)]


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (("1,25", "2,25", "2,75", "7,75"), ("<2,5", "<2,5", ">=2,5", ">=2,5")),
        (("1 234,5", "2 345,5", "12 000", "99,9"), ("<2000", ">=2000", ">=2000", "<2000")),
        (("1'234.5", "2'345.5", "12'000", "99.9"), ("<2000", ">=2000", ">=2000", "<2000")),
        (("-1,5", "-0,5", "3", "4"), ("<0", "<0", ">=0", ">=0")),
    ],
)
def test_numbers_are_cut_however_they_are_written(
    run: Run, column: Sequence[str], written: Sequence[str]
) -> None:
    _, lines = apply_to(run, write("x;d", *(f"{each};a" for each in column)), "--k", "2", "--no-cells")
    assert lines == [f"{each};a" for each in written]


AMBIGUOUS = ("1.234", "999", "12.100", "3.500", "2", "77.123", "1.500", "4")


def test_numbers_that_can_be_read_in_two_ways_are_not_cut_until_that_is_said(run: Run) -> None:
    source = write("x;d", *(f"{each};a" for each in AMBIGUOUS))
    told, lines = apply_to(run, source, "--k", "2")
    assert lines == ["*;a"] * 8
    assert "state how the numbers of x are written, decimal-point or decimal-comma" in told
    for form in ("decimal-point", "decimal-comma"):
        told, lines = apply_to(run, source, "--k", "2", "--value-format", f"x={form}")
        assert "state how" not in told
        assert len(set(lines)) > 1


def test_a_numeric_column_of_decimal_commas_says_what_to_leave_out(run: Run) -> None:
    code, told = run(
        "check", write("x;d", "1,5;a", "2,5;a"), "--quasi-identifier", "d", "--numeric", "x", "--k", "1"
    )
    assert (code, "decimal commas are read without that" in told) == (4, True)


@pytest.mark.parametrize(
    ("column", "named"),
    [
        (("30", "NA", "31", "?"), "x=?,x=NA"),
        (("30", "-9", "31", "-9"), "x=-9"),
        (("1,5", "-9", "2,5", "-9"), "x=-9"),
        (("30", ".", "30", "."), "x=."),
        (("30", "999", "31", "45"), "x=999"),
        (("1", "2", "98", "99"), "x=98,x=99"),
        (("08.10.1999", "99.99.9999", "00.00.0000", "09.10.1999"), "x=00.00.0000,x=99.99.9999"),
        (("19991008", "99991231", "00000000", "19991009"), "x=00000000,x=99991231"),
    ],
)
def test_what_looks_like_a_code_is_told_with_the_option_that_names_it(
    run: Run, column: Sequence[str], named: str
) -> None:
    source = write("x;d", *(f"{each};a" for each in column))
    _, told = run("check", source, "--quasi-identifier", "x", "--k", "1", "--no-roles")
    assert f"--missing-code '{named}'" in told
    told, _ = apply_to(run, source, "--k", "4")
    assert f"--missing-code '{named}'" in told
    told, _ = apply_to(run, source, "--k", "4", "--missing-code", named)
    assert "look" not in told


@pytest.mark.parametrize(
    "column", [("-9", "-5", "1"), ("81", "99", "85"), ("2", "3", "7"), ("a", "b", "999")]
)
def test_what_may_be_a_value_is_not_taken_for_a_code(run: Run, column: Sequence[str]) -> None:
    source = write("x;d", *(f"{each};a" for each in column))
    assert "code" not in run("check", source, "--quasi-identifier", "x", "--k", "1", "--no-roles")[1]


def test_a_named_code_leaves_the_other_values_what_they_are(run: Run) -> None:
    source = write("x;d", *(f"{day};a" for day in (*DOTTED, "NA", "?")))
    _, lines = apply_to(run, source, "--k", "2", "--missing-code", "NA,?")
    assert lines == [f"{each};a" for each in (*QUARTERS, "", "")]
    source = write("x;d", *(f"{age};a" for age in ("30", "31", "-9", "-9", "45", "46")))
    _, lines = apply_to(run, source, "--k", "2", "--missing-code", "-9", "--no-cells")
    assert lines[2:4] == [";a"] * 2
    assert not any("-" in line for line in lines)


STARRED = ("*,*,u", "*,*,v", "30,1,u", "30,1,v")


def test_suppressed_rows_are_not_a_class_and_are_left_out_of_what_is_written(run: Run) -> None:
    source = write("x,zip,d", *STARRED)
    asked = "--quasi-identifier", "x,zip", "--k", "2", "--suppressed-code", "*"
    code, told = run("check", source, *asked, "--no-roles", "-v")
    assert (code, "records: 2 · suppressed rows, in no class: 2 · classes: 1" in told) == (0, True)
    told, lines = apply_to(run, source, *asked[2:], "--quasi-identifier", "zip")
    assert lines == ["30,1,u", "30,1,v"]
    assert "2 rows that were suppressed before are left out" in told


def test_stars_are_told_as_suppressed_values(run: Run) -> None:
    source = write("x,zip,d", *STARRED)
    told = run("check", source, "--quasi-identifier", "x,zip", "--k", "2", "--no-roles")[1]
    assert "--suppressed-code 'x=*', or --missing-code where it is only unknown" in told


@pytest.mark.parametrize(
    ("rows", "code", "k"),
    [
        (("*,*", "*,*"), 3, "2"),
        (("*,1", "*,2", "30,1", "30,1"), 1, "2"),
        (("*,", "*,*", "30,1", "30,1", ","), 1, "2"),
        (("*,", "*,*", "30,1", "30,1"), 0, "2"),
    ],
    ids=["only suppressed rows", "half a row is a row", "a missing row is a row", "missing or suppressed"],
)
def test_a_row_is_suppressed_where_nothing_of_it_is_known(
    run: Run, rows: Sequence[str], code: int, k: str
) -> None:
    source = write("x,zip", *rows)
    asked = "--quasi-identifier", "x,zip", "--k", k, "--suppressed-code", "*", "--no-roles"
    assert run("check", source, *asked)[0] == code


def test_a_day_is_an_interval_in_its_own_format_where_rows_are_recoded_locally(run: Run) -> None:
    source = write("x;zip", *(f"{day};{at // 2}" for at, day in enumerate(DOTTED)))
    asked = "--quasi-identifier", "x,zip", "--k", "2", "--proposal", "3"
    code, told = run("apply", source, "-o", "new.csv", *asked)
    assert (code, "recode locally x" in told) == (0, True)
    shown = [line.split(";")[0] for line in Path("new.csv").read_text("utf-8").splitlines()[1:]]
    assert shown[0].startswith("<")
    assert all(re.search(r"\d\d\.\d\d\.\d{4}", each) for each in shown)
    assert not any("-" in each for each in shown)
