"""PostgreSQL: a value of any type is a value, told from every other that is written differently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.search.generalisation import apply
from gatecli.anonymity.search.proposals import propose
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.writing import write
from gatecli.model.anonymity import AnonymityQuestion, Thresholds
from tests.support.postgres import cluster, connected

TYPES = """
create type mood as enum ('sad', 'fine');
create type pair as (x int, y int);
create domain age as int check (value > 0);
"""
RARE = {
    "smallint": ("1", "2"),
    "bigint": ("9007199254740993", "9007199254740992"),
    "numeric(30, 2)": ("123456789012345678901", "123456789012345678902"),
    "double precision": ("1.5", "2"),
    "char(3)": ("a", "b"),
    "name": ("a", "b"),
    "boolean": ("yes", "no"),
    "date": ("2020-01-01", "2020-01-02"),
    "time": ("10:00", "11:00"),
    "timetz": ("10:00+01", "11:00+01"),
    "timestamp": ("2020-01-01 10:00", "2020-01-01 10:00:00.000001"),
    "timestamptz": ("2020-01-01 10:00+01", "2020-01-01 11:00+01"),
    "interval": ("1 day", "24 hours"),
    "uuid": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    "json": ('{"a": 1}', '{"a": 2}'),
    "jsonb": ("1", '"1"'),
    "bytea": ("\\x01", "\\x02"),
    "inet": ("10.0.0.1", "10.0.0.2"),
    "macaddr": ("08:00:2b:01:02:03", "08:00:2b:01:02:04"),
    "int[]": ("{1,2}", "{3}"),
    "text[]": ("{a}", "{b}"),
    "mood": ("sad", "fine"),
    "pair": ("(1,2)", "(1,3)"),
    "age": ("1", "2"),
    "money": ("1", "2"),
    "bit(3)": ("101", "111"),
    "int4range": ("[1,2]", "[1,3]"),
    "point": ("(1,1)", "(2,2)"),
    "xml": ("<a/>", "<b/>"),
}


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[tuple[str, psycopg.Connection]]:
    with cluster() as url, connected(url) as connection:
        connection.execute(TYPES)
        yield url, connection


@pytest.mark.parametrize("kind", RARE)
def test_a_rare_value_of_any_type_is_found_and_suppressed(
    server: tuple[str, psycopg.Connection], tmp_path: Path, kind: str
) -> None:
    url, connection = server
    usual, rare = RARE[kind]
    connection.execute("drop table if exists data")
    connection.execute(f"create table data (a {kind})")
    insert = f"insert into data select %s::{kind} from generate_series(1, %s)"  # noqa: S608 - our own types
    connection.cursor().executemany(insert, [(usual, 200), (rare, 1), (None, 5)])
    question = AnonymityQuestion(("a",))
    with open_table(f"{url}#data") as opened:
        found = measure(opened, question)
        assert (found.records, found.classes, found.k, found.missing) == (206, 3, 1, {"a": 5})
        (first, *_) = propose(opened, question, Thresholds(k=3)).proposals
        write(apply(opened.table, first), tmp_path / "out.parquet")
    with open_table(tmp_path / "out.parquet") as opened:
        found = measure(opened, question)
        assert (found.records, found.k) == (205, 5)
