"""Databases by URL: which table, which driver, and what goes wrong."""

from __future__ import annotations

import socket
import sqlite3
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.databases import ENGINES
from gatecli.anonymity.tables.interface import Connection, TableOptions
from gatecli.anonymity.tables.opening import open_table, source_name
from gatecli.anonymity.tables.problems import translate_error
from gatecli.errors import GatecliError, MissingExtraError, NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion

ROOT = Path(__file__).resolve().parents[3]


def replaced(monkeypatch: pytest.MonkeyPatch, scheme: str, error: Exception) -> str:
    """The engine's driver fails; returns its extra."""

    def connect(_url: str) -> Connection:
        raise error

    monkeypatch.setitem(ENGINES, scheme, replace(ENGINES[scheme], connect=connect))
    return ENGINES[scheme].extra


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
    with pytest.raises(UncheckableError, match="connection was refused") as caught:
        open_table(f"postgres://me:hunter2@/base?host={tmp_path}#data")
    assert "hunter2" not in caught.value.message


def test_a_spark_that_does_not_answer_is_uncheckable_and_its_token_stays_hidden() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UncheckableError, match="connection was refused") as caught:
        open_table(f"sc://127.0.0.1:{port}/;token=hunter2#data")
    assert "hunter2" not in caught.value.message


def test_an_unknown_engine_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="oracle:// is not an engine"):
        open_table("oracle://host/base#data")


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(MissingExtraError) as caught:
        open_table("spark://local/data.parquet")
    assert caught.value.advice == "pip install 'gatecli[spark]'"


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "spark", "sc", "bigquery", "snowflake", "trino"]
)
def test_every_missing_driver_names_an_extra_that_there_is(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = replaced(monkeypatch, scheme, ImportError("no driver"))
    with pytest.raises(MissingExtraError) as caught:
        open_table(f"{scheme}://me:hunter2@host/base#data")
    assert caught.value.advice == f"pip install 'gatecli[{extra}]'"
    assert "hunter2" not in caught.value.message
    assert (
        extra
        in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    )


SECRETS = [
    "postgres://me:hunter2@host/base#data",
    "postgres://me:hun#hunter2@host/base#data",
    "postgres://me:a/b?hunter2@host/base",
    "postgres://host/base?user=me&password=hunter2#data",
    "snowflake://me:hunter2@account/base/schema?warehouse=hunter2#data",
    "trino://me:hunter2@host:8443/catalogue/schema#data",
    "sc://host:15002/;token=hunter2;use_ssl=true#data",
    "bigquery://project/set?key=hunter2#data",
]


@pytest.mark.parametrize("url", SECRETS)
def test_a_secret_is_in_no_message(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, url.partition("://")[0], ConnectionError(f"cannot reach {url}"))
    with pytest.raises(GatecliError) as caught:
        open_table(url)
    assert "hunter2" not in caught.value.message + caught.value.advice + source_name(url)


@pytest.mark.parametrize("url", SECRETS)
def test_a_secret_is_in_no_name_and_no_fingerprint(
    url: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = url.partition("://")[0]
    engine = ENGINES[scheme]
    here = replace(
        engine, name="sqlite", connect=lambda _url: ENGINES["sqlite"].connect(f"sqlite://{database}")
    )
    monkeypatch.setitem(ENGINES, scheme, here)
    options = TableOptions(table="patients")
    if "hun#" in url:
        with pytest.raises(UsageError, match="# begins the name of the table"):
            open_table(url, options)
        return
    with open_table(url, options) as one, open_table(url.replace("hunter2", "rosebud"), options) as other:
        assert "hunter2" not in one.name
        assert (one.name, one.digest) == (other.name, other.digest)


def test_the_fingerprint_tells_questions_apart_and_says_what_it_is(database: Path) -> None:
    with (
        open_table(f"sqlite://{database}#patients") as one,
        open_table(f"sqlite://{database}#visits") as other,
    ):
        assert one.digest != other.digest
        assert one.digest_of == "the engine, the table and its schema"


@pytest.mark.parametrize("words", ["Conversion Error: 'Zweistein' is no number", "server closed: Zweistein"])
def test_the_words_of_a_driver_are_never_shown(words: str) -> None:
    error = translate_error("data", RuntimeError(words))
    assert "Zweistein" not in error.message + error.advice
