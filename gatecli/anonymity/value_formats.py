"""Numbers and dates that are written as text: which way, and in which order they are.

A text is read as a date or a number where every value of its column is one, in one way. Where two ways fit
and give different orders, nobody can know, and it has to be stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.functions import only_row, times
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.model.anonymity import Doubt, ValueFormat

_DAY, _MONTH, _YEAR = "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])", "([0-9]{4})"
_TIME = "(?:[T ]([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,6}))?)?Z?)?"
_WHOLE = "(0|[1-9][0-9]{0,14})"
_GROUPED = "[1-9][0-9]{{0,2}}([{}'’ \u00a0\u202f][0-9]{{3}}){{1,4}}"
_SECOND = 1_000_000

_CLOCK = 4
"""The first group of `_TIME`, behind the three of a date: hour, minute, second, fraction."""

CODE = "^-?[0-9]+$"
"""Text of digits alone: in a source that has types, it is not a number, but a code."""


@dataclass(frozen=True, slots=True)
class _TextReading:
    """Text that `pattern` matches, in the order of `key`: an integer of a date, or a float."""

    pattern: str
    key: Callable[[Column], Column]


def _integer(text: Column) -> Column:
    """Of digits; 0 for none: engines give an empty text for a group that took no part, or a missing one."""
    return text.nullif("").cast("int64").fill_null(0)


def _date(separators: str, *parts: str) -> _TextReading:
    """A date by the order of its parts; its key grows by the microsecond."""
    pattern = f"^ *{separators.join(parts)}{_TIME} *$"
    places = [parts.index(part) + 1 for part in (_YEAR, _MONTH, _DAY)]

    def key(text: Column) -> Column:
        year, month, day = (_integer(text.re_extract(pattern, place)) for place in places)
        hour, minute, second = (_integer(text.re_extract(pattern, _CLOCK + at)) for at in range(3))
        fraction = _integer((text.re_extract(pattern, _CLOCK + 3).fill_null("") + "000000").substr(0, 6))
        seconds = (hour * 60 + minute) * 60 + second
        return ((year * 100 + month) * 100 + day) * (86_400 * _SECOND) + seconds * _SECOND + fraction

    return _TextReading(pattern, key)


def _number(point: str, thousands: str) -> _TextReading:
    pattern = f"^ *-?({_WHOLE}|{_GROUPED.format(thousands)})([{point}][0-9]+)? *$"

    def key(text: Column) -> Column:
        digits = text.re_replace(f"[{thousands}'’ \u00a0\u202f]", "")
        return digits.replace(point, ".").cast("float64")

    return _TextReading(pattern, key)


READINGS: Mapping[ValueFormat, _TextReading] = {
    ValueFormat.YEAR_FIRST: _date("[-./]", _YEAR, _MONTH, _DAY),
    ValueFormat.DAY_FIRST: _date("[-./]", _DAY, _MONTH, _YEAR),
    ValueFormat.MONTH_FIRST: _date("[-/]", _MONTH, _DAY, _YEAR),  # nobody writes it with dots
    ValueFormat.DECIMAL_POINT: _number(".", ","),
    ValueFormat.DECIMAL_COMMA: _number(",", "."),
}

DATES = frozenset({ValueFormat.YEAR_FIRST, ValueFormat.DAY_FIRST, ValueFormat.MONTH_FIRST})


def order_of(text: Column, written: ValueFormat) -> Column:
    """Numbers in the order of the values, equal where the texts write one value."""
    return READINGS[written].key(text)


def count_strangers(values: Table, column: str, written: ValueFormat) -> int:
    """How many distinct texts are not written in that way."""
    fits = values[column].re_search(READINGS[written].pattern)
    return int(only_row(values.aggregate(strange=times(~fits)))["strange"])


def find_format(values: Table, column: str, *, is_typed: bool) -> tuple[ValueFormat | None, Doubt | None]:
    """How all of some distinct texts are written, and whether that is in doubt: then it is any of the ways.

    `is_typed` says that the source has types of its own, so that digits alone are a code.
    """
    text = values[column]
    fits = {f"f{at}": times(text.re_search(reading.pattern)) for at, reading in enumerate(READINGS.values())}
    row = only_row(values.aggregate(all=values.count(), codes=times(text.re_search(CODE)), **fits))
    found = [written for at, written in enumerate(READINGS) if row[f"f{at}"] == row["all"]]
    if not row["all"] or not found or (is_typed and row["codes"] == row["all"]):
        return None, None
    return found[0], _doubt(values, column, found, int(row["all"]))


def _doubt(values: Table, column: str, found: Sequence[ValueFormat], number: int) -> Doubt | None:
    """Whether two ways of reading give different orders.

    Where every number reads differently, each has one point before three digits, and all are a thousand times
    as large: the order is the same.
    """
    if len(found) == 1:
        return None
    one, other = (order_of(values[column], written) for written in found[:2])
    differ = int(only_row(values.aggregate(differ=times(one != other)))["differ"])
    if found[0] in DATES:
        return Doubt.AMBIGUOUS_DATES if differ else None
    return Doubt.AMBIGUOUS_NUMBERS if differ not in (0, number) else None
