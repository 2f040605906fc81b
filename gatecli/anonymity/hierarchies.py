"""Generalisation hierarchies: the ladders of ever coarser values a column may be released at.

A level is data; `generalised_column` turns it into a table expression, so that the work stays in the engine.
Levels of one hierarchy are nested: values that are equal at one level are equal at every coarser one
(Samarati, "Protecting Respondents' Identities in Microdata Release", IEEE TKDE 13(6), 2001).
A missing value stays missing at every level but the last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from gatecli.anonymity.calendar_dates import date_parts, date_text, day_text
from gatecli.anonymity.tables.functions import endless, first_case, keeps_no_nan
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.anonymity.value_formats import order_of
from gatecli.errors import ConfigurationError
from gatecli.model.anonymity import ValueFormat

ALL = "*"
"""The one value of the coarsest level."""

_LARGEST_INDEX = 1e15
"""Bands further out are not told apart: beyond this, floats no longer count by ones."""

_SLACK = 1e-9
"""0.29 is 28.999999999999996 hundredths to a float: it belongs to the band that starts there."""


class Period(StrEnum):
    """A calendar period, finest first."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DECADE = "decade"


@dataclass(frozen=True, slots=True)
class Exact:
    """The value as it is."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Numbers as half-open bands `[low, low + width)` that start at multiples of `width`.

    `base` is the finest width of the ladder and divides `width`; both have finite decimals.
    """

    width: Fraction
    base: Fraction
    unit: str = ""
    written: ValueFormat | None = None


@dataclass(frozen=True, slots=True)
class Cuts:
    """Numbers as the half-open bands between ascending bounds, open at both ends: `<20`, `[20, 35)`, `>=35`.

    `noun` names the bands ("10-year bands"); the bounds have finite decimals. `written` is how text writes
    the numbers, and then the bounds too; None where it is as a computer does.
    """

    bounds: tuple[Fraction, ...]
    noun: str = "bands"
    written: ValueFormat | None = None


@dataclass(frozen=True, slots=True)
class Tails:
    """Numbers as they are, but for those below `low` and from `high` on (bottom- and top-coding)."""

    low: Fraction | None
    high: Fraction | None
    written: ValueFormat | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first `length` characters of the text, then `*`; `noun` names them ("digits")."""

    length: int
    noun: str = "characters"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A date, a timestamp, or a date as text or digits that is `written` so, as the period it lies in.

    A day of text keeps the order and the separator that it has; coarser periods are in ISO 8601.
    """

    period: Period
    written: ValueFormat = ValueFormat.YEAR_FIRST


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of a hierarchy that a user wrote; a value it does not name becomes `*`."""

    level: int
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Everything:
    """One value for all: the column says nothing any more."""


Level = Exact | Bands | Cuts | Tails | Prefix | Calendar | Mapped | Everything


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The levels of one column, finest (`Exact`) first, coarsest (`Everything`) last."""

    column: str
    levels: tuple[Level, ...]


def is_calendar(hierarchy: Hierarchy) -> bool:
    """Whether a column is generalised as dates are."""
    return any(isinstance(level, Calendar) for level in hierarchy.levels)


def day_format(hierarchy: Hierarchy) -> ValueFormat | None:
    """How the days of a column of dates are written; None where that is in doubt, or it holds no dates."""
    finest = hierarchy.levels[1] if len(hierarchy.levels) > 1 else None
    if isinstance(finest, Calendar) and finest.period in {Period.DAY, Period.MONTH}:
        return finest.written
    return None


def literal(value: str | bool | None, kind: str = "string") -> Any:  # noqa: FBT001 - a value, not a mode
    """A constant of the engine; None is its missing value."""
    import ibis  # noqa: PLC0415 - half a second that only tables need

    return ibis.literal(value, type=kind)


def describe_level(column: str, level: Level) -> str:
    """What a person is told to do: `zip to 3 digits`, `age to 10-year bands`; "" where nothing."""
    match level:
        case Exact():
            return ""
        case Bands() | Cuts() | Tails():
            return f"{column} to {_describe_bands(level)}"
        case Prefix():
            noun = level.noun.removesuffix("s") if level.length == 1 else level.noun
            return f"{column} to {level.length} {noun}"
        case Calendar():
            return f"{column} to the {level.period}"
        case Mapped():
            return f"{column} to level {level.level} of its hierarchy"
        case Everything():
            return f"{column} to {ALL}"


def _describe_bands(level: Bands | Cuts | Tails) -> str:
    match level:
        case Bands():
            return f"{_decimal(level.width)}-{level.unit or 'wide'} bands"
        case Cuts():
            number = "" if level.noun[:1].isdigit() else f"{len(level.bounds) + 1} "
            return f"{number}{level.noun}"
        case Tails():
            below = [] if level.low is None else [f"below {plain(level.low)}"]
            above = [] if level.high is None else [f"from {plain(level.high)} on"]
            return f"one value {' and one '.join(below + above)}"


def generalised_column(column: Column, level: Level) -> Any:
    """The expression of a column at a level; text, but for `Exact`, which changes nothing."""
    match level:
        case Exact():
            return column
        case Bands() | Cuts() | Tails():
            return _generalised_number(column, level)
        case Prefix():
            return column.cast("string").substr(0, level.length) + ALL
        case Calendar():
            return _calendar(column, level)
        case Mapped():
            text = column.cast("string")
            known = text.substitute(dict(level.labels), else_=ALL) if level.labels else literal(ALL)
            return text.isnull().ifelse(literal(None), known)
        case Everything():
            return literal(ALL)


def _generalised_number(column: Column, level: Bands | Cuts | Tails) -> Any:
    match level:
        case Bands():
            return _integer_bands(column, level) if _counts(column, level) else _real_bands(column, level)
        case Cuts():
            return _between(column, level)
        case Tails():
            return _tails(column, level)


def _counts(column: Column, level: Bands) -> bool:
    return column.type().is_integer() and level.width.denominator == 1


def _integer_bands(column: Any, level: Bands) -> Any:
    width = level.width.numerator
    number = column.cast("int64")
    rest = (number % width + width) % width  # engines differ on the sign of a remainder
    low = number - rest.cast("float64").cast("int64")  # SQLite's remainder is a float, whatever its type
    return _interval(low.cast("string"), (low + width).cast("string"))


def _real_bands(column: Any, level: Bands) -> Any:
    """Coarser indices come from finer ones, so that no rounding can break the nesting."""
    number = _as_number(column, level.written)
    beyond = endless(number)
    finite = beyond.ifelse(literal(None, "float64"), number)
    scale = 10 ** _places(level.base)
    bases = finite * float(scale) / float(level.base * scale)
    fine = (bases.clip(-_LARGEST_INDEX, _LARGEST_INDEX) + _SLACK).floor().cast("float64")
    index = (fine / float(level.width / level.base)).floor().cast("float64")
    ends = _bound_text(index, level.width), _bound_text(index + 1.0, level.width)
    band = _interval(*ends, level.written)
    return beyond.ifelse(number.cast("string"), band)


def _between(column: Column, level: Cuts) -> Any:
    """The same comparisons at every level, so that bounds that are left out only join bands."""
    number = _as_number(column, level.written)
    texts = [plain(bound, level.written) for bound in level.bounds]
    names = [f"<{texts[0]}", *(interval_text(low, high, level.written) for low, high in pairwise(texts))]
    cases = [(number < float(bound), literal(name)) for bound, name in zip(level.bounds, names, strict=True)]
    return first_case([(number.isnull(), literal(None)), *cases], literal(f">={texts[-1]}"))


def _tails(column: Column, level: Tails) -> Any:
    number = _as_number(column, level.written)
    ends = []
    if level.low is not None:
        ends.append((number < float(level.low), literal(f"<{plain(level.low, level.written)}")))
    if level.high is not None:
        ends.append((number >= float(level.high), literal(f">={plain(level.high, level.written)}")))
    return first_case([(number.isnull(), literal(None)), *ends], column.cast("string"))


def _as_number(column: Column, written: ValueFormat | None) -> Column:
    return column.cast("float64") if written is None else order_of(column, written)


def interval_text(low: str, high: str, written: ValueFormat | None = None) -> str:
    """A half-open interval."""
    return f"[{low}{_between_bounds(written)}{high})"


def _between_bounds(written: ValueFormat | None) -> str:
    return "; " if written is ValueFormat.DECIMAL_COMMA else ", "


def plain(number: Fraction, written: ValueFormat | None = None) -> str:
    """A bound as it is written: the float that numbers are compared with."""
    text = str(number.numerator) if number.denominator == 1 else repr(float(number))
    return text.replace(".", ",") if written is ValueFormat.DECIMAL_COMMA else text


def _bound_text(index: Any, width: Fraction) -> Any:
    places = _places(width)
    scaled = index * float(width * 10**places) + 0.0  # no band starts at -0.0
    return (scaled / float(10**places)).cast("string") if places else scaled.cast("int64").cast("string")


def _interval(low: Any, high: Any, written: ValueFormat | None = None) -> Any:
    return literal("[") + low + _between_bounds(written) + high + ")"


def _places(width: Fraction) -> int:
    """Decimal places of a width; raises ValueError where it has no end."""
    for places in range(16):
        if (width * 10**places).denominator == 1:
            return places
    raise ValueError("the width of a band needs a finite decimal")


def _decimal(width: Fraction) -> str:
    places = _places(width)
    return f"{float(width):.{places}f}"


def _calendar(column: Any, level: Calendar) -> Any:
    if column.type().is_temporal():
        year = column.year().cast("string").lpad(4, "0")
        number = column.month().cast("string").lpad(2, "0")
        day = column.cast("date").cast("string")
    else:
        text = date_text(column)
        year, number, _ = date_parts(text, level.written)
        day = day_text(text, level.written)
    match level.period:
        case Period.DAY:
            return day
        case Period.MONTH:
            return year + "-" + number
        case Period.QUARTER:
            quarter = ((number.cast("int64") + 2) / 3).floor().cast("int64")
            return year + "-Q" + quarter.cast("string")
        case Period.YEAR:
            return year
        case Period.DECADE:
            return year.substr(0, 3) + "0s"


def band_hierarchy(column: str, widths: Sequence[Fraction], *, unit: str = "") -> Hierarchy:
    """Numeric bands of growing width. Raises ConfigurationError where one does not divide the next."""
    if not widths or min(widths) <= 0:
        raise ConfigurationError(
            f"the bands of {column} have no width above 0", advice="give widths such as 5, 10, 20"
        )
    for fine, coarse in pairwise(widths):
        if coarse <= fine or (coarse / fine).denominator != 1:
            raise ConfigurationError(
                f"bands of {coarse} do not hold whole bands of {fine} for {column}",
                advice="give widths where each is a multiple of the one before: 5, 10, 20",
            )
    bands = tuple(Bands(width, widths[0], unit) for width in widths)
    return Hierarchy(column, (Exact(), *bands, Everything()))


def hierarchy_from_csv(column: str, text: str, *, delimiter: str = ";") -> Hierarchy:
    """A hierarchy as tools exchange it: a line a value, `value;level1;level2;…`, finest first, no header.

    Raises ConfigurationError with the line where lines differ in length, a value stands twice, or
    values that share a level do not share the next one.
    """
    lines = [(number, row) for number, row in enumerate(_rows(column, text, delimiter), 1) if row]
    if not lines or len(lines[0][1]) < 2:
        raise _unusable(column, 1, "holds no value with a coarser one beside it")
    labels: dict[str, tuple[str, ...]] = {}
    parents: dict[tuple[int, str], str] = {}
    width = len(lines[0][1])
    for number, (value, *levels) in lines:
        if len(levels) + 1 != width:
            raise _unusable(column, number, f"has {len(levels) + 1} fields where the first has {width}")
        if labels.setdefault(value, tuple(levels)) != tuple(levels):
            raise _unusable(column, number, "gives a second line to a value")
        for depth, (fine, coarse) in enumerate(pairwise(levels)):
            if parents.setdefault((depth, fine), coarse) != coarse:
                raise _unusable(column, number, f"splits a value of level {depth + 1} again")
    return Hierarchy(column, (Exact(), *_mapping_levels(labels, width - 1), Everything()))


def _rows(column: str, text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _unusable(column, 1, f"is not CSV ({error})") from error


def _mapping_levels(labels: dict[str, tuple[str, ...]], depth: int) -> list[Level]:
    last = {levels[-1] for levels in labels.values()}
    kept = depth - 1 if last == {ALL} else depth
    return [
        Mapped(level + 1, tuple((value, levels[level]) for value, levels in sorted(labels.items())))
        for level in range(kept)
    ]


def _unusable(column: str, line: int, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"line {line} of the hierarchy of {column} {problem}",
        advice="write one line a value, finest first: value;level1;level2;*",
    )


def column_of(table: Table, name: str) -> Any:
    """A column as it is counted: NaN is missing, −0.0 is 0.0, and what has no plain type is its text."""
    column: Any = table[name]
    kind = column.type()
    if kind.is_floating():
        known = column + 0.0
        return known if keeps_no_nan(table) else column.isnan().ifelse(literal(None, str(kind)), known)
    plain = ("is_string", "is_integer", "is_boolean", "is_decimal", "is_date", "is_timestamp")
    return column if any(getattr(kind, test)() for test in plain) else column.cast("string")
