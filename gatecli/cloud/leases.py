"""The budget of one run of a job: taken before the data are opened, spent whatever becomes of the run.

A release is charged once, under `name@version`, by whoever reserves it first. The first run of a job uses
that charge: it says so by an entry without a charge of its own, `name@version+run:first`. Every later run
reads the data again, so it is charged in full again, under `name@version+run:` and letters that follow from
the job. A job that is started again under its own name finds its entry there, and is refused. While a run
stands the release cannot become void: the store sees to it, and a run asks for its release after it is held.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gatecli.checks.cloud.locations import is_address, uncharged_datasets
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
from gatecli.gates.ledger_actions import Published, commit, commit_with_runs
from gatecli.gates.release_identity import details_of, release_id
from gatecli.gates.reserving import LedgerUse, refuse_personal_data
from gatecli.ledger.interface import BudgetExceeded, Conflict, Outcome, Store, UnknownDataset
from gatecli.model.identity import identity_of
from gatecli.model.ledger import (
    STANDING,
    Account,
    Charge,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    identity_digest,
    in_letters,
    run_subject,
)
from gatecli.model.number import show
from gatecli.model.policy import DataLocation
from gatecli.model.portfolio import NOTHING
from gatecli.model.release import ReleaseSubject

FIRST = "first"
"""What the run that uses the charge of its release is called, after `name@version+run:`."""


class JobRefused(GatecliError):
    """A job gets no budget. Nothing of its data was opened."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class JobLease:
    """The budget that a run holds: of which release, by which attempt of which entry, of which datasets."""

    release: str
    run: str
    attempt: int
    datasets: tuple[str, ...]
    at: str


def accounts_of(
    subject: ReleaseSubject, promise: JobPromise, store: Store, public: Collection[str] = ()
) -> tuple[Account, ...]:
    """The account of each dataset of the release, which are those of the promise.

    `public` are the datasets with nobody's data, which need no account. Raises UsageError where the
    declaration and the promise differ, for another dataset without an account, and where none has one.
    """
    named = tuple(dict.fromkeys(each.name for each in subject.release.spec.datasets))
    if sorted(named) != sorted(set(promise.datasets)):
        raise UsageError(
            f"the job promises to read {_names(promise.datasets)}, and {subject.document.path} declares "
            f"{_names(named)}",
            advice="name the same datasets by --dataset and in spec.datasets",
        )
    _require_within(subject, promise)
    found = [_account(name, store, set(map(identity_of, public))) for name in named]
    accounts = tuple(each for each in found if each is not None)
    if not accounts:
        raise UsageError(
            f"{_names(named)} holds nobody's data by the policy, so it needs neither a budget nor a job",
            advice="run the command by itself, and judge its release: gatecli release check",
        )
    return accounts


def _account(name: str, store: Store, public: Collection[str]) -> Account | None:
    account = store.account(name)
    if account is None and identity_of(name) not in public:
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
    """Raise JobRefused unless δ is below one over the records of each dataset, as the ledger knows them.

    A mechanism that publishes one record at random is (0, 1/records)-DP (Dwork and Roth 2014, section 2.3).
    """
    budget = subject.release.claim.budget if subject.release.claim else None
    declared = {each.name: each.records for each in subject.release.spec.datasets}
    for account in accounts:
        name = account.terms.name
        records = account.terms.records or declared.get(name)
        if not records:
            raise JobRefused(
                f"the number of records of {name} is not known, so δ cannot be judged",
                advice="state records in spec.datasets, or in the ledger when the dataset is added",
            )
        if budget is not None and budget.delta * records >= 1:
            raise JobRefused(
                f"δ = {show(budget.delta)} is at least one over the {records} records of {name}: it would "
                "allow publishing somebody's record",
                advice=f"declare δ well below 1/{records}",
            )


def require_charged(promise: JobPromise, job: Job, locations: Collection[DataLocation]) -> None:
    """Raise JobRefused where an input comes from where the policy keeps a dataset that is not charged, or
    where it is not known from where.
    """
    if not locations:
        return
    for each in job.inputs:
        if each.source is None or not is_address(each.source):
            raise JobRefused(
                f"where the input {each.name} comes from is not known, so nor is which datasets the job has "
                "to charge",
                advice="bring it from a folder of S3, and not by a manifest or a query",
            )
        for name in uncharged_datasets((each.source,), promise.datasets, locations):
            raise JobRefused(
                f"the input {each.name} reads where the policy keeps {name}, which the job does not charge",
                advice=f"name it too: --dataset {name}, and in spec.datasets of the declaration",
            )


def require_own_lease(accounts: Sequence[Account], job: Job) -> None:
    """Raise JobRefused where a dataset was lent to this ledger for another job: a ledger that was copied
    for two jobs is spent twice.
    """
    for account in accounts:
        lease = (account.terms.lease or "").partition("/")[2]
        if lease and lease != job.name:
            raise JobRefused(
                f"{account.terms.name} was lent for {lease}, and this job is {job.name}",
                advice=f"lend it for this job: gatecli ledger lease grant --name {job.name}",
            )


def refuse_published(subject: ReleaseSubject, store: Store) -> None:
    """Raise JobRefused where this version was published: another run would make another model of it."""
    known = store.reservation(release_id(subject))
    if known is not None and known.state is ReservationState.COMMITTED:
        raise JobRefused(
            f"{known.subject} was published at {known.at}, so no job may make it again",
            advice="give what this job makes a version of its own",
        )


def require_plain_names(subject: ReleaseSubject, job: Job, accounts: Sequence[Account], at: str) -> None:
    """Raise UsageError, before anything is charged, where an entry of the run would hold personal data."""
    release = release_id(subject)
    refuse_personal_data(_movement(release, FIRST, at, _free(accounts), job))


def take_run(
    subject: ReleaseSubject,
    costs: Costs,
    accounts: Sequence[Account],
    job: Job,
    ledger: LedgerUse,
    lapses: str,
) -> JobLease:
    """Hold the budget of one run of a release that is reserved. Raises JobRefused."""
    store, base = ledger.store, release_id(subject)
    known = store.reservation(base)
    if known is None or known.state is not ReservationState.HELD:
        raise _overtaken(base)
    first = f"{FIRST}{f'-{known.attempt}' if known.attempt else ''}"
    held = _movement(base, first, ledger.at, _free(accounts), job, attempt=_attempt_of(store, base, first))
    if (outcome := _hold(store, held, lapses)) is None:
        held = _again(subject, costs, accounts, job, ledger)
        outcome = _hold(store, held, lapses)
    if outcome is not Outcome.DONE:
        raise JobRefused(
            f"the job {job.name} took its budget for {base} before, and a job that is started again reads "
            "the data again",
            advice="start a job by a new name, which is charged again; where an earlier run left "
            f"uncommitted.json, rename it to privacy.json, and gatecli ledger commit {base} FOLDER",
        )
    _require_reserved(store, known, held)
    return JobLease(base, held.subject, held.attempt, tuple(each.terms.name for each in accounts), ledger.at)


def _free(accounts: Sequence[Account]) -> tuple[Charge, ...]:
    return tuple(Charge(name, NOTHING) for name in sorted(each.terms.name for each in accounts))


def _movement(
    base: str, run: str, at: str, charges: tuple[Charge, ...], job: Job, *, attempt: int = 0, **details: Any
) -> Movement:
    """What holds a run; the digest tells which job's it is, whatever the run is called."""
    digest = identity_digest({"release": base, "job": job.digest})
    told = {**details, "job": job.as_data()}
    return Movement(EntryKind.RESERVE, run_subject(base, run), at, charges, digest, told, attempt)


def _attempt_of(store: Store, base: str, run: str) -> int:
    """A run that was voided has not read the data, and what it held is there for another."""
    known = store.reservation(run_subject(base, run))
    return 0 if known is None else known.attempt + (known.state is ReservationState.VOID)


def _hold(store: Store, movement: Movement, lapses: str) -> Outcome | None:
    """What became of it; None where another job's run has this subject."""
    try:
        return store.move(movement, lapses=lapses)
    except Conflict as conflict:
        found = conflict.found
        is_own = found is not None and found.state in STANDING and found.digest == movement.digest
        return Outcome.EXISTS if is_own else None
    except BudgetExceeded as error:
        raise JobRefused(
            f"{error.dataset} has no budget left for another run of {movement.subject.rpartition('+')[0]}",
            advice=f"gatecli ledger show {error.dataset}; a run that never read the data can be voided",
        ) from None
    except UnknownDataset as error:
        raise JobRefused(
            f"{error.dataset} is closed in the ledger", advice="a closed dataset takes no more charges"
        ) from None


def _require_reserved(store: Store, known: Reservation, run: Movement) -> None:
    """Raise JobRefused, and let the run go, where its release is not held any more.

    What is held already is asked for again, which waits for whoever is about to void it.
    """
    free = tuple(Charge(each.dataset, NOTHING) for each in run.charges)
    same = Movement(EntryKind.RESERVE, known.subject, run.at, free, known.digest, {}, known.attempt)
    try:
        store.move(same)
    except Conflict:
        back = tuple(Charge(each.dataset, -each.amounts) for each in run.charges)
        told = {"reason": "its release was voided or published before the run began"}
        store.move(replace(run, kind=EntryKind.VOID, charges=back, details=told))
        raise _overtaken(known.subject) from None


def _overtaken(base: str) -> JobRefused:
    return JobRefused(
        f"{base} was voided or published while this job took its budget", advice="start the job again"
    )


def _again(
    subject: ReleaseSubject, costs: Costs, accounts: Sequence[Account], job: Job, ledger: LedgerUse
) -> Movement:
    """The charge of a run that is not the first of its release."""
    store, base = ledger.store, release_id(subject)
    book = Book(store)
    questions, changes = questions_to_charge(costs), stabilities(accounts, book)
    charges = charges_for(work_of(questions, changes), book)
    if isinstance(charges, UnboundedWork):
        raise JobRefused(
            f"what a run costs {charges.dataset} is not bounded: {charges.reasons[0]}",
            advice="declare mechanisms with a cost",
        )
    run = in_letters(identity_digest({"release": base, "job": job.digest})[:12])
    told = details_of(subject, questions, changes)
    return _movement(base, run, ledger.at, charges, job, attempt=_attempt_of(store, base, run), **told)


def commit_run(store: Store, lease: JobLease, at: str, published: Published, evidence: Sequence[str]) -> None:
    """Say that the run and every other one of the release are spent, and bind what was made to it, which is
    the last step. Raises UsageError.
    """
    if _run_entry(store, lease) is None:
        raise UsageError(
            f"{lease.run} was voided while the job ran, so nothing pays for what it made",
            advice="reserve and run it again; void a run only where it never read the data",
        )
    commit(store, lease.run, at, evidence)
    commit_with_runs(store, lease.release, at, evidence, published)


def paying_entry(store: Store, lease: JobLease) -> Reservation | None:
    """The entry that pays for a run: its own, or that of its release for the first one; None where the run
    was voided meanwhile, so that another one may use what it held.
    """
    own = _run_entry(store, lease)
    if own is None or any(any(each.amounts) for each in own.charges):
        return own
    return store.reservation(lease.release)


def _run_entry(store: Store, lease: JobLease) -> Reservation | None:
    """The entry of a run, while it stands; under its name may stand a later attempt, of another job."""
    own = store.reservation(lease.run)
    return own if own is not None and own.state in STANDING and own.attempt == lease.attempt else None
