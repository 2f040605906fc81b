"""What happens to a reservation: it is committed when the release is published, or voided with evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatecli.errors import UsageError
from gatecli.gates.release_identity import claim_digest, content_digest, release_id
from gatecli.gates.reserving import refuse_personal_data
from gatecli.ledger.interface import Conflict, Outcome, Store
from gatecli.ledger.wording import names_text, void_command
from gatecli.model.ledger import (
    STANDING,
    Charge,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    is_added,
    recorded_subject,
    release_of_run,
)
from gatecli.model.portfolio import NOTHING
from gatecli.model.release import ReleaseSubject


@dataclass(frozen=True, slots=True)
class Published:
    """What is published, bound to the commit: the digest of it, and the digests of its files."""

    digest: str
    details: Mapping[str, Any]


def commit(
    store: Store, subject: str, at: str, evidence: Sequence[str], published: Published | None = None
) -> Outcome:
    """Say that a reserved release was published. `evidence` are digests of files.

    Raises UsageError for what is not reserved, was voided, or was committed with other content; and for a
    plan, whose releases are published one by one.
    """
    known = _reservation(store, subject)
    _refuse_plan(store, subject)
    holder = known if known.plan is None else _reservation(store, known.plan)
    charges = tuple(Charge(each.dataset, NOTHING) for each in holder.charges)
    again = known.last_digest if known.state is ReservationState.COMMITTED else known.digest
    digest = again if published is None else published.digest
    if known.state is ReservationState.COMMITTED and digest != again:
        bound = (
            "with other artifacts or evidence"
            if known.last_digest != known.digest
            else "without its artifacts"
        )
        raise UsageError(
            f"{subject} was committed already, {bound}: what it was published with is bound once",
            advice="give what is published now a version of its own",
        )
    details = {"evidence": sorted(evidence), **(published.details if published else {})}
    movement = Movement(EntryKind.COMMIT, subject, at, charges, digest, details, known.attempt, known.plan)
    return _move(store, known, movement)


def commit_with_runs(
    store: Store, subject: str, at: str, evidence: Sequence[str], published: Published | None = None
) -> Outcome:
    """Say of every run of a release that it is spent, then of the release that it was published: whatever
    ends this before leaves it unpublished. Raises UsageError as `commit`.
    """
    known = _reservation(store, subject)
    for each in standing_runs(store, {subject}, [charge.dataset for charge in known.charges]):
        if each.state is ReservationState.HELD:
            commit(store, each.subject, at, evidence)
    return commit(store, subject, at, evidence, published)


def _refuse_plan(store: Store, subject: str) -> None:
    """To commit a plan would leave its releases held, and say of none that it was published."""
    held = [each.subject for each in store.releases_of_plan(subject) if each.state is ReservationState.HELD]
    if held:
        raise UsageError(
            f"{subject} is a plan; its releases are committed one by one, and "
            f"{names_text(held)} {'is' if len(held) == 1 else 'are'} held",
            advice=f"gatecli ledger commit {held[0]}{', and so on' if held[1:] else ''}: "
            "the plan is committed with the last of them",
        )


def published_content(store: Store, subject: str, releases: Sequence[ReleaseSubject]) -> Published:
    """What a declaration ships. Raises UsageError where it is not the reserved one, or a file is missing."""
    known = _reservation(store, subject)
    found = [each for each in releases if release_id(each) == subject]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} of the declarations are of {subject}",
            advice="name the declaration that was published",
        )
    (release,) = found
    accounts = [
        account
        for dataset in release.release.spec.datasets
        if (account := store.account(dataset.name)) is not None
    ]
    unique = list({account.terms.name: account for account in accounts}.values())
    if claim_digest(release, unique) != known.digest:
        raise UsageError(
            f"{release.document.path} claims something else than what is reserved for {subject}",
            advice="reserve it under a new version",
        )
    missing = [state.artifact.path for state in release.artifacts if state.sha256 is None]
    if missing:
        raise UsageError(f"the artifact {missing[0]} of {subject} is not there", advice="build it first")
    artifacts = sorted(state.sha256 for state in release.artifacts if state.sha256)
    details = {"declaration": release.document.sha256, "artifacts": artifacts}
    return Published(content_digest(release, unique), details)


def void(store: Store, subject: str, at: str, reason: str, evidence: Sequence[str]) -> Outcome:
    """Take the charge of a release, or of a plan, back: it was never run, or nobody saw what it gave.

    A release of a plan has no charge of its own: it becomes void, and the plan keeps its budget. Raises
    UsageError for what is not held: what was published stays spent.
    """
    known = _reservation(store, subject)
    published = next(
        (each for each in store.releases_of_plan(subject) if each.state is ReservationState.COMMITTED), None
    )
    if published is not None:
        raise UsageError(
            f"{published.subject} of the plan {subject} is committed, so the plan stays spent",
            advice=f"a release of it that never ran can be voided alone: {void_command('NAME@VERSION')}",
        )
    _refuse_run(store, known)
    if not reason.strip():
        raise UsageError("--reason is empty", advice="say why nobody will ever see what it gives")
    if not evidence:
        raise UsageError(
            f"nothing shows that {subject} never ran",
            advice="--evidence FILE, such as the log of the job that was cancelled; its digest is kept",
        )
    charges = tuple(Charge(each.dataset, -each.amounts) for each in known.charges)
    details = {"reason": reason, "evidence": sorted(evidence)}
    movement = Movement(
        EntryKind.VOID, subject, at, charges, known.digest, details, known.attempt, known.plan
    )
    return _move(store, known, movement)


def _refuse_run(store: Store, known: Reservation) -> None:
    """A run of a job has read the data; a plan has run where one of its releases has."""
    releases = (known, *store.releases_of_plan(known.subject))
    holder = known if known.plan is None else _reservation(store, known.plan)
    datasets = [each.dataset for each in holder.charges]
    for run in standing_runs(store, {each.subject for each in releases}, datasets):
        raise UsageError(
            f"a job has run {release_of_run(run.subject)}, so {known.subject} stays spent",
            advice=f"a run that never read the data is voided first: {void_command(run.subject)}",
        )
    own = release_of_run(known.subject) and recorded_subject(known.subject, known.attempt)
    for each in _standing(store, datasets):
        if each.subject == own or is_added(each, releases):
            raise UsageError(
                f"evidence of {known.subject} was charged, so it has read the data and stays spent",
                advice="what is run again is charged again",
            )


def standing_runs(store: Store, releases: Collection[str], datasets: Iterable[str]) -> Iterator[Reservation]:
    """The runs of these releases that are held or spent, by name."""
    return (each for each in _standing(store, datasets) if release_of_run(each.subject) in releases)


def _standing(store: Store, datasets: Iterable[str]) -> list[Reservation]:
    """What is held or spent of these datasets, by name."""
    found = {
        each.subject: each
        for dataset in datasets
        for state in sorted(STANDING)
        for each in store.reservations(state, dataset)
    }
    return [found[name] for name in sorted(found)]


def _move(store: Store, known: Reservation, movement: Movement) -> Outcome:
    refuse_personal_data(movement)
    try:
        return store.move(movement)
    except Conflict as conflict:
        state = (conflict.found or known).state
        raise UsageError(
            f"{movement.subject} is {state}, so it cannot be {_DONE[movement.kind]}", advice=_ADVICE[state]
        ) from None


_DONE = {EntryKind.COMMIT: "committed", EntryKind.VOID: "voided"}

_ADVICE: Mapping[ReservationState, str] = {
    ReservationState.HELD: "somebody else changed it meanwhile: run it again",
    ReservationState.COMMITTED: "what was published stays spent",
    ReservationState.VOID: "reserve it again: gatecli release check --reserve",
    ReservationState.LENT: "a lease ends when it is returned: gatecli ledger lease settle",
    ReservationState.RETURNED: "a lease that was returned is settled",
}


def _reservation(store: Store, subject: str) -> Reservation:
    known = store.reservation(subject)
    if known is None:
        raise UsageError(
            f"{subject} is not in the ledger",
            advice="reserve it first: gatecli release check --reserve; a release is named NAME@VERSION",
        )
    return known
