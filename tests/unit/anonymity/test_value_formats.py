"""Scales of texts and of integers: what they are read as, and what has to be stated."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Doubt, Scale, SensitiveMeasures, ValueFormat
from tests.support.tables import opened

ORDERED, FARTHEST = Fraction(1, 3), Fraction(1, 2)
"""t of two classes that hold the lower and the upper half of four values, by rank and as categories."""


def values(
    column: list[Any], kind: str = "string", *, is_typed: bool = False, **question: Any
) -> SensitiveMeasures:
    """Of a table of two classes: the first half of the column, and the second."""
    half = len(column) // 2
    table = opened(
        {"q": ["a"] * half + ["b"] * (len(column) - half), "s": column}, {"s": kind}, is_typed=is_typed
    )
    (found,) = measure(table, AnonymityQuestion(("q",), ("s",), **question)).by_sensitive
    return found


@pytest.mark.parametrize("is_typed", [True, False], ids=["typed", "text"])
@pytest.mark.parametrize(
    ("column", "written"),
    [
        (["08.10.1999", "9.10.1999", "01.11.1999", "13.1.2000"], ValueFormat.DAY_FIRST),
        (["08/10/1999", "09/10/1999", "01/11/1999", "13/01/2000"], ValueFormat.DAY_FIRST),
        (["10/08/1999", "10/13/1999", "11/01/1999", "1/13/2000"], ValueFormat.MONTH_FIRST),
        (["1999-10-08", "1999-10-13", "1999-11-01", "2000-01-13"], ValueFormat.YEAR_FIRST),
        (["1999-10-8 9:30", "1999-10-08T10:00", "1999-10-08T10:00:00.5", "2000-1-1"], ValueFormat.YEAR_FIRST),
        (["4", "12,1", "999", "1.234,5"], ValueFormat.DECIMAL_COMMA),
        (["4,5", "12,1", "1 234", "12'345,6"], ValueFormat.DECIMAL_COMMA),
        (["4.5", "12", "1,234", "1,234.5"], ValueFormat.DECIMAL_POINT),
        (["1.234", "12.345", "999.999", "1.000.000"], ValueFormat.DECIMAL_COMMA),
        (["-3,5", "-1", "0", "10"], ValueFormat.DECIMAL_COMMA),
        (["19991008", "19991009", "19991101", "20000113"], ValueFormat.YEAR_FIRST),
        (["08101999", "09101999", "01111999", "13012000"], ValueFormat.DAY_FIRST),
    ],
)  # fmt: skip
def test_dates_and_numbers_are_ordered_however_they_are_written(
    column: list[str], written: ValueFormat, *, is_typed: bool
) -> None:
    found = values(column, is_typed=is_typed)
    assert (found.scale, found.format, found.doubt, found.t) == (Scale.NUMERIC, written, None, ORDERED)


def test_two_ways_to_write_one_date_are_one_value() -> None:
    assert values(["08.10.1999", "8.10.1999", "1.1.2000", "1.1.2001"]).values == 3


@pytest.mark.parametrize(
    ("column", "doubt"),
    [
        (["10/08/1999", "11/08/1999", "01/12/1999", "12/01/2000"], Doubt.AMBIGUOUS_DATES),
        (["10-08-1999", "11-08-1999", "01-12-1999", "12-01-2000"], Doubt.AMBIGUOUS_DATES),
        (["4", "12.100", "999", "1.234"], Doubt.AMBIGUOUS_NUMBERS),
    ],
)
def test_what_can_be_read_in_two_orders_is_as_far_as_it_can_be(column: list[str], doubt: Doubt) -> None:
    found = values(column)
    assert (found.scale, found.doubt, found.t) == (Scale.CATEGORICAL, doubt, FARTHEST)
    with pytest.raises(UncheckableError, match="can be read in two ways"):
        values(column, scales={"s": Scale.NUMERIC})


@pytest.mark.parametrize(
    "column",
    [
        ["05/05/1999", "06/06/1999", "07/07/1999", "08/08/1999"],
        ["1.234", "12.100", "13.000", "999.123"],
    ],
    ids=["dates", "thousands"],
)
def test_what_is_in_one_order_however_it_is_read_is_not_in_doubt(column: list[str]) -> None:
    found = values(column)
    assert (found.doubt, found.t) == (None, ORDERED)


@pytest.mark.parametrize(
    "column", [["x", "10/08/1999"], ["31.13.1999", "1.1.2000"], ["2000-1", "2001-2"], [None, None]]
)
def test_what_is_no_date_or_number_is_a_category(column: list[str]) -> None:
    assert values(column).scale is Scale.CATEGORICAL


def test_a_stated_format_orders_ambiguous_dates() -> None:
    column = ["01/02/1999", "01/03/1999", "02/01/1999", "03/01/1999"]
    found = {
        each: values(column, formats={"s": each}).t
        for each in (ValueFormat.DAY_FIRST, ValueFormat.MONTH_FIRST)
    }
    assert found == {ValueFormat.DAY_FIRST: ORDERED, ValueFormat.MONTH_FIRST: ORDERED}
    mixed = ["01/02/1999", "02/01/1999", "01/03/1999", "03/01/1999"]
    assert values(mixed, formats={"s": ValueFormat.DAY_FIRST}).t < ORDERED


def test_a_stated_format_must_be_that_of_every_value() -> None:
    with pytest.raises(UncheckableError, match="1 distinct value of 's' is not day-first values"):
        values(["01/02/1999", "1999-01-01"], formats={"s": ValueFormat.DAY_FIRST})
    with pytest.raises(UsageError, match="'p' has a format but is not asked about"):
        values(["a"], formats={"p": ValueFormat.DAY_FIRST})
    with pytest.raises(UncheckableError, match="1 distinct value of 'q' is not day-first dates"):
        values(["a"], formats={"q": ValueFormat.DAY_FIRST})


CODED = ([1, 2, 3, 4], "int64"), ([1.0, 2.0, 3.0, 4.0], "float64"), (["1", "2", "3", "4"], "string")


@pytest.mark.parametrize(("column", "kind"), CODED, ids=["integers", "floats", "texts"])
def test_few_integers_may_be_codes(column: list[Any], kind: str) -> None:
    found = values(column, kind)
    assert (found.scale, found.doubt, found.t) == (Scale.CATEGORICAL, Doubt.FEW_INTEGERS, FARTHEST)
    assert found.as_mapping()["scale"] == "categorical"
    for scale, t in ((Scale.NUMERIC, ORDERED), (Scale.CATEGORICAL, FARTHEST)):
        stated = values(column, kind, scales={"s": scale})
        assert (stated.scale, stated.doubt, stated.t) == (scale, None, t)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([1, 2, 3, 1000], "int64"),
        ([0.5, 1.0, 2.0, 3.0], "float64"),
        (["1", "2", "3", "4.5"], "string"),
        ([*range(52)], "int64"),
        ([0, 1, 0, 1], "int64"),
    ],
    ids=["large", "fractions", "fractions in text", "many", "two"],
)
def test_what_is_no_code_needs_no_scale(column: list[Any], kind: str) -> None:
    found = values(column, kind)
    assert (found.scale, found.doubt) == (Scale.NUMERIC, None)


def test_a_number_is_one_value_however_it_is_written_even_as_a_code() -> None:
    assert values(["1", "1.0", "2", "3"]).values == 3


def test_text_of_digits_is_a_code_where_the_source_has_numbers_of_its_own() -> None:
    column = ["1001", "1002", "1003", "1004"]
    assert values(column).scale is Scale.NUMERIC
    assert values(column, is_typed=True).scale is Scale.CATEGORICAL
    assert values(column, is_typed=True, scales={"s": Scale.NUMERIC}).scale is Scale.NUMERIC
