from __future__ import annotations

import re
import sqlite3
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.measure import measure
from gatecli.anonymity.pictures.table_picture import DISCOVERED, draw, size_bins
from gatecli.anonymity.pictures.values import SHOWN_VALUES
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, ClassSize, Missing, Thresholds
from gatecli.model.picture import AnonymityPicture, ValueKind, range_of
from gatecli.model.verdict import Checked, decide
from gatecli.reports.html import rendering
from gatecli.reports.interface import Style
from tests.support.pictures import picture_of
from tests.support.tables import Columns, opened
from tests.support.verdicts import POLICY

KINDS = {"age": "int64", "salary": "int64", "since": "date32"}
QUESTION = AnonymityQuestion(("zip", "age"), ("diagnosis",))
FIVE = Thresholds(k=5)


def drawn(
    columns: Columns, question: AnonymityQuestion = QUESTION, thresholds: Thresholds = FIVE
) -> AnonymityPicture:
    table = opened(columns, {name: kind for name, kind in KINDS.items() if name in columns})
    return draw(table, question, measure(table, question), thresholds=thresholds)


def patients(rows: int = 200) -> dict[str, list[Any]]:
    """Classes of ten, and the last 20 records alone in theirs."""
    return {
        "zip": [f"zip-{at // 10}" if at < rows - 20 else f"canary-zip-{at}" for at in range(rows)],
        "age": [40] * (rows - 20) + [1_000_000 + at for at in range(20)],
        "diagnosis": [("flu", "cold", "ulcer")[at % 3] for at in range(rows - 4)] + ["canary-rare"] * 4,
    }


@cache
def patients_drawn() -> AnonymityPicture:
    """A frozen value: drawn once for all tests."""
    return drawn(patients())


def test_the_distribution_of_class_sizes_is_binned_around_k() -> None:
    picture = patients_drawn()
    assert [(one.least, one.most) for one in picture.sizes] == [(1, 1), (2, 2), (3, 4), (5, 9), (10, 24)]
    assert [one.records for one in picture.sizes] == [20, 0, 0, 0, 180]
    assert [one.classes for one in picture.sizes] == [20, 0, 0, 0, 18]


@pytest.mark.parametrize("boundary", [1, 2, 3, 5, 10, 1000])
@pytest.mark.parametrize("largest", [1, 4, 5, 60, 10**9])
def test_bins_hold_every_class_once_and_one_starts_at_the_boundary(boundary: int, largest: int) -> None:
    sizes = tuple(ClassSize(size, 2, size * 2) for size in sorted({1, 3, largest}))
    bins = size_bins(sizes, boundary)
    assert boundary in {one.least for one in bins}
    assert sum(one.classes for one in bins) == sum(item.classes for item in sizes)
    assert sum(one.records for one in bins) == sum(item.records for item in sizes)
    assert len(bins) <= 8


def test_a_column_is_shown_with_what_leaving_it_out_brings() -> None:
    picture = patients_drawn()
    assert picture.together.unique == Fraction(20, 200)
    assert [(one.column, one.alone, one.without) for one in picture.columns] == [
        ("zip", Fraction(1, 10), Fraction(1, 10)),
        ("age", Fraction(1, 10), Fraction(1, 10)),
    ]
    assert picture.together.distinction == Fraction(38, 200)
    assert picture.together.separation == 1 - Fraction(18 * 10 * 9, 200 * 199)


def test_the_only_quasi_identifier_cannot_be_left_out() -> None:
    picture = drawn(patients(), AnonymityQuestion(("zip",)))
    assert [one.without for one in picture.columns] == [None]
    assert picture.sensitive == ()


def test_rare_values_are_pooled_until_they_follow_from_nothing() -> None:
    (values,) = patients_drawn().sensitive
    shown = [(one.kind, one.label, one.records) for one in values.values]
    assert shown == [
        (ValueKind.VALUE, "flu", 66),
        (ValueKind.VALUE, "cold", 65),
        (ValueKind.OTHER, "", 69),
    ]


def test_a_missing_value_is_named_as_such() -> None:
    columns = patients()
    columns["diagnosis"] = [None if one == "ulcer" else "flu" for one in columns["diagnosis"]]
    (values,) = drawn(columns).sensitive
    assert [(one.kind, one.records) for one in values.values] == [
        (ValueKind.VALUE, 135),
        (ValueKind.MISSING, 65),
    ]


def test_many_numbers_are_counted_in_round_ranges_without_their_outliers() -> None:
    columns = patients(1000) | {"salary": [30_017 + 61 * at for at in range(999)] + [10**12]}
    (values,) = drawn(columns, AnonymityQuestion(("zip",), ("salary",))).sensitive
    labels = [one.label for one in values.values if one.kind is ValueKind.VALUE]
    assert values.is_ordered
    assert labels[:2] == ["30,000 to below 40,000", "40,000 to below 50,000"]
    assert len(labels) <= SHOWN_VALUES
    assert not any("1,000,000" in label for label in labels)


def test_few_numbers_keep_their_values_and_their_order() -> None:
    columns = patients(300) | {"salary": [at % 4 for at in range(300)]}
    (values,) = drawn(columns, AnonymityQuestion(("zip",), ("salary",))).sensitive
    assert [one.label for one in values.values] == ["0", "1", "2", "3"]


def test_dates_are_counted_by_year() -> None:
    days = [365 * (at % 3) + 3 for at in range(300)]
    columns = patients(300) | {"since": days}
    (values,) = drawn(columns, AnonymityQuestion(("zip",), ("since",))).sensitive
    assert [one.label for one in values.values] == ["1970", "1971", "1972"]


def test_groups_are_of_classes_by_size_and_show_the_same_values() -> None:
    (values,) = drawn(patients(2000)).sensitive
    assert [(one.least, one.most, one.records) for one in values.groups] == [(1, 4, 20), (5, None, 1980)]
    assert len({tuple((one.kind, one.label) for one in group.values) for group in values.groups}) == 1


def test_a_group_of_too_few_records_joins_its_neighbour() -> None:
    columns = {"zip": ["a"] * 90 + ["b"] * 2, "diagnosis": ["flu", "cold"] * 46}
    (values,) = drawn(columns, AnonymityQuestion(("zip",), ("diagnosis",))).sensitive
    assert values.groups == ()


def test_where_no_k_is_demanded_the_floor_is_five() -> None:
    picture = drawn(patients(), thresholds=Thresholds())
    assert (picture.floor, picture.demanded_k, picture.boundary) == (5, None, 5)


def test_a_small_k_lowers_no_floor_and_a_large_one_raises_it() -> None:
    assert drawn(patients(), thresholds=Thresholds(k=2)).floor == 5
    assert drawn(patients(), thresholds=Thresholds(k=20)).floor == 20


def test_persons_are_counted_where_a_unit_is_named() -> None:
    """One person with fifty records of a rare value is one person."""
    columns = {
        "zip": ["a"] * 150,
        "diagnosis": ["flu"] * 50 + ["cold"] * 50 + ["canary-rare"] * 50,
        "person": [f"p{at}" for at in range(100)] + ["p1"] * 50,
    }
    question = AnonymityQuestion(("zip",), ("diagnosis",), unit="person")
    picture = drawn(columns, question)
    assert picture.counted == "units"
    assert "canary" not in repr(picture)


def test_wildcards_are_drawn_as_they_are_measured() -> None:
    columns: Columns = {"zip": ["a"] * 10 + [None] * 2 + ["b"] * 10, "diagnosis": ["flu", "cold"] * 11}
    question = AnonymityQuestion(("zip",), ("diagnosis",), missing=Missing.WILDCARD)
    picture = drawn(columns, question)
    assert picture.k == 12
    assert sum(one.records for one in picture.sizes) == 22


def test_a_missing_column_is_refused() -> None:
    table = opened(patients(), {"age": "int64"})
    measures = measure(table, QUESTION)
    with pytest.raises(UsageError, match="no column 'zap'"):
        draw(table, AnonymityQuestion(("zap",)), measures)


def test_what_the_engine_cannot_count_is_no_picture() -> None:
    table = opened(patients(), {"age": "int64"}, name="vanishing")
    measures = measure(table, QUESTION)
    table.table.get_backend().con.unregister(table.table.get_name())
    with pytest.raises(UncheckableError, match="vanishing: the engine could not"):
        draw(table, QUESTION, measures)


def test_another_engine_draws_the_same(tmp_path: Path) -> None:
    columns = canaries()
    question = AnonymityQuestion(("zip", "age"), ("diagnosis", "note", "salary"))
    connection = sqlite3.connect(tmp_path / "data.db")
    connection.execute("create table data (zip text, age integer, diagnosis text, note text, salary integer)")
    rows = zip(*columns.values(), strict=True)
    connection.executemany("insert into data values (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    with open_table(f"sqlite://{tmp_path / 'data.db'}#data") as table:
        found = draw(table, question, measure(table, question), thresholds=FIVE)
    assert found == drawn(columns, question)


def canaries() -> dict[str, list[Any]]:
    """Every quasi-identifier of a small class, and every rare sensitive value, is a canary."""
    columns = patients(400)
    columns["note"] = ["usual"] * 250 + ["normal"] * 146 + [f"canary-note-{at}" for at in range(4)]
    columns["salary"] = [100 + at % 37 for at in range(398)] + [987_654_321, 912_345_678]
    return columns


@pytest.mark.parametrize("k", [None, 2, 5, 50])
def test_no_canary_comes_through(k: int | None) -> None:
    question = AnonymityQuestion(("zip", "age"), ("diagnosis", "note", "salary"))
    columns = canaries()
    table = opened(columns, {"age": "int64", "salary": "int64"}).table
    thresholds = Thresholds(k=k) if k else Thresholds()
    picture = picture_of(table, question, thresholds)
    checked = Checked("table", "data", "data.csv", picture=picture)
    page = rendering.render(decide("anonymity", POLICY, (checked,), ()), Style())
    assert "usual" in page
    for text in (repr(picture), page):
        assert "canary" not in text
        assert not re.search(r"1[,]?0000\d\d|9[18]\d[,]?\d{3}[,]?\d{3}", text)
        assert "zip-" not in text


def test_no_count_below_the_floor_is_shown() -> None:
    question = AnonymityQuestion(("zip", "age"), ("diagnosis", "note", "salary"))
    picture = drawn(canaries(), question)
    for item in picture.sensitive:
        parts = [(item.values, picture.records), *((each.values, each.records) for each in item.groups)]
        for values, records in parts:
            assert all(value.records >= picture.floor for value in values)
            assert sum(value.records for value in values) == records


def test_what_discovery_knows_is_drawn_in_part_and_shortest_first() -> None:
    table = opened(patients(), {"age": "int64"})
    question = AnonymityQuestion(("zip",))
    found = discover(table.table)
    picture = draw(table, question, measure(table, question), (), found)
    assert len(picture.discovered) <= DISCOVERED
    lengths = [len(one.columns) for one in picture.discovered]
    assert lengths == sorted(lengths)


def test_a_range_is_written_as_people_write_it() -> None:
    assert [range_of(1, 1), range_of(1000, 1999), range_of(5, None)] == ["1", "1,000–1,999", "5+"]
