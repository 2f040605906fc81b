"""Numbers are read exactly or refused with a sentence, and shown against the spender."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from gatecli.model.number import BelowOne, Exact, Proportion, plain, read_exact, show_down, show_up

FRACTIONS = st.fractions(min_value=Fraction(1, 10**12), max_value=10**6)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-5", Fraction(1, 100_000)),
        ("1/3", Fraction(1, 3)),
        (" 2.50 ", Fraction(5, 2)),
        (".5", Fraction(1, 2)),
        (3, Fraction(3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(1, 7), Fraction(1, 7)),
    ],
)
def test_a_number_is_read_exactly(written: object, meant: Fraction) -> None:
    assert read_exact(written) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("inf", "promises nothing"),
        (".nan", "promises nothing"),
        (Decimal("NaN"), "promises nothing"),
        (Decimal("Infinity"), "promises nothing"),
        ("1_000", "is not a number"),
        ("1.0e400", "beyond what can be computed"),
        (10**400, "beyond what can be computed"),
        ("1e-999999999", "beyond what can be computed"),
        ("1" * 500, "more than"),
        ("1/0", "divides by zero"),
        (True, "boolean"),
        (0.5, "float"),
        (None, "missing"),
        ([1], "list"),
        ("٣", "is not a number"),
        ("one", "is not a number"),
        ("", "is not a number"),
    ],
)
def test_what_is_no_exact_number_is_refused_with_a_sentence(written: object, said: str) -> None:
    with pytest.raises(PydanticCustomError, match=said):
        read_exact(written)


@pytest.mark.parametrize(
    ("adapter", "refused"),
    [(TypeAdapter(BelowOne), ["1", "-1", "2"]), (TypeAdapter(Proportion), ["0", "-0.1", "1.1"])],
)
def test_a_probability_stays_in_its_range(adapter: TypeAdapter[Fraction], refused: list[str]) -> None:
    for text in refused:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


@given(FRACTIONS)
def test_plain_text_reads_back_to_the_same_number(number: Fraction) -> None:
    assert read_exact(plain(number)) == number


@given(FRACTIONS)
def test_shown_bounds_enclose_the_number(number: Fraction) -> None:
    assert read_exact(show_down(number)) <= number <= read_exact(show_up(number))


@given(FRACTIONS)
def test_shown_bounds_are_close(number: Fraction) -> None:
    assert read_exact(show_up(number)) - read_exact(show_down(number)) <= number / 100


@given(FRACTIONS)
def test_a_number_survives_a_file(number: Fraction) -> None:
    adapter: TypeAdapter[Fraction] = TypeAdapter(Exact)
    assert adapter.validate_json(adapter.dump_json(number)) == number
