"""SQLite: whatever a column was declared as, and whatever it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.measure import measure
from gatecli.anonymity.search.generalisation import apply
from gatecli.anonymity.search.proposals import propose
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.writing import write
from gatecli.model.anonymity import AnonymityQuestion, Measures, Scale, Thresholds


def database(path: Path, kind: str, values: Sequence[object]) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create table data (a {kind}, b {kind})")
        connection.executemany("insert into data values (?1, ?1)", [[value] for value in values])
        connection.commit()
    return f"sqlite://{path}#data"


def ask(url: str) -> tuple[str, Measures]:
    """What the column `a` is taken for, and its measures; it is fetched as well, as `discover` does."""
    with open_table(url) as opened:
        assert discover(opened.table, max_columns=1).columns[0].name == "a"
        return opened.columns["a"], measure(opened, AnonymityQuestion(("a",), ("b",)))


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("int(11)", "int64"),
        ("unsigned big int", "int64"),
        ("float(10)", "float64"),
        ("varying character(255)", "string"),
        ("money", "string"),
        ("guid", "string"),
        ("", "int64"),
    ],
)
def test_any_declared_type_is_read(tmp_path: Path, kind: str, ours: str) -> None:
    found = ask(database(tmp_path / "data.db", kind, [1, 1, 2]))
    assert (found[0], found[1].classes, found[1].k) == (ours, 2, 1)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", ["2020-01-01", "2020-01-01", "31.12.2020"]),
        ("date", ["2020-01-01", "2020-01-01", 20201231]),
        ("timestamp", ["2020-01-01 10:00:00", "2020-01-01 10:00:00", 1577872800]),
        ("time", ["10:00", "10:00", "ten"]),
        ("boolean", [1, True, 2]),
        ("boolean", [True, True, "no"]),
        ("integer", [1, 1, "one"]),
        ("decimal(5,2)", [1.5, "1.50", "n/a"]),
        ("double", [1.5, 1.5, "n/a"]),
        ("blob", [b"x", b"x", "y"]),
        ("", [None, None, "x"]),
        ("", [1, 1, "one"]),
    ],
)
def test_a_value_that_does_not_keep_to_its_column_s_type_is_a_value(
    tmp_path: Path, kind: str, values: Sequence[object]
) -> None:
    _, found = ask(database(tmp_path / "data.db", kind, values))
    assert (found.records, found.classes, found.k) == (3, 2, 1)


@pytest.mark.parametrize("order", [(1, "1", 2), ("1", 1, 2)])
def test_a_number_and_its_text_are_one_value_that_is_counted_once(
    tmp_path: Path, order: Sequence[object]
) -> None:
    """A column without a type keeps both; published, they are the same."""
    _, found = ask(database(tmp_path / "data.db", "", order))
    assert (found.records, found.classes, found.k) == (3, 2, 1)
    assert sum(item.records for item in found.sizes) == 3


def test_a_column_of_a_view_that_holds_numbers_is_numeric(tmp_path: Path) -> None:
    url = database(tmp_path / "data.db", "integer", [None, 1, 2.5])
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        connection.execute("create view sums as select a + 1 as a, b + 1 as b from data order by a desc")
    assert ask(url.replace("#data", "#sums"))[1].by_sensitive[0].scale is Scale.NUMERIC


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", ["2020-01-01", "2020-01-02"]),
        ("timestamp", ["2020-01-01 10:00:00", "2020-01-01T10:00:01"]),
        ("decimal(5,2)", [1.5, 2]),
        ("int(11)", [1, 2]),
    ],
)
def test_what_has_an_order_keeps_it(tmp_path: Path, kind: str, values: Sequence[object]) -> None:
    _, found = ask(database(tmp_path / "data.db", kind, values))
    assert found.by_sensitive[0].scale is Scale.NUMERIC


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", ["2020-01-01", "unknown"]),
        ("timestamp", ["2020-01-01 10:00:00", 5]),
        ("timestamp", ["2020-01-01 10:00:00", "2020-01-01 10:00:01.25"]),
        ("time", ["10:00", "10:01"]),
        ("json", ["{}", "[]"]),
        ("uuid", ["a", "b"]),
        ("integer", [1, "one"]),
        ("decimal(5,2)", [1.5, 1.75]),
        ("boolean", [1, 2]),
        ("blob", [b"1", "2"]),
    ],
)
def test_a_rare_value_of_any_type_is_suppressed(tmp_path: Path, kind: str, values: Sequence[object]) -> None:
    usual, rare = values
    url = database(tmp_path / "data.db", kind, [*[usual] * 200, rare])
    with open_table(url) as opened:
        (first, *_) = propose(opened, AnonymityQuestion(("a",)), Thresholds(k=3)).proposals
        write(apply(opened.table, first), tmp_path / "out.parquet")
    with open_table(tmp_path / "out.parquet") as opened:
        found = measure(opened, AnonymityQuestion(("a",)))
        assert (found.records, found.k) == (200, 200)


@pytest.mark.parametrize(("kind", "days"), [("date", ""), ("timestamp", " 10:00:00")])
def test_instants_are_ranked_where_what_would_mend_it_is_searched(
    tmp_path: Path, kind: str, days: str
) -> None:
    values = [f"20{year}-01-01{days}" for year in range(20, 30) for _ in range(20)]
    with open_table(database(tmp_path / "data.db", kind, values)) as opened:
        question = AnonymityQuestion(("a",), ("b",))
        assert propose(opened, question, Thresholds(k=2, t=Fraction(1, 2))).proposals


def test_a_broken_view_is_nobody_else_s_trouble(tmp_path: Path) -> None:
    url = database(tmp_path / "data.db", "integer", [1, 1])
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        connection.execute("create view broken as select gone from data")
    assert ask(url)[1].k == 2
