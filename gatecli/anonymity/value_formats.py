"""Numbers and dates that are written as text: which way, and in which order they are.

A text is read as a date or a number where every value of its column is one, in one way. Where two ways fit
and give different orders, nobody can know, and it has to be stated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.functions import only_row, times
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.model.anonymity import Doubt, ValueFormat

_DAY, _MONTH, _YEAR = "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])", "([0-9]{4})"
_IN_DIGITS = {_DAY: "(0[1-9]|[12][0-9]|3[01])", _MONTH: "(0[1-9]|1[0-2])", _YEAR: "((?:18|19|20)[0-9]{2})"}
"""The parts of a date without separators, `19991008`: more than a number of eight digits can be."""

_TIME = "[Tt ]([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,6}))?)?[Zz]? *$"
"""Behind a date; by itself, since not every engine has ten groups: hour, minute, second, fraction."""
_WHOLE = "(0|[1-9][0-9]{0,14})"
_GROUPED = "[1-9][0-9]{{0,2}}([{}'’ \u00a0\u202f][0-9]{{3}}){{1,4}}"
_SECOND = 1_000_000

_PARTS = 3
"""As many groups a date has; those of one without separators follow them."""

CODE = "^-?[0-9]+$"
"""Text of digits alone: in a source that has types, it is not a number, but a code."""

_ORDERS: Mapping[ValueFormat, tuple[str, tuple[str, str, str]]] = {
    ValueFormat.YEAR_FIRST: ("[-./]", (_YEAR, _MONTH, _DAY)),
    ValueFormat.DAY_FIRST: ("[-./]", (_DAY, _MONTH, _YEAR)),
    ValueFormat.MONTH_FIRST: ("[-/]", (_MONTH, _DAY, _YEAR)),  # nobody writes it with dots
}
"""What separates the parts of a date, and their order."""


@dataclass(frozen=True, slots=True)
class _TextReading:
    """Text that `pattern` matches, in the order of `key`: an integer of a date, or a float."""

    pattern: str
    key: Callable[[Column], Column]


def _integer(text: Column) -> Column:
    """Of digits; 0 for none: engines give an empty text for a group that took no part, or a missing one."""
    return text.nullif("").cast("int64").fill_null(0)


def date_pattern(written: ValueFormat) -> str:
    """What a date looks like, with separators or without."""
    separators, parts = _ORDERS[written]
    return f"(?:{separators.join(parts)}|{''.join(_IN_DIGITS[part] for part in parts)})"


def date_places(written: ValueFormat) -> list[tuple[int, int]]:
    """In which two groups of `date_pattern` the year, the month and the day are: one of each two is empty."""
    order = _ORDERS[written][1]
    found = [order.index(part) + 1 for part in (_YEAR, _MONTH, _DAY)]
    return [(place, place + _PARTS) for place in found]


def _date(written: ValueFormat) -> _TextReading:
    """A date by the order of its parts; its key grows by the microsecond."""
    pattern = f"^ *{date_pattern(written)}(?:{_TIME}| *$)"

    def key(text: Column) -> Column:
        year, month, day = (
            _integer(text.re_extract(pattern, apart)) + _integer(text.re_extract(pattern, together))
            for apart, together in date_places(written)
        )
        hour, minute, second = (_integer(text.re_extract(_TIME, at)) for at in (1, 2, 3))
        fraction = _integer((text.re_extract(_TIME, 4).fill_null("") + "000000").substr(0, 6))
        seconds = (hour * 60 + minute) * 60 + second
        return ((year * 100 + month) * 100 + day) * (86_400 * _SECOND) + seconds * _SECOND + fraction

    return _TextReading(pattern, key)


_POINTS: Mapping[ValueFormat, tuple[str, str]] = {
    ValueFormat.DECIMAL_POINT: (".", ","),
    ValueFormat.DECIMAL_COMMA: (",", "."),
}
"""The decimal point, and what else may be between thousands."""

_BETWEEN_THOUSANDS = "'’ \u00a0\u202f"


def number_text(text: str, written: ValueFormat) -> str:
    """A number as a computer writes it."""
    point, thousands = _POINTS[written]
    return re.sub(f"[{thousands}{_BETWEEN_THOUSANDS}]", "", text).replace(point, ".")


def _number(written: ValueFormat) -> _TextReading:
    point, thousands = _POINTS[written]
    pattern = f"^ *-?({_WHOLE}|{_GROUPED.format(thousands)})([{point}][0-9]+)? *$"

    def key(text: Column) -> Column:
        digits = text.re_replace(f"[{thousands}{_BETWEEN_THOUSANDS}]", "")
        return digits.replace(point, ".").cast("float64")

    return _TextReading(pattern, key)


READINGS: Mapping[ValueFormat, _TextReading] = {
    **{written: _date(written) for written in _ORDERS},
    **{written: _number(written) for written in _POINTS},
}

DATES: Sequence[ValueFormat] = tuple(_ORDERS)


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
    found = fitting(values, column, {written: reading.pattern for written, reading in READINGS.items()})
    found = [written for written in found if written in DATES] or found  # 19991008 is a number, too
    if not found:
        return None, None
    row = only_row(values.aggregate(all=values.count(), codes=times(values[column].re_search(CODE))))
    if is_typed and row["codes"] == row["all"] and found[0] not in DATES:
        return None, None
    return found[0], _doubt(values, column, found, int(row["all"]))


def fitting(values: Table, column: str, patterns: Mapping[ValueFormat, str]) -> list[ValueFormat]:
    """The formats, in their order, whose pattern every one of some distinct texts matches."""
    text = values[column]
    ends = only_row(values.aggregate(low=text.min(), high=text.max())).values()
    # Most columns are told by two of their values; all are looked at where these fit.
    likely = [
        written
        for written, pattern in patterns.items()
        if all(end is not None and re.search(pattern, end) for end in ends)
    ]
    if not likely:
        return []
    fits = {f"f{at}": times(text.re_search(patterns[written])) for at, written in enumerate(likely)}
    row = only_row(values.aggregate(all=values.count(), **fits))
    return [written for at, written in enumerate(likely) if row[f"f{at}"] == row["all"]]


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
