"""What values betray of a column whose name says nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from gatecli.anonymity.discovery.column_names import Role
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.value_shapes import shape_of
from tests.support.adult import adult
from tests.support.anonymity_tables import IBIS_WARNS, table_of

pytestmark = IBIS_WARNS


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (["1984-05-01", "1990-12-31"], "dates"),
        (["1984-05-01 00:00:00+08:00", "1990-12-31T23:59:59Z"], "dates"),
        (["1984/5/1", "1990/12/31"], "dates"),
        (["5/1/1984", "12/31/90"], "dates"),
        (["1.5.1984", "31.12.1990"], "dates"),
        (["19840501", "19901231"], "dates"),
        (["1984年5月1日", "1990年12月"], "dates"),
        (["1 May 1984", "31. Dezember 1990"], "dates"),
        (["May 1, 1984", "Dec 31, 1990"], "dates"),
        (["52.5200, 13.4050", "-33.86; 151.21"], "coordinates"),
        (["POINT (13.4050 52.5200)", "POINT(1.0 2.0)"], "coordinates"),
        (["M", "F"], "sexes"),
        (["Male", "female", "unknown"], "sexes"),
        (["男", "女"], "sexes"),
        (["Never-married", "Married-civ-spouse", "?"], "marital statuses"),
        (["汉族", "回族", "其他"], "ethnic groups"),
        (["HS-grad", "Bachelors", "1st-4th"], "degrees"),
        (["Germany", "United-States", "Côte"], None),
        (["Germany", "United-States", "CHINA"], "countries"),
        (["广东省", "北京市"], "states or provinces"),
        (["Female"], None),
        (["?", "unknown"], None),
        (["north", "south"], None),
        (["m", "cm", "km"], None),
        (["20230101", "99999999", "12345678"], None),
        (["1.5", "2.5"], None),
        (["0.25, 0.75 of it", "x"], None),
        ([], None),
    ],
)
def test_values_look_like(values: list[str], shape: str | None) -> None:
    assert shape_of(values) == shape


def test_a_stray_value_among_many_does_not_hide_what_a_column_is() -> None:
    dates = [str(dt.date(1980, 1, 1) + dt.timedelta(days=at)) for at in range(30)]
    assert shape_of([*dates, "around Easter"]) == "dates"
    assert shape_of([*dates[:5], "around Easter"]) is None


def test_a_typed_date_is_a_quasi_identifier_whatever_its_name() -> None:
    found = discover(table_of({"x": [dt.date(1980, 1, 1), dt.date(1980, 1, 2)] * 3, "y": [1, 2] * 3}))
    date, other = found.columns
    assert (date.role, date.why) == (Role.QUASI_IDENTIFIER, "its values look like dates")
    assert other.role is Role.OTHER


def test_columns_of_adult_are_known_by_their_values_alone() -> None:
    table = adult(5_000)
    hidden = table.rename_columns([f"x{at}" for at in range(table.num_columns)])
    found = discover(table_of(hidden)).columns
    roles = {name: column.role for name, column in zip(table.column_names, found, strict=True)}
    by_values = {"education", "marital-status", "race", "sex"}
    assert {roles[name] for name in by_values} == {Role.QUASI_IDENTIFIER}
