"""Databases by URL: which table, which driver, and what goes wrong."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import translated
from gatecli.errors import MissingExtraError, NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion


@pytest.fixture(name="database")
def of_two_tables(tmp_path: Path) -> Path:
    path = tmp_path / "data.db"
    connection = sqlite3.connect(path)
    connection.execute("create table patients (age integer)")
    connection.execute("create table visits (age integer)")
    connection.execute("insert into patients values (1), (1), (2)")
    connection.commit()
    connection.close()
    return path


def test_a_table_is_named_after_the_hash(database: Path) -> None:
    with open_table(f"sqlite://{database}#patients") as opened:
        assert measure(opened, AnonymityQuestion(("age",))).classes == 2


def test_several_tables_need_a_name(database: Path) -> None:
    with pytest.raises(UsageError, match="does not say which table") as caught:
        open_table(f"sqlite://{database}")
    assert "patients, visits" in caught.value.advice


def test_a_table_that_is_not_there_is_a_usage_error(database: Path) -> None:
    with pytest.raises(UsageError, match="has no table 'people'"):
        open_table(f"sqlite://{database}#people")


def test_a_table_without_rows_is_nothing_to_check(database: Path) -> None:
    with open_table(f"sqlite://{database}#visits") as opened, pytest.raises(NothingToCheckError):
        measure(opened, AnonymityQuestion(("age",)))


def test_a_database_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NothingToCheckError, match="does not exist"):
        open_table(f"sqlite://{tmp_path}/none.db#data")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_uncheckable(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    path.write_text("no database " * 100)
    with pytest.raises(UncheckableError):
        open_table(f"sqlite://{path}#data")


def test_a_server_that_does_not_answer_is_uncheckable_and_its_password_stays_hidden(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(UncheckableError, match="connection was refused") as caught:
        open_table(f"postgres://me:hunter2@/base?host={tmp_path}#data")
    assert "hunter2" not in caught.value.message


def test_an_unknown_engine_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="oracle:// is not an engine"):
        open_table("oracle://host/base#data")


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError) as caught:
        open_table("spark://local/data.parquet")
    assert caught.value.advice == "pip install 'gatecli[spark]'"


def test_the_fingerprint_tells_questions_apart_and_says_what_it_is(database: Path) -> None:
    with (
        open_table(f"sqlite://{database}#patients") as one,
        open_table(f"sqlite://{database}#visits") as other,
    ):
        assert one.digest != other.digest
        assert one.digest_of == "the engine, the table and its schema"


@pytest.mark.parametrize("words", ["Conversion Error: 'Zweistein' is no number", "server closed: Zweistein"])
def test_the_words_of_a_driver_are_never_shown(words: str) -> None:
    error = translated("data", RuntimeError(words))
    assert "Zweistein" not in error.message + error.advice
