"""A table against a reference table: coverage, types, engines."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.anonymity import contingency
from gatecli.anonymity.measure import measure
from gatecli.anonymity.reference import compare
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.anonymity_risks import ReferenceMeasures
from tests.support.tables import Columns, opened

QUESTION = AnonymityQuestion(("zip",))


def compared(
    data: Columns,
    register: Columns,
    kinds: tuple[dict[str, str], dict[str, str]] = ({}, {}),
    question: AnonymityQuestion = QUESTION,
) -> ReferenceMeasures:
    return compare(opened(data, kinds[0]), opened(register, kinds[1], name="register"), question)


def test_the_smallest_class_of_the_reference_that_the_data_holds_is_k_map() -> None:
    found = compared({"zip": [*"aab"]}, {"zip": [*"aaaabbbc"]})
    assert (found.k_map, found.journalist_risk) == (3, Fraction(1, 3))
    assert found.marketer_risk == (Fraction(2, 4) + Fraction(1, 3)) / 3
    assert (found.records, found.classes, found.name) == (8, 3, "register")


def test_presence_is_the_share_of_a_reference_class_that_is_in_the_data() -> None:
    found = compared({"zip": [*"aab"]}, {"zip": [*"aaaabbb"]})
    assert (found.delta_presence_min, found.delta_presence_max) == (Fraction(1, 3), Fraction(1, 2))


def test_who_is_in_no_class_of_the_data_is_surely_absent() -> None:
    assert compared({"zip": ["a"]}, {"zip": [*"aab"]}).delta_presence_min == 0


def test_a_reference_that_lacks_a_class_is_no_evidence() -> None:
    found = compared({"zip": [*"aabx"]}, {"zip": [*"aaaabb"]})
    assert (found.k_map, found.journalist_risk, found.delta_presence_max) == (0, Fraction(1), Fraction(1))
    assert (found.uncovered_classes, found.uncovered_records, found.excess_records) == (1, 1, 1)
    assert found.marketer_risk == (2 * Fraction(1, 4) + Fraction(1, 2) + 1) / 4


def test_data_with_more_of_a_class_than_the_reference_is_surely_present() -> None:
    found = compared({"zip": [*"aaa"]}, {"zip": [*"aa"]})
    assert (found.k_map, found.delta_presence_max) == (2, Fraction(1))
    assert (found.uncovered_records, found.excess_records) == (0, 1)


def test_missing_values_are_alike() -> None:
    assert compared({"zip": [None, "a"]}, {"zip": [None, None, "a", "a"]}).k_map == 2


def test_missing_values_that_may_be_anything_are_refused() -> None:
    with pytest.raises(UsageError, match="may be anything"):
        compared({"zip": ["a"]}, {"zip": ["a"]}, question=replace(QUESTION, missing=Missing.WILDCARD))


@pytest.mark.parametrize(
    ("here", "there", "values"),
    [("int64", "int32", ([1, 2], [1, 2, 2])), ("int64", "float64", ([1, 2], [1.0, 2.0, 2.0]))],
)
def test_numbers_of_different_types_are_equal(
    here: str, there: str, values: tuple[list[Any], list[Any]]
) -> None:
    found = compared({"zip": values[0]}, {"zip": values[1]}, ({"zip": here}, {"zip": there}))
    assert (found.k_map, found.uncovered_records) == (1, 0)


def test_text_and_numbers_are_compared_as_text() -> None:
    """A code with a leading zero is none of the numbers."""
    found = compared({"zip": ["1", "01"]}, {"zip": [1, 1]}, ({}, {"zip": "int64"}))
    assert found.uncovered_records == 1


def test_people_are_counted_where_a_unit_is_named() -> None:
    register = {"zip": [*"aaab"], "who": [*"ppqr"]}
    found = compared({"zip": [*"aa"], "who": [*"pp"]}, register, question=replace(QUESTION, unit="who"))
    assert (found.k_map, found.delta_presence_max, found.records) == (2, Fraction(1, 2), 3)


def test_the_reference_needs_no_sensitive_column() -> None:
    question = replace(QUESTION, sensitive=("illness",))
    assert compared({"zip": ["a"], "illness": ["x"]}, {"zip": ["a"]}, question=question).k_map == 1


def test_a_column_that_the_reference_lacks_is_named() -> None:
    with pytest.raises(UsageError, match="register has no column 'zip'"):
        compared({"zip": ["a"]}, {"postcode": ["a"]})


def test_a_reference_without_rows_is_nothing_to_check() -> None:
    with pytest.raises(NothingToCheckError, match="register has no rows"):
        compared({"zip": ["a"]}, {"zip": []})


def test_more_classes_than_memory_should_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contingency, "CELLS_IN_MEMORY", 2)
    with pytest.raises(UncheckableError, match="register: 3 classes are too many"):
        compared({"zip": ["a"]}, {"zip": [*"abc"]})


def test_normalised_text_matches() -> None:
    question = replace(QUESTION, normalise=True)
    assert compared({"zip": ["A "]}, {"zip": ["a", " a"]}, question=question).k_map == 2


def test_a_file_is_compared_with_a_database(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("age,zip\n34,01\n35,02\n", "utf-8")
    connection = sqlite3.connect(tmp_path / "people.db")
    connection.execute("create table people (age integer, zip text)")
    connection.executemany(
        "insert into people values (?, ?)", [(34, "01"), (34, "01"), (35, "02"), (35, None)]
    )
    connection.commit()
    connection.close()
    with open_table(data) as here, open_table(f"sqlite://{tmp_path / 'people.db'}") as there:
        found = compare(here, there, AnonymityQuestion(("age", "zip")))
    assert (found.k_map, found.classes, found.uncovered_records) == (1, 3, 0)


def test_a_report_names_the_measures() -> None:
    data = {"zip": [*"aab"]}
    reference = compared(data, {"zip": [*"aaaabbbc"]})
    shown = replace(measure(opened(data), QUESTION), reference=reference).as_mapping()
    assert (shown["kMap"], shown["deltaPresence"], shown["deltaPresenceMin"]) == (3, 0.5, 0.0)
    assert (shown["uncoveredRecords"], shown["excessRecords"], shown["referenceRecords"]) == (0, 0, 8)
