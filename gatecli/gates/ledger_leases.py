"""What a lease is of: a smaller budget on the same data, for another ledger; and what it is charged."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.charges import Book, stabilities
from gatecli.gates.concealment import without_values
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.lease_documents import LeaseGrant, lease_id
from gatecli.ledger.leases import grant_lease
from gatecli.ledger.signing_keys import Signs
from gatecli.model.budget import Budget
from gatecli.model.ledger import Account, Charge
from gatecli.model.portfolio import Admission, clip


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A lease as an officer describes it: how much of which dataset, for whom, by which name.

    `as_name` is what the dataset is called in the child.
    """

    dataset: str
    budget: Budget
    child: LedgerIdentity
    name: str
    as_name: str | None = None


def lend(request: LeaseRequest, store: Store, key: Signs, at: str) -> str:
    """Charge the lease to the dataset and its parents; the note for the child.

    Raises UsageError for what cannot be lent, LeaseRefused for what does not fit.
    """
    _check_words(request)
    account = store.account(request.dataset)
    if account is None:
        raise UsageError(f"{request.dataset} is not in the ledger", advice="gatecli ledger dataset list")
    try:
        limits = limits_of(request.budget)
    except ValueError as error:
        raise UsageError(f"the lease {request.name}: {error}", advice="lend less") from None
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
        Charge(each.terms.name, clip(limits, each.terms.limits)) for each in _charged(account, Book(store))
    ]
    return grant_lease(store, key, LeaseGrant(store.identity, request.child, terms, at), charges)


def _charged(account: Account, book: Book) -> list[Account]:
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
