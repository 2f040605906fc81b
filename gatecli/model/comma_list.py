"""Lists with commas, as options take them."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from gatecli.errors import UsageError


def split_list(values: Sequence[str] | None) -> tuple[str, ...]:
    """The items of a repeatable option, each a list with commas; quotes hold a comma that is meant."""
    rows = csv.reader(values or (), skipinitialspace=True, strict=True)
    try:
        items = [item.strip() for row in rows for item in row]
    except csv.Error:
        raise UsageError(
            f"the list {', '.join(values or ())} has a quote that is not closed", advice='write "a,b",c'
        ) from None
    return tuple(dict.fromkeys(item for item in items if item))
