"""The plain data of a library's values: exact where they are, and never a number that is none."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from gatecli.errors import UsageError

Plain = dict[str, Any] | list[Any] | str | int | float | bool | None


def _refusal(sentence: str) -> UsageError:
    return UsageError(sentence, advice="see what was recorded for the run; docs/evidence.md shows the forms")


def whole(value: Any) -> int:
    """An integer of any library. Raises UsageError."""
    try:
        return operator.index(value)
    except TypeError:
        raise _refusal(f"a {type(value).__name__} is not a whole number") from None


def number(value: Any) -> int | float | str:
    """A number of any library; a fraction that no float holds as text. Raises UsageError for NaN."""
    if isinstance(value, bool | str):
        raise _refusal(f"a {type(value).__name__} is not a number")
    if isinstance(value, Fraction) and Fraction(float(value)) != value:
        return f"{value.numerator}/{value.denominator}"
    try:
        return operator.index(value)
    except TypeError:
        return _real(value)


def _real(value: Any) -> float:
    try:
        real = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _refusal(f"a {type(value).__name__} is not a number") from None
    if math.isnan(real):
        raise _refusal("a parameter of the run is not a number (NaN)")
    return real


def finite(value: Any) -> int | float | str | None:
    """A number, or None where it is infinite: a ceiling that is none."""
    found = number(value)
    return None if found == math.inf else found


def record_of(value: Any) -> Plain:
    """A named tuple as an object with the names of its fields, at every depth; infinity as text."""
    match value:
        case None | bool() | str():
            return value
        case tuple() if hasattr(value, "_fields"):
            return {name: record_of(part) for name, part in zip(value._fields, value, strict=True)}
        case Mapping():
            return {str(key): record_of(part) for key, part in value.items()}
        case Sequence():
            return [record_of(part) for part in value]
    found = number(value)
    return "inf" if found == math.inf else found
