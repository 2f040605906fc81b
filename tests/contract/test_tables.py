"""The same answers from every engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.util import find_spec
from shutil import which
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion
from tests.contract.table_suite import COLUMNS, KINDS, NASTY, TableSuite
from tests.support.anonymity_oracle import Oracle
from tests.support.postgres import binaries, cluster
from tests.support.tables import arrow, rows_of


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def ddl(kinds: dict[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {kinds.get(KINDS.get(name, ''), 'text')}" for name in COLUMNS)


def values() -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows_of(COLUMNS)]


class TestDuckDB(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedTable]:
        import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

        path = tmp_path_factory.mktemp("parquet") / "data.parquet"
        pyarrow.parquet.write_table(arrow(COLUMNS, KINDS), path)
        with open_table(path) as opened:
            yield opened


class TestSQLite(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedTable]:
        path = tmp_path_factory.mktemp("sqlite") / "data.db"
        connection = sqlite3.connect(path)
        connection.execute(f"create table data ({ddl({'int64': 'integer', 'float64': 'real'})})")
        connection.executemany("insert into data values (?, ?, ?, ?, ?)", values())
        connection.commit()
        connection.close()
        with open_table(f"sqlite://{path}#data") as opened:
            yield opened


@pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server is installed")
class TestPostgreSQL(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table() -> Iterator[OpenedTable]:
        import psycopg  # noqa: PLC0415 - only for PostgreSQL

        programs = binaries()
        assert programs is not None
        with cluster(programs) as url:
            with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
                connection.execute(
                    f"create table data ({ddl({'int64': 'bigint', 'float64': 'double precision'})})"
                )
                connection.cursor().executemany("insert into data values (%s, %s, %s, %s, %s)", values())
            with open_table(f"{url}#data") as opened:
                yield opened


@pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server is installed")
def test_a_server_that_goes_away_is_uncheckable() -> None:
    import psycopg  # noqa: PLC0415 - only for PostgreSQL

    programs = binaries()
    assert programs is not None
    with cluster(programs) as url:
        with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
            connection.execute("create table data as select 1 as age")
            opened = open_table(f"{url}#data")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            )
        with opened, pytest.raises(UncheckableError, match="cannot be reached any more"):
            measure(opened, AnonymityQuestion(("age",)))


@pytest.mark.skipif(
    which("java") is None or find_spec("pyspark") is None,
    reason="Spark needs Java and pyspark, which is no extra yet",
)
class TestSpark:
    """A few questions of the suite: each of them is dozens of small jobs."""

    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedTable]:
        import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra that starts a JVM

        SparkSession.builder.config("spark.sql.shuffle.partitions", "1").config(
            "spark.sql.adaptive.enabled", "false"
        ).config("spark.ui.enabled", "false").master("local[1]").getOrCreate()
        path = tmp_path_factory.mktemp("spark") / "data.parquet"
        pyarrow.parquet.write_table(arrow(COLUMNS, KINDS), path)
        with open_table(f"spark://local{path}") as opened:
            yield opened
        SparkSession.builder.getOrCreate().stop()

    def test_a_categorical_and_a_numeric_attribute_are_measured_together(self, opened: OpenedTable) -> None:
        found = measure(opened, AnonymityQuestion(("age", "zip"), (NASTY, "income")))
        disease, income = found.by_sensitive
        by_disease, by_income = (Oracle(rows_of(COLUMNS), ("age", "zip"), name) for name in (NASTY, "income"))
        assert (found.records, found.classes, found.k, found.unique_records) == (10, 5, 1, 3)
        assert (disease.l, disease.t, disease.alpha) == (1, by_disease.total_variation(), by_disease.alpha())
        assert (income.l, income.t) == (1, by_income.ordered_t())
