"""Hierarchies proposed from a column's type, name and extent, where the user gives none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.anonymity.dictionary_encoding import CANONICAL_NUMBER
from gatecli.anonymity.discovery.column_names import words_of
from gatecli.anonymity.hierarchies import (
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
    column_of,
    literal,
)
from gatecli.anonymity.quantile_bands import Counted, open_ends, quantile_bounds
from gatecli.anonymity.tables.functions import endless, only_row, whole_table
from gatecli.anonymity.tables.interface import Table

AGES = frozenset({"age", "ages", "alter", "edad", "idade", "eta", "leeftijd", "年龄", "年齡", "年齢", "나이"})
CODES = frozenset(
    {"zip", "zipcode", "postal", "postcode", "plz", "postleitzahl", "cp", "cap", "cep", "pincode"}
    | {"邮编", "邮政编码", "郵遞區號", "郵便番号", "우편번호", "icd", "icd9", "icd10", "code"}
)
AGE_BANDS = (Fraction(5), Fraction(10), Fraction(20), Fraction(40))
LONGEST_CODE = 12
_DAYS = (Period.MONTH, Period.QUARTER, Period.YEAR, Period.DECADE)
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]|$)"


@dataclass(frozen=True, slots=True)
class Extent:
    """What a proposal needs to know of a column: aggregates alone."""

    longest: int = 0
    digits: bool = False
    dates: bool = False
    numbers: bool = False


def proposed_hierarchies(table: Table, columns: Sequence[str]) -> tuple[Hierarchy, ...]:
    """A hierarchy a column, in their order; at worst the two levels `as it is` and `*`.

    Ages become 5-, 10-, 20- and 40-year bands, other numbers bands of about as many rows each; before, both
    ends are coded. Dates become months to decades, codes (by name, or of digits alone) ever shorter prefixes.
    """
    return tuple(_propose_hierarchy(table, column) for column in columns)


def _propose_hierarchy(table: Table, name: str) -> Hierarchy:
    column = column_of(table, name)
    kind = column.type()
    words = frozenset(words_of(name))
    if kind.is_date() or kind.is_timestamp():
        days = (Period.DAY, *_DAYS) if kind.is_timestamp() else _DAYS
        return _ladder(name, [Calendar(period) for period in days])
    if kind.is_boolean():
        return _ladder(name, [])
    extent = _extent(column)
    if extent.numbers and not words & CODES:
        return _numeric(name, column, aged=bool(words & AGES))
    if extent.dates:
        return _ladder(name, [Calendar(period) for period in (Period.DAY, *_DAYS)])
    if (words & CODES or extent.digits) and 1 < extent.longest <= LONGEST_CODE:
        noun = "digits" if extent.digits else "characters"
        return _ladder(name, [Prefix(length, noun) for length in range(extent.longest - 1, 0, -1)])
    return _ladder(name, [])


def _ladder(name: str, levels: Sequence[Level]) -> Hierarchy:
    return Hierarchy(name, (Exact(), *levels, Everything()))


def _numeric(name: str, column: Any, *, aged: bool) -> Hierarchy:
    values = _count_values(column)
    if len(values) < 2:
        return _ladder(name, [])
    if not aged:
        bounds = quantile_bounds(values)
        if not bounds:
            return _ladder(name, [])
        ends = [Tails(bounds[0][0], bounds[0][-1])] if len(bounds[0]) > 1 else []
        return _ladder(name, [*ends, *map(Cuts, bounds)])
    return _ages(name, values)


def _ages(name: str, values: Counted) -> Hierarchy:
    """Bands of years, with an open end where few are far out: then from where all widths have a bound."""
    low, high = open_ends(values, AGE_BANDS[0])
    if low is None and high is None:
        return band_hierarchy(name, AGE_BANDS, unit="year")
    widest = AGE_BANDS[-1]
    first = values[0][0] // widest * widest if low is None else low
    last = (values[-1][0] // widest + 1) * widest if high is None else high
    finest = [first + AGE_BANDS[0] * at for at in range(int((last - first) / AGE_BANDS[0]) + 1)]
    bounds = [(width, tuple(bound for bound in finest if bound % width == 0)) for width in AGE_BANDS]
    bands = [Cuts(each, f"{width}-year bands") for width, each in bounds if each]
    return _ladder(name, [Tails(low, high), *bands])


def _count_values(column: Any) -> Counted:
    """The distinct finite numbers of a column, ascending, with their rows."""
    number = column.cast("float64")
    finite = endless(number).ifelse(literal(None, "float64"), number).name("x").as_table()
    known = finite.filter(finite.x.notnull())
    counted = whole_table(known.group_by("x").aggregate(n=known.count()).order_by("x"))
    pairs = zip(counted["x"].to_pylist(), counted["n"].to_pylist(), strict=True)
    return [(Fraction(str(value)), int(rows)) for value, rows in pairs]


def _extent(column: Any) -> Extent:
    """One aggregation; a text is a number where all of the column's texts are."""
    text = column.cast("string")
    wanted = {
        "longest": text.length().max(),
        "digits": text.re_search(r"^[0-9]+$").all(),
        "dates": text.re_search(_ISO).all(),
        "numbers": text.re_search(CANONICAL_NUMBER).all(),
    }
    row = only_row(column.as_table().aggregate(**wanted))
    numbers = column.type().is_numeric() or bool(row["numbers"])
    return Extent(row["longest"] or 0, bool(row["digits"]), bool(row["dates"]), numbers)
