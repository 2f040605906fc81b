"""Codes that stand for a missing or suppressed value."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.errors import NothingToCheckError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing, Scale, ValueCode
from tests.support.tables import opened


def ask(columns: dict[str, list[Any]], kinds: dict[str, str] | None = None, **question: Any) -> Measures:
    asked: dict[str, Any] = {"quasi_identifiers": ("q",), **question}
    return measure(opened(columns, kinds, is_typed=False), AnonymityQuestion(**asked))


def codes(*texts: str) -> tuple[ValueCode, ...]:
    return tuple(map(ValueCode.read, texts))


def test_a_code_is_read_with_and_without_its_column() -> None:
    assert codes("NA", "age=-9") == (ValueCode("NA"), ValueCode("-9", "age"))
    assert list(map(str, codes("NA", "age=-9"))) == ["NA", "age=-9"]


def test_a_named_code_is_a_missing_value() -> None:
    found = ask({"q": ["a", "NA", "?", None]}, missing_codes=codes("NA", "?"))
    assert (found.missing, found.classes) == ({"q": 3}, 2)


@pytest.mark.parametrize(("kind", "code"), [("int64", -9), ("float64", -9.0), ("string", "-9")])
def test_a_code_is_found_whatever_the_type_of_its_column(kind: str, code: Any) -> None:
    other = "1" if kind == "string" else 1
    assert ask({"q": [other, code]}, {"q": kind}, missing_codes=codes("-9")).missing == {"q": 1}


def test_a_code_of_one_column_is_a_value_in_another() -> None:
    found = ask({"q": ["-9"], "s": ["-9"]}, sensitive=("s",), missing_codes=codes("q=-9"))
    assert found.missing == {"q": 1}


def test_a_code_follows_the_policy_of_missing_values() -> None:
    found = ask({"q": ["a", "b", "*"]}, missing=Missing.WILDCARD, missing_codes=codes("*"))
    assert [item.size for item in found.sizes] == [2, 3]


def test_case_and_blanks_of_a_code_count_unless_normalised() -> None:
    columns = {"q": ["a", " na "]}
    assert ask(columns, missing_codes=codes("NA")).missing == {}
    assert ask(columns, missing_codes=codes("NA"), normalise=True).missing == {"q": 1}


def test_numbers_beside_a_code_are_numbers() -> None:
    column = [str(1000 + at) for at in range(9)]
    columns: dict[str, list[Any]] = {"q": ["a"] * 10, "s": [*column, "?"]}
    scales = [
        ask(columns, sensitive=("s",), missing_codes=each).by_sensitive[0].scale for each in ((), codes("?"))
    ]
    assert scales == [Scale.CATEGORICAL, Scale.NUMERIC]


def test_a_suppressed_row_is_in_no_class() -> None:
    columns = {"q": ["a", "a", "a", "*"], "r": ["x", "x", "x", "*"]}
    plain = ask(columns, quasi_identifiers=("q", "r"))
    named = ask(columns, quasi_identifiers=("q", "r"), suppressed_codes=codes("*"))
    assert (plain.k, named.k) == (1, 3)
    assert (named.records, named.classes, named.as_mapping()["suppressedRows"]) == (3, 1, 1)


def test_a_row_that_is_suppressed_in_part_is_a_row() -> None:
    columns: dict[str, list[Any]] = {"q": ["a", "a", "*", "*"], "r": ["x", "x", "x", None]}
    found = ask(columns, quasi_identifiers=("q", "r"), suppressed_codes=codes("*"))
    assert (found.records, found.classes, found.suppressed) == (3, 2, 1)


def test_a_row_that_misses_everything_is_not_suppressed() -> None:
    assert ask({"q": ["a", None]}, suppressed_codes=codes("*")).suppressed == 0


def test_a_table_of_suppressed_rows_alone_is_nothing_to_check() -> None:
    with pytest.raises(NothingToCheckError, match="has only rows that are suppressed"):
        ask({"q": ["*", "*"]}, suppressed_codes=codes("*"))


def test_a_code_needs_a_column_that_is_asked_about() -> None:
    with pytest.raises(UsageError, match="the code age=-9 is for a column that is not asked about"):
        ask({"q": ["a"]}, missing_codes=codes("age=-9"))


@pytest.mark.parametrize(
    ("column", "kind", "suspects"),
    [
        (["a", "NA", "?"], "string", ("?", "NA")),
        (["a", "b"], "string", ()),
        ([1, 2, -9], "int64", ("-9",)),
        ([1.5, -99.0], "float64", ("-99",)),
        ([1, -2, -9, -5], "int64", ()),
        (["1", "-9"], "string", ("-9",)),
        (["1", "-9", "-5"], "string", ()),
        (["*", "*"], "string", ()),
    ],
)
def test_a_value_that_looks_like_a_code_is_suggested(
    column: list[Any], kind: str, suspects: tuple[str, ...]
) -> None:
    found = ask({"q": column}, {"q": kind}).suspected_codes
    assert found == ({"q": suspects} if suspects else {})


def test_a_code_that_is_named_is_suggested_no_more() -> None:
    assert ask({"q": ["a", "NA"]}, missing_codes=codes("NA")).suspected_codes == {}


def test_a_unit_that_is_a_code_is_no_unit() -> None:
    found = ask({"q": ["a", "a"], "who": ["x", "NA"]}, unit="who", missing_codes=codes("NA"))
    assert (found.units, found.without_unit) == (1, 1)
