"""Pseudonyms: an identifier replaced by a value that only the holder of a key can make again.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the value, cut to 128 bits. Equal values have equal pseudonyms, in
every table and column that the same key is used for: whoever holds the key links them, and tries values out.
So a pseudonym is still personal data (GDPR, Article 4(5) and recital 26), and a direct identifier here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.functions import keeps_no_nan, only_row, times
from gatecli.anonymity.tables.interface import Column, OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UsageError

CONTEXT = b"gatecli/pseudonym/v1\0"
"""Before each value, so that a key that also serves something else makes other codes there."""

OWN_KEY = b"gatecli/pseudonym-context/v1\0"
"""Before the name of a context, whose own key this makes. Neither prefix begins with the other, so that no
pseudonym is the key of a context."""

DIGITS = 32
SHORTEST_KEY = 32
"""In bytes. A key that can be guessed gives every value away: identifiers are few, and tried out at once."""

EXACT_BITS = {"float16": 11, "float32": 24, "float64": 53}
"""Up to this power of two a float holds every whole number; beyond it two identifiers may be one."""

_WHOLE = re.compile(r"(-?\d+)\.0+", re.ASCII)


def pseudonym(value: str, key: bytes) -> str:
    """The pseudonym of a value: 32 hexadecimal digits; of an empty text, which names nobody, the same text.

    A whole number has one pseudonym however it is written (`1`, `1.0`); all other texts are taken letter by
    letter. Raises ValueError for a short key.
    """
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a key has at least {SHORTEST_KEY} bytes")
    if not value:
        return value
    whole = _WHOLE.fullmatch(value)
    text = whole[1] if whole else value
    return hmac.new(key, CONTEXT + text.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def context_key(key: bytes, context: str) -> bytes:
    """The key of a context, which tells nothing of that of another one: HMAC-SHA-256 of its name."""
    return hmac.new(key, OWN_KEY + context.encode(), hashlib.sha256).digest()


def identifier_table(opened: OpenedTable, columns: Sequence[str]) -> Table:
    """The table, with NaN as a missing value in columns of identifiers.

    Raises UsageError for a column that is not there, and for one whose values have no single text: dates,
    truth values, fractions, and floats so large that they are rounded.
    """
    require_columns(opened.name, opened.columns, columns)
    for name in columns:
        kind = opened.table[name].type()
        if not (kind.is_string() or kind.is_numeric() or kind.is_uuid() or kind.is_null()):
            raise _no_identifiers(opened.name, name, f"holds values of the type {kind}")
    table = opened.table.mutate(**{name: _without_nan(opened.table, name) for name in columns})
    broken = {name: times(_is_rounded(table[name])) for name in columns if _is_fractional(table[name])}
    if broken:
        with computing(opened):
            found = only_row(table.aggregate(**broken))
        for name in (name for name in broken if found[name]):
            raise _no_identifiers(opened.name, name, "holds numbers that are not whole, or are rounded")
    return table


def _without_nan(table: Table, name: str) -> Column:
    column = table[name]
    if not column.type().is_floating() or keeps_no_nan(table):
        return column
    return column.isnan().ifelse(None, column)


def _is_fractional(column: Column) -> bool:
    return bool(column.type().is_floating() or column.type().is_decimal())


def _is_rounded(column: Column) -> Column:
    """Whether a number is a fraction, or a float beyond what floats hold exactly."""
    bits = EXACT_BITS.get(str(column.type()).removeprefix("!"))
    if bits is None:
        return column.notnull() & (column != column.floor())
    near = column.clip(-(2.0**bits), 2.0**bits)  # no engine makes a whole number of infinity
    return column.notnull() & ((near != near.floor()) | (column.abs() > 2.0**bits))


def _no_identifiers(table: str, column: str, what: str) -> UsageError:
    return UsageError(
        f"{table}: {column!r} {what}, and identifiers are text or whole numbers",
        advice="write the column as text first, or generalise it: gatecli anonymity apply",
    )
