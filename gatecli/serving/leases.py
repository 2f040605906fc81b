"""Answers that are paid for before they are given: a lease of N of them, written before the first leaves.

A lease is charged to the dataset and its parents as N answers. In the ledger it counts as spent from then
on (an entry of the kind `lease`). An end in good order gives back what was not used (`return`); a crash
gives back nothing. So a ledger never holds less than what was answered (docs/adr/0024-serving.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gatecli.errors import GatecliError, UsageError
from gatecli.gates.charged_work import (
    Book,
    UnboundedWork,
    charges_for,
    kept_work,
    repeated_question,
    stabilities,
    work_of,
)
from gatecli.gates.ledger_access import missing_dataset, moment
from gatecli.gates.reserving import refuse_personal_data
from gatecli.ledger.interface import BudgetExceeded, Store, UnknownDataset
from gatecli.model.ledger import Charge, EntryKind, Movement, identity_digest
from gatecli.model.mechanism import Mechanism
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, Amounts

PREFIX = "serve/"
"""How the subjects of endpoints begin."""


class BudgetSpent(GatecliError):
    """Not even one more answer fits into a budget."""


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """What is answered, by whom, and from which dataset it is paid."""

    endpoint: str
    dataset: str
    mechanism: Mechanism
    """Of one answer."""


@dataclass(frozen=True, slots=True)
class Lease:
    """So many answers that are paid for."""

    subject: str
    answers: int
    movement: Movement
    single: tuple[Charge, ...]
    """What one answer costs alone."""


def take_lease(store: Store, cost: AnswerCost, answers: int, name: str, now: datetime) -> Lease:
    """Pay for so many answers, or for half as many, and so on. `name` is used once.

    Raises BudgetSpent where not one fits, UsageError for a dataset that is not there or closed, and as the
    store does.
    """
    while answers:
        try:
            return _lease(store, cost, answers, name, now)
        except BudgetExceeded:
            answers //= 2
    raise BudgetSpent(
        f"{cost.dataset} has no budget left for an answer of {cost.endpoint}",
        advice=f"gatecli ledger show {cost.dataset}",
    )


def return_lease(store: Store, lease: Lease, used: int, now: datetime) -> None:
    """Give back what was not used. What was answered stays charged, answer by answer.

    Each answer is a mechanism of its own to the filter, so what is left of a member are `used` single
    charges, of its measure and of its slack. Where either was charged less for all answers as one mechanism
    than for each alone, the member gets nothing back: how many are used may follow from the answers, and then
    the composition in advance does not hold for fewer; and a measure of the one account does not hold with a
    slack of the other. A lease of which nothing was used told nothing, and all of it comes back.
    """
    charges = tuple(
        Charge(whole.dataset, -_amounts_unused(whole.amounts, one.amounts, lease.answers, used))
        for whole, one in zip(lease.movement.charges, lease.single, strict=True)
    )
    store.move(replace(lease.movement, kind=EntryKind.RETURN, at=moment(now), charges=charges))


def _amounts_unused(whole: Amounts, one: Amounts, answers: int, used: int) -> Amounts:
    if used == 0:
        return whole
    returned = _returned_columns(whole, one, answers)
    columns = zip(COLUMNS, whole, one, strict=True)
    return Amounts(
        *(max(0, all_ - each * used) if column in returned else 0 for column, all_, each in columns)
    )


def _returned_columns(whole: Amounts, one: Amounts, answers: int) -> frozenset[str]:
    """Those of members whose measure and slack are sums of single charges.

    A sum of roundings is above the rounded sum by less than one unit an answer.
    """
    sums = {
        column
        for column, all_, each in zip(COLUMNS, whole, one, strict=True)
        if answers * each < all_ + answers
    }
    kept = {column for pair in MEMBER_COLUMNS.values() if not sums.issuperset(pair) for column in pair}
    return frozenset(COLUMNS) - kept


def _lease(store: Store, cost: AnswerCost, answers: int, name: str, now: datetime) -> Lease:
    book = Book(store)
    account = book.account(cost.dataset)
    if account is None:
        raise missing_dataset(store, cost.dataset)
    subject = f"{PREFIX}{cost.endpoint}/{name}"
    changes = stabilities([account], book)

    def charges(count: int) -> tuple[Charge, ...]:
        work = work_of([repeated_question(cost.mechanism, count)], changes)
        found = charges_for(work, book)
        if isinstance(found, UnboundedWork):
            raise UsageError(
                f"what an answer costs is not bounded: {found.reasons[0]}", advice="use other noise"
            )
        return found

    details = {
        "endpoint": cost.endpoint,
        "answers": answers,
        "work": kept_work([repeated_question(cost.mechanism, answers)]),
        "stability": dict(changes),
    }
    movement = Movement(
        EntryKind.LEASE, subject, moment(now), charges(answers), identity_digest(details), details
    )
    refuse_personal_data(movement)
    try:
        store.move(movement)
    except UnknownDataset:
        raise UsageError(f"{cost.dataset} is closed in the ledger", advice="name another dataset") from None
    return Lease(subject, answers, movement, charges(1))
