"""Hierarchies proposed from a column's type, name and extent, where the user gives none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from gatecli.anonymity.calendar_dates import count_other_texts, distinct_texts, find_date_format
from gatecli.anonymity.dictionary_encoding import CANONICAL_NUMBER
from gatecli.anonymity.discovery.column_names import words_of
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
    column_of,
    literal,
)
from gatecli.anonymity.quantile_bands import Counted, open_ends, quantile_bounds
from gatecli.anonymity.tables.functions import endless, only_row, whole_table
from gatecli.anonymity.tables.interface import Column, OpenedTable, Table
from gatecli.anonymity.value_formats import DATES, count_strangers, find_format, order_of
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion, Doubt, ValueFormat

AGES = frozenset({"age", "ages", "alter", "edad", "idade", "eta", "leeftijd", "年龄", "年齡", "年齢", "나이"})
CODES = frozenset(
    {"zip", "zipcode", "postal", "postcode", "plz", "postleitzahl", "cp", "cap", "cep", "pincode"}
    | {"邮编", "邮政编码", "郵遞區號", "郵便番号", "우편번호", "icd", "icd9", "icd10", "code"}
)
AGE_BANDS = (Fraction(5), Fraction(10), Fraction(20), Fraction(40))
LONGEST_CODE = 12
_DAYS = (Period.MONTH, Period.QUARTER, Period.YEAR, Period.DECADE)
_CERTAIN = (Period.YEAR, Period.DECADE)
"""Periods that are the same whether the day or the month is written first."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a proposal needs to know of a column: aggregates alone."""

    longest: int = 0
    digits: bool = False
    numbers: bool = False


def proposed_hierarchies(
    table: Table, columns: Sequence[str], formats: Mapping[str, ValueFormat] = MappingProxyType({})
) -> tuple[Hierarchy, ...]:
    """A hierarchy a column, in their order; at worst the two levels `as it is` and `*`.

    Ages become 5-, 10-, 20- and 40-year bands, other numbers bands of about as many rows each; before, both
    ends are coded. Dates become months to decades, codes (by name, or of digits alone) ever shorter prefixes.
    `formats` say how text is written. Without it, dates that can be read in two ways become years, which are
    the same in both, and such numbers become nothing but `*`.
    """
    return tuple(_propose_hierarchy(table, column, formats.get(column)) for column in columns)


def _propose_hierarchy(table: Table, name: str, stated: ValueFormat | None) -> Hierarchy:
    column = column_of(table, name)
    kind = column.type()
    words = frozenset(words_of(name))
    if kind.is_date() or kind.is_timestamp():
        days = (Period.DAY, *_DAYS) if kind.is_timestamp() else _DAYS
        return _ladder(name, [Calendar(period) for period in days])
    if kind.is_boolean():
        return _ladder(name, [])
    extent = _extent(column)
    is_code = bool(words & CODES)
    written, doubt = written_as(name, column, stated)
    if written is not None and written in DATES:
        return _ladder(name, _periods(column, written, doubt))
    if (extent.numbers or written is not None) and not is_code and doubt is None:
        plain = not column.type().is_string() or (extent.numbers and stated is None)
        return _numeric(name, column, None if plain else written, aged=bool(words & AGES))
    if (is_code or extent.digits) and 1 < extent.longest <= LONGEST_CODE:
        noun = "digits" if extent.digits else "characters"
        return _ladder(name, [Prefix(length, noun) for length in range(extent.longest - 1, 0, -1)])
    return _ladder(name, [])


def written_as(
    name: str, column: Column, stated: ValueFormat | None = None
) -> tuple[ValueFormat | None, Doubt | None]:
    """How a column writes dates or numbers, and whether that is in doubt; codes by name are neither."""
    if (useful := _useful_format(column, stated)) is not None:
        return useful, None
    kind = column.type()
    if not (kind.is_string() or kind.is_numeric()) or CODES & {*words_of(name)}:
        return None, None
    found, doubt = find_date_format(column)
    if found is not None or not kind.is_string():
        return found, doubt
    return find_format(distinct_texts(column), "text", is_typed=False)


def find_doubts(
    opened: OpenedTable, question: AnonymityQuestion, dimensions: Mapping[str, tuple[Table, str]]
) -> dict[str, Doubt]:
    """Which quasi-identifiers can be read in two ways; `dimensions` hold the distinct values of each.

    Raises UncheckableError for one that is not written as is stated.
    """
    doubts = {}
    for name in question.quasi_identifiers:
        values, column = dimensions[name]
        stated = question.formats.get(name)
        if stated is not None:
            require_format(opened, values, column, name, stated)
        elif (doubt := written_as(name, values[column])[1]) is not None:
            doubts[name] = doubt
    return doubts


def require_format(opened: OpenedTable, values: Table, column: str, name: str, stated: ValueFormat) -> None:
    """Raises UncheckableError for a column of text that does not write all of its values so."""
    if (written := _useful_format(values[column], stated)) is None:
        return
    is_date = written in DATES
    strange = (
        count_other_texts(values[column], written) if is_date else count_strangers(values, column, written)
    )
    if strange:
        noun, verb = ("value", "is") if strange == 1 else ("values", "are")
        raise UncheckableError(
            f"{opened.name}: {strange:,} distinct {noun} of {name!r} {verb} not {written.value} "
            f"{'dates' if is_date else 'numbers'}",
            advice="state another format, name codes with --missing-code, or fix the values",
        )


def _useful_format(column: Column, stated: ValueFormat | None) -> ValueFormat | None:
    """A type says by itself how its values are read, but digits may be a date."""
    kind = column.type()
    return stated if kind.is_string() or (kind.is_numeric() and stated in DATES) else None


def _periods(column: Column, written: ValueFormat, doubt: Doubt | None) -> list[Level]:
    if doubt is not None:
        return [Calendar(period, written) for period in _CERTAIN]
    days = (Period.DAY, *_DAYS) if column.type().is_string() else _DAYS
    return [Calendar(period, written) for period in days]


def _ladder(name: str, levels: Sequence[Level]) -> Hierarchy:
    return Hierarchy(name, (Exact(), *levels, Everything()))


def _numeric(name: str, column: Column, written: ValueFormat | None, *, aged: bool) -> Hierarchy:
    values = _count_values(column if written is None else order_of(column, written))
    if len(values) < 2:
        return _ladder(name, [])
    if not aged:
        bounds = quantile_bounds(values)
        if not bounds:
            return _ladder(name, [])
        ends = [Tails(bounds[0][0], bounds[0][-1])] if len(bounds[0]) > 1 else []
        levels: list[Level] = [*ends, *map(Cuts, bounds)]
    else:
        levels = _ages(name, values)
    return _ladder(name, [_write_as(level, written) for level in levels])


def _write_as(level: Level, written: ValueFormat | None) -> Level:
    return replace(level, written=written) if isinstance(level, Bands | Cuts | Tails) else level


def _ages(name: str, values: Counted) -> list[Level]:
    """Bands of years, with an open end where few are far out: then from where all widths have a bound."""
    low, high = open_ends(values, AGE_BANDS[0])
    if low is None and high is None:
        return list(band_hierarchy(name, AGE_BANDS, unit="year").levels[1:-1])
    widest = AGE_BANDS[-1]
    first = values[0][0] // widest * widest if low is None else low
    last = (values[-1][0] // widest + 1) * widest if high is None else high
    finest = [first + AGE_BANDS[0] * at for at in range(int((last - first) / AGE_BANDS[0]) + 1)]
    bounds = [(width, tuple(bound for bound in finest if bound % width == 0)) for width in AGE_BANDS]
    bands = [Cuts(each, f"{width}-year bands") for width, each in bounds if each]
    return [Tails(low, high), *bands]


def _count_values(column: Column) -> Counted:
    """The distinct finite numbers of a column, ascending, with their rows."""
    number = column.cast("float64")
    finite = endless(number).ifelse(literal(None, "float64"), number).name("x").as_table()
    known = finite.filter(finite.x.notnull())
    counted = whole_table(known.group_by("x").aggregate(n=known.count()).order_by("x"))
    pairs = zip(counted["x"].to_pylist(), counted["n"].to_pylist(), strict=True)
    return [(Fraction(str(value)), int(rows)) for value, rows in pairs]


def _extent(column: Column) -> Extent:
    """One aggregation; a text is a number where all of the column's texts are."""
    text = column.cast("string")
    wanted = {
        "longest": text.length().max(),
        "digits": text.re_search(r"^[0-9]+$").all(),
        "numbers": text.re_search(CANONICAL_NUMBER).all(),
    }
    row = only_row(column.as_table().aggregate(**wanted))
    numbers = column.type().is_numeric() or bool(row["numbers"])
    return Extent(row["longest"] or 0, bool(row["digits"]), numbers)
