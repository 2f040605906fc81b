"""Laws of pseudonyms: equal where the value, the key and the context are, and nowhere else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.pseudonyms import SHORTEST_KEY, context_key, pseudonym

KEYS = st.binary(min_size=SHORTEST_KEY, max_size=80)
VALUES = st.text(min_size=1, max_size=40) | st.integers().map(str)
PAIRS = st.tuples(VALUES, KEYS, st.none() | st.text(min_size=1, max_size=20))


def make(value: str, key: bytes, context: str | None) -> str:
    return pseudonym(value, key if context is None else context_key(key, context))


def meaning(value: str) -> str:
    """The value, a whole number without its zeros behind the point."""
    return value.partition(".")[0] if re.fullmatch(r"-?[0-9]+\.0+", value) else value


@given(PAIRS, PAIRS)
def test_two_pseudonyms_are_equal_where_value_key_and_context_are(
    one: tuple[str, bytes, str | None], other: tuple[str, bytes, str | None]
) -> None:
    is_same = (meaning(one[0]), *one[1:]) == (meaning(other[0]), *other[1:])
    assert (make(*one) == make(*other)) is is_same
    assert make(*one) == make(*one)


@given(VALUES, VALUES, KEYS, st.none() | st.text(min_size=1))
def test_two_values_have_two_pseudonyms(one: str, other: str, key: bytes, context: str | None) -> None:
    is_same = meaning(one) == meaning(other)
    assert (make(one, key, context) == make(other, key, context)) is is_same


@given(VALUES, KEYS, st.text(min_size=1))
def test_a_context_is_a_key_of_its_own(value: str, key: bytes, context: str) -> None:
    own = context_key(key, context)
    assert len(own) == SHORTEST_KEY
    assert make(value, key, context) not in (make(value, key, None), make(value, own, context))
    assert context_key(own, context) != own


@given(st.integers(), st.integers(min_value=1, max_value=6), KEYS)
def test_a_whole_number_has_one_pseudonym(number: int, zeros: int, key: bytes) -> None:
    assert pseudonym(f"{number}.{'0' * zeros}", key) == pseudonym(str(number), key)
    assert pseudonym(f"{number}.{'0' * zeros}1", key) != pseudonym(str(number), key)
    assert pseudonym(f"0{number}" if number > 0 else f"{number} ", key) != pseudonym(str(number), key)


@given(VALUES, KEYS)
def test_a_pseudonym_says_nothing_of_its_value(value: str, key: bytes) -> None:
    assert re.fullmatch("[0-9a-f]{32}", pseudonym(value, key))


@given(st.binary(max_size=SHORTEST_KEY - 1))
def test_a_short_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        pseudonym("7", key)
