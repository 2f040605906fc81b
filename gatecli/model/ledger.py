"""What a budget ledger holds: datasets and their budgets, and the entries that charge them.

An entry is an append-only line about one dataset. Its `content` is canonical JSON (sorted keys, no blanks,
UTF-8) that holds everything; its hash is SHA-256 over the hash of the dataset's entry before it and the
content, so that no entry can be changed, left out or put elsewhere without changing every later hash. The
hash before a dataset's first entry is `first_hash`, which names the ledger and the dataset.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.portfolio import NOTHING, Admission, Amounts

SCHEMA_VERSION = 2
"""The version of the stores' tables; numbered migrations lead from one to the next."""


class EntryKind(StrEnum):
    """What an entry says."""

    DATASET = "dataset"
    """The first of each dataset: its terms and limits."""
    OPENING = "opening"
    """What was spent before the ledger began."""
    RESERVE = "reserve"
    """A release, or a plan of several, is charged before anybody sees its output."""
    COMMIT = "commit"
    """A reserved release was published."""
    VOID = "void"
    """A reserved release was never run, or nobody saw what it gave: the charge is taken back."""
    LEASE = "lease"
    """A part of the budget is lent to another ledger, and counts as spent until it is returned."""
    RETURN = "return"
    """What a lease really spent takes its place."""
    CLOSE = "close"
    """Nothing can be charged any more."""


class ReservationState(StrEnum):
    """Where a reservation stands."""

    HELD = "held"
    COMMITTED = "committed"
    VOID = "void"
    LENT = "lent"
    RETURNED = "returned"


STANDING = frozenset({ReservationState.HELD, ReservationState.COMMITTED})
"""The states of what is charged for a release."""
LEASED = frozenset({ReservationState.LENT, ReservationState.RETURNED})
"""The states of a lease."""

TRANSITIONS: Mapping[EntryKind, tuple[frozenset[ReservationState | None], ReservationState]] = (
    MappingProxyType(
        {
            EntryKind.OPENING: (frozenset({None}), ReservationState.COMMITTED),
            EntryKind.RESERVE: (frozenset({None, ReservationState.VOID}), ReservationState.HELD),
            EntryKind.COMMIT: (frozenset({ReservationState.HELD}), ReservationState.COMMITTED),
            EntryKind.VOID: (frozenset({ReservationState.HELD}), ReservationState.VOID),
            EntryKind.LEASE: (frozenset({None}), ReservationState.LENT),
            EntryKind.RETURN: (frozenset({ReservationState.LENT}), ReservationState.RETURNED),
        }
    )
)
"""For each kind of movement: the states it may find a subject in (None: unknown), and the next one."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A dataset that is charged with another: a population it shares people with, or what it is derived from.

    One unit of the parent changes at most `stability` units of the dataset.
    """

    name: str
    stability: int = 1


@dataclass(frozen=True, slots=True)
class DatasetTerms:
    """What is fixed when a dataset is added; `limits` follow from the budget (accounting.portfolio).

    `block_of` names the stream that this is a block in time of. Where no unit is in two, each block has
    a budget of its own and nothing is charged to the stream, which is no dataset; else it is a parent too.
    `lease` is the lease that the budget is borrowed by, in a child ledger.
    """

    name: str
    unit: str
    neighbouring: Neighbouring
    budget: Budget
    limits: Amounts
    records: int | None = None
    schema_sha256: str | None = None
    parents: tuple[Parent, ...] = ()
    block_of: str | None = None
    admission: Admission = Admission.ANY
    lease: str | None = None

    def as_data(self) -> dict[str, Any]:
        """The terms as they stand in the content of the dataset's first entry."""
        return {
            "name": self.name,
            "unit": self.unit,
            "neighbouring": self.neighbouring.value,
            "epsilon": str(self.budget.epsilon),
            "delta": str(self.budget.delta),
            "limits": list(self.limits),
            "records": self.records,
            "schema": self.schema_sha256,
            "parents": [[parent.name, parent.stability] for parent in self.parents],
            "blockOf": self.block_of,
            "admission": self.admission.value,
            "lease": self.lease,
        }


def read_terms(written: Mapping[str, Any]) -> DatasetTerms:
    """The terms that `DatasetTerms.as_data` wrote."""
    return DatasetTerms(
        written["name"],
        written["unit"],
        Neighbouring(written["neighbouring"]),
        Budget(Fraction(written["epsilon"]), Fraction(written["delta"])),
        Amounts(*written["limits"]),
        written["records"],
        written["schema"],
        tuple(Parent(name, stability) for name, stability in written["parents"]),
        written["blockOf"],
        Admission(written["admission"]),
        written["lease"],
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A dataset as it stands: what is held of its limits, how many entries it has, the hash of the last."""

    terms: DatasetTerms
    held: Amounts
    entries: int
    head: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """What one dataset is charged; negative amounts take a charge back."""

    dataset: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that happens to one subject: an entry for each charged dataset, all of them or none.

    `subject` is a release (`name@version`), a plan or a lease. `at` is the client's time, RFC 3339 in UTC,
    in whole seconds. `details` are what was declared (digests, mechanisms, a reason); no personal data.
    `digest` says whether a repetition is the same: `identity_digest`. `attempt` counts how often the subject
    was voided before. `plan` is the plan that a release was reserved in; only the plan itself has amounts.
    """

    kind: EntryKind
    subject: str
    at: str
    charges: tuple[Charge, ...]
    digest: str
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    attempt: int = 0
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A subject as it stands; `charges` are those that are held or were spent."""

    subject: str
    attempt: int
    state: ReservationState
    digest: str
    at: str
    charges: tuple[Charge, ...]
    plan: str | None = None
    lapses: str | None = None
    """The day (ISO) after which a held reservation has lapsed; it stays held all the same."""
    last_digest: str = ""
    """The digest of what happened to it last: a commit may bind more than a reservation did."""


def is_lapsed(reservation: Reservation, today: date) -> bool:
    """Whether its last day is over; it stays held all the same."""
    return reservation.lapses is not None and date.fromisoformat(reservation.lapses) < today


def lapsed_among(reservations: Iterable[Reservation], today: date) -> Iterator[Reservation]:
    """Those held ones that lapsed; a plan stands for its releases, since it holds the budget of all."""
    lapsed = [each for each in reservations if each.state is ReservationState.HELD and is_lapsed(each, today)]
    subjects = {each.subject for each in lapsed}
    return (each for each in lapsed if each.plan not in subjects)


RUN_MARK = "+run:"
"""What stands between a release and the name of one of its runs: no release is called so."""


def run_subject(release: str, run: str) -> str:
    """How a ledger names a run of a release, by a job: it has read the data, so the release is not void."""
    return f"{release}{RUN_MARK}{run}"


def release_of_run(subject: str) -> str | None:
    """The release that a subject is a run of; None where it is not a run."""
    release, mark, _ = subject.rpartition(RUN_MARK)
    return release if mark else None


def recorded_subject(run: str, attempt: int) -> str:
    """How a ledger names what an attempt of a run cost beyond what it holds, as its evidence shows."""
    return f"{release_of_run(run)}+{in_letters(identity_digest({'run': run, 'attempt': attempt})[:12])}"


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def in_letters(digits: str) -> str:
    """Hexadecimal digits as letters: decimal ones may look like somebody's number, which no ledger takes."""
    return digits.translate(_LETTERS)


OPENING_PREFIX = "opening:"
"""How the subjects of opening balances begin."""


def is_opening(reservation: Reservation) -> bool:
    """Whether it is an opening balance: committed from the start, and no release."""
    return reservation.subject.startswith(OPENING_PREFIX) and reservation.lapses is None


def is_added(reservation: Reservation, releases: Iterable[Reservation]) -> bool:
    """Whether it is what later evidence added to one of these releases: it claims the same. A version with
    build metadata, `1.0.0+cuda`, claims something else.
    """
    release = reservation.subject.rpartition("+")[0]
    return any((each.subject, each.digest) == (release, reservation.digest) for each in releases)


def releases_among(reservations: Sequence[Reservation]) -> tuple[Reservation, ...]:
    """The releases: a plan counts by those that it reserves; runs and later evidence with their release."""
    plans = {each.plan for each in reservations}
    claims = {(each.subject, each.digest) for each in reservations}
    return tuple(
        each
        for each in reservations
        if each.state not in LEASED
        and not is_opening(each)
        and each.subject not in plans
        and release_of_run(each.subject) is None
        and (each.subject.rpartition("+")[0], each.digest) not in claims
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a dataset's chain. `number` counts from 0; hashes are lower-case hexadecimal."""

    dataset: str
    number: int
    kind: EntryKind
    subject: str
    attempt: int
    amounts: Amounts
    content: str
    hash: str
    signature: str = ""
    """An Ed25519 signature over the content, base64; "" without one."""


def canonical_json(value: object) -> str:
    """The one text of a JSON value: sorted keys, no blanks, every character but controls as itself."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def first_hash(ledger: str, dataset: str) -> str:
    """The hash before the first entry of a dataset; `ledger` is the ledger's id."""
    return hashlib.sha256(f"gatecli.dev/ledger/v1\n{ledger}\n{dataset}\n".encode()).hexdigest()


def next_hash(previous: str, content: str) -> str:
    """The hash of an entry after the one with hash `previous`."""
    return hashlib.sha256(bytes.fromhex(previous) + content.encode()).hexdigest()


def content_of(movement: Movement, charge: Charge) -> str:
    """The content of the entry that charges one dataset with a movement; amounts come first."""
    return canonical_json(
        {
            "amounts": list(charge.amounts),
            "at": movement.at,
            "attempt": movement.attempt,
            "dataset": charge.dataset,
            "details": dict(movement.details),
            "digest": movement.digest,
            "kind": movement.kind.value,
            "plan": movement.plan,
            "subject": movement.subject,
        }
    )


def time_in(content: str) -> str:
    """The time in the content of an entry; `content_of` writes it before anybody's text."""
    return content.partition('"at":"')[2][:20]


def identity_digest(parts: Mapping[str, Any]) -> str:
    """What makes a movement the same as one before: SHA-256 of what is declared, without the time."""
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def opening_movement(terms: DatasetTerms, at: str) -> Movement:
    """The first entry of a dataset."""
    written = terms.as_data()
    digest = identity_digest(written)
    return Movement(
        EntryKind.DATASET, terms.name, at, (Charge(terms.name, NOTHING),), digest, {"terms": written}
    )
