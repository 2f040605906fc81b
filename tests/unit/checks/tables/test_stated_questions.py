"""What a policy states for a table: fewer columns and weaker demands fall short, more are welcome."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.checks.tables.stated_questions import (
    AskedTable,
    StatedQuestion,
    asked_in_report,
    find_narrowed,
)
from gatecli.model.anonymity import Missing, RecursiveDiversity, Thresholds
from gatecli.model.dataset import Anonymity
from gatecli.model.document import Place

TABLE = Anonymity(path="data.csv", quasi_identifiers=("age", "sex", "zip"), sensitive=("ill",), unit="id")
DEMANDS = Thresholds(k=5, l=2, t=Fraction(3, 10), recursive=RecursiveDiversity(Fraction(2), 2))
STATED = StatedQuestion(TABLE, DEMANDS, Missing.OWN_VALUE)
ASKED = AskedTable(
    "data.csv", "0" * 64, ("zip", "age", "sex"), ("ill",), "own-value", "id", thresholds=DEMANDS
)


def problems(asked: AskedTable, stated: StatedQuestion = STATED) -> list[str]:
    return [each.message for each in find_narrowed(asked, stated, "data.csv", Place("data.csv"))]


def test_the_stated_question_is_enough() -> None:
    assert problems(ASKED) == []


def test_more_is_enough() -> None:
    more = replace(
        ASKED,
        quasi_identifiers=(*ASKED.quasi_identifiers, "job"),
        sensitive=("ill", "income"),
        missing="refuse",
        thresholds=replace(DEMANDS, k=7, t=Fraction(1, 10), beta=Fraction(1)),
    )
    assert problems(more) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quasi_identifiers": ("sex",)}, "asks about sex alone where the policy says age, sex, zip"),
        ({"quasi_identifiers": ()}, "asks about nothing alone where the policy says age, sex, zip"),
        ({"sensitive": ()}, "leaves out the sensitive ill that the policy names"),
        ({"unit": None}, "does not count by id as the policy does"),
        ({"normalise": True}, "ignores case and blanks, which the policy does not"),
        ({"missing": "wildcard"}, "takes a missing value for wildcard where the policy says own-value"),
        ({"thresholds": replace(DEMANDS, k=4)}, "demands only k = 4 where the policy demands 5"),
        ({"thresholds": replace(DEMANDS, l=None)}, "demands no l where the policy demands 2"),
        (
            {"thresholds": replace(DEMANDS, t=Fraction(1, 2))},
            "demands only t = 0.5 where the policy demands 0.3",
        ),
    ],
)
def test_less_falls_short(change: dict[str, Any], says: str) -> None:
    assert problems(replace(ASKED, **change)) == [says]


def test_another_recursive_diversity_is_not_the_stated_one() -> None:
    other = replace(DEMANDS, recursive=RecursiveDiversity(Fraction(2), 3))
    assert len(problems(replace(ASKED, thresholds=other))) == 1


def test_more_columns_prove_nothing_where_a_missing_value_may_be_any() -> None:
    stated = replace(STATED, missing=Missing.WILDCARD)
    more = replace(ASKED, missing="wildcard", quasi_identifiers=(*ASKED.quasi_identifiers, "job"))
    assert problems(replace(ASKED, missing="wildcard"), stated) == []
    assert problems(more, stated) == [
        "asks about job too, which proves nothing where a missing value may be any"
    ]


def test_a_report_says_what_was_asked() -> None:
    inputs = {
        "sha256": "0" * 64,
        "quasiIdentifiers": ["zip", "age", "sex"],
        "sensitive": ["ill"],
        "unit": "id",
        "missing": "own-value",
        "normalise": False,
        "thresholds": {"k": 5, "l": 2, "t": "3/10", "recursive": {"c": "2", "l": 2}},
    }
    assert asked_in_report({"path": "data.csv", "inputs": inputs}) == ASKED


@pytest.mark.parametrize(
    "damaged", [{"k": "x"}, {"k": None}, {"k": True}, {"recursive": {}}, {"k": "1/0"}, 3]
)
def test_a_threshold_that_cannot_be_read_demands_nothing(damaged: Any) -> None:
    asked = asked_in_report({"inputs": {"quasiIdentifiers": ["a"], "thresholds": damaged}})
    assert asked is not None
    assert asked.thresholds == Thresholds()


@pytest.mark.parametrize("item", [{}, {"inputs": []}, {"inputs": {"quasiIdentifiers": "age"}}])
def test_what_is_no_table_asks_nothing(item: dict[str, Any]) -> None:
    assert asked_in_report(item) is None
