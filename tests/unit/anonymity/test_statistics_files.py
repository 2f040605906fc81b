"""Files of SPSS, Stata, SAS, R and DuckDB: the same rows as their own program would show."""

from __future__ import annotations

import builtins
import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyreadr
import pyreadstat
import pytest

from gatecli.anonymity.tables.files import READERS
from gatecli.anonymity.tables.folders import OTHER_TABLES, PARQUET
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import MissingExtraError, NothingToCheckError, UncheckableError, UsageError
from tests.support.anonymity_tables import IBIS_WARNS, rows_of

pytestmark = IBIS_WARNS

SAS = Path(__file__).parents[2] / "data" / "sas"
DAY = dt.date(2020, 1, 31)
FRAME = pd.DataFrame(
    {"age": [30.0, 40.0, None], "zip": ["02139", "", "é"], "seen": [DAY, DAY, DAY + dt.timedelta(days=1)]}
)
ROWS = [
    {"age": 30.0, "zip": "02139", "seen": DAY},
    {"age": 40.0, "zip": None, "seen": DAY},
    {"age": None, "zip": "é", "seen": DAY + dt.timedelta(days=1)},
]
WRITERS: dict[str, Callable[..., Any]] = {
    ".sav": lambda path: pyreadstat.write_sav(FRAME, path),
    ".zsav": lambda path: pyreadstat.write_sav(FRAME, path, compress=True),
    ".dta": lambda path: pyreadstat.write_dta(FRAME, path),
    ".xpt": lambda path: pyreadstat.write_xport(FRAME, path, file_format_version=8),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_a_statistics_file_is_read_with_its_types(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"people{ending}"
    WRITERS[ending](str(path))
    with open_table(path) as opened:
        rows = [{name.lower(): value for name, value in row.items()} for row in rows_of(opened.table)]
    assert rows == ROWS


def rows_of_sas(name: str, folder: Path) -> list[dict[str, Any]]:
    path = folder / f"{name}.sas7bdat"
    path.write_bytes(gzip.decompress((SAS / f"{name}.sas7bdat.gz").read_bytes()))
    with open_table(path) as opened:
        return list(rows_of(opened.table))


def test_values_that_sas_wrote_are_read_with_their_types(tmp_path: Path) -> None:
    first, *_, last = rows_of_sas("sample", tmp_path)
    assert first == {
        "mychar": "a",
        "mynum": 1.1,
        "mydate": dt.date(2018, 5, 6),
        "dtime": dt.datetime(2018, 5, 6, 10, 10, 10),  # noqa: DTZ001 - SAS has no zones
        "mylabl": 1.0,
        "myord": 1.0,
        "mytime": dt.time(10, 10, 10),
    }
    assert last == {**dict.fromkeys(first), "mychar": "e", "mynum": 1000.3, "mylabl": 1.0, "myord": 1.0}


def test_a_day_of_sas_is_a_date_however_little_of_it_is_shown(tmp_path: Path) -> None:
    rows = rows_of_sas("dates", tmp_path)
    shown_whole, shown_in_part = ("dtc1", "dtc2", "dtc3"), ("dtc4", "yr")
    for name in (*shown_whole, *shown_in_part):
        assert all(type(row[name]) is dt.date for row in rows), name
    assert [rows[0][name] for name in shown_in_part] == [dt.date(2023, 7, 1), dt.date(2023, 1, 1)]
    assert (rows[0]["tm1"], rows[1]["dt1"]) == (
        dt.time(11, 20, 10),
        dt.datetime(2020, 12, 9, 14, 11, 5),  # noqa: DTZ001 - SAS has no zones
    )


def test_every_code_of_sas_for_a_missing_value_is_a_missing_value(tmp_path: Path) -> None:
    """Its columns hold .A, .B, .C, .X, .Y, .Z, ._ and the plain dot, and a number."""
    (row,) = rows_of_sas("missing", tmp_path)
    assert row == {**{f"var{at}": None for at in range(1, 9)}, "var9": 1.0}


def test_codes_of_sas_stay_codes_whatever_a_catalogue_calls_them(tmp_path: Path) -> None:
    rows = rows_of_sas("labelled", tmp_path)
    assert [row["SEXA"] for row in rows] == ["1", "2", "1"]


def test_a_truncated_file_of_sas_is_not_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "cut.sas7bdat"
    whole = gzip.decompress((SAS / "dates.sas7bdat.gz").read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UncheckableError, match="truncated"):
        open_table(path)


def test_a_data_frame_of_r_is_read_with_the_names_of_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "people.rds"
    pyreadr.write_rds(str(path), pd.DataFrame({"age": [30, 40], "sex": pd.Categorical(["m", "f"])}))
    with open_table(path) as opened:
        assert rows_of(opened.table) == [{"age": 30, "sex": "m"}, {"age": 40, "sex": "f"}]


def test_a_file_of_several_data_frames_is_asked_for_one(tmp_path: Path) -> None:
    path = tmp_path / "people.RData"
    pyreadr.write_rdata(str(path), FRAME[["age"]], df_name="people")
    with open_table(path, TableOptions(table="people")) as opened:
        assert opened.table.count().execute() == len(ROWS)
    with pytest.raises(UsageError, match="has no data frame 'others'"):
        open_table(path, TableOptions(table="others"))


@pytest.mark.parametrize("ending", [*WRITERS, ".sas7bdat", ".rds", ".rdata", ".duckdb"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"people{ending}"
    path.write_bytes(b"nonsense" * 100)
    with pytest.raises(UncheckableError, match="people"):
        open_table(path)


MANY = pd.DataFrame({"age": [float(at) for at in range(5_000)], "name": [f"n{at}" for at in range(5_000)]})
LONG: dict[str, Callable[[str], Any]] = {
    ".sav": lambda path: pyreadstat.write_sav(MANY, path),
    ".dta": lambda path: pyreadstat.write_dta(MANY, path),
    ".rds": lambda path: pyreadr.write_rds(path, MANY),
}


@pytest.mark.parametrize("ending", LONG)
def test_a_truncated_file_is_not_read_in_part(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"people{ending}"
    LONG[ending](str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UncheckableError, match="truncated"):
        open_table(path)


def test_an_empty_table_is_nothing_to_check(tmp_path: Path) -> None:
    pyreadstat.write_sav(FRAME.head(0), str(tmp_path / "none.sav"))
    with pytest.raises(NothingToCheckError, match="is empty"):
        open_table(tmp_path / "none.sav")


@pytest.mark.parametrize(("ending", "package"), [(".sav", "pyreadstat"), (".rds", "pyreadr")])
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, ending: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"people{ending}").write_bytes(b"x")
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=package) as caught:
        open_table(tmp_path / f"people{ending}")
    assert "gatecli[statistics]" in caught.value.advice


@pytest.fixture(name="database")
def with_two_tables(tmp_path: Path) -> Path:
    path = tmp_path / "o'hara.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE people AS SELECT 30 AS age, '02139' AS zip")
        connection.execute("CREATE SCHEMA old; CREATE TABLE old.visits AS SELECT 1 AS n; CHECKPOINT")
    return path


def test_a_table_of_a_database_file_is_read(database: Path) -> None:
    before = database.read_bytes()
    with open_table(database, TableOptions(table="people")) as opened:
        assert rows_of(opened.table) == [{"age": 30, "zip": "02139"}]
    with open_table(database, TableOptions(table="old.visits")) as opened:
        assert rows_of(opened.table) == [{"n": 1}]
    assert database.read_bytes() == before


def test_a_database_file_of_several_tables_is_asked_for_one(database: Path) -> None:
    with pytest.raises(UsageError, match="does not say which table") as caught:
        open_table(database)
    assert "main.people, old.visits" in caught.value.advice
    with pytest.raises(UsageError, match="has no table 'nobody'"):
        open_table(database, TableOptions(table="nobody"))


def test_changes_beside_a_database_file_are_not_left_out(database: Path) -> None:
    Path(f"{database}.wal").write_bytes(b"x")
    with pytest.raises(UncheckableError, match=r"stand in o'hara\.duckdb\.wal alone"):
        open_table(database, TableOptions(table="people"))


def test_every_kind_of_table_is_one_that_a_folder_of_parquet_may_not_hold() -> None:
    assert READERS.keys() - PARQUET - {".txt"} == OTHER_TABLES
