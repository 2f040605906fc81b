"""How values are made coarser."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity.hierarchies import (
    Bands,
    Calendar,
    Cuts,
    Everything,
    Exact,
    Hierarchy,
    Level,
    Period,
    Prefix,
    Tails,
    band_hierarchy,
    describe_level,
    generalised_column,
    hierarchy_from_csv,
)
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.errors import ConfigurationError
from gatecli.model.anonymity import ValueFormat
from tests.support.adult import adult
from tests.support.anonymity_tables import IBIS_WARNS, rows_of, table_of

pytestmark = IBIS_WARNS

COUNTRIES = "Schweiz;Europe;*\nJapan;Asia;*\n中国;Asia;*\n"


def at(values: list[Any], kind: str, level: Level) -> list[Any]:
    """Values at a level."""
    table = table_of({"x": values}, {"x": kind})
    return [row["y"] for row in rows_of(table.select(y=generalised_column(table.x, level)))]


def bands(width: str, base: str | None = None) -> Bands:
    return Bands(Fraction(width), Fraction(base or width))


@pytest.mark.parametrize(
    ("values", "kind", "level", "coarse"),
    [
        ([17, 20, -1, None], "int64", bands("10"), ["[10, 20)", "[20, 30)", "[-10, 0)", None]),
        ([17], "int8", bands("200"), ["[0, 200)"]),
        ([0.3, -0.05, 7.0], "float64", bands("0.1"), ["[0.3, 0.4)", "[-0.1, 0.0)", "[7.0, 7.1)"]),
        ([0.29, -0.57], "float64", bands("0.01"), ["[0.29, 0.3)", "[-0.57, -0.56)"]),
        ([1.5, float("inf")], "float64", bands("5"), ["[0, 5)", "inf"]),
        (["17", "3.5"], "string", bands("5"), ["[15, 20)", "[0, 5)"]),
        (["02139", "02", None], "string", Prefix(3), ["021*", "02*", None]),
        ([date(2024, 5, 31)], "date", Calendar(Period.MONTH), ["2024-05"]),
        ([date(2024, 5, 31)], "date", Calendar(Period.QUARTER), ["2024-Q2"]),
        ([date(987, 12, 1), None], "date", Calendar(Period.YEAR), ["0987", None]),
        ([date(2024, 5, 31)], "date", Calendar(Period.DECADE), ["2020s"]),
        ([datetime.fromisoformat("2024-05-31T23:59")], "timestamp", Calendar(Period.DAY), ["2024-05-31"]),
        (["2024-12-31T10:00"], "string", Calendar(Period.DAY), ["2024-12-31"]),
        (["2024-12-31"], "string", Calendar(Period.QUARTER), ["2024-Q4"]),
        ([1, None], "int64", Everything(), ["*", "*"]),
        ([True, None], "boolean", Exact(), [True, None]),
    ],
)
def test_a_level_makes_values_coarser(values: list[Any], kind: str, level: Level, coarse: list[Any]) -> None:
    assert at(values, kind, level) == coarse


def test_a_hierarchy_of_a_user_maps_its_values_and_hides_all_others() -> None:
    _, continent, top = hierarchy_from_csv("country", COUNTRIES).levels
    assert at(["Japan", "中国", "Peru", None], "string", continent) == ["Asia", "Asia", "*", None]
    assert top == Everything()


def test_a_hierarchy_of_a_user_takes_numbers_as_their_text() -> None:
    _, level, _ = hierarchy_from_csv("grade", "1;low\n2;low\n3;high\n").levels
    assert at([1, 3], "int64", level) == ["low", "high"]


def test_quotes_in_a_hierarchy_are_text() -> None:
    _, level, _ = hierarchy_from_csv("x", "'; drop table t;--,\"a'b\"\n", delimiter=",").levels
    assert at(["'; drop table t;--"], "string", level) == ["a'b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1 of the hierarchy of x holds no value"),
        ("a\n", "line 1 of the hierarchy of x holds no value"),
        ("a;b;*\nc;d\n", "line 2 of the hierarchy of x has 2 fields where the first has 3"),
        ("a;b;*\na;c;*\n", "line 2 of the hierarchy of x gives a second line to a value"),
        ("a;b;c\nd;b;e\n", "line 2 of the hierarchy of x splits a value of level 1 again"),
        ('a;"b\n', "is not CSV"),
    ],
)
def test_a_hierarchy_that_cannot_be_used_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        hierarchy_from_csv("x", text)


@pytest.mark.parametrize("widths", [[], ["0"], ["5", "7"], ["10", "5"]])
def test_bands_that_do_not_nest_are_refused(widths: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="bands"):
        band_hierarchy("x", [Fraction(width) for width in widths])


def proposed(values: list[Any], kind: str, name: str = "x") -> tuple[Level, ...]:
    (hierarchy,) = proposed_hierarchies(table_of({name: values}, {name: kind}), [name])
    return hierarchy.levels[1:-1]


def test_ages_get_bands_of_years() -> None:
    (hierarchy,) = proposed_hierarchies(table_of(adult(500)), ["age"])
    told = [describe_level("age", level) for level in hierarchy.levels[1:4]]
    assert told == ["age to one value from 75 on", "age to 5-year bands", "age to 10-year bands"]


INCOMES = [*(20_000 + 731 * at for at in range(63)), 9_000_000]


def test_numbers_get_bands_of_about_as_many_rows_at_round_bounds() -> None:
    *_, quarters, halves = proposed(INCOMES, "int64")
    assert isinstance(quarters, Cuts)
    assert quarters.bounds == tuple(map(Fraction, (31_000, 43_000, 55_000)))
    assert halves == Cuts((Fraction(43_000),))


def test_one_number_far_out_leaves_the_others_their_bands() -> None:
    for level in proposed(INCOMES, "int64")[1:]:
        assert isinstance(level, Cuts)
        held = Counter(at(INCOMES, "int64", level))
        assert max(held.values()) <= 2 * len(INCOMES) / (len(level.bounds) + 1)


def test_ends_are_coded_and_what_is_between_stays() -> None:
    ends = proposed(INCOMES, "int64")[0]
    assert isinstance(ends, Tails)
    shown = at(INCOMES, "int64", ends)
    assert shown[0] == f"<{ends.low}"
    assert shown[-1] == f">={ends.high}"
    assert shown[30] == str(INCOMES[30])


def test_ages_far_out_are_coded_at_the_top() -> None:
    ages = [*range(20, 60), 97] * 3 + list(range(20, 60)) * 20
    ends, five, *_ = proposed(ages, "int64", "age")
    assert ends == Tails(None, Fraction(60))
    assert isinstance(five, Cuts)
    assert {*at([22, 97], "int64", five)} == {"[20, 25)", ">=60"}


@pytest.mark.parametrize("value", [1e-300, 1e300, 0.1, 2**60])
def test_numbers_of_any_size_are_cut(value: float) -> None:
    kind = "int64" if isinstance(value, int) else "float64"
    for level in proposed([value * factor for factor in range(1, 8)], kind):
        assert None not in at([value, value * 5], kind, level)


def test_numbers_written_as_text_get_bands_too() -> None:
    assert all(isinstance(level, Bands) for level in proposed(["1", "70"], "string", "alter"))
    assert any(isinstance(level, Cuts) for level in proposed(["1", "70", "71", "72"], "string"))


def test_codes_get_ever_shorter_prefixes() -> None:
    assert proposed(["02139", "10115"], "string", "zip") == tuple(Prefix(n, "digits") for n in (4, 3, 2, 1))
    assert proposed(["SW1A", "N1"], "string", "postcode") == tuple(Prefix(n) for n in (3, 2, 1))
    assert proposed([2139, 10115], "int64", "zip")[0] == Prefix(4, "digits")


def test_dates_get_calendar_periods_also_as_text() -> None:
    months = tuple(map(Calendar, (Period.MONTH, Period.QUARTER, Period.YEAR, Period.DECADE)))
    assert proposed([date(2024, 1, 1)], "date") == months
    assert proposed(["2024-01-01", "1999-12-31"], "string") == (Calendar(Period.DAY), *months)


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        (["08.10.1999", None], "string", ValueFormat.DAY_FIRST),
        (["10/28/1999 9:30"], "string", ValueFormat.MONTH_FIRST),
        (["1999-10-28t10:00z"], "string", ValueFormat.YEAR_FIRST),
        (["19991008"], "string", ValueFormat.YEAR_FIRST),
        ([19991008, None], "int64", ValueFormat.YEAR_FIRST),
        ([19991008.0], "float64", ValueFormat.YEAR_FIRST),
    ],
)
def test_local_dates_get_the_periods_of_their_format(
    values: list[Any], kind: str, written: ValueFormat
) -> None:
    periods = (Period.MONTH, Period.QUARTER, Period.YEAR, Period.DECADE)
    found = proposed(values, kind)
    assert found[-4:] == tuple(Calendar(period, written) for period in periods)
    assert found[:-4] == ((Calendar(Period.DAY, written),) if kind == "string" else ())


@pytest.mark.parametrize("values", [["10/08/1999", "11/09/1999"], ["08101999", "09111999"]])
def test_dates_in_doubt_get_the_periods_that_are_sure(values: list[str]) -> None:
    assert [str(level.period) for level in proposed(values, "string") if isinstance(level, Calendar)] == [
        "year",
        "decade",
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([19991008.5, 20001008.0], "float64"), ([19991008, 19991308], "int64"), ([17991008, 20001008], "int64")],
)
def test_numbers_that_are_not_all_dates_are_numbers(values: list[Any], kind: str) -> None:
    assert not any(isinstance(level, Calendar) for level in proposed(values, kind))


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["a", "b"], "string"), ([True], "boolean"), ([7, 7], "int64"), ([None], "float64"), ([None], "string")],
)
def test_everything_else_is_kept_or_hidden(values: list[Any], kind: str) -> None:
    assert proposed(values, kind) == ()


def test_a_hierarchy_says_what_is_done_in_words() -> None:
    country = hierarchy_from_csv("country", COUNTRIES)
    said = [describe_level("c", level) for level in (Prefix(1, "digits"), bands("0.5"), *country.levels)]
    assert said == ["c to 1 digit", "c to 0.5-wide bands", "", "c to level 1 of its hierarchy", "c to *"]


def test_a_hierarchy_is_a_value() -> None:
    assert hierarchy_from_csv("x", COUNTRIES) == hierarchy_from_csv("x", COUNTRIES)
    assert hash(Hierarchy("x", (Exact(), Everything())))
