"""From exact numbers to floats and back, always rounded against the spender.

A float engine works with relative errors near 1e-13; `SLACK` covers that ten-thousandfold, so that
what comes back is on the safe side of the true value without being visible in four digits.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

SLACK = Fraction(1, 10**9)


class NumericFailure(Exception):
    """A float engine gave no usable number; the accountant then has no bound, never a pass."""


def above(number: Fraction) -> float:
    """The smallest float found that is at least `number`; infinity beyond the float range."""
    try:
        near = float(number)
    except OverflowError:
        return math.inf if number > 0 else -float.fromhex("0x1.fffffffffffffp+1023")
    return near if Fraction(near) >= number else math.nextafter(near, math.inf)


def below(number: Fraction) -> float:
    """The largest float found that is at most `number`; 0 where a positive one underflows."""
    return -above(-number)


def upper(value: float) -> Fraction | None:
    """An exact number at or above what a float engine meant by `value`; None for nan, infinity."""
    return Fraction(max(value, 0.0)) * (1 + SLACK) if math.isfinite(value) else None


def lower(value: float) -> Fraction:
    """An exact number at or below what a float engine meant by `value`; 0 where there is none."""
    return Fraction(max(value, 0.0)) * (1 - SLACK) if math.isfinite(value) else Fraction(0)


def log_of(number: Fraction) -> float:
    """The natural logarithm, also of what no float can hold; −infinity of 0."""
    if number == 0:
        return -math.inf
    return math.log(number.numerator) - math.log(number.denominator)


@contextmanager
def quiet_numerics() -> Iterator[None]:
    """Run library numerics without warnings or log lines; arithmetic trouble is a NumericFailure."""
    logs = logging.getLogger("absl")
    level = logs.level
    logs.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ArithmeticError, ValueError, IndexError, AssertionError, MemoryError) as error:
        raise NumericFailure(f"{type(error).__name__} in the numeric engine") from error
    finally:
        logs.setLevel(level)
