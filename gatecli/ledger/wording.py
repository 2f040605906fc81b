"""Sentences about a dataset's budget that every command and page says alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches

from gatecli.model.budget import Budget
from gatecli.model.identity import identity_of
from gatecli.model.ledger import DatasetTerms
from gatecli.model.number import show

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that somebody may have meant, the nearest first: three at most."""
    by_identity = {identity_of(each): each for each in known}
    near = get_close_matches(identity_of(name)[:512], by_identity, n=3, cutoff=0.75)
    return tuple(by_identity[each] for each in near)


def names_text(names: Sequence[str], most: int = 3) -> str:
    """`a, b and c`; of many the first few."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def void_command(subject: str) -> str:
    """What voids a subject, to be filled in."""
    return f"gatecli ledger void {subject} --reason TEXT --evidence FILE"


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
