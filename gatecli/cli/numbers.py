"""Exact numbers and pairs from options."""

from __future__ import annotations

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


def split_pairs(values: Sequence[str] | None, option_name: str) -> dict[str, str]:
    """`NAME=VALUE` options as a table; raises UsageError on anything else."""
    pairs = [text.rpartition("=") for text in values or ()]
    if wrong := [value for name, _, value in pairs if not name or not value]:
        raise UsageError(f"{option_name} {wrong[0]}: not COLUMN=VALUE", advice="write for example zip=FILE")
    told = {name: value for name, _, value in pairs}
    if twice := [name for name, _, value in pairs if told[name] != value]:
        raise UsageError(f"{option_name} {twice[0]}: given twice", advice="give each column one value")
    return told
