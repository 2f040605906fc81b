"""What is known of a person with several rows: one of them, any so many, or all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity import joined_rows
from gatecli.anonymity.measure import measure
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing
from tests.support.tables import opened

TWO_AGES: dict[str, list[Any]] = {"pid": [*"AABBCC"], "age": [30, 31, 30, 32, 31, 32]}


def ask(columns: dict[str, list[Any]], **question: Any) -> Measures:
    asked: dict[str, Any] = {"quasi_identifiers": ("age",), "unit": "pid", **question}
    return measure(opened(columns, {"age": "int64"}), AnonymityQuestion(**asked))


@pytest.mark.parametrize(
    ("known", "k"),
    [({}, 2), ({"known": 1}, 2), ({"known": 2}, 1), ({"known": 9}, 1), ({"trajectory": True}, 1)],
)
def test_who_knows_two_ages_finds_the_person(known: dict[str, Any], k: int) -> None:
    assert ask(TWO_AGES, **known).k == k


def test_a_trajectory_is_a_multiset_whatever_the_order_of_the_rows() -> None:
    found = ask({"pid": [*"AAABBBCCC"], "age": [1, 1, 2, 2, 1, 1, 1, 2, 2]}, trajectory=True)
    assert [(item.size, item.records) for item in found.sizes] == [(1, 1), (2, 2)]


def test_rows_that_are_alike_are_known_as_often_as_they_are_there() -> None:
    """Both have an age of 1; one of them three times."""
    columns = {"pid": [*"AAABB"], "age": [1, 1, 1, 1, 1]}
    assert [ask(columns, known=known).k for known in (1, 2, 3)] == [2, 2, 1]


def test_a_unit_is_counted_once_with_its_smallest_class() -> None:
    found = ask({"pid": [*"AABBC"], "age": [1, 2, 1, 3, 1]}, known=1)
    assert {item.size: item.records for item in found.sizes} == {1: 2, 3: 1}
    assert found.average_risk == Fraction(1 + 1, 3) + Fraction(1, 9)
    assert found.sample_uniqueness == Fraction(2, 3)


@pytest.mark.parametrize("known", [{}, {"trajectory": True}, {"known": 1}, {"known": 2}, {"known": 3}])
def test_a_linkage_hits_no_more_than_everybody(known: dict[str, Any]) -> None:
    """A and B have the same four rows: whoever guesses is right half of the time, however much is known."""
    found = ask({"pid": [*"AAAABBBB"], "age": [1, 2, 3, 4] * 2}, **known)
    assert found.marketer_risk == Fraction(1, 2)


def test_values_are_those_of_the_persons_who_cannot_be_told_apart() -> None:
    """One row of 30 may be of A or B; both rows of A are of A alone, who has two values."""
    columns = {"pid": [*"AABB"], "age": [30, 31, 30, 32], "ill": [*"xyzz"]}
    one, both = (ask(columns, sensitive=("ill",), **known) for known in ({}, {"trajectory": True}))
    assert (one.by_sensitive[0].l, one.classes) == (1, 3)
    assert [(item.size, item.classes) for item in both.sizes] == [(1, 2)]
    assert both.by_sensitive[0].distinct == ((1, 1), (2, 1))


def test_many_rows_of_one_person_are_joined() -> None:
    columns = {"pid": ["A"] * 100 + ["B"] * 100 + ["C"] * 99, "age": [*range(100), *range(100), *range(99)]}
    found = ask(columns, trajectory=True)
    assert [(item.size, item.records) for item in found.sizes] == [(1, 1), (2, 2)]


def test_more_columns_than_one_integer_holds_are_joined() -> None:
    names = [f"q{at}" for at in range(8)]
    columns: dict[str, list[Any]] = {name: [f"{row}" for row in range(300)] * 2 for name in names}
    columns["pid"] = [f"{row // 2}" for row in range(600)]
    found = measure(opened(columns), AnonymityQuestion(tuple(names), unit="pid", trajectory=True))
    assert (found.k, found.classes) == (2, 150)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"trajectory": True, "unit": None}, "--trajectory without --unit"),
        ({"known": 2, "unit": None}, "--known without --unit"),
        ({"known": 2, "trajectory": True}, "both given"),
        ({"known": 2, "missing": Missing.WILDCARD}, "a missing value may be anything"),
    ],
)
def test_a_question_without_an_answer_is_refused(question: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ask(TWO_AGES, **question)


def test_rows_without_a_person_belong_together_with_nobody_knows_whom() -> None:
    with pytest.raises(UncheckableError, match="1 row has no unit"):
        ask({"pid": ["A", None], "age": [1, 2]}, trajectory=True)


def test_more_sets_than_anybody_could_know_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined_rows, "MOST_SETS", 8)
    assert ask(TWO_AGES, known=1).k == 2
    with pytest.raises(UncheckableError, match="2 of each person's rows make up to 9 sets"):
        ask(TWO_AGES, known=2)


def test_persons_are_the_denominators_of_beta_delta_and_t() -> None:
    """Half of all persons have x, and everybody in the first class: ln 2, whatever else they have."""
    columns = {"pid": [*"ABBCD"], "age": [1, 1, 1, 2, 2], "ill": [*"xxyzz"]}
    (found,) = ask(columns, sensitive=("ill",)).by_sensitive
    assert found.delta_disclosure == pytest.approx(0.693147180560)
    assert found.basic_beta == 1
    assert found.t == (Fraction(1, 2) + Fraction(1, 4) + Fraction(1, 2)) / 2


def test_no_class_is_farther_than_the_farthest() -> None:
    columns: dict[str, list[Any]] = {
        "pid": ["A"] * 5 + ["B"] * 5,
        "age": [1] * 5 + [2] * 5,
        "ill": [*"abcdefghij"],
    }
    (found,) = ask(columns, sensitive=("ill",)).by_sensitive
    assert found.t == 1


def test_the_most_exposed_member_is_the_risk_of_a_household() -> None:
    columns: dict[str, list[Any]] = {
        "age": [1, 1, 2, 3, 3],
        "pid": [*"ABCDE"],
        "home": ["x", "y", "x", "y", None],
    }
    found = ask(columns, unit=None, household="home")
    assert found.household_risk == (1 + Fraction(1, 2) + Fraction(1, 2)) / 3
    shown = found.as_mapping()
    assert (shown["households"], shown["exposedHouseholds"]) == (3, 1)


def test_rows_without_a_unit_are_counted() -> None:
    found = ask({"pid": ["A", None, None], "age": [1, 1, 1]})
    assert (found.k, found.without_unit, found.as_mapping()["rowsWithoutUnit"]) == (2, 2, 2)
