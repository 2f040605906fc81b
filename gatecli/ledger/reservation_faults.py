"""Whether the reservations of a ledger are what its entries say: none changed, missing or too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gatecli.ledger.compact_set import CompactSet
from gatecli.ledger.interface import Part, Store
from gatecli.ledger.replay import CHARGES, DatasetReplay, Fault, planned_in
from gatecli.ledger.subject_ends import Ends, open_part, parts_of
from gatecli.model.ledger import Reservation, ReservationState

_TRIES = 5
"""How often a subject that others move meanwhile is read again."""


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
        """How a subject may stand; None where it was charged once at most, and `has` alone can tell."""
        places = [
            (name, replay.open[subject]) for name, replay in self._replays.items() if subject in replay.open
        ]
        return self.ends.reservations(subject, places)

    def has(self, part: Part) -> bool:
        """Whether a part is what the entries of its dataset say of a subject without a history."""
        if part in self._parts:
            return True
        dataset, subject = str(part[0]), str(part[1])
        replay = self._replays.get(dataset)
        begin = None if replay is None else replay.open.get(subject)
        return begin is not None and open_part(dataset, subject, begin) == part

    def holds(self, found: Reservation) -> bool:
        """Whether each part of a reservation is what the entries of its dataset say."""
        if has_history(found.subject, found.attempt, found.state, self.ends):
            return found in (self.candidates(found.subject) or ())
        parts = parts_of(found)
        return bool(parts) and len({part[0] for part in parts}) == len(parts) and all(map(self.has, parts))

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


def has_history(subject: object, attempt: object, state: object, ends: Ends) -> bool:
    """Whether a subject was void once, by its reservation or its entries."""
    return attempt != 0 or state == ReservationState.VOID or subject in ends.histories


def find_reservation_faults(
    store: Store,
    expected: ExpectedReservations,
    replays: Mapping[str, DatasetReplay],
    read_on: Callable[[], bool],
) -> Iterator[Fault]:
    """Compare both ways; `read_on` replays what was appended meanwhile, and says whether anything was."""
    parts, subjects, judged = 0, 0, ""
    holds, last = True, ("", "")
    for part in store.parts():
        dataset, subject = str(part[0]), str(part[1])
        is_next, last = (subject, dataset) > last, (subject, dataset)
        remembers = has_history(subject, part[2], part[3], expected.ends)
        if is_next and not remembers and expected.has(part):
            parts += 1
            continue
        if subject != judged:
            holds, judged = _is_settled(store, subject, expected, read_on), subject
            subjects += remembers
            if not holds or not is_next:
                what = f"is {part[3]} by its reservation, and its entries say otherwise"
                yield Fault(dataset if part[0] else "", None, f"{subject} {what}")
        parts += not remembers
    read_on()
    if (parts, subjects) != expected.count():
        yield from _find_missing(store, expected, replays)


def _is_settled(
    store: Store, subject: str, expected: ExpectedReservations, read_on: Callable[[], bool]
) -> bool:
    """Whether a subject stands as its entries say, once those are read that came meanwhile."""
    for _ in range(_TRIES):
        found = store.reservation(subject)
        if found is not None and expected.holds(found):
            return True
        if not read_on():
            break
    return False


def _find_missing(
    store: Store,
    expected: ExpectedReservations,
    replays: Mapping[str, DatasetReplay],
) -> Iterator[Fault]:
    """Name each charge in the entries that no reservation has."""
    there = CompactSet()
    for dataset, subject, *_ in store.parts():
        there.add(subject)
        there.add((subject, dataset))
    for name in sorted(replays):
        for entry in store.entries(name):
            if entry.kind not in CHARGES:
                continue
            for subject in (entry.subject, *planned_in(entry)):
                remembers = expected.candidates(subject) is not None
                key = subject if remembers else (subject, name)
                if key in there:
                    continue
                there.add(key)
                if not _stands(store, subject, None if remembers else name):
                    yield Fault(name, entry.number, f"{subject} is charged, and no reservation says so")


def _stands(store: Store, subject: str, dataset: str | None) -> bool:
    """Whether it was only added after the reservations were read; with the dataset, if one is given."""
    found = store.reservation(subject)
    return found is not None and dataset in {None, *(each.dataset for each in found.charges)}
