"""What happens to a reservation: it is committed when the release is published, or voided with evidence."""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.errors import UsageError
from gatecli.gates.reserving import refuse_personal_data
from gatecli.ledger.interface import Conflict, Outcome, Store
from gatecli.model.ledger import Charge, EntryKind, Movement, Reservation, ReservationState
from gatecli.model.portfolio import NOTHING


def commit(store: Store, subject: str, at: str, evidence: Mapping[str, str]) -> Outcome:
    """Say that a reserved release was published. `evidence` are digests of files by their names.

    Raises UsageError for what is not reserved, or was voided.
    """
    known = _reservation(store, subject)
    holder = known if known.plan is None else _reservation(store, known.plan)
    charges = tuple(Charge(each.dataset, NOTHING) for each in holder.charges)
    details = {"evidence": dict(sorted(evidence.items()))}
    return _move(
        store,
        known,
        Movement(EntryKind.COMMIT, subject, at, charges, known.digest, details, known.attempt, known.plan),
    )


def void(store: Store, subject: str, at: str, reason: str, evidence: Mapping[str, str]) -> Outcome:
    """Take the charge of a release, or of a plan, back: it was never run, or nobody saw what it gave.

    Raises UsageError for what is not held: what was published stays spent.
    """
    known = _reservation(store, subject)
    if known.plan is not None:
        raise UsageError(
            f"{subject} is reserved in the plan {known.plan}, which is one mechanism",
            advice=f"gatecli ledger void {known.plan}, while none of its releases is committed",
        )
    if not evidence:
        raise UsageError(
            f"nothing shows that {subject} never ran",
            advice="--evidence FILE, such as the log of the job that was cancelled; its digest is kept",
        )
    charges = tuple(Charge(each.dataset, -each.amounts) for each in known.charges)
    details = {"reason": reason, "evidence": dict(sorted(evidence.items()))}
    movement = Movement(EntryKind.VOID, subject, at, charges, known.digest, details, known.attempt)
    return _move(store, known, movement)


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
    ReservationState.HELD: "commit or void the releases of a plan together",
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
