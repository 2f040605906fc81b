"""Laws of attestations: every change is refused, whatever is stated is read back, ε is never understated."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.attestation.statements import read_statement, statement_bytes
from gatecli.attestation.strict_json import InvalidBundle
from gatecli.model.attestation import MICRO, Claim, exact_value, micro_of
from gatecli.model.number import plain
from tests.support.attestations import bundle, ed25519, p256, rules_of, statement, terms, trusted

SIGNERS = (ed25519(), p256())
TRUST = terms(*(trusted(each, str(number)) for number, each in enumerate(SIGNERS)))
CHANGES = 40
"""Of each of 200 bundles; all of one. `benchmarks/attest_tampering.py` tries every place of all."""

EPSILONS = st.fractions(min_value=0, max_value=10**6, max_denominator=10**9)


def is_refused(content: bytes) -> bool:
    try:
        return bool(rules_of(content, TRUST))
    except InvalidBundle:
        return True


def with_byte(content: bytes, place: int, byte: int) -> bytes:
    return content[:place] + bytes([byte]) + content[place + 1 :]


def bundle_number(number: int) -> bytes:
    epsilon = Fraction(number + 1, 7)
    claim = Claim(plain(epsilon), micro_of(epsilon), "1e-5", "person", "add-remove")
    return bundle(SIGNERS[number % 2], statement(claim=claim, datasets=(f"d{number}",)))


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_every_change_of_a_byte_in_200_bundles_is_refused(first: int) -> None:
    draw = random.Random(first)  # noqa: S311 - places to change, no secrets
    for number in range(first, first + 50):
        content = bundle_number(number)
        assert not is_refused(content)
        for place in draw.sample(range(len(content)), CHANGES):
            byte = draw.choice([each for each in range(256) if each != content[place]])
            assert is_refused(with_byte(content, place, byte)), (number, place, byte)


@pytest.mark.parametrize("number", [0, 1])
def test_every_place_of_a_bundle_is_held(number: int) -> None:
    content = bundle_number(number)
    changed = (with_byte(content, place, content[place] ^ 1) for place in range(len(content)))
    assert [place for place, each in enumerate(changed) if not is_refused(each)] == []


@given(st.integers(0, 2000), st.integers(1, 60))
def test_what_is_cut_out_or_doubled_is_refused(place: int, length: int) -> None:
    content = bundle_number(3)
    place %= len(content)
    part = content[place : place + length]
    assert is_refused(content[:place] + content[place + length :])
    assert is_refused(content[:place] + part + content[place:])


@given(EPSILONS)
def test_epsilon_is_stated_exactly_and_its_millionths_never_below(epsilon: Fraction) -> None:
    micro = micro_of(epsilon)
    assert exact_value(plain(epsilon)) == epsilon
    assert micro - 1 < epsilon * MICRO <= micro


@given(
    EPSILONS,
    st.text(min_size=1, max_size=30).filter(
        lambda each: all(" " <= letter != "\x7f" and not "\ud800" <= letter <= "\udfff" for letter in each)
    ),
)
def test_a_statement_is_read_back(epsilon: Fraction, name: str) -> None:
    said = statement(claim=Claim(plain(epsilon), micro_of(epsilon), "0", name), datasets=(name,))
    assert read_statement(statement_bytes(said)) == said
