"""Whether the reservations of a ledger are what its entries say: none changed, missing or too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gatecli.ledger.compact_set import CompactSet
from gatecli.ledger.interface import Store
from gatecli.ledger.replay import CHARGES, DatasetReplay, Fault, planned_in
from gatecli.ledger.subject_ends import Ends, Part, part_of
from gatecli.model.ledger import Reservation, ReservationState

_TRIES = 5
"""How often a subject that others move meanwhile is read again."""

_OPEN = frozenset({ReservationState.HELD, ReservationState.LENT})


class ExpectedReservations:
    """Reservations as the replays of all datasets leave them.

    Of a subject that was committed or returned at once eight bytes are kept for each dataset: a hash of all
    that its reservation says.
    """

    def __init__(self, replays: Mapping[str, DatasetReplay]) -> None:
        self._replays = replays
        self._parts = CompactSet()
        self.ends = Ends(self._parts.add)

    def candidates(self, subject: str) -> list[Reservation] | None:
        """How a subject may stand; None where it was charged once at most, and `holds` alone can tell."""
        places = [
            (name, replay.open[subject]) for name, replay in self._replays.items() if subject in replay.open
        ]
        return self.ends.reservations(subject, places)

    def holds(self, found: Reservation) -> bool:
        """Whether each part of a reservation is what the entries of its dataset say."""
        subject, charges = found.subject, found.charges
        if found.attempt or found.state is ReservationState.VOID or subject in self.ends.histories:
            return found in (self.candidates(subject) or ())
        if not charges or (len(charges) > 1 and len({charge.dataset for charge in charges}) < len(charges)):
            return False
        for charge in charges:
            part = Part(
                charge.dataset,
                subject,
                0,
                found.state,
                found.digest,
                found.last_digest,
                found.at,
                found.plan,
                found.lapses,
                tuple(charge.amounts),
            )
            if not (self._is_open(part) if found.state in _OPEN else part in self._parts):
                return False
        return True

    def _is_open(self, part: Part) -> bool:
        replay = self._replays.get(part.dataset)
        begin = None if replay is None else replay.open.get(part.subject)
        return begin is not None and part_of(part.dataset, part.subject, begin) == part

    def count(self) -> tuple[int, int]:
        """How many parts of subjects without a history there are, and how many subjects with one."""
        histories = set(self.ends.histories)
        histories |= {
            subject
            for replay in self._replays.values()
            for subject, begin in replay.open.items()
            if begin.attempt
        }
        open_parts = sum(
            subject not in histories for replay in self._replays.values() for subject in replay.open
        )
        return len(self._parts) + open_parts, len(histories)


def find_reservation_faults(
    store: Store,
    expected: ExpectedReservations,
    replays: Mapping[str, DatasetReplay],
    read_on: Callable[[], bool],
) -> Iterator[Fault]:
    """Compare both ways; `read_on` replays what was appended meanwhile."""
    counted, with_history, last = 0, 0, ""
    for found in store.reservations():
        if found.subject <= last and last:
            yield _fault(found, "stands there twice")
        elif expected.holds(found) or _is_settled(store, found.subject, expected, read_on):
            is_plain = not found.attempt and found.subject not in expected.ends.histories
            counted += len(found.charges) if is_plain else 0
            with_history += not is_plain
        else:
            yield _fault(found, f"is {found.state} by its reservation, and its entries say otherwise")
        last = found.subject
    read_on()
    if (counted, with_history) != expected.count():
        yield from _find_missing(store, expected, replays)


def _is_settled(
    store: Store, subject: str, expected: ExpectedReservations, read_on: Callable[[], bool]
) -> bool:
    """Whether a subject that seemed to differ had only moved on."""
    for _ in range(_TRIES):
        grew = read_on()
        found = store.reservation(subject)
        if found is not None and expected.holds(found):
            return True
        if not grew:
            break
    return False


def _find_missing(
    store: Store,
    expected: ExpectedReservations,
    replays: Mapping[str, DatasetReplay],
) -> Iterator[Fault]:
    """Name each charge in the entries that no reservation has."""
    there = CompactSet()
    for found in store.reservations():
        there.add(found.subject)
        for charge in found.charges:
            there.add((found.subject, charge.dataset))
    for name in sorted(replays):
        for entry in store.entries(name):
            if entry.kind not in CHARGES:
                continue
            for subject in (entry.subject, *planned_in(entry)):
                has_history = expected.candidates(subject) is not None
                key = subject if has_history else (subject, name)
                if key in there:
                    continue
                there.add(key)
                if not _stands(store, subject, name, has_history=has_history):
                    yield Fault(name, entry.number, f"{subject} is charged, and no reservation says so")


def _stands(store: Store, subject: str, dataset: str, *, has_history: bool) -> bool:
    """Whether it was only added after the reservations were read."""
    found = store.reservation(subject)
    return found is not None and (has_history or any(each.dataset == dataset for each in found.charges))


def _fault(found: Reservation, what: str) -> Fault:
    dataset = found.charges[0].dataset if found.charges else ""
    return Fault(dataset, None, f"{found.subject} {what}")
