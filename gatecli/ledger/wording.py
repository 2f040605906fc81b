"""Sentences about a dataset's budget that every command and page says alike."""

from __future__ import annotations

from datetime import date

from gatecli.model.budget import Budget
from gatecli.model.ledger import DatasetTerms
from gatecli.model.number import show

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def budget_text(budget: Budget) -> str:
    """`(8, 1e-5)`."""
    return f"({show(budget.epsilon)}, {show(budget.delta)})"


def guarantee_sentence(terms: DatasetTerms) -> str:
    """What the ledger promises of a dataset: the budget, and never what was composed afterwards."""
    epsilon, delta = show(terms.budget.epsilon), show(terms.budget.delta)
    promise = f"guaranteed: ε ≤ {epsilon} at δ = {delta}, whatever is asked next"
    if terms.lease is not None:
        return f"{promise}, of the budget that {terms.lease} lent; the lender's ledger guarantees the whole"
    return f"{promise}, while this ledger is the only door"


def forecast_sentence(day: date | None) -> str:
    """`at this rate exhausted in March 2027`."""
    if day is None:
        return "no forecast yet"
    return f"at this rate exhausted in {_MONTHS[day.month - 1]} {day.year}"
