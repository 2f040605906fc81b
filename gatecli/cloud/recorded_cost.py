"""What a run cost beyond what pays for it: charged also where its release is not published.

The data were read, whatever becomes of the release. What no longer fits fills the budget: nothing more is
admitted then, and that the rest was spent as well is all that a ledger can say.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gatecli.checks.release.recomputation import Costs
from gatecli.cloud.leases import JobLease, paying_entry
from gatecli.errors import UncheckableError
from gatecli.gates.charged_releases import ATTEMPTS
from gatecli.gates.charged_work import Book, questions_to_charge, stabilities
from gatecli.gates.charges import charge_of, more_than_held, stands
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.release_identity import claim_digest, details_of
from gatecli.gates.reserving import LedgerUse, committing
from gatecli.ledger.interface import BudgetExceeded, Conflict, Store, UnknownDataset
from gatecli.model.finding import Finding
from gatecli.model.ledger import Account, Charge, EntryKind, Movement, Reservation, recorded_subject
from gatecli.model.portfolio import Amounts
from gatecli.model.release import ReleaseSubject
from gatecli.sources.evidence.reader import read_evidence


def with_evidence(subject: ReleaseSubject, folder: Path) -> ReleaseSubject:
    """The release with its evidence as it stands in `folder`; what cannot be read there shows nothing."""
    claim, place = subject.release.claim, subject.document.place("/spec/privacy/evidence")
    found = [
        evidence
        for reference in (claim.evidence if claim else ())
        for evidence in read_evidence(reference, folder, place, subject.release.subject).values
    ]
    return replace(subject, evidence=tuple(found))


def charge_recorded(
    subject: ReleaseSubject, lease: JobLease, terms: JudgementTerms, ledger: LedgerUse
) -> None:
    """Charge what a run cost, by its declaration and evidence, beyond what pays for it.

    Raises UncheckableError where others change the ledger all the time or the dataset was closed, and as
    the ledger does.
    """
    (costs,) = judge_releases(ReleaseRequest(terms, [subject])).costs
    for _ in range(ATTEMPTS):
        book = Book(ledger.store)
        wanted = _movement(subject, costs, lease, ledger.at, book)
        if wanted is None or any(_spend(ledger.store, each) for each in (wanted, _within_room(wanted, book))):
            return
    raise UncheckableError(
        "the ledger changed at every attempt to charge what the run cost",
        advice="declare what it cost as a version of its own, and reserve that",
    )


def _spend(store: Store, movement: Movement) -> bool:
    """Whether it was charged, and said to be spent; False where it does not fit."""
    try:
        with suppress(BudgetExceeded, Conflict):
            store.move(movement)
            store.move(committing(movement))
            return True
    except UnknownDataset as error:
        raise UncheckableError(
            f"{error.dataset} was closed while the job ran",
            advice="count what the run cost for its people by hand: a closed dataset takes no more charges",
        ) from None
    return False


def _movement(subject: ReleaseSubject, costs: Costs, lease: JobLease, at: str, book: Book) -> Movement | None:
    """What charges the run in full; None where it is paid."""
    name = recorded_subject(lease.run, lease.attempt)
    if stands(book.store.reservation(name)):
        return None
    accounts = [account for name in lease.datasets if (account := book.account(name)) is not None]
    paying = paying_entry(book.store, lease)
    charges = _unpaid(subject, costs, accounts, paying, book)
    if not any(any(each.amounts) for each in charges):
        return None
    details = details_of(
        subject,
        questions_to_charge(costs),
        stabilities(accounts, book),
        beyond=None if paying is None else paying.subject,
    )
    return Movement(EntryKind.RESERVE, name, at, charges, claim_digest(subject, accounts), details)


def _unpaid(
    subject: ReleaseSubject,
    costs: Costs,
    accounts: list[Account],
    paying: Reservation | None,
    book: Book,
) -> tuple[Charge, ...]:
    charged = charge_of(subject, questions_to_charge(costs), accounts, book)
    if isinstance(charged, Finding):  # nothing bounds it
        names = sorted(stabilities(accounts, book))
        return tuple(Charge(name, account.terms.limits) for name in names if (account := book.account(name)))
    if paying is None:
        return tuple(charged)
    return tuple(more_than_held(subject, costs, accounts, (paying, charged), book))


def _within_room(movement: Movement, book: Book) -> Movement:
    """The same, of each amount what the account has room for."""
    fitting = tuple(Charge(each.dataset, _room_for(each, book)) for each in movement.charges)
    return replace(movement, charges=fitting)


def _room_for(charge: Charge, book: Book) -> Amounts:
    account = book.account(charge.dataset)
    if account is None:
        return Amounts()
    columns = zip(charge.amounts, account.terms.limits, account.held, strict=True)
    return Amounts(*(min(amount, max(0, limit - held)) for amount, limit, held in columns))
