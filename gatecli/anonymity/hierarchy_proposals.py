"""Hierarchies proposed from a column's type, name and extent, where the user gives none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.anonymity.dictionary_encoding import CANONICAL_NUMBER
from gatecli.anonymity.discovery.column_names import words_of
from gatecli.anonymity.hierarchies import (
    Calendar,
    Everything,
    Exact,
    Hierarchy,
    Level,
    Period,
    Prefix,
    band_hierarchy,
    column_of,
    literal,
)
from gatecli.anonymity.tables.functions import endless, only_row
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

    low: Fraction | None = None
    high: Fraction | None = None
    longest: int = 0
    digits: bool = False
    dates: bool = False
    numbers: bool = False


def proposed_hierarchies(table: Table, columns: Sequence[str]) -> tuple[Hierarchy, ...]:
    """A hierarchy a column, in their order; at worst the two levels `as it is` and `*`.

    Ages become 5-, 10-, 20- and 40-year bands, other numbers bands of 1 and 5 times a power of ten,
    dates months to decades, codes (by name, or of digits alone) ever shorter prefixes.
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
        return _numeric(name, extent, aged=bool(words & AGES))
    if extent.dates:
        return _ladder(name, [Calendar(period) for period in (Period.DAY, *_DAYS)])
    if (words & CODES or extent.digits) and 1 < extent.longest <= LONGEST_CODE:
        noun = "digits" if extent.digits else "characters"
        return _ladder(name, [Prefix(length, noun) for length in range(extent.longest - 1, 0, -1)])
    return _ladder(name, [])


def _ladder(name: str, levels: Sequence[Level]) -> Hierarchy:
    return Hierarchy(name, (Exact(), *levels, Everything()))


def _numeric(name: str, extent: Extent, *, aged: bool) -> Hierarchy:
    if extent.low is None or extent.high is None or extent.low == extent.high:
        return _ladder(name, [])
    widths = AGE_BANDS if aged else tuple(_widths(extent.high - extent.low))
    return band_hierarchy(name, widths, unit="year" if aged else "")


def _widths(spread: Fraction) -> Iterator[Fraction]:
    """1 and 5 times powers of ten, from about a fortieth of the range up to its whole."""
    width = Fraction(1, 10**12)
    factors = (5, 2)
    for step in range(80):
        if spread / 50 < width < spread or (width >= spread and step == 0):
            yield width
        width *= factors[step % 2]


def _extent(column: Any) -> Extent:
    """One or two aggregations; a text is a number where all of the column's texts are."""
    text = column.cast("string")
    wanted = {
        "longest": text.length().max(),
        "digits": text.re_search(r"^[0-9]+$").all(),
        "dates": text.re_search(_ISO).all(),
        "numbers": text.re_search(CANONICAL_NUMBER).all(),
    }
    row = only_row(column.as_table().aggregate(**wanted))
    numbers = column.type().is_numeric() or bool(row["numbers"])
    low, high = _range(column) if numbers else (None, None)
    return Extent(low, high, row["longest"] or 0, bool(row["digits"]), bool(row["dates"]), numbers)


def _range(column: Any) -> tuple[Fraction | None, Fraction | None]:
    number = column.cast("float64")
    finite = endless(number).ifelse(literal(None, "float64"), number)
    row = only_row(finite.name("x").as_table().aggregate(low=finite.min(), high=finite.max()))
    if row["low"] is None:
        return None, None
    return Fraction(row["low"]), Fraction(row["high"])
