"""A part of a budget for a ledger that is cut off: granted, accepted, returned, settled.

What is lent counts as spent in the parent from the grant on. The child cannot hold more than it was lent in
any column, so what the parent charged bounds what the child does, whatever that is. What was not spent comes
back once: against the child's whole chain, closed, and its signature over where that ends. An unreturned
lease stays spent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gatecli.errors import UsageError
from gatecli.ledger.checkpoints import require_own_key
from gatecli.ledger.exports import LONGEST_LINE, entry_line, read_entry_line, written_identity
from gatecli.ledger.interface import BudgetExceeded, Conflict, Outcome, Store, UnknownDataset
from gatecli.ledger.lease_documents import (
    LeaseGrant,
    LeaseRefused,
    LeaseReturn,
    are_amounts,
    grant_of,
    key_of,
    lease_id,
    read_grant,
    read_return,
    sign_document,
    write_request,
)
from gatecli.ledger.notes import NoteKey, read_note, verified_text
from gatecli.ledger.replay import DatasetReplay
from gatecli.ledger.signing_keys import Signs, public_key_of
from gatecli.ledger.subjects import Finished
from gatecli.model.ledger import (
    Account,
    Charge,
    DatasetTerms,
    Entry,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    canonical_json,
    identity_digest,
)
from gatecli.model.portfolio import Amounts

_ASK = "ask the ledger that sent it for the file again"


def subject_of(name: str) -> str:
    """A lease among the subjects of its parent, where no release is called so."""
    return f"lease/{name}"


def request_lease(store: Store, key: Signs) -> str:
    """The note by which this ledger asks another for leases. Raises UsageError, LeaseRefused."""
    require_own_key(store.identity, key)
    key_of(store.identity)
    return write_request(store.identity, key)


def grant_lease(store: Store, key: Signs, grant: LeaseGrant, charges: Iterable[Charge]) -> str:
    """Lend: charge it, and write the note that the child accepts. Asked again, the same note.

    `charges` are what the lease may cost: of the dataset itself, and of its parents. Raises LeaseRefused
    where it does not fit, or the name is another lease's; UsageError for a key that is not the ledger's.
    """
    require_own_key(store.identity, key)
    for identity in (store.identity, grant.child):
        key_of(identity)
    if grant.parent != store.identity or grant.child.id == store.identity.id:
        raise LeaseRefused("a ledger lends its own budget, and to another ledger", advice="name another")
    subject = subject_of(grant.name)
    details = {"lease": grant.as_data()}
    digest = identity_digest(replace(grant, at="").as_data())
    movement = Movement(EntryKind.LEASE, subject, grant.at, tuple(charges), digest, details)
    try:
        outcome = store.move(movement)
    except BudgetExceeded as error:
        raise LeaseRefused(
            f"the lease does not fit into what is left of {error.dataset}",
            advice=f"lend less: gatecli ledger show {error.dataset}",
        ) from None
    except UnknownDataset as error:
        raise UsageError(
            f"{error.dataset} is not in the ledger, or is closed", advice="gatecli ledger dataset list"
        ) from None
    except Conflict as error:
        raise LeaseRefused(
            _standing(grant.name, error.found), advice="give the new lease another name"
        ) from None
    known = store.reservation(subject) if outcome is Outcome.EXISTS else None
    return sign_document((replace(grant, at=known.at) if known else grant).as_data(), store.identity, key)


def accept_lease(store: Store, written: str, parent: NoteKey, at: str) -> tuple[Outcome, DatasetTerms]:
    """Begin the dataset that a lease lends; EXISTS where it was accepted before.

    `parent` is the key that the parent told in person, not in the note. Raises InvalidNote where it did not
    sign, LeaseRefused where the lease is another ledger's.
    """
    grant = read_grant(written, parent)
    own, meant = store.identity, grant.child
    if (meant.id, meant.public_key) != (own.id, own.public_key):
        raise LeaseRefused(
            f"the lease is for the ledger {meant.name} ({meant.id:.8}), and this is {own.name} ({own.id:.8})",
            advice="ask for a lease with this ledger's own request: gatecli ledger lease request",
        )
    try:
        return store.add_dataset(grant.terms, at), grant.terms
    except Conflict:
        raise LeaseRefused(
            f"this ledger has a dataset {grant.terms.name} with other terms",
            advice="ask for the lease under another name: gatecli ledger lease grant --as NAME",
        ) from None


def return_lease(store: Store, key: Signs, dataset: str, at: str) -> Iterator[str]:
    """The lines of a return: a signed note, then the whole chain. The dataset is closed first, for good.

    Raises LeaseRefused for a dataset that was not lent, UsageError.
    """
    require_own_key(store.identity, key)
    account = store.account(dataset)
    if account is None or account.terms.lease is None:
        raise LeaseRefused(f"{dataset} was not lent to this ledger", advice="gatecli ledger dataset list")
    store.close_dataset(dataset, at)
    closed = store.account(dataset) or account
    entries = store.entries(dataset, limit=closed.entries)
    document = LeaseReturn(
        account.terms.lease,
        store.identity.id,
        dataset,
        closed.entries,
        closed.head,
        closed.held,
        _closed_at(store, closed),
    )
    yield canonical_json({"return": sign_document(document.as_data(), store.identity, key)}) + "\n"
    for entry in entries:
        yield entry_line(entry)


def settle_lease(store: Store, lines: Iterable[bytes], at: str) -> tuple[Outcome, LeaseReturn]:
    """Take back what a returned lease did not spend; EXISTS for the return that was settled before.

    Raises LeaseRefused for a return that is forged, of another lease, cut off, or a second one; InvalidNote.
    """
    reader = iter(lines)
    note = _note_of(next(reader, b""))
    claimed = read_return(note.text)  # to find who must have signed it; it counts once that is verified
    grant, known = _lent(store, claimed.lease)
    returned = read_return(verified_text(note, key_of(grant.child)))
    if (returned.child, returned.dataset) != (grant.child.id, grant.terms.name):
        raise LeaseRefused("the return is of another ledger or dataset than the lease", advice=_ASK)
    _judge_chain(grant, returned, map(_entry_of, reader))
    charges = tuple(Charge(each.dataset, _taken_back(each.amounts, returned.spent)) for each in known.charges)
    details = {
        "child": written_identity(grant.child),
        "entries": returned.entries,
        "head": returned.head,
        "spent": list(returned.spent),
    }
    digest = identity_digest(details)
    movement = Movement(EntryKind.RETURN, known.subject, at, charges, digest, details)
    try:
        return store.move(movement), returned
    except Conflict as error:
        raise LeaseRefused(
            _standing(grant.name, error.found), advice="a lease is settled once; nothing was changed"
        ) from None


def _standing(name: str, found: Reservation | None) -> str:
    if found is not None and found.state is ReservationState.RETURNED:
        return f"the lease {name} was returned already, with another end"
    return f"the lease {name} stands there with other content"


def _closed_at(store: Store, account: Account) -> str:
    """When the dataset was closed: the same whenever it is returned."""
    for entry in store.entries(account.terms.name, newest_first=True):
        if entry.kind is EntryKind.CLOSE:
            return str(json.loads(entry.content)["at"])
    raise LeaseRefused(f"{account.terms.name} is not closed", advice="gatecli ledger verify")


def _note_of(line: bytes) -> Any:
    data = _object(line)
    if set(data) != {"return"} or not isinstance(data["return"], str):
        raise LeaseRefused("the file is not the return of a lease", advice=_ASK)
    return read_note(data["return"])


def _entry_of(line: bytes) -> Entry:
    try:
        return read_entry_line(_object(line))
    except ValueError:
        raise LeaseRefused("a line of the return is not an entry", advice=_ASK) from None


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line.decode()) if len(line) < LONGEST_LINE else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise LeaseRefused("a line of the return is not an object of JSON", advice=_ASK)
    return data


def _lent(store: Store, lease: str) -> tuple[LeaseGrant, Reservation]:
    """The lease of that id as the parent's own entry has it."""
    owner, _, name = lease.partition("/")
    known = store.reservation(subject_of(name)) if owner == store.identity.id and name else None
    if known is None or lease != lease_id(store.identity, name):
        raise LeaseRefused("this ledger did not lend what is returned", advice="settle it where it was lent")
    for charge in known.charges:
        for entry in store.entries(charge.dataset):
            if entry.kind is EntryKind.LEASE and entry.subject == known.subject:
                return grant_of(json.loads(entry.content)["details"]["lease"]), known
    raise LeaseRefused(f"the lease {name} has no entry", advice="gatecli ledger verify")


def _judge_chain(grant: LeaseGrant, returned: LeaseReturn, entries: Iterable[Entry]) -> None:
    """Raises LeaseRefused unless the entries are the whole chain of the return, and within the lease."""
    key = public_key_of(grant.child.public_key)
    replay = DatasetReplay(grant.child.id, grant.terms.name, Finished(), key)
    for entry in entries:
        wrong = replay.add(entry)
        if wrong:
            raise LeaseRefused(f"entry {entry.number} of the returned chain: {wrong[0]}", advice=_ASK)
    if (replay.number, replay.head, replay.held) != (returned.entries, returned.head, returned.spent):
        raise LeaseRefused(
            "the returned chain does not end where the return says: it was cut off", advice=_ASK
        )
    if replay.terms != grant.terms:
        raise LeaseRefused("the returned chain is not under the terms of the lease", advice=_ASK)
    if not replay.closed:
        raise LeaseRefused(
            "the returned chain is not closed: more could be spent",
            advice="return it: gatecli ledger lease return",
        )
    if not are_amounts(returned.spent) or any(
        one > most for one, most in zip(returned.spent, grant.terms.limits, strict=True)
    ):
        raise LeaseRefused("the returned chain spent more than was lent", advice=_ASK)


def _taken_back(lent: Amounts, spent: Amounts) -> Amounts:
    """What is not spent of a charge, taken back; one that was clipped may be less than what was spent."""
    return Amounts(*(-max(one - other, 0) for one, other in zip(lent, spent, strict=True)))
