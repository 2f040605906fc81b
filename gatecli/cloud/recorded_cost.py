"""What a run cost beyond what was taken for it: charged also where its release is not published.

The data were read, whatever becomes of the release. What no longer fits fills the budget: nothing more is
admitted then, and that the rest was spent as well is all that a ledger can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from gatecli.checks.release.recomputation import Costs
from gatecli.cloud.leases import JobLease
from gatecli.errors import UncheckableError
from gatecli.gates.charged_releases import ATTEMPTS
from gatecli.gates.charged_work import Book, questions_to_charge, stabilities
from gatecli.gates.charges import charge_of, more_than_held
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.release_identity import claim_digest, content_digest, details_of
from gatecli.gates.reserving import LedgerUse, committing
from gatecli.ledger.interface import BudgetExceeded, Store
from gatecli.model.document import Place
from gatecli.model.finding import Finding
from gatecli.model.ledger import Account, Charge, EntryKind, Movement, identity_digest
from gatecli.model.portfolio import Amounts
from gatecli.model.release import Evidence, EvidenceReference, ReleaseSubject
from gatecli.sources.evidence.reader import read_evidence
from gatecli.sources.interface import Loaded
from gatecli.sources.release import read_releases


def charge_recorded(
    declaration: Path, folder: Path, lease: JobLease, terms: JudgementTerms, ledger: LedgerUse
) -> None:
    """Charge what evidence in `folder` shows beyond what the release holds. Raises UncheckableError where
    others change the ledger all the time, and as the ledger does.
    """
    read = read_releases([declaration], partial(_read_in, folder))
    for subject in read.values:
        (costs,) = judge_releases(ReleaseRequest(terms, [subject])).costs
        for _ in range(ATTEMPTS):
            with suppress(BudgetExceeded):  # somebody was quicker: there is less room now
                _charge_once(subject, costs, lease, ledger)
                return
        raise UncheckableError(
            "the ledger changed at every attempt to charge what the run cost",
            advice="declare what it cost as a version of its own, and reserve that",
        )


def _read_in(
    folder: Path, reference: EvidenceReference, _base: Path, place: Place, subject: str
) -> Loaded[Evidence]:
    return read_evidence(reference, folder, place, subject)


def _charge_once(subject: ReleaseSubject, costs: Costs, lease: JobLease, ledger: LedgerUse) -> None:
    store, book = ledger.store, Book(ledger.store)
    accounts = [account for name in lease.datasets if (account := book.account(name)) is not None]
    known = store.reservation(lease.release)
    questions = questions_to_charge(costs)
    charged = charge_of(subject, questions, accounts, book)
    if known is None:
        return
    if isinstance(charged, Finding):  # nothing bounds it
        more = [Charge(each.dataset, _limits_of(each.dataset, store)) for each in known.charges]
    else:
        more = more_than_held(subject, costs, accounts, (known, charged), book)
    fitting = tuple(Charge(each.dataset, _within_room(each, book)) for each in more)
    if not any(any(each.amounts) for each in fitting):
        return
    changes = stabilities(accounts, book)
    movement = Movement(
        EntryKind.RESERVE,
        _name_of(subject, accounts, lease),
        ledger.at,
        fitting,
        claim_digest(subject, accounts),
        details_of(subject, questions, changes),
    )
    store.move(movement)
    store.move(committing(movement))


def _limits_of(dataset: str, store: Store) -> Amounts:
    account = store.account(dataset)
    return Amounts() if account is None else account.terms.limits


def _within_room(charge: Charge, book: Book) -> Amounts:
    account = book.account(charge.dataset)
    if account is None:
        return Amounts()
    columns = zip(charge.amounts, account.terms.limits, account.held, strict=True)
    return Amounts(*(min(amount, max(0, limit - held)) for amount, limit, held in columns))


def _name_of(subject: ReleaseSubject, accounts: Sequence[Account], lease: JobLease) -> str:
    """As later evidence of a release is named; two runs that recorded the same are charged twice."""
    digest = identity_digest({"run": lease.run, "content": content_digest(subject, accounts)})
    return f"{lease.release}+{digest[:12]}"
