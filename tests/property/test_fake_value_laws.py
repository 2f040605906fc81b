"""Laws of values that are made up: they are nobody's, whatever the column is called and the seed is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from gatecli.anonymity.discovery import name_words
from gatecli.anonymity.discovery.column_names import phrases
from gatecli.checks.personal_data import Search, search_of
from gatecli.data.fake_table import FakeColumn, fake_table
from gatecli.data.fake_values import FakeKind, kind_of_column
from gatecli.gates.policies import read_policy
from gatecli.pii.budget import ScanBudget
from gatecli.pii.scanning import scan
from tests.support.examples import share

NAMES = tuple(
    "_".join(phrase)
    for text in (name_words.DIRECT, name_words.QUASI, name_words.SENSITIVE)
    for phrase in phrases(text)
)
KINDS = {pa.string(): "text", pa.int64(): "whole numbers", pa.float64(): "numbers"}
NETWORKS = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


@cache
def search() -> Search:
    return search_of(read_policy(None, Path(__file__)).policy.spec.pii)


def made(names: Sequence[str], kind: Any, rows: int, seed: int) -> dict[str, list[Any]]:
    table = fake_table([FakeColumn(name, kind) for name in names], rows, seed)
    columns: dict[str, list[Any]] = pa.Table.from_batches(table.batches, table.schema).to_pydict()
    return columns


def found_in(values: dict[str, list[Any]]) -> list[tuple[str, str, str]]:
    """What our own search takes for somebody's."""
    wanted = search()
    return [
        (name, str(value), detection.entity.id)
        for name, column in values.items()
        for value in column
        for detection in scan(
            wanted.detector, str(value), (name,), budget=ScanBudget(wanted.limits, wanted.clock)
        ).detections
        if not detection.well_known
    ]


@pytest.mark.parametrize("kind", KINDS, ids=KINDS.values())
def test_no_column_holds_what_our_own_search_takes_for_somebodys(kind: Any) -> None:
    assert found_in(made(NAMES[::7], kind, 2, 0)) == []


@settings(max_examples=share(20))
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True),
    st.integers(),
    st.sampled_from([*KINDS]),
)
def test_whatever_the_seed_is_nobody_is_in_the_table(names: list[str], seed: int, kind: Any) -> None:
    assert found_in(made(names, kind, 3, seed)) == []


@settings(max_examples=share(20))
@given(st.integers())
def test_numbers_with_a_check_fail_it_and_addresses_are_for_documentation(seed: int) -> None:
    columns = made(
        ["credit_card", "iban", "ip_address", "ssn", "phone", "email", "zip"], pa.string(), 8, seed
    )
    assert not any(map(luhn.is_valid, columns["credit_card"]))
    assert not any(map(iban.is_valid, columns["iban"]))
    assert all(any(ip_address(each) in net for net in NETWORKS) for each in columns["ip_address"])
    assert all(each.startswith("000-") for each in columns["ssn"])
    assert all(each[6:13] == "-555-01" for each in columns["phone"])
    assert all(each.endswith("@example.com") for each in columns["email"])
    assert all("00000" < each < "00501" for each in columns["zip"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("patient_email", FakeKind.EMAIL),
        ("birthDate", FakeKind.BIRTH),
        ("visit_date", FakeKind.DATE),
        ("Vorname", FakeKind.FIRST_NAME),
        ("MRN", FakeKind.IDENTIFIER),
        ("patient_id", FakeKind.IDENTIFIER),
        ("drug_name", FakeKind.TEXT),
        ("ward", FakeKind.TEXT),
        ("yearly income", FakeKind.AMOUNT),
    ],
)
def test_a_name_says_what_its_column_holds(name: str, kind: FakeKind) -> None:
    assert kind_of_column(name).kind is kind


@given(st.text(max_size=30), st.integers(min_value=0, max_value=10**7))
def test_a_column_of_any_name_can_be_made_up(name: str, seed: int) -> None:
    (column,) = made([name], pa.string(), 2, seed).values()
    assert all(type(each) is str and each for each in column)
