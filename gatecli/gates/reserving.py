"""Releases that passed are charged to the ledger in the same step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from gatecli.errors import UsageError
from gatecli.gates.charges import Assessment, Terms
from gatecli.gates.concealment import without_values
from gatecli.ledger.checking import check_movement
from gatecli.ledger.interface import BudgetExceeded, Conflict, Store, UnknownDataset
from gatecli.model.ledger import RUN_MARK, Charge, EntryKind, Movement, release_of_run
from gatecli.model.portfolio import NOTHING

_OVERTAKEN = (BudgetExceeded, Conflict, UnknownDataset)
"""What another client may do between the judgement and the reservation."""


@dataclass(frozen=True, slots=True)
class LedgerUse:
    """The ledger that a run judges against, and whether what passes is reserved.

    `at` is the client's time, RFC 3339 in UTC with whole seconds. With `plan` all releases are reserved as
    one mechanism by that name.
    """

    store: Store
    at: str
    reserves: bool = False
    plan: str | None = None


def reserve(assessments: Sequence[Assessment], terms: Terms) -> bool:
    """Whether everything was reserved; False where another client was quicker.

    What was reserved until then stays held: another job may have been told by now that it is, and a rerun
    finds it there. Raises UsageError, before anything is reserved, where a name holds personal data or is
    none that a ledger holds.
    """
    wanted = [(each.movement, each) for each in assessments if each.movement is not None]
    lapses = (terms.today + timedelta(days=terms.rules.lapse_after_days)).isoformat()
    for movement, each in wanted:
        _refuse_run_names((movement.subject, *each.releases))
        refuse_personal_data(movement, each.releases)
        check_movement(movement, lapses, each.releases, ())
    for movement, each in wanted:
        try:
            terms.store.move(movement, lapses=lapses, releases=each.releases)
            if each.has_run:
                terms.store.move(committing(movement))
        except _OVERTAKEN:
            return False
    return True


def committing(movement: Movement) -> Movement:
    """What says that a reservation is spent."""
    charges = tuple(Charge(each.dataset, NOTHING) for each in movement.charges)
    return replace(movement, kind=EntryKind.COMMIT, charges=charges)


def _refuse_run_names(subjects: Iterable[str]) -> None:
    for subject in subjects:
        if release_of_run(subject) is not None:
            raise UsageError(
                f"{without_values(subject)} is how the ledger names a run of a job",
                advice=f"leave {RUN_MARK} out of names and versions",
            )


def refuse_personal_data(movement: Movement, releases: Iterable[str] = ()) -> None:
    """A ledger is kept for years and shown to auditors: no person is named in it. Raises UsageError."""
    names = (movement.subject, *releases, *(each.dataset for each in movement.charges))
    for text in _texts((*names, movement.details)):
        if any(without_values(part) != part for part in (text, *_parts(text))):
            raise UsageError(
                f"the entry of {without_values(movement.subject)} would hold personal data",
                advice="name datasets, releases and reasons without it",
            )


def _parts(name: str) -> tuple[str, ...]:
    """The name and the version of `name@version`: joined, they hide an address from a search."""
    before, _, after = name.rpartition("@")
    return (before, after)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield key
                if key not in _DIGESTS:
                    yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


_DIGESTS = frozenset({"declaration", "artifacts", "evidence", "sha256", "digest", "claim"})
"""Keys of what is a digest or a number."""
