"""How a movement is booked, inside a transaction that both stores bring.

Rows are held in one order, so that no two movements wait for each other: the plan of a release, the subject,
the releases of a plan by name, the accounts by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gatecli.ledger.checking import CHARGING, TAKING_BACK
from gatecli.ledger.interface import (
    NO_RELEASES,
    BudgetExceeded,
    Conflict,
    LedgerUnavailable,
    Outcome,
    UnknownDataset,
)
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.rows import (
    WIDTH,
    Row,
    amount_parameters,
    entry_parameters,
    read_charge,
    read_reservation,
    terms_text,
)
from gatecli.model.ledger import (
    RUN_MARK,
    TRANSITIONS,
    Charge,
    DatasetTerms,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    content_of,
    first_hash,
    identity_digest,
    next_hash,
    opening_movement,
)
from gatecli.model.portfolio import MOST, NOTHING, Admission, Amounts, is_admitted

Run = Callable[[str, dict[str, Any]], list[Row]]
"""Runs a statement inside the transaction; its rows."""


@dataclass(frozen=True, slots=True)
class Request:
    """What `Store.move` is asked."""

    movement: Movement
    lapses: str | None = None
    releases: Mapping[str, str] = field(default_factory=lambda: NO_RELEASES)
    signatures: tuple[str, ...] = ()

    def signed_charges(self) -> list[tuple[Charge, str]]:
        """The charges by dataset, each with its signature."""
        signatures = self.signatures or ("",) * len(self.movement.charges)
        pairs = zip(self.movement.charges, signatures, strict=True)
        return sorted(pairs, key=lambda pair: pair[0].dataset)


def with_terms(movement: Movement, lapses: str | None, releases: Mapping[str, str]) -> Movement:
    """The movement whose content says all that is fixed with it: the entries alone tell the ledger anew."""
    lapse = {} if lapses is None else {"lapses": lapses}
    plan = {"planned": dict(releases)} if releases else {}
    return replace(movement, details={**movement.details, **lapse, **plan}) if lapse or plan else movement


def request_of(
    movement: Movement, lapses: str | None, releases: Mapping[str, str], signatures: Sequence[str]
) -> Request:
    """What is asked, with all that is fixed by it in the content."""
    return Request(with_terms(movement, lapses, releases), lapses, releases, tuple(signatures))


def book(run: Run, request: Request) -> Outcome:
    """Charge every dataset of a movement. Raises what `Store.move` raises; the caller then rolls back."""
    movement = request.movement
    if movement.plan is not None:
        find(run, movement.plan)
    found = find(run, movement.subject)
    if stands(found, movement):
        return Outcome.EXISTS
    require_transition(found, movement)
    if movement.kind in CHARGING:
        _write_reservation(run, request, found)
    elif found is not None:
        _change_state(run, movement, found)
    for charge, signature in request.signed_charges():
        _charge(run, movement, charge, signature)
    return Outcome.DONE


def find(run: Run, subject: str) -> Reservation | None:
    """A subject, held until the transaction ends."""
    rows = run(sql.RESERVATION, {"subject": subject})
    return _standing(run, rows[0]) if rows else None


def _standing(run: Run, row: Row) -> Reservation:
    charges = map(read_charge, run(sql.CHARGES, {"subject": row[0]}))
    return read_reservation(row, charges)


def stands(found: Reservation | None, movement: Movement) -> bool:
    """Whether the movement was made already, and nothing happened since."""
    return (
        found is not None
        and found.attempt == movement.attempt
        and found.last_digest == movement.digest
        and found.state is TRANSITIONS[movement.kind][1]
    )


def require_transition(found: Reservation | None, movement: Movement) -> None:
    """Raise Conflict where the movement cannot follow."""
    state, attempt = (found.state, found.attempt) if found else (None, 0)
    due = attempt + 1 if state is ReservationState.VOID else attempt
    if state not in TRANSITIONS[movement.kind][0] or movement.attempt != due:
        raise Conflict(movement.subject, found)
    if movement.kind in CHARGING or found is None:
        return
    holds = {charge.dataset: charge.amounts for charge in found.charges}
    if holds.keys() != {charge.dataset for charge in movement.charges}:
        raise Conflict(movement.subject, found)
    if movement.kind in TAKING_BACK and any(
        min(holds[charge.dataset] + charge.amounts) < 0 for charge in movement.charges
    ):
        raise Conflict(movement.subject, found)


def _write_reservation(run: Run, request: Request, found: Reservation | None) -> None:
    movement = request.movement
    before = {release: find(run, release) for release in sorted(request.releases)}
    for release, standing in before.items():
        if standing is not None and standing.state is not ReservationState.VOID:
            raise Conflict(release, standing)
    _reserve(run, request, (movement.subject, movement.digest), found, movement.charges)
    nothing = tuple(Charge(charge.dataset, NOTHING) for charge in movement.charges)
    for release, standing in before.items():
        _reserve(run, request, (release, request.releases[release]), standing, nothing)


def _reserve(
    run: Run,
    request: Request,
    named: tuple[str, str],
    before: Reservation | None,
    charges: Sequence[Charge],
) -> None:
    """`named` is a subject and its digest."""
    movement, (subject, digest) = request.movement, named
    row = {
        "subject": subject,
        "attempt": before.attempt + 1 if before else 0,
        "state": TRANSITIONS[movement.kind][1].value,
        "digest": digest,
        "at": movement.at,
        "plan": None if subject == movement.subject else movement.subject,
        "lapses": request.lapses,
    }
    run(sql.RESERVE_AGAIN if before else sql.ADD_RESERVATION, row)
    if before:
        run(sql.FORGET_NOTHING, {"subject": subject})
    _add_charges(run, sql.ADD_TO_RESERVATION, subject, charges)


def _add_charges(run: Run, statement: str, subject: str, charges: Iterable[Charge]) -> None:
    for charge in charges:
        amounts = amount_parameters(charge.amounts)
        run(statement, {"subject": subject, "dataset": charge.dataset, **amounts})


def _change_state(run: Run, movement: Movement, found: Reservation) -> None:
    state = TRANSITIONS[movement.kind][1].value
    change = {"subject": movement.subject, "state": state, "digest": movement.digest}
    if movement.kind is EntryKind.VOID:
        _require_not_run(run, found)
        _void_releases(run, found, change)
    run(sql.SET_STATE, change)
    _add_charges(run, sql.ADD_TO_CHARGE, movement.subject, movement.charges)
    if found.plan is not None:
        _commit_plan(run, found.plan, movement.digest)


def _commit_plan(run: Run, plan: str, digest: str) -> None:
    """A plan of which a release was published is committed once none of them is held any more."""
    holder = find(run, plan)
    if holder is None or holder.state is not ReservationState.HELD:
        return
    states = {row[0] for row in run(sql.STATES_IN_PLAN, {"subject": plan})}
    if ReservationState.COMMITTED in states and ReservationState.HELD not in states:
        committed = {"subject": plan, "state": ReservationState.COMMITTED.value, "digest": digest}
        run(sql.SET_STATE, committed)


def _require_not_run(run: Run, found: Reservation) -> None:
    """What a job has run stays charged while that run stands: whoever runs it asks for it after (`take_run`),
    and waits for the row that is held here.
    """
    begin = f"{found.subject}{RUN_MARK}"
    if run(sql.STANDING_RUNS, {"begin": begin, "length": len(begin)}):
        raise Conflict(found.subject, found)


def _void_releases(run: Run, plan: Reservation, change: dict[str, Any]) -> None:
    """The releases of a plan are void with it; one that was published keeps the plan."""
    releases = [read_reservation(row, ()) for row in run(sql.RELEASES_OF_PLAN, {"subject": plan.subject})]
    if any(release.state is ReservationState.COMMITTED for release in releases):
        raise Conflict(plan.subject, plan)
    for release in releases:
        if release.state is ReservationState.HELD:
            _require_not_run(run, release)
            run(sql.SET_STATE, {**change, "subject": release.subject})


def _charge(run: Run, movement: Movement, charge: Charge, signature: str) -> None:
    rows = run(sql.BALANCE, {"name": charge.dataset})
    if not rows or (rows[0][0] and movement.kind in CHARGING):
        raise UnknownDataset(charge.dataset)
    held = Amounts(*rows[0][4 : 4 + WIDTH]) + charge.amounts
    limits = Amounts(*rows[0][4 + WIDTH : 4 + 2 * WIDTH])
    if not is_admitted(held, limits, Admission(rows[0][3])):
        raise BudgetExceeded(charge.dataset)
    if max(held) > MOST:
        raise overflow(charge.dataset)
    _append(run, sql.CHARGE, movement, charge, (rows[0], signature))


def overflow(dataset: str) -> LedgerUnavailable:
    """A sum that a column does not hold: no amount is charged for less than it is."""
    return LedgerUnavailable(
        f"the sums of {dataset} no longer fit into a ledger",
        advice="close the dataset, and add the data under a new name with what is left of the budget",
    )


def _append(run: Run, change: str, movement: Movement, charge: Charge, onto: tuple[Row, str]) -> None:
    """An entry after the last of its dataset, and the account that it changes."""
    (_, number, head, *_), signature = onto
    digest = bytes.fromhex(next_hash(bytes(head).hex(), content_of(movement, charge)))
    named = {"name": charge.dataset, "head": digest}
    run(change, named | (amount_parameters(charge.amounts) if change == sql.CHARGE else {}))
    run(sql.ADD_ENTRY, entry_parameters(movement, charge, number, digest, signature))


def add(run: Run, ledger: str, terms: DatasetTerms, at: str, signature: str) -> Outcome:
    """Begin an account. Raises what `Store.add_dataset` raises."""
    rows = run(sql.TERMS, {"name": terms.name})
    if rows and rows[0][0] == terms_text(terms):
        return Outcome.EXISTS
    if rows:
        raise Conflict(terms.name, None)
    for parent in terms.parents:
        if not run(sql.TERMS, {"name": parent.name}):
            raise UnknownDataset(parent.name)
    movement = opening_movement(terms, at)
    (charge,) = movement.charges
    digest = bytes.fromhex(next_hash(first_hash(ledger, terms.name), content_of(movement, charge)))
    run(sql.ADD_TERMS, {"name": terms.name, "terms": terms_text(terms)})
    limits = amount_parameters(terms.limits, "_limit")
    run(sql.ADD_ACCOUNT, {"name": terms.name, "admission": terms.admission.value, "head": digest, **limits})
    run(sql.ADD_ENTRY, entry_parameters(movement, charge, 0, digest, signature))
    return Outcome.DONE


def closing_movement(name: str, at: str) -> Movement:
    """The entry that closes a dataset."""
    digest = identity_digest({"close": name})
    return Movement(EntryKind.CLOSE, name, at, (Charge(name, NOTHING),), digest)


def close_account(run: Run, name: str, at: str, signature: str = "") -> Outcome:
    """Take no more charges. Raises UnknownDataset."""
    rows = run(sql.BALANCE, {"name": name})
    if not rows:
        raise UnknownDataset(name)
    if rows[0][0]:
        return Outcome.EXISTS
    movement = closing_movement(name, at)
    _append(run, sql.CLOSE, movement, movement.charges[0], (rows[0], signature))
    return Outcome.DONE
