"""Measures as a report shows them: exact numbers rounded against the spender, no NaN, no infinity."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from gatecli.model.number import show_down, show_up

JSON_DIGITS = 6
TEXT_DIGITS = 4


WITHOUT = {
    "dis": "not estimated",
    "enhancedBeta": "none is enough",
    "maxDisSuda": "not estimated",
    "populationUniqueness": "not estimated",
    "recursiveC": "none is enough",
}
"""What the lack of a number means, where it is not that it is unknown."""


def _round_measure(name: str, number: Fraction, digits: int) -> str:
    return show_down(number, digits) if name.endswith("Lower") else show_up(number, digits)


def _exact(number: Fraction | Decimal) -> Fraction | None:
    return None if isinstance(number, Decimal) and not number.is_finite() else Fraction(number)


def _json_number(name: str, number: Fraction | Decimal) -> int | float | None:
    exact = _exact(number)
    if exact is None:
        return None
    near = float(_round_measure(name, exact, JSON_DIGITS))
    if not math.isfinite(near):
        return None
    if near == 0 and exact > 0 and not name.endswith("Lower"):
        return sys.float_info.min  # what was spent never becomes free
    return int(near) if near.is_integer() and abs(near) < 10**15 else near


def as_json(name: str, value: object) -> object:
    """A measure as a JSON value: at most six significant digits, null where nothing finite is known.

    A name that ends in `Lower` rounds down, every other up. Raises TypeError for a value that no
    measure may hold.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Fraction() | Decimal():
            return _json_number(name, value)
        case Mapping():
            return {str(key): as_json(str(key), inner) for key, inner in value.items()}
        case Sequence():
            return [as_json(name, inner) for inner in value]
        case _:
            raise TypeError(f"the measure {name} is a {type(value).__name__}")


def measure_text(name: str, value: object) -> str:
    """A measure as text: at most four significant digits of an exact number, `unknown` for none."""
    match value:
        case Fraction() | Decimal() if (exact := _exact(value)) is not None:
            return _round_measure(name, exact, TEXT_DIGITS)
        case float() if math.isfinite(value):
            return f"{value:.{JSON_DIGITS}g}"
        case bool() | int() | str():
            return str(value)
        case Sequence():
            return "[" + ", ".join(measure_text(name, inner) for inner in value) + "]"
        case _:
            return WITHOUT.get(name, "unknown")
