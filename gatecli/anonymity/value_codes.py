"""Codes that stand for a value that is missing, or was suppressed.

A row whose quasi-identifiers are all suppressed may be anybody's: it is in no class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import takewhile
from operator import and_, or_

from gatecli.anonymity.tables.functions import constant, nothing, only_row, rows, times
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.model.anonymity import AnonymityQuestion, ValueCode

TEXTS = (
    "*", "**", "***", "-", "--", ".", "..", "?", "??", "#N/A", "#NULL!", "<NA>", "N/A", "N.A.", "NA", "NULL",
    "NaN", "Na", "None", "Null", "n.a.", "n/a", "na", "nan", "none", "null",
    "00.00.0000", "00/00/0000", "0000-00-00", "00000000", "99.99.9999", "99/99/9999", "9999-99-99",
    "31.12.9999", "12/31/9999", "31/12/9999", "9999-12-31",
)  # fmt: skip
"""What programs, offices and questionnaires write for a value that is missing or suppressed."""

NUMBERS = (-1, -2, -3, -7, -8, -9, -77, -88, -99, -777, -888, -999, -9999, -99999)
"""The same where everything else in a column is positive."""

LARGE = (
    77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 7777, 8888, 9997, 9998, 9999, 99999, 999999, 9999999,
    99991231, 99999999,
)  # fmt: skip
"""The same where everything else in a column is less than half of it."""

_AT_MOST = 6
"""Of the greatest values, as many may be such codes."""

_NUMBER_TEXT = "^ *[0-9]{1,9}([.,][0-9]+)? *$"
_NEGATIVE = "^ *-[0-9]"
_LABEL = "^ *0[0-9]"
"""Texts such as ZIP codes, which are labels and no numbers: their greatest is a value like others."""


def without_codes(table: Table, question: AnonymityQuestion) -> Table:
    """The table with the question's columns: codes are missing values, and wholly suppressed rows are out."""
    codes = (*question.missing_codes, *question.suppressed_codes)
    if not codes:
        return table
    kept = table.filter(~_is_suppressed(table, question)) if question.suppressed_codes else table
    coded = {
        name: is_code.ifelse(nothing(kept[name].type()), kept[name])
        for name in question.columns
        if (is_code := _is_one_of(kept, name, codes, question)) is not None
    }
    return kept.mutate(**coded) if coded else kept


def _is_suppressed(table: Table, question: AnonymityQuestion) -> Column:
    """Whether all quasi-identifiers are suppressed or missing, and not all missing."""
    never = constant(0) == constant(1)
    names = question.quasi_identifiers
    suppressed = [_or(_is_one_of(table, name, question.suppressed_codes, question), never) for name in names]
    missing = [
        _or(_is_one_of(table, name, question.missing_codes, question), never) | table[name].isnull()
        for name in names
    ]
    every = reduce(and_, [one | other for one, other in zip(suppressed, missing, strict=True)])
    return every & reduce(or_, suppressed)


def _or(condition: Column | None, never: Column) -> Column:
    return never if condition is None else condition


def _is_one_of(
    table: Table, name: str, codes: Sequence[ValueCode], question: AnonymityQuestion
) -> Column | None:
    """Whether a value is one of the codes; None where the column's type has room for none of them."""
    column, texts = table[name], [code.code for code in codes if code.column in {None, name}]
    kind = column.type()
    if kind.is_numeric() and not kind.is_boolean():
        numbers = sorted({number for text in texts if (number := _number(text)) is not None})
        return column.cast("float64").isin(numbers).fill_null(False) if numbers else None  # noqa: FBT003 - ibis has no keyword
    if not kind.is_string() or not texts:
        return None
    if question.normalise:
        column, texts = column.strip().lower(), [text.strip().lower() for text in texts]
    return column.isin(texts).fill_null(False)  # noqa: FBT003 - as above


def _number(text: str) -> float | None:
    try:
        return float(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def find_suspects(dimensions: Mapping[str, tuple[Table, str]]) -> dict[str, tuple[str, ...]]:
    """Values that look like a code nobody named, by column; `dimensions` hold the distinct values of each."""
    found = {name: _suspects(values, column) for name, (values, column) in dimensions.items()}
    return {name: codes for name, codes in found.items() if codes}


def _suspects(values: Table, column: str) -> tuple[str, ...]:
    value, kind = values[column], values[column].type()
    if kind.is_numeric() and not kind.is_boolean():
        among = value.cast("float64").isin([float(number) for number in NUMBERS])
        others, labels = value.cast("float64") < 0, constant(0) == constant(1)
        number = value.cast("float64")
    elif kind.is_string():
        texts = [*TEXTS, *map(str, NUMBERS)]
        among, others = value.isin(texts), value.re_search(_NEGATIVE)
        labels = value.re_search(_LABEL)
        number = (
            value.re_search(_NUMBER_TEXT)
            .ifelse(value.strip().replace(",", "."), nothing("string"))
            .cast("float64")
        )
    else:
        return ()
    counts = {"codes": times(among), "negative": times(others & ~among), "labels": times(labels & ~among)}
    held = only_row(values.aggregate(all=values.count(), **counts))
    seen = _code_texts(values, column, among) if 0 < held["codes"] < held["all"] else []
    numbers = set(map(str, NUMBERS))
    named = [code for code in seen if code not in numbers or not held["negative"]]
    large = [] if held["labels"] else _far_above(values, number)
    return tuple(sorted({*named, *large}))


def _code_texts(values: Table, column: str, among: Column) -> list[str]:
    return [_code_text(row["code"]) for row in rows(values.filter(among).select(code=values[column]))]


def _far_above(values: Table, number: Column) -> list[str]:
    """The greatest numbers, if they are of `LARGE` and more than twice as large as all others."""
    known = values.select(number=number).distinct()
    known = known.filter(known["number"].notnull() & (known["number"] >= 0))
    greatest = [float(row["number"]) for row in rows(known.order_by(known["number"].desc()).limit(_AT_MOST))]
    codes = list(takewhile(LARGE.__contains__, greatest))
    rest = greatest[len(codes) :]
    return [str(int(code)) for code in codes] if codes and rest and min(codes) > 2 * rest[0] else []


def _code_text(code: object) -> str:
    return code if isinstance(code, str) else str(int(float(str(code))))
