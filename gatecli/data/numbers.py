"""Numbers as a caller writes them in Python, read exactly: 0.1 is a tenth."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pydantic_core import PydanticCustomError

from gatecli.errors import UsageError
from gatecli.model.number import read_exact


def python_value(value: Any) -> Any:
    """A scalar of numpy as Python's own value; everything else as it is. No library is imported to tell."""
    is_scalar = hasattr(value, "dtype") and getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if is_scalar else value


def flat_values(given: Iterable[Any]) -> list[Any]:
    """Values that are given one by one, or as a list, in one list."""
    several = (list, tuple, set, frozenset, range)
    return [value for each in given for value in (each if isinstance(each, several) else (each,))]


def exact_number(value: Any, what: str) -> Fraction:
    """The number that was written: of a float its shortest text. Raises UsageError for NaN and infinity."""
    value = python_value(value)
    try:
        return read_exact(repr(float(value)) if isinstance(value, float) else value)
    except PydanticCustomError as error:
        raise UsageError(f"{what}: {error.message()}", advice="give a finite number") from None


def positive_number(value: Any, what: str) -> Fraction:
    """A number above 0. Raises UsageError."""
    number = exact_number(value, what)
    if number <= 0:
        raise UsageError(f"{what} is not above 0", advice="give a number above 0")
    return number


def probability(value: Any, what: str) -> Fraction:
    """A number from 0 to below 1. Raises UsageError."""
    number = exact_number(value, what)
    if not 0 <= number < 1:
        raise UsageError(f"{what} is not a probability below 1", advice="give a number such as 1e-6")
    return number


def float_at_least(number: Fraction) -> float:
    """The least double that is at least a number: noise is never less than what is declared."""
    near = float(number)
    return near if Fraction(near) >= number else math.nextafter(near, math.inf)
