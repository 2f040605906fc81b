"""A table that is made up: the columns of another one, and values of no row of it.

Names and types of columns are all that is known of the other table here, so that no value can get over.
Each column has random numbers of its own, from the seed and its name: it stays the same when columns come
and go, and fewer rows are the first of more.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from gatecli.anonymity.tables.fake_marks import IN_SCHEMA
from gatecli.anonymity.tables.functions import BATCH
from gatecli.data.fake_values import (
    DATED,
    IDENTIFIER,
    NUMBERED,
    TEXT,
    Faker,
    kind_of_column,
    text_value,
    whole_value,
)
from gatecli.errors import MissingExtraError, UsageError

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2020, 12, 31)
MOST = 100
"""Numbers of which nothing is known are from 0 to this."""

Cell: TypeAlias = Any
"""A value as `pyarrow.array` takes it for the column's type."""

CellMaker: TypeAlias = Callable[[Faker, int], Cell]


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The least and the greatest value."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class DateRange:
    """The first and the last day."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class FakeColumn:
    """A column to make up: its name, its Arrow type, and what is said of its values."""

    name: str
    kind: Any
    choices: tuple[str, ...] = ()
    bounds: NumberRange | DateRange | None = None

    def refuse(self, what: str, advice: str) -> UsageError:
        """An error that names the column and its type."""
        return UsageError(f"the column {self.name!r} of the type {self.kind} {what}", advice=advice)


@dataclass(frozen=True, slots=True)
class FakeTable:
    """A table that nobody's data is in: its Arrow schema, which is marked, and its rows in batches."""

    schema: Any
    batches: Iterator[Any]


def fake_table(columns: Sequence[FakeColumn], rows: int, seed: int = 0) -> FakeTable:
    """So many rows of these columns, the same for the same seed and version of Faker.

    Raises UsageError for a column whose type, bounds or keys cannot be made, MissingExtraError without Faker.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables need it

    faker = _new_faker()
    makers = [_maker_of(column) for column in columns]
    schema = pa.schema([(column.name, column.kind) for column in columns], metadata=IN_SCHEMA)
    sources = [Random(f"{seed}\0{column.name}") for column in columns]  # noqa: S311 - these are no secrets

    def batch(first: int) -> Any:
        last = min(first + BATCH, rows)
        arrays = []
        for column, make, source in zip(columns, makers, sources, strict=True):
            faker.random = source
            arrays.append(pa.array([make(faker, row) for row in range(first, last)], column.kind))
        return pa.record_batch(arrays, schema=schema)

    return FakeTable(schema, (batch(first) for first in range(0, rows, BATCH)))


def _new_faker() -> Faker:
    try:
        from faker import Factory  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingExtraError("made-up values need Faker", advice="pip install 'gatecli[fake]'") from None
    made: Any = Factory.create("en_US")
    return cast("Faker", made)


def _maker_of(column: FakeColumn) -> CellMaker:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables need it

    for test, make in _TYPES.items():
        if getattr(pa.types, test)(column.kind):
            return make(column)
    raise column.refuse("cannot be made up", "leave it out: --drop")


# A maker by type; each is asked for a column of that type alone.


def _texts(column: FakeColumn) -> CellMaker:
    if column.choices:
        return _choose(column.choices)
    kind = kind_of_column(column.name)
    make = kind.make if column.bounds is None else _within(column)
    return lambda faker, row: text_value(make(faker, row))


def _whole_numbers(column: FakeColumn) -> CellMaker:
    if column.choices:
        return _choose(_read_choices(column, int))
    if column.bounds is not None:
        low, high = _numbers(column)
        first, last = math.ceil(low), math.floor(high)
        if first > last:
            raise column.refuse("has bounds without a whole number between them", "give wider bounds")
        _require_room(column, first, last)
        return lambda faker, _row: faker.random.randint(first, last)
    kind = kind_of_column(column.name)
    if kind is TEXT:
        return lambda faker, _row: faker.random.randint(0, MOST)
    room = 2 ** (column.kind.bit_width - 1)
    if kind is IDENTIFIER:
        return lambda _faker, row: (row + 1) % room
    return lambda faker, row: whole_value(kind.kind, kind.make(faker, row), row) % room


def _require_room(column: FakeColumn, *values: int) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables need it

    try:
        pa.array(values, column.kind)
    except (pa.ArrowInvalid, OverflowError):
        raise column.refuse("does not hold its bounds or keys", "give smaller ones") from None


def _floats(column: FakeColumn) -> CellMaker:
    if column.choices:
        return _choose(_read_choices(column, float))
    if column.bounds is not None:
        low, high = map(float, _numbers(column))
        return partial(_between, low, high)
    kind = kind_of_column(column.name)
    if kind is IDENTIFIER:
        return lambda _faker, row: float(row + 1)
    if kind.kind not in NUMBERED:
        return lambda faker, _row: round(faker.random.uniform(0, MOST), 2)
    return lambda faker, row: float(str(kind.make(faker, row)))


def _decimals(column: FakeColumn) -> CellMaker:
    places = max(column.kind.scale, 0)
    unit = Decimal(1).scaleb(-places)
    if column.choices:
        found = _choose(_read_choices(column, Decimal))
        _require_room(column, *_read_choices(column, Decimal))
        return found
    room = 10 ** (column.kind.precision - column.kind.scale) - 1
    low, high = _numbers(column) if column.bounds is not None else (Fraction(0), Fraction(min(MOST, room)))
    first, last = math.ceil(low * 10**places), math.floor(high * 10**places)
    if first > last or max(abs(first), abs(last)) >= 10**column.kind.precision:
        raise column.refuse("does not hold its bounds", "give others")
    return lambda faker, _row: faker.random.randint(first, last) * unit


def _truths(column: FakeColumn) -> CellMaker:
    _refuse_bounds(column)
    choices = (
        _read_choices(column, {"true": True, "false": False}.__getitem__) if column.choices else (False, True)
    )
    return _choose(choices)


def _dates(column: FakeColumn) -> CellMaker:
    if column.choices:
        return _choose(_read_choices(column, dt.date.fromisoformat))
    if column.bounds is not None:
        return _days(_date_range(column))
    made = kind_of_column(column.name)
    return made.make if made.kind in DATED else _days(DateRange(FIRST_DAY, LAST_DAY))


def _moments(column: FakeColumn) -> CellMaker:
    make = _dates(column)

    def moment(faker: Faker, row: int) -> dt.datetime:
        return dt.datetime.combine(make(faker, row), dt.time()) + dt.timedelta(
            seconds=faker.random.randrange(86_400)
        )

    return moment


def _times(column: FakeColumn) -> CellMaker:
    _refuse_bounds(column)
    if column.choices:
        return _choose(_read_choices(column, dt.time.fromisoformat))
    return lambda faker, _row: _time_of(faker.random.randrange(86_400))


def _time_of(seconds: int) -> dt.time:
    minutes, second = divmod(seconds, 60)
    return dt.time(*divmod(minutes, 60), second)


def _bytes(column: FakeColumn) -> CellMaker:
    if column.choices or column.bounds:
        raise column.refuse("takes no bounds and no keys", "leave them out")
    return lambda faker, _row: b"%08x" % faker.random.randrange(16**8)


def _fixed_bytes(column: FakeColumn) -> CellMaker:
    short, width = _bytes(column), column.kind.byte_width
    return lambda faker, row: short(faker, row).ljust(width, b"0")[:width]


def _nothing(_column: FakeColumn) -> CellMaker:
    return lambda _faker, _row: None


_TYPES: Mapping[str, Callable[[FakeColumn], CellMaker]] = MappingProxyType(
    {
        "is_string": _texts,
        "is_large_string": _texts,
        "is_boolean": _truths,
        "is_integer": _whole_numbers,
        "is_floating": _floats,
        "is_decimal": _decimals,
        "is_date": _dates,
        "is_timestamp": _moments,
        "is_time": _times,
        "is_fixed_size_binary": _fixed_bytes,
        "is_binary": _bytes,
        "is_large_binary": _bytes,
        "is_null": _nothing,
    }
)
"""By a test of `pyarrow.types`."""


def _choose(values: Sequence[Cell]) -> CellMaker:
    return lambda faker, _row: faker.random.choice(values)


def _days(days: DateRange) -> CellMaker:
    span = (days.last - days.first).days
    return lambda faker, _row: days.first + dt.timedelta(days=faker.random.randint(0, span))


def _within(column: FakeColumn) -> CellMaker:
    """Bounds of a column of text: whole numbers where both are."""
    match column.bounds:
        case DateRange() as days:
            return _days(days)
        case NumberRange(low, high) if low.denominator == high.denominator == 1:
            return partial(_whole_between, int(low), int(high))
    least, greatest = map(float, _numbers(column))
    return partial(_between, least, greatest)


def _between(low: float, high: float, faker: Faker, _row: int) -> float:
    """A number of so many decimals that a thousand are between the bounds."""
    places = 3 - math.floor(math.log10(high - low)) if high > low else 0
    return min(max(round(faker.random.uniform(low, high), max(places, 0)), low), high)


def _whole_between(low: int, high: int, faker: Faker, _row: int) -> int:
    return faker.random.randint(low, high)


def _numbers(column: FakeColumn) -> tuple[Fraction, Fraction]:
    if not isinstance(column.bounds, NumberRange):
        raise column.refuse("has days for its bounds", "give two numbers: --bounds COLUMN=LOW:HIGH")
    return column.bounds.low, column.bounds.high


def _date_range(column: FakeColumn) -> DateRange:
    if not isinstance(column.bounds, DateRange):
        raise column.refuse(
            "has numbers for its bounds", "give two days: --bounds COLUMN=2020-01-01:2020-12-31"
        )
    return column.bounds


def _refuse_bounds(column: FakeColumn) -> None:
    if column.bounds is not None:
        raise column.refuse("takes no bounds", "give its --keys")


def _read_choices(column: FakeColumn, read: Callable[[str], Cell]) -> tuple[Cell, ...]:
    try:
        found = tuple(map(read, column.choices))
    except (ArithmeticError, LookupError, ValueError):
        raise column.refuse(
            "has a key that is not of its type", "write keys as the column holds them"
        ) from None
    if read is int:
        _require_room(column, *found)
    return found
