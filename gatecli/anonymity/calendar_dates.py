"""Dates as years, months and days however a column writes them: in the table's engine, and one by one.

A column is one of dates where every value of it is one, in one order; a time of day may follow. Where two
orders fit and give other months, nobody can know which it is, and it has to be stated: the year is the same.
"""

from __future__ import annotations

import re
from functools import cache

from gatecli.anonymity.tables.functions import first_known, only_row, times
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.anonymity.value_formats import DATES, date_pattern, date_places, fitting
from gatecli.model.anonymity import Doubt, ValueFormat

_TAIL = "([Tt ].*)?$"
"""A time of day; in small letters where text is normalised."""

_TAIL_PLACE = 7
"""Behind the groups of a date."""

_FIRST_DAY, _LAST_DAY = 18_000_101, 20_991_231
"""Numbers between them may be dates without separators: 19991008."""

_SEPARATOR = "^ *[0-9]+([-./])"


def find_date_format(column: Column) -> tuple[ValueFormat | None, Doubt | None]:
    """In which order all values of a column write dates, and whether another order fits, too."""
    if column.type().is_numeric() and not _may_be_dates(column):
        return None, None
    known = distinct_texts(date_text(column))
    found = fitting(known, "text", {written: _pattern(written) for written in DATES})
    return (found[0], _doubt(known, found)) if found else (None, None)


def distinct_texts(column: Column) -> Table:
    """The distinct values of a column of text, under the name `text`."""
    known = column.name("text").as_table().distinct()
    return known.filter(known["text"].notnull())


def _may_be_dates(column: Column) -> bool:
    number = column.cast("float64")
    ends = only_row(number.as_table().aggregate(low=number.min(), high=number.max()))
    if ends["low"] is None or not _FIRST_DAY <= ends["low"] <= ends["high"] <= _LAST_DAY:
        return False
    row = only_row(number.as_table().aggregate(broken=times(number != number.floor())))
    return not row["broken"]


def _doubt(known: Table, found: list[ValueFormat]) -> Doubt | None:
    if len(found) == 1:
        return None
    one, other = (date_parts(known["text"], written)[1] for written in found[:2])
    differ = only_row(known.aggregate(differ=times(one != other)))["differ"]
    return Doubt.AMBIGUOUS_DATES if differ else None


def date_text(column: Column) -> Column:
    """A column as text; numbers are dates without separators."""
    return column.cast("int64").cast("string") if column.type().is_numeric() else column.cast("string")


def count_other_texts(column: Column, written: ValueFormat) -> int:
    """How many distinct values are not dates that are written so."""
    known = distinct_texts(date_text(column))
    return int(only_row(known.aggregate(other=times(~known["text"].re_search(_pattern(written)))))["other"])


def date_parts(text: Column, written: ValueFormat) -> tuple[Column, Column, Column]:
    """The year in four digits, the month and the day in two, as text."""
    year, month, day = (
        first_known(*(text.re_extract(_pattern(written), place).nullif("") for place in places))
        for places in date_places(written)
    )
    return year, month.lpad(2, "0"), day.lpad(2, "0")


def day_text(text: Column, written: ValueFormat) -> Column:
    """The day alone, in the order and with the separator of the value: `8.10.1999 9:30` is `08.10.1999`."""
    parts = date_parts(text, written)
    first, second, third = (parts[at] for at in _order(written))
    separator = text.re_extract(_SEPARATOR, 1).fill_null("")
    return first + separator + second + separator + third


def _order(written: ValueFormat) -> list[int]:
    """Of a year, a month and a day, which comes first, second and third."""
    return sorted(range(3), key=lambda part: date_places(written)[part])


def _pattern(written: ValueFormat) -> str:
    return f"^ *{date_pattern(written)}{_TAIL}"


@cache
def _matcher(written: ValueFormat) -> re.Pattern[str]:
    return re.compile(_pattern(written), re.ASCII)


def iso_text(value: str, written: ValueFormat) -> str | None:
    """One value in ISO 8601, whose texts sort as the dates do; None where it is not such a date."""
    found = _matcher(written).match(value)
    if found is None:
        return None
    year, month, day = (found[apart] or found[together] for apart, together in date_places(written))
    time = re.sub("^[Tt ](?=[0-9]:)", "T0", found[_TAIL_PLACE] or "")
    time = re.sub("^[t ]", "T", time)
    return f"{year}-{month:>02}-{day:>02}{time}"


def own_text(day: str, like: str, written: ValueFormat) -> str:
    """A day of ISO 8601, its time behind it, in the order and with the separator that another value has."""
    parts = day[:4], day[5:7], day[8:10]
    found = re.match(_SEPARATOR, like)
    return ("" if found is None else found[1]).join(parts[at] for at in _order(written)) + day[10:]
