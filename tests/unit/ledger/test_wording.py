"""Sentences about a budget."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from gatecli.ledger.wording import budget_text, forecast_sentence, guarantee_sentence
from gatecli.model.budget import Budget
from tests.support.page_ledgers import terms


def test_a_budget_is_written_as_a_pair() -> None:
    assert budget_text(Budget(Fraction(1, 2), Fraction(1, 10**6))) == "(0.5, 1e-6)"


def test_the_guarantee_is_the_budget() -> None:
    assert guarantee_sentence(terms("people", 8)) == (
        "guaranteed: ε ≤ 8 at δ = 1e-5, whatever is asked next, while this ledger is the only door"
    )


def test_what_was_lent_is_a_part_of_another_guarantee() -> None:
    assert guarantee_sentence(terms("people", 1, lease="eu-west")).endswith(
        "of the budget that eu-west lent; the lender's ledger guarantees the whole"
    )


def test_a_forecast_names_the_month() -> None:
    assert forecast_sentence(date(2027, 3, 9)) == "at this rate exhausted in March 2027"
    assert forecast_sentence(None) == "no forecast yet"
