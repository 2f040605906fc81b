"""Finding the columns that a question names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from gatecli.errors import UncheckableError, UsageError


def require_columns(name: str, columns: Mapping[str, str], wanted: Iterable[str]) -> None:
    """Raises UsageError for a column that is not there, or that is asked for twice."""
    seen: set[str] = set()
    for column in wanted:
        if column not in columns:
            raise UsageError(f"{name} has no column {column!r}", advice=_advice(column, columns))
        if column in seen:
            raise UsageError(
                f"the column {column!r} is named twice",
                advice="give every column one role: quasi-identifier, sensitive or unit",
            )
        seen.add(column)


def _advice(column: str, columns: Mapping[str, str]) -> str:
    if len(columns) == 1:
        return "the file has a single column: give its delimiter"
    folded = {name.casefold().strip(): name for name in columns}
    close = get_close_matches(column.casefold().strip(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    names = ", ".join(list(columns)[:20])
    return f"its columns are {names}{', …' if len(columns) > 20 else ''}"


def require_unique(name: str, header: list[str]) -> None:
    """Raises UncheckableError for a header that names a column twice (case aside) or not at all."""
    folded = [column.casefold() for column in header]
    doubled = sorted(column for column in header if folded.count(column.casefold()) > 1)
    if doubled:
        raise UncheckableError(
            f"{name}: the header names the column {doubled[0]!r} twice",
            advice="give every column a name of its own",
        )
    if any(not column.strip() for column in header):
        raise UncheckableError(
            f"{name}: the header has a column without a name",
            advice="name every column, or check the delimiter",
        )
