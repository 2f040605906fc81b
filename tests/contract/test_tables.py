"""The same answers from every engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.spark import spark_file
from gatecli.data import column
from gatecli.data import open_table as open_private
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion
from tests.contract.table_suite import COLUMNS, KINDS, TableSuite
from tests.support import spark
from tests.support.postgres import cluster, connected
from tests.support.tables import arrow, endless, rows_of

SPELLINGS = ["a", "A", "a ", "a", "á"]


def keeps_spellings(url: str) -> bool:
    """Whether the column `age`, which holds SPELLINGS, has a class for each."""
    with open_table(url) as opened:
        found = measure(opened, AnonymityQuestion(("age",)))
        return (found.classes, found.k) == (4, 1)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def ddl(kinds: dict[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {kinds.get(KINDS.get(name, ''), 'text')}" for name in COLUMNS)


def parquet_files(folder: Path, *names: str) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    for path in (folder / name for name in names):
        path.parent.mkdir(exist_ok=True)
        pyarrow.parquet.write_table(arrow(COLUMNS, KINDS), path)


def values() -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows_of(COLUMNS)]


class TestDuckDB(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedTable]:
        path = tmp_path_factory.mktemp("parquet") / "data.parquet"
        parquet_files(path.parent, path.name)
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

    def test_a_cell_that_an_engine_stumbles_on_is_not_quoted(self, opened: OpenedTable) -> None:
        """SQLite makes a number of any text; no cell stops it."""
        broken = opened.table.mutate(age=("Zweistein " + opened.table["person"]).cast("int64"))
        assert measure(replace(opened, table=broken), AnonymityQuestion(("age",))).classes == 1


@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM"])
def test_sqlite_does_not_merge_what_a_column_s_collation_takes_for_equal(
    tmp_path: Path, collation: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        connection.execute(f"create table data (age text collate {collation})")
        connection.executemany("insert into data values (?)", [[text] for text in SPELLINGS])
        connection.commit()
    assert keeps_spellings(f"sqlite://{tmp_path / 'data.db'}#data")


NOCASE = "create collation nocase (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"


@pytest.mark.parametrize("kind", ["text collate nocase", "varchar(5) collate nocase", "citext"])
def test_postgresql_does_not_merge_what_a_column_s_collation_takes_for_equal(kind: str) -> None:
    with cluster() as url:
        with connected(url) as connection:
            connection.execute("create extension citext")
            connection.execute(NOCASE)
            connection.execute(f"create table data (age {kind})")
            connection.cursor().executemany("insert into data values (%s)", [[text] for text in SPELLINGS])
        assert keeps_spellings(f"{url}#data")


class TestPostgreSQL(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table() -> Iterator[OpenedTable]:
        with cluster() as url:
            with connected(url) as connection:
                connection.execute(
                    f"create table data ({ddl({'int64': 'bigint', 'float64': 'double precision'})})"
                )
                connection.cursor().executemany("insert into data values (%s, %s, %s, %s, %s)", values())
            with open_table(f"{url}#data") as opened:
                yield opened


def test_a_number_without_a_value_is_missing() -> None:
    with cluster() as url:
        with connected(url) as connection:
            connection.execute("create table data (amount numeric)")
            connection.execute("insert into data values ('NaN'), (null), (1.0), (1)")
        with open_table(f"{url}#data") as opened:
            found = measure(opened, AnonymityQuestion(("amount",)))
            assert (found.missing, found.k) == ({"amount": 2}, 2)


ROW_SECURITY = """
create table data as select age, 'a' as owner from generate_series(1, 5) as age;
create role reader login;
alter table data enable row level security;
create policy own on data using (age < 3);
create view whole as select age from data;
create view own with (security_invoker = true) as select age from data;
grant select on data, whole, own to reader;
"""


def test_rows_that_postgresql_hides_from_the_account_are_not_left_out() -> None:
    with cluster() as url:
        with connected(url) as connection:
            connection.execute(ROW_SECURITY)
        reader = f"postgres://reader@{url.partition('@')[2]}"
        for table in ("data", "own"):
            with pytest.raises(UncheckableError) as caught:
                open_table(f"{reader}#{table}")
            assert "hides rows from this account" in caught.value.message
        with open_table(f"{reader}#whole") as opened:
            assert measure(opened, AnonymityQuestion(("age",))).records == 5


def test_a_server_that_goes_away_is_uncheckable() -> None:
    with cluster() as url:
        with connected(url) as connection:
            connection.execute("create table data as select 1 as age")
            opened = open_table(f"{url}#data")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            )
        with opened, pytest.raises(UncheckableError, match="cannot be reached any more"):
            measure(opened, AnonymityQuestion(("age",)))


TERMINATE = """
do $$ begin
    while not exists (select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()
        and query like '%x10%') loop
        perform pg_sleep(0.01);
        perform pg_stat_clear_snapshot();
    end loop;
    perform pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid();
end $$
"""


def test_a_server_that_goes_away_in_the_middle_of_a_query_is_uncheckable() -> None:
    with cluster() as url:
        admin = connected(url)
        admin.execute("create table data as select generate_series(1, 50) as age")
        with open_table(f"{url}#data") as opened:
            busy = replace(opened, table=endless(opened.table, "age"))
            killer = Thread(target=admin.execute, args=(TERMINATE,))
            killer.start()
            with pytest.raises(UncheckableError, match="cannot be reached any more"):
                measure(busy, AnonymityQuestion(("age",)))
            killer.join()
        admin.close()


class TestSpark(TableSuite):
    @pytest.fixture(name="opened", scope="class")
    @staticmethod
    def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedTable]:
        path = tmp_path_factory.mktemp("parquet") / "data.parquet"
        parquet_files(path.parent, path.name)
        with (
            spark.session(tmp_path_factory.mktemp("spark")),
            open_table(f"spark://local{path}") as opened,
        ):
            yield opened

    @staticmethod
    def endless(table: Any) -> Any:
        """Its tasks notice that they are cancelled when they read the next row of their source."""
        return spark.endless(table.get_backend())

    def test_a_table_of_the_catalogue_is_opened_by_its_name(self, opened: OpenedTable) -> None:
        opened.table.get_backend().create_view("people", opened.table, overwrite=True)
        with open_table("spark://local#people") as named:
            assert set(named.columns) == set(COLUMNS)
            assert named.name == "spark://local#people"

    def test_a_frame_of_spark_is_asked_within_a_budget(self, opened: OpenedTable) -> None:
        session = opened.table.get_backend()._session
        rows = [
            (1, 20.0, "a"),
            (1, 30.0, "b"),
            (2, 40.0, "a"),
            (3, inf, "a"),
            (4, nan, "c"),
            (None, 60.0, "a"),
        ]
        frame = session.createDataFrame(rows, ["pid", "age", "ward"])
        options: dict[str, Any] = {
            "unit": "pid",
            "bounds": {"age": (0, 100)},
            "keys": {"ward": ["a", "b", "d"]},
        }
        with open_private(frame, budget={"epsilon": 10_000}, **options) as table:
            assert table.count(epsilon=900).value == 4
            answer = table.groupby("ward").agg(
                n="count", m=("age", "sum"), q=("age", "median"), epsilon=6_000
            )
            assert sum(row["n"] for row in answer) == 3
            total = sum(row["m"] for row in answer)
            assert min(abs(total - 160), abs(total - 170)) < 1  # one of the two rows of a person counts
            odd = (column("age") - column("age")) // 1e-300
            table.derive(odd=odd, bounds={"odd": (-1, 1)}).mean("odd", epsilon=900)
            assert all(each.answered for each in table.budget.questions)

    def test_spark_does_not_merge_what_a_column_s_collation_takes_for_equal(
        self, opened: OpenedTable
    ) -> None:
        values = ", ".join(f"('{text}')" for text in SPELLINGS)
        query = f"select collate(col1, 'UNICODE_CI_AI') as age from values {values}"  # noqa: S608 - our own texts
        opened.table.get_backend().raw_sql(f"create or replace temporary view spelled as {query}")
        assert keeps_spellings("spark://local#spelled")

    @pytest.mark.parametrize("value", ["map('a', 1)", "interval 1 year", "parse_json('1')"])
    def test_a_type_whose_values_cannot_be_compared_is_uncheckable(
        self, opened: OpenedTable, value: str
    ) -> None:
        opened.table.get_backend().raw_sql(
            f"create or replace temporary view strange as select {value} as age"
        )
        with pytest.raises(UncheckableError, match="a type whose values cannot be compared"):
            keeps_spellings("spark://local#strange")

    def test_a_path_may_begin_with_another_slash(self, opened: OpenedTable, tmp_path: Path) -> None:
        parquet_files(tmp_path, "t.parquet")
        with open_table(f"spark://local/{tmp_path / 't.parquet'}") as again:
            assert again.columns == opened.columns

    @pytest.mark.parametrize("name", ["more/t.parquet", "_two.parquet", ".two.parquet"])
    def test_a_folder_of_which_spark_leaves_a_file_out_is_refused(
        self, opened: OpenedTable, tmp_path: Path, name: str
    ) -> None:
        parquet_files(tmp_path, "t.parquet", name)
        with pytest.raises(UncheckableError, match="Spark would read 1 of its 2 files"):
            spark_file(opened.table.get_backend(), str(tmp_path), is_local=True)

    @pytest.mark.parametrize("names", [("a.parquet", "b.PQ"), ("zip=01/t.parquet", "zip=1/t.parquet")])
    def test_a_folder_is_read_whole(
        self, opened: OpenedTable, tmp_path: Path, names: tuple[str, ...]
    ) -> None:
        parquet_files(tmp_path, *names)
        table = spark_file(opened.table.get_backend(), str(tmp_path), is_local=True)
        found = measure(replace(opened, table=table), AnonymityQuestion(("age",)))
        assert found.records == 2 * len(rows_of(COLUMNS))
