from __future__ import annotations

import math
import warnings
from fractions import Fraction

import pytest

from gatecli.accounting.rounding import NumericFailure, above, below, log_of, lower, quiet_numerics, upper

NUMBERS = [
    Fraction(1, 3),
    Fraction(2, 3),
    Fraction(1, 10),
    Fraction(1),
    Fraction(10**30 + 1),
    Fraction(1, 10**320),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_float_is_on_the_asked_side_of_the_number(number: Fraction) -> None:
    assert Fraction(below(number)) <= number <= Fraction(above(number))
    assert above(number) <= math.nextafter(below(number), math.inf)


def test_what_no_float_can_hold_rounds_to_the_safe_side() -> None:
    assert above(Fraction(10) ** 400) == math.inf
    assert math.isfinite(below(Fraction(10) ** 400))
    assert (below(Fraction(1, 10**400)), above(Fraction(1, 10**400)) > 0) == (0.0, True)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number_is_no_upper_bound_and_a_lower_bound_of_zero(value: float) -> None:
    assert upper(value) is None
    assert lower(value) == 0


def test_bounds_round_outward() -> None:
    assert lower(2.5) < Fraction(5, 2) < (upper(2.5) or 0)
    assert upper(-1e-20) == 0


def test_logarithms_reach_beyond_floats() -> None:
    assert log_of(Fraction(1, 10**400)) == pytest.approx(-400 * math.log(10))
    assert log_of(Fraction(0)) == -math.inf


def test_numeric_trouble_within_a_library_is_one_kind_of_failure() -> None:
    with pytest.raises(NumericFailure, match="ZeroDivisionError"), quiet_numerics():
        raise ZeroDivisionError


def test_a_warning_within_a_library_does_not_reach_the_user() -> None:
    with quiet_numerics():
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
