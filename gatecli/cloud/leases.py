"""The budget of one run of a job: taken before the data are opened, spent whatever becomes of the run.

A release is charged once, under `name@version`, by whoever reserves it first. The first run of a job uses
that charge: it says so by an entry without a charge of its own, `name@version+run`. Every later run reads
the data again, so it is charged in full again, under `name@version+` and letters that follow from the job.
A job that is started again under its own name finds its entry there, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gatecli.checks.release.recomputation import Costs
from gatecli.cloud.jobs import Job, JobPromise
from gatecli.errors import GatecliError, UsageError
from gatecli.gates.charged_work import (
    Book,
    UnboundedWork,
    charges_for,
    questions_to_charge,
    stabilities,
    work_of,
)
from gatecli.gates.ledger_access import missing_dataset
from gatecli.gates.ledger_actions import Published, commit
from gatecli.gates.release_identity import details_of, release_id
from gatecli.gates.reserving import LedgerUse, refuse_personal_data
from gatecli.ledger.interface import BudgetExceeded, Conflict, Outcome, Store, UnknownDataset
from gatecli.model.ledger import (
    Account,
    Charge,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    identity_digest,
)
from gatecli.model.number import show
from gatecli.model.portfolio import NOTHING
from gatecli.model.release import ReleaseSubject

FIRST = "run"
"""What the entry of the first run of a release is called, after `name@version+`."""

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class LeaseRefused(GatecliError):
    """A job gets no budget. Nothing of its data was opened."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class JobLease:
    """The budget that a run holds: of which release, by which entry, and of which datasets."""

    release: str
    run: str
    datasets: tuple[str, ...]
    at: str


def accounts_of(subject: ReleaseSubject, promise: JobPromise, store: Store) -> tuple[Account, ...]:
    """The account of each dataset of the release, which are those of the promise.

    Raises UsageError where the declaration and the promise differ, and for a dataset without an account.
    """
    named = tuple(dict.fromkeys(each.name for each in subject.release.spec.datasets))
    if sorted(named) != sorted(set(promise.datasets)):
        raise UsageError(
            f"the job promises to read {_names(promise.datasets)}, and {subject.document.path} declares "
            f"{_names(named)}",
            advice="name the same datasets by --dataset and in spec.datasets",
        )
    _require_within(subject, promise)
    return tuple(_account(name, store) for name in named)


def _account(name: str, store: Store) -> Account:
    account = store.account(name)
    if account is None:
        raise missing_dataset(store, name)
    return account


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(set(names))) or "no dataset"


def _require_within(subject: ReleaseSubject, promise: JobPromise) -> None:
    budget = subject.release.claim.budget if subject.release.claim else None
    if budget is None:
        raise UsageError(
            f"{subject.document.path} declares no ε and δ", advice="declare spec.privacy.epsilon and delta"
        )
    for name, declared, promised in (
        ("ε", budget.epsilon, promise.epsilon),
        ("δ", budget.delta, promise.delta),
    ):
        if declared > promised:
            raise UsageError(
                f"{subject.document.path} declares {name} = {show(declared)}, and the job promises at most "
                f"{show(promised)}",
                advice="raise it in the definition of the job, where it is reviewed, or declare less",
            )


def require_small_delta(subject: ReleaseSubject, accounts: Sequence[Account]) -> None:
    """Raise LeaseRefused unless δ is below one over the records of each dataset, as the ledger knows them.

    A mechanism that publishes one record at random is (0, 1/records)-DP (Dwork and Roth 2014, section 2.3).
    """
    budget = subject.release.claim.budget if subject.release.claim else None
    declared = {each.name: each.records for each in subject.release.spec.datasets}
    for account in accounts:
        name = account.terms.name
        records = account.terms.records or declared.get(name)
        if not records:
            raise LeaseRefused(
                f"nobody says how many records {name} has, so δ cannot be judged",
                advice="state records in spec.datasets, or in the ledger when the dataset is added",
            )
        if budget is not None and budget.delta * records >= 1:
            raise LeaseRefused(
                f"δ = {show(budget.delta)} is at least one over the {records} records of {name}: it would "
                "allow to publish somebody's record",
                advice=f"declare δ well below 1/{records}",
            )


def require_own_lease(accounts: Sequence[Account], job: Job) -> None:
    """Raise LeaseRefused where a dataset was lent to this ledger for another job: a ledger that was copied
    for two jobs is spent twice.
    """
    for account in accounts:
        lease = (account.terms.lease or "").partition("/")[2]
        if lease and lease != job.name:
            raise LeaseRefused(
                f"{account.terms.name} was lent for {lease}, and this job is {job.name}",
                advice=f"lend it for this job: gatecli ledger lease grant --name {job.name}",
            )


def refuse_published(subject: ReleaseSubject, store: Store) -> None:
    """Raise LeaseRefused where this version was published: another run would make another model of it."""
    known = store.reservation(release_id(subject))
    if known is not None and known.state is ReservationState.COMMITTED:
        raise LeaseRefused(
            f"{known.subject} was published at {known.at}, so no job may make it again",
            advice="give what this job makes a version of its own",
        )


def take_run(
    subject: ReleaseSubject,
    costs: Costs,
    accounts: Sequence[Account],
    job: Job,
    ledger: LedgerUse,
    lapses: str,
) -> JobLease:
    """Hold the budget of one run of a release that is reserved. Raises LeaseRefused."""
    store, base = ledger.store, release_id(subject)
    datasets = tuple(each.terms.name for each in accounts)
    free = tuple(Charge(name, NOTHING) for name in sorted(datasets))
    digest = identity_digest({"release": base, "job": job.digest})
    first = Movement(
        EntryKind.RESERVE, _first_of(store, base), ledger.at, free, digest, {"job": job.as_data()}
    )
    refuse_personal_data(first)
    if (outcome := _hold(store, first, lapses)) is None:
        again = _again(subject, costs, accounts, job, ledger, digest)
        outcome, first = _hold(store, again, lapses), again
    if outcome is not Outcome.DONE:
        raise LeaseRefused(
            f"the job {job.name} took its budget for {base} before, and a job that is started again reads "
            "the data again",
            advice="start a job by a new name, which is charged again; what an earlier run left is published "
            f"by gatecli ledger commit {base}",
        )
    return JobLease(base, first.subject, datasets, ledger.at)


def _first_of(store: Store, base: str) -> str:
    """The subject of the first run; a release that was voided and reserved again has a first run again."""
    known = store.reservation(base)
    attempt = known.attempt if known else 0
    return f"{base}+{FIRST}{f'-{attempt}' if attempt else ''}"


def _hold(store: Store, movement: Movement, lapses: str) -> Outcome | None:
    """What became of it; None where another job's run has this subject."""
    try:
        return store.move(movement, lapses=lapses)
    except Conflict:
        return None
    except BudgetExceeded as error:
        raise LeaseRefused(
            f"{error.dataset} has no budget left for another run of {movement.subject.partition('+')[0]}",
            advice=f"gatecli ledger show {error.dataset}; a run that never read the data can be voided",
        ) from None
    except UnknownDataset as error:
        raise LeaseRefused(
            f"{error.dataset} is closed in the ledger", advice="a closed dataset takes no more charges"
        ) from None


def _again(
    subject: ReleaseSubject,
    costs: Costs,
    accounts: Sequence[Account],
    job: Job,
    ledger: LedgerUse,
    digest: str,
) -> Movement:
    """The charge of a run that is not the first of its release."""
    book = Book(ledger.store)
    questions, changes = questions_to_charge(costs), stabilities(accounts, book)
    charges = charges_for(work_of(questions, changes), book)
    if isinstance(charges, UnboundedWork):
        raise LeaseRefused(
            f"what a run costs {charges.dataset} is not bounded: {charges.reasons[0]}",
            advice="declare mechanisms with a cost",
        )
    subject_of_run = f"{release_id(subject)}+{digest[:12].translate(_LETTERS)}"
    details: dict[str, Any] = {**details_of(subject, questions, changes), "job": job.as_data()}
    movement = Movement(EntryKind.RESERVE, subject_of_run, ledger.at, charges, digest, details)
    refuse_personal_data(movement)
    return movement


def commit_run(store: Store, lease: JobLease, at: str, published: Published, evidence: Sequence[str]) -> None:
    """Bind what was made to the release, and say of every run of it that it is spent. Raises UsageError."""
    commit(store, lease.release, at, evidence, published)
    for each in runs_of(store, lease):
        commit(store, each.subject, at, evidence)


def runs_of(store: Store, lease: JobLease) -> Iterator[Reservation]:
    """The entries of runs of the release that are held."""
    found: dict[str, Reservation] = {}
    for dataset in lease.datasets:
        for each in store.reservations(ReservationState.HELD, dataset):
            if each.subject.rpartition("+")[0] == lease.release:
                found[each.subject] = each
    yield from (replace(found[name]) for name in sorted(found))
