"""Finding the columns that a question names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from gatecli.errors import UncheckableError, UsageError

MOST_DIGITS = 8
"""Of a column's name: as many as a date has. An identifier has more."""


def require_columns(name: str, columns: Mapping[str, str], wanted: Iterable[str]) -> None:
    """Raises UsageError for a column that is not there, or that is asked for twice."""
    wanted, seen = tuple(wanted), set[str]()
    for column in wanted:
        if column not in columns:
            has_header = any(other in columns for other in wanted)
            raise UsageError(
                f"{name} has no column {column!r}", advice=_advice(column, columns, has_header=has_header)
            )
        if column in seen:
            raise UsageError(
                f"the column {column!r} is named twice",
                advice="give every column one role: quasi-identifier, sensitive, unit, household or weights",
            )
        seen.add(column)


def _advice(column: str, columns: Mapping[str, str], *, has_header: bool) -> str:
    """Columns are listed only where one that was asked for is among them: else they may be a record."""
    if len(columns) == 1:
        return "it has a single column: check the spelling, or give the delimiter of a text file"
    folded = {name.casefold().strip(): name for name in columns}
    close = get_close_matches(column.casefold().strip(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    if not has_header:
        return f"it has {len(columns)} columns of other names: is its first line a header?"
    names = ", ".join(list(columns)[:20])
    return f"its columns are {names}{', …' if len(columns) > 20 else ''}"


def require_header(name: str, header: list[str]) -> None:
    """Raises UncheckableError for a header that gives a name twice (case aside) or none, or is a record.

    No cell is quoted: what was taken for a header may be somebody's row.
    """
    if any("\0" in column for column in header):
        raise UncheckableError(
            f"{name}: the table is not text in the expected encoding",
            advice="give its encoding, for example utf-16",
        )
    if any("@" in column or sum(map(str.isdigit, column)) > MOST_DIGITS for column in header):
        raise UncheckableError(
            f"{name}: the first line looks like a record, not like names of columns",
            advice="give the table a header",
        )
    require_distinct(name, header)
    if any(not column.strip() for column in header):
        raise UncheckableError(
            f"{name}: the header has a column without a name",
            advice="name every column, or check the delimiter",
        )


def require_distinct(name: str, header: Iterable[str]) -> None:
    """Raises UncheckableError for two columns of one name, case aside: an engine would rename one."""
    seen: dict[str, int] = {}
    for at, column in enumerate(header, start=1):
        first = seen.setdefault(column.casefold(), at)
        if first != at:
            raise UncheckableError(
                f"{name}: columns {first} and {at} have the same name, case aside",
                advice="give every column a name of its own",
            )
