from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from gatecli.reports.measures import as_json


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("epsilonUpper", Fraction(1, 3), 0.333334),
        ("epsilonLower", Fraction(1, 3), 0.333333),
        ("delta", Fraction(1, 10**5), 1e-05),
        ("epsilonUpper", Fraction(2), 2),
        ("epsilonUpper", Fraction(20_000_001, 10), 2_000_010),
        ("maxRisk", Decimal("0.12345678"), 0.123457),
    ],
)
def test_an_exact_number_is_rounded_against_the_spender(name: str, value: object, number: float) -> None:
    shown = as_json(name, value)
    assert shown == number
    assert type(shown) is type(number)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, None, Decimal("NaN"), Fraction(10**400)])
def test_what_is_not_a_finite_number_is_null(value: object) -> None:
    assert as_json("epsilonUpper", value) is None


def test_a_cost_too_small_for_a_float_never_becomes_free() -> None:
    tiny = Fraction(1, 10**400)
    spent = as_json("epsilonUpper", tiny)
    assert isinstance(spent, float)
    assert spent > 0
    assert as_json("epsilonLower", tiny) == 0


def test_measures_nest() -> None:
    assert as_json("bySensitive", {"age": {"tLower": Fraction(2, 3)}, "sizes": (1, 2)}) == {
        "age": {"tLower": 0.666666},
        "sizes": [1, 2],
    }


def test_a_value_that_is_no_measure_is_a_bug() -> None:
    with pytest.raises(TypeError, match="the measure k is a object"):
        as_json("k", object())
