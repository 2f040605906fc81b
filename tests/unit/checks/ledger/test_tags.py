"""Tags of a model's version against the ledger's record of a release."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.checks.ledger.tags import (
    DELTA,
    EPSILON,
    LEDGER,
    RELEASE,
    ReleaseRecord,
    find_tag_problems,
    tags_of,
)
from gatecli.model.budget import Budget
from gatecli.model.ledger import ReservationState

RECORD = ReleaseRecord(
    "l",
    "churn@1",
    ReservationState.COMMITTED,
    {"customers": "ab", "people": "cd"},
    Budget(Fraction(5, 2), Fraction(1, 10**6)),
)


def messages(tags: dict[str, str], record: ReleaseRecord = RECORD) -> list[str]:
    return [found.message for found in find_tag_problems("churn/3", tags, record)]


def test_tags_that_were_written_agree() -> None:
    assert messages(tags_of(RECORD)) == []


def test_the_budget_is_the_same_number_however_it_is_written() -> None:
    assert messages(tags_of(RECORD) | {EPSILON: "5/2", DELTA: "1e-6"}) == []


def test_without_a_declared_budget_no_epsilon_is_tagged() -> None:
    tags = tags_of(replace(RECORD, budget=None))
    assert set(tags) == {RELEASE, LEDGER}
    assert messages(tags, replace(RECORD, budget=None)) == []


@pytest.mark.parametrize("tags", [{}, {RELEASE: ""}, {EPSILON: "2.5"}])
def test_a_version_that_names_no_release_is_told(tags: dict[str, str]) -> None:
    assert messages(tags) == ["churn/3 names no release: it has no tag gatecli.release"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"id": 1, "entries": {}}', '{"id": "l", "entries": {"a": 1}}', "[" * 10**5],
    ids=range(7),
)
def test_a_ledger_tag_of_another_form_is_told(text: str) -> None:
    [found] = messages(tags_of(RECORD) | {LEDGER: text})
    assert found == "churn/3 names no entries: its tag gatecli.ledger is not one that gatecli wrote"


@pytest.mark.parametrize("state", [None, *sorted({*ReservationState} - {ReservationState.COMMITTED})])
def test_a_release_that_is_not_committed_is_told(state: ReservationState | None) -> None:
    [found] = messages(tags_of(RECORD), replace(RECORD, state=state))
    assert found.endswith(f"which is {state or 'not in the ledger'}")


@pytest.mark.parametrize("entries", [{}, {"customers": "ab"}, {"customers": "ab", "people": "ce"}])
def test_entries_that_are_not_the_ledger_s_are_told(entries: dict[str, str]) -> None:
    [found] = messages(tags_of(replace(RECORD, entries=entries)))
    assert found == "churn/3 names entries that the ledger does not have for churn@1"


@pytest.mark.parametrize("number", ["", "2", "nan", "-2.5", "two"])
def test_another_epsilon_is_told(number: str) -> None:
    assert messages(tags_of(RECORD) | {EPSILON: number}) == [
        "churn/3 has another gatecli.epsilon than the ledger: 2.5"
    ]


def test_a_missing_delta_is_told() -> None:
    tags = {key: value for key, value in tags_of(RECORD).items() if key != DELTA}
    assert messages(tags) == ["churn/3 has another gatecli.delta than the ledger: 1e-6"]
