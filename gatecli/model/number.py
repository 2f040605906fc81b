"""Exact numbers: what a file says is what is computed with. No float ever holds a budget.

A number is read from its text to a `Fraction`, or refused with one sentence. Shown numbers are
rounded against the spender: what was spent rounds up, what is at least spent rounds down.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from gatecli.model.quoting import figure, quote_name, quote_text

MAX_EXPONENT = 300
"""Powers of ten beyond this have no meaning for a budget and would exhaust memory as integers."""

MAX_DIGITS = 400

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_RATIO = re.compile(r"[+-]?\d+\s*/\s*\d+", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(inf|infinity|nan)", re.IGNORECASE)


def _refusal(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("number", "{sentence}", {"sentence": sentence})


def _from_text(text: str) -> Fraction:
    stripped = text.strip()
    shown = figure(stripped) if _NUMBER.fullmatch(stripped) else quote_name(stripped, 40)
    if _NOT_FINITE.fullmatch(stripped):
        raise _refusal(f"{shown} is not a finite number, so it promises nothing")
    if len(stripped) > MAX_DIGITS:
        raise _refusal(f"the number {shown} has more than {MAX_DIGITS} characters")
    if _RATIO.fullmatch(stripped):
        numerator, denominator = (int(part) for part in stripped.split("/"))
        if denominator == 0:
            raise _refusal(f"{shown} divides by zero")
        return Fraction(numerator, denominator)
    if not _NUMBER.fullmatch(stripped):
        raise _refusal(f'{quote_text(stripped)} is not a number; write for example 0.5, 1e-5 or "1/3"')
    try:
        return _from_decimal(Decimal(stripped))
    except InvalidOperation:  # an exponent that no Decimal holds
        raise _refusal(f"{shown} is beyond what can be computed with (1e±{MAX_EXPONENT})") from None


def _from_decimal(number: Decimal) -> Fraction:
    if not number.is_finite():
        raise _refusal(f"{number} is not a finite number, so it promises nothing")
    if number and abs(number.adjusted()) > MAX_EXPONENT:
        raise _refusal(f"{number:.6e} is beyond what can be computed with (1e±{MAX_EXPONENT})")
    return Fraction(number)


def read_exact(value: object) -> Fraction:
    """The exact number that a file's value states.

    Takes int, Decimal, Fraction and text (`1e-5`, `1/3`); refuses bool, float, NaN, infinity and
    everything else with a `PydanticCustomError` of type `number`.
    """
    match value:
        case bool():
            raise _refusal(f"{str(value).lower()} is a boolean, not a number")
        case Fraction():
            return value
        case int():
            return _from_text(str(value)) if abs(value) < 10**MAX_EXPONENT else _too_large()
        case Decimal():
            return _from_decimal(value)
        case str():
            return _from_text(value)
        case float():
            raise _refusal("a float is not exact; give text, an int or a Decimal")
        case None:
            raise _refusal("a number is missing here")
        case _:
            raise _refusal(f"a {type(value).__name__} is not a number")


def _too_large() -> Fraction:
    raise _refusal(f"the number is beyond what can be computed with (1e±{MAX_EXPONENT})")


def _at_least_zero(number: Fraction) -> Fraction:
    if number < 0:
        raise _refusal(f"{figure(show(number))} is negative")
    return number


def _above_zero(number: Fraction) -> Fraction:
    if number <= 0:
        raise _refusal(f"{figure(show(number))} is not above zero")
    return number


def _at_most_one(number: Fraction) -> Fraction:
    if number > 1:
        raise _refusal(f"{figure(show(number))} is above 1")
    return number


def _below_one(number: Fraction) -> Fraction:
    if number >= 1:
        raise _refusal(f"{figure(show(number))} is not a probability below 1")
    return number


def plain(number: Fraction) -> str:
    """Exact text that `read_exact` reads back: a decimal where one exists, else a ratio."""
    denominator = number.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1:
        return f"{number.numerator}/{number.denominator}"
    digits = len(str(abs(number.numerator))) + number.denominator.bit_length() + MAX_EXPONENT
    exact = Context(prec=digits).divide(Decimal(number.numerator), Decimal(number.denominator))
    return _tidy(exact)


def _tidy(number: Decimal) -> str:
    reduced = number.normalize(Context(prec=max(1, len(number.as_tuple().digits))))
    if reduced == 0:
        return "0"
    if -5 < reduced.adjusted() < 15:
        return f"{reduced:f}"
    return f"{reduced:e}".replace("e+", "e")


def _round_number(number: Fraction, digits: int, rounding: str) -> str:
    context = Context(prec=digits, rounding=rounding)
    return _tidy(context.divide(Decimal(number.numerator), Decimal(number.denominator)))


def show_up(number: Fraction, digits: int = 4) -> str:
    """At most `digits` significant digits, rounded up: for what was spent."""
    return _round_number(number, digits, ROUND_CEILING)


def show_down(number: Fraction, digits: int = 4) -> str:
    """At most `digits` significant digits, rounded down: for what was at least spent."""
    return _round_number(number, digits, ROUND_FLOOR)


def show_percent(share: Fraction) -> str:
    """`34.2 %`: a share of what is held, rounded up to tenths; one below all is never 100 %."""
    tenths = -(-share.numerator * 1000 // share.denominator)
    if share < 1 and tenths == 1000:
        return ">99.9 %"
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth} %" if tenth else f"{whole} %"


def show(number: Fraction) -> str:
    """A declared number as a person would write it; exact when that is short."""
    text = plain(number)
    return text if len(text) <= 24 else _round_number(number, 12, ROUND_CEILING)


def _serialise(number: Fraction) -> str:
    return plain(number)


NUMBER_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^\s*[+-]?(\d+\s*/\s*\d+|(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)\s*$"},
    ]
}

Exact = Annotated[
    Fraction, BeforeValidator(read_exact), PlainSerializer(_serialise), WithJsonSchema(NUMBER_SCHEMA)
]
"""Any finite number, exactly."""


def _then(*checks: Any) -> BeforeValidator:
    def read(value: object) -> Fraction:
        number = read_exact(value)
        for check in checks:
            number = check(number)
        return number

    return BeforeValidator(read)


_SHOWN = (PlainSerializer(_serialise), WithJsonSchema(NUMBER_SCHEMA))

NonNegative = Annotated[Fraction, _then(_at_least_zero), *_SHOWN]
Positive = Annotated[Fraction, _then(_above_zero), *_SHOWN]
Proportion = Annotated[Fraction, _then(_above_zero, _at_most_one), *_SHOWN]
"""A sampling rate: above 0, at most 1."""
BelowOne = Annotated[Fraction, _then(_at_least_zero, _below_one), *_SHOWN]
"""A failure probability: at least 0, below 1."""
