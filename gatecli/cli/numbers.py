"""Exact numbers and lists of columns from options."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction

from pydantic import TypeAdapter, ValidationError

from gatecli.errors import UsageError


def exact(text: str, option_name: str, adapter: TypeAdapter[Fraction]) -> Fraction:
    """A number from an option; raises UsageError with the number parser's own sentence."""
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise UsageError(
            f"{option_name}: {error.errors()[0]['msg']}", advice="for example 0.5 or 1e-5"
        ) from None


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


def split_pairs(values: Sequence[str] | None, option_name: str) -> dict[str, str]:
    """`NAME=VALUE` options as a table; raises UsageError on anything else."""
    pairs = [text.rpartition("=") for text in values or ()]
    if wrong := [value for name, _, value in pairs if not name or not value]:
        raise UsageError(f"{option_name} {wrong[0]}: not COLUMN=VALUE", advice="write for example zip=FILE")
    told = {name: value for name, _, value in pairs}
    if twice := [name for name, _, value in pairs if told[name] != value]:
        raise UsageError(f"{option_name} {twice[0]}: given twice", advice="give each column one value")
    return told
