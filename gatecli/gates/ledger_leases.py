"""What a lease is of: a smaller budget on the same data, for another ledger; and what it is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.charged_work import Book, stabilities
from gatecli.gates.concealment import without_values
from gatecli.gates.ledger_access import missing_dataset
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.lease_documents import LeaseGrant, lease_id
from gatecli.ledger.leases import grant_lease
from gatecli.ledger.signing_keys import Signs
from gatecli.model.budget import Budget
from gatecli.model.ledger import Account, Charge, DatasetTerms
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, Admission, Amounts, Member, clip

UNBOUNDED = 2**62
"""The limit of a column that a child is not held to: half of what a column holds, and more than any sum."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A lease as an officer describes it: how much of which dataset, for whom, by which name.

    `as_name` is what the dataset is called in the child. `members` are the filters of the portfolio that the
    child is held to; none for all of them.
    """

    dataset: str
    budget: Budget
    child: LedgerIdentity
    name: str
    as_name: str | None = None
    members: tuple[Member, ...] = ()


def lend(request: LeaseRequest, store: Store, key: Signs, at: str) -> str:
    """Charge the lease to the dataset and its parents; the note for the child.

    Raises UsageError for what cannot be lent, LeaseRefused for what does not fit.
    """
    _check_words(request)
    account = store.account(request.dataset)
    if account is None:
        raise missing_dataset(store, request.dataset)
    limits = lease_limits(account.terms, request.budget, request.members)
    terms = replace(
        account.terms,
        name=request.as_name or request.dataset,
        budget=request.budget,
        limits=limits,
        parents=(),
        block_of=None,
        admission=Admission.ALL,
        lease=lease_id(store.identity, request.name),
    )
    charges = [
        Charge(each.terms.name, clip(limits, each.terms.limits))
        for each in _charged_accounts(account, Book(store))
    ]
    return grant_lease(store, key, LeaseGrant(store.identity, request.child, terms, at), charges)


def lease_limits(terms: DatasetTerms, budget: Budget, members: Sequence[Member] = ()) -> Amounts:
    """What the child may hold in each column, all at once.

    Without members: of each filter of the dataset the share that ε is of its ε, and δ of its δ, so that the
    parent keeps the rest of each. With members: what each of them may add up within the budget; what the
    child may do to the others has no bound, so they are closed in the parent until the lease is returned.
    Raises UsageError where a budget is too large, or too small for a member.
    """
    try:
        alone = limits_of(budget)
    except ValueError as error:
        raise UsageError(f"this cannot be lent: {error}", advice="lend less") from None
    given = alone if members else _shares(terms, budget)
    useful = members or [each for each in Member if getattr(terms.limits, MEMBER_COLUMNS[each][0])]
    for each in members:
        if not getattr(given, MEMBER_COLUMNS[each][0]):
            raise UsageError(f"nothing fits into the lease by {each}", advice="leave it out, or lend more")
    bounded = {column for each in useful for column in MEMBER_COLUMNS[each]}
    return Amounts(*(getattr(given, each) if each in bounded else UNBOUNDED for each in COLUMNS))


def _shares(terms: DatasetTerms, budget: Budget) -> Amounts:
    of_epsilon = budget.epsilon / terms.budget.epsilon
    of_delta = budget.delta / terms.budget.delta if terms.budget.delta else Fraction(0)
    slacks = {slack for _, slack in MEMBER_COLUMNS.values()}
    shares = (of_delta if column in slacks else of_epsilon for column in COLUMNS)
    return Amounts(*(int(limit * share) for limit, share in zip(terms.limits, shares, strict=True)))


def _charged_accounts(account: Account, book: Book) -> list[Account]:
    """The dataset and its parents. Raises UsageError where a unit of a parent changes several units of it:
    what the child may do to a group is not bounded by what it may do to one.
    """
    charged = []
    for name, stability in stabilities([account], book).items():
        parent = book.account(name)
        if stability > 1 or parent is None:
            raise UsageError(
                f"one unit of {name} changes {stability} units of {account.terms.name}, "
                "so a part of its budget cannot be lent",
                advice=f"lend a part of {name}",
            )
        charged.append(parent)
    return charged


def _check_words(request: LeaseRequest) -> None:
    texts = (request.name, request.as_name or request.dataset, request.child.name)
    if not all(text and text.strip() == text and text.isprintable() for text in texts):
        raise UsageError(
            "a name of a lease, dataset or ledger has blanks around it or cannot be printed", advice="mend it"
        )
    if any(without_values(text) != text for text in texts):
        raise UsageError("the name of the lease holds personal data", advice="a ledger names no person")
