"""How reservations stand by the entries alone: what each chain says of its subjects, put together.

A chain says how a subject began in its dataset and how it ended; a subject that charges several datasets is
in several chains. What was committed or returned at the first attempt is told at once, part by part, and
needs no memory. A subject that was void once may be charged again, to other datasets: of each such one a
history is kept until all chains are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gatecli.ledger.interface import Part
from gatecli.model.ledger import Charge, EntryKind, Reservation, ReservationState
from gatecli.model.portfolio import NOTHING, Amounts

AmountValues = tuple[int, ...]
NOTHING_VALUES: AmountValues = tuple(NOTHING)


class OpenSubject(NamedTuple):
    """What is held, or lent, and may be taken back. The attempt of a release in a plan is not told: None."""

    kind: EntryKind
    attempt: int | None
    amounts: AmountValues
    plan: str | None = None
    releases: tuple[str, ...] = ()
    committed: bool = False
    """Whether a release of the plan was committed."""
    digest: str = ""
    at: str = ""
    lapses: str | None = None
    plan_attempt: int = 0
    members: int = 0
    """How many releases of the plan are held."""
    is_left: bool = False
    """Whether it is what a void subject still holds here, which other datasets are charged for again."""


class End(NamedTuple):
    """How a subject ended in one dataset: `attempt` is None for a release that became void with its plan."""

    state: ReservationState
    attempt: int | None
    last_digest: str
    amounts: AmountValues
    """What it holds there afterwards."""


_Key = int | tuple[str | None, int]
"""An attempt: its number, or the plan and the attempt of the plan where no entry tells the number."""

_OPEN_STATES = {EntryKind.RESERVE: ReservationState.HELD, EntryKind.LEASE: ReservationState.LENT}


@dataclass(slots=True)
class _Attempt:
    """One attempt, as the chains read so far tell it."""

    begin: OpenSubject | None = None
    state: ReservationState | None = None
    last_digest: str = ""
    datasets: set[str] = field(default_factory=set)


@dataclass(slots=True)
class SubjectHistory:
    """All attempts of a subject that was void once, and what it holds in each dataset."""

    attempts: dict[_Key, _Attempt] = field(default_factory=dict)
    amounts: dict[str, AmountValues] = field(default_factory=dict)

    def add(self, dataset: str, begin: OpenSubject, end: End | None) -> None:
        """An attempt in one dataset; `end` is None while it is open."""
        told = begin.attempt if end is None or end.attempt is None else end.attempt
        key: _Key = (begin.plan, begin.plan_attempt) if told is None else told
        attempt = self.attempts.setdefault(key, _Attempt())
        attempt.datasets.add(dataset)
        self.amounts[dataset] = begin.amounts if end is None else end.amounts
        if not begin.is_left:
            attempt.begin = begin
        if end is not None:
            attempt.state, attempt.last_digest = end.state, end.last_digest
        elif not begin.is_left:
            attempt.state, attempt.last_digest = _OPEN_STATES[begin.kind], begin.digest

    def copy(self) -> SubjectHistory:
        """A history that can be added to."""
        attempts = {
            key: _Attempt(each.begin, each.state, each.last_digest, set(each.datasets))
            for key, each in self.attempts.items()
        }
        return SubjectHistory(attempts, dict(self.amounts))

    def reservations(self, subject: str) -> list[Reservation]:
        """How it may stand now, the likeliest first.

        More than one where it became void last with one of several plans, and no entry tells which was last.
        """
        last = len(self.attempts) - 1
        keys: list[_Key] = [last] if last in self.attempts else self._untold()
        return [
            Reservation(
                subject,
                last,
                state,
                begin.digest,
                begin.at,
                tuple(self._charges(attempt.datasets)),
                begin.plan,
                begin.lapses,
                attempt.last_digest,
            )
            for attempt in (self.attempts[key] for key in keys)
            if (begin := attempt.begin) is not None and (state := attempt.state) is not None
        ]

    def _untold(self) -> list[_Key]:
        """The attempts without a number: one that is held is the last, else the latest may be."""
        keys: list[_Key] = [key for key in self.attempts if isinstance(key, tuple)]
        held = [key for key in keys if self.attempts[key].state is ReservationState.HELD]

        def when(key: _Key) -> tuple[str, str, int]:
            begin = self.attempts[key].begin
            return (begin.at, begin.plan or "", begin.plan_attempt) if begin else ("", "", 0)

        return held or sorted(keys, key=when, reverse=True)

    def _charges(self, datasets: set[str]) -> Iterator[Charge]:
        for dataset, amounts in sorted(self.amounts.items()):
            if dataset in datasets or amounts != NOTHING_VALUES:
                yield Charge(dataset, Amounts(*amounts))


class Ends:
    """The ends of subjects in all datasets of a ledger. `keep` gets each part that nothing can change."""

    __slots__ = ("_keep", "histories")

    def __init__(self, keep: Callable[[Part], object]) -> None:
        self._keep = keep
        self.histories: dict[str, SubjectHistory] = {}

    def add(self, dataset: str, subject: str, begin: OpenSubject, end: End) -> None:
        """A subject ended in one dataset."""
        state, attempt, last_digest, amounts = end
        if attempt == 0 and state is not ReservationState.VOID:
            known = (begin.digest, last_digest, begin.at, begin.plan, begin.lapses)
            self._keep((dataset, subject, 0, state.value, *known, *amounts))
        else:
            self.histories.setdefault(subject, SubjectHistory()).add(dataset, begin, end)

    def reservations(
        self, subject: str, open_in: Iterable[tuple[str, OpenSubject]]
    ) -> list[Reservation] | None:
        """How a subject with a history may stand, given where it is open; None where it has no history."""
        found = self.histories.get(subject)
        places = list(open_in)
        if found is None and all(begin.attempt in {0, None} for _, begin in places):
            return None
        history = SubjectHistory() if found is None else found.copy()
        for dataset, begin in places:
            history.add(dataset, begin, None)
        return history.reservations(subject)


def open_part(dataset: str, subject: str, begin: OpenSubject) -> Part:
    """The part of a first attempt that is held or lent."""
    known = (begin.digest, begin.digest, begin.at, begin.plan, begin.lapses)
    return (dataset, subject, 0, _OPEN_STATES[begin.kind].value, *known, *begin.amounts)


def parts_of(reservation: Reservation) -> list[Part]:
    """What a reservation says, part by part."""
    return [
        (
            charge.dataset,
            reservation.subject,
            reservation.attempt,
            reservation.state.value,
            reservation.digest,
            reservation.last_digest,
            reservation.at,
            reservation.plan,
            reservation.lapses,
            *charge.amounts,
        )
        for charge in reservation.charges
    ]
