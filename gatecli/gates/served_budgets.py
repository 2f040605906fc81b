"""The dataset that an endpoint charges, as the ledger of a run has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from gatecli.accounting.answer_noise import grid_noise
from gatecli.checks.serving.interface import DatasetStanding
from gatecli.errors import UsageError
from gatecli.gates.charged_work import (
    Book,
    UnboundedWork,
    charges_for,
    repeated_question,
    stabilities,
    work_of,
)
from gatecli.ledger.interface import Store
from gatecli.ledger.wording import near_names
from gatecli.model.mechanism import Mechanism
from gatecli.model.portfolio import is_admitted
from gatecli.model.private_endpoint import PrivateEndpointSpec


def dataset_standing(spec: PrivateEndpointSpec, store: Store) -> DatasetStanding | None:
    """Whether the charged dataset and its parents are there, open, and pay for an answer and for a lease.

    None where none is charged.
    """
    if spec.budget is None or spec.budget.dataset is None:
        return None
    book = Book(store)
    standing = _standing(spec, spec.budget.dataset, spec.budget.lease, book)
    return replace(standing, shared=tuple(_pairs_with_shared_people(spec, book)))


def _standing(spec: PrivateEndpointSpec, name: str, lease: int, book: Book) -> DatasetStanding:
    """The same of one dataset. Where no noise meets what an answer may cost, nobody knows what fits."""
    account = book.account(name)
    if account is None:
        return DatasetStanding(name, is_known=False, near=near_names(name, book.store.account_names()))
    changes = stabilities([account], book)
    closed = next((each for each in sorted(changes) if _is_closed(each, book)), None)
    if closed is not None:
        return DatasetStanding(name, closed=closed)
    try:
        mechanism = grid_noise(spec).mechanism
    except UsageError:
        return DatasetStanding(name)
    short = _first_short(mechanism, 1, changes, book)
    return DatasetStanding(name, short=short, low=short or _first_short(mechanism, lease, changes, book))


def _pairs_with_shared_people(spec: PrivateEndpointSpec, book: Book) -> Iterator[tuple[int, int]]:
    """The models of which one was trained on what the other's dataset is made from, near or far."""
    models = () if spec.votes is None else spec.votes.models
    accounts = [book.account(model.dataset) for model in models]
    above = [set() if each is None else set(stabilities([each], book)) for each in accounts]
    for (first, one), (later, other) in combinations(enumerate(models), 2):
        if one.dataset in above[later] or other.dataset in above[first]:
            yield first, later


def _is_closed(name: str, book: Book) -> bool:
    account = book.account(name)
    return account is None or account.closed


def _first_short(mechanism: Mechanism, answers: int, changes: dict[str, int], book: Book) -> str | None:
    """The first dataset that so many answers do not fit into."""
    return next(
        (name for name in sorted(changes) if not _fits(mechanism, answers, name, changes[name], book)), None
    )


def _fits(mechanism: Mechanism, answers: int, name: str, stability: int, book: Book) -> bool:
    account = book.account(name)
    if account is None:
        return False
    charges = charges_for(work_of([repeated_question(mechanism, answers)], {name: stability}), book)
    if isinstance(charges, UnboundedWork):
        return False
    terms = account.terms
    return is_admitted(account.held + charges[0].amounts, terms.limits, terms.admission)
