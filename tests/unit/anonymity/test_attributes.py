"""Distinction and separation of quasi-identifiers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.anonymity.attributes import attribute_risk
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.measure import measure
from gatecli.errors import NothingToCheckError, UsageError
from gatecli.model.anonymity import AnonymityQuestion
from tests.support.tables import opened

PEOPLE = {"age": ["20", "30", "40", "20", "20", "40"], "sex": [*"ffmmfm"], "state": [*"abccca"]}
"""Of 15 pairs of rows, age leaves 4 together, sex 6."""


def test_an_attribute_is_as_distinct_as_it_has_values_and_separates_pairs() -> None:
    found = attribute_risk(opened(PEOPLE), AnonymityQuestion(("age", "sex", "state")))
    age, sex, _ = found.each
    assert (age.distinction, age.separation) == (Fraction(1, 2), Fraction(11, 15))
    assert (sex.distinction, sex.separation) == (Fraction(1, 3), Fraction(9, 15))
    assert (found.together.distinction, found.together.unique_rows) == (Fraction(1), 6)


def test_discovery_says_the_same() -> None:
    found = attribute_risk(opened(PEOPLE), AnonymityQuestion(tuple(PEOPLE)))
    columns = {column.name: column.alone for column in discover(opened(PEOPLE).table).columns}
    for one in found.each:
        alone = columns[one.attributes[0]]
        assert (one.distinction, one.separation) == (alone.distinction, alone.separation)


def test_one_row_is_told_apart() -> None:
    found = attribute_risk(opened({"age": ["20"]}), AnonymityQuestion(("age",)))
    assert {found.together.distinction, found.together.separation} == {Fraction(1)}


def test_no_rows_are_nothing_to_tell_apart() -> None:
    with pytest.raises(NothingToCheckError, match="data has no rows"):
        attribute_risk(opened({"age": []}), AnonymityQuestion(("age",)))


def test_a_column_has_to_be_there() -> None:
    with pytest.raises(UsageError, match="has no column 'agee'"):
        attribute_risk(opened({"age": ["20"]}), AnonymityQuestion(("agee",)))


def test_a_report_holds_all_and_each() -> None:
    question = AnonymityQuestion(("age", "sex"))
    found = attribute_risk(opened(PEOPLE), question)
    shown = replace(measure(opened(PEOPLE), question), attributes=found).as_mapping()["attributes"]
    assert isinstance(shown, dict)
    assert list(shown) == ["distinction", "separation", "byAttribute"]
    assert list(shown["byAttribute"]) == ["age", "sex"]
