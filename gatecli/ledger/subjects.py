"""The states of the subjects that one dataset is charged for: what each may do next.

These are the transitions of `gatecli.model.ledger.TRANSITIONS` as the entries of one dataset show them: an
attempt, or the release of a plan, may have charged other datasets before. What is held or lent is remembered
with its amounts, what is done with as a few hashes.
"""

from __future__ import annotations

from operator import add
from typing import Any

from gatecli.ledger.compact_set import CompactSet
from gatecli.ledger.subject_ends import NOTHING_VALUES, AmountValues, End, Ends, OpenSubject
from gatecli.model.ledger import Entry, EntryKind, ReservationState

_OPENING, _RESERVE, _LEASE = EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE
# Members are compared one by one: an enumeration's hash is a function of Python.
_NOT_YET = False
"""Whether a release of a plan is committed when the plan begins."""
_REFUSALS = {
    EntryKind.COMMIT: "is not held: it cannot be committed",
    EntryKind.VOID: "is not held: it cannot become void",
    EntryKind.RETURN: "is not lent: it cannot be returned",
}


class Finished:
    """Which subjects of which datasets are done with, for all datasets of a ledger."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys = CompactSet()

    def add(self, dataset: str, subject: str, attempt: int | None, *, voided: bool) -> None:
        """A subject was committed, returned or voided."""
        self._keys.add((dataset, subject))
        if voided:
            self._keys.add((dataset, subject, "void"))
            self._keys.add((dataset, subject, attempt))
        elif attempt != 0:
            self._keys.add((dataset, subject, "final"))

    def may_begin(self, dataset: str, subject: str, attempt: int) -> bool:
        """Whether a subject that is not open can be charged as this attempt: after one that was voided."""
        if (dataset, subject) not in self._keys:
            return True
        is_over = (dataset, subject, "void") not in self._keys or (dataset, subject, "final") in self._keys
        return attempt > 0 and not is_over and (dataset, subject, attempt) not in self._keys


class Subjects:
    """What one dataset is charged for at the moment. `ends`, where given, is told how each subject ended."""

    __slots__ = ("_dataset", "_ends", "_finished", "_left", "open")

    def __init__(self, dataset: str, finished: Finished, ends: Ends | None = None) -> None:
        self._dataset = dataset
        self._finished = finished
        self._ends = ends
        self.open: dict[str, OpenSubject] = {}
        self._left: dict[str, AmountValues] = {}
        """What void subjects still hold, where not all was taken back."""

    def step(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        """Take the subject of an entry one step further; what is wrong with that goes to `wrong`."""
        kind = entry.kind
        if kind is _RESERVE or kind is _OPENING or kind is _LEASE:
            self._begin(entry, amounts, said, wrong)
        else:
            self._end(entry, amounts, said, wrong)

    def _begin(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        kind, subject, attempt = entry.kind, entry.subject, entry.attempt
        if subject in self.open or not self._finished.may_begin(self._dataset, subject, attempt):
            wrong.append(f"{subject} was charged before")
        if amounts != NOTHING_VALUES and min(amounts) < 0:
            wrong.append("a charge is negative")
        releases, lapses = _terms_in(said["details"])
        digest, at = said["digest"], said["at"]
        # By position, which takes half the time of names.
        begun = OpenSubject(
            kind, attempt, amounts, None, tuple(releases), _NOT_YET, digest, at, lapses, 0, len(releases)
        )
        if kind is _OPENING:
            self._finish(subject, begun, End(ReservationState.COMMITTED, attempt, digest, amounts))
            return
        if subject in self._left:
            begun = begun._replace(amounts=tuple(map(add, amounts, self._left.pop(subject))))
        self.open[subject] = begun
        for release, planned in releases.items():
            if release in self.open:
                wrong.append(f"{release} was charged before")
            self.open[release] = OpenSubject(
                kind,
                None,
                self._left.pop(release, NOTHING_VALUES),
                subject,
                digest=planned if isinstance(planned, str) else "",
                at=at,
                lapses=lapses,
                plan_attempt=attempt,
            )

    def _end(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        """Commit or void what is held; return what is lent."""
        kind, subject, attempt = entry.kind, entry.subject, entry.attempt
        before = self.open.pop(subject, None) or self._left_of(subject)
        wanted = _LEASE if kind is EntryKind.RETURN else _RESERVE
        if before is None or before.kind is not wanted or before.attempt not in (None, attempt):
            wrong.append(f"{subject} {_REFUSALS[kind]}")
            return
        left = before.amounts
        if amounts != NOTHING_VALUES:
            left = tuple(map(add, left, amounts))
        if kind is EntryKind.COMMIT:
            end = End(ReservationState.COMMITTED, attempt, said["digest"], left)
            if amounts != NOTHING_VALUES:
                wrong.append("a commit changes what is held")
        else:
            state = ReservationState.VOID if kind is EntryKind.VOID else ReservationState.RETURNED
            end = End(state, attempt, said["digest"], left)
            self._judge_taken_back(entry, before, (amounts, left), wrong)
        self._finish(subject, before, end)
        if before.plan is not None:
            self._count_member(before.plan, end)
        if kind is EntryKind.VOID:
            self._void_releases(subject, before, end)

    def _judge_taken_back(
        self,
        entry: Entry,
        before: OpenSubject,
        taken_and_left: tuple[AmountValues, AmountValues],
        wrong: list[str],
    ) -> None:
        taken, left = taken_and_left
        if max(taken) > 0 or min(left) < 0:
            wrong.append(f"it takes back more than {entry.subject} was charged")
        if entry.kind is EntryKind.VOID and before.committed:
            wrong.append(f"a release of the plan {entry.subject} was published: it cannot become void")

    def _void_releases(self, plan: str, before: OpenSubject, end: End) -> None:
        """The releases of a plan are void with it."""
        for release in before.releases:
            held = self.open.get(release)
            if held is not None and held.plan == plan:
                del self.open[release]
                self._finish(release, held, End(end.state, None, end.last_digest, held.amounts))

    def _finish(self, subject: str, begin: OpenSubject, end: End) -> None:
        """A subject is done with, until a void one is charged again."""
        is_void = end.state is ReservationState.VOID
        if is_void and end.amounts != NOTHING_VALUES:
            self._left[subject] = end.amounts
        self._finished.add(self._dataset, subject, end.attempt, voided=is_void)
        if self._ends is not None:
            self._ends.add(self._dataset, subject, begin, end)

    def _left_of(self, subject: str) -> OpenSubject | None:
        """A subject that was reserved again with other datasets, and holds something here still."""
        left = self._left.pop(subject, None)
        return None if left is None else OpenSubject(EntryKind.RESERVE, None, left, is_left=True)

    def _count_member(self, plan: str, end: End) -> None:
        """A plan of which a release was committed cannot become void; it is committed once none is held."""
        held = self.open.get(plan)
        if held is None:
            return
        committed = held.committed or end.state is ReservationState.COMMITTED
        left = held.members - 1
        if committed and not left:
            del self.open[plan]
            state = ReservationState.COMMITTED
            self._finish(plan, held, End(state, held.attempt, end.last_digest, held.amounts))
        else:
            self.open[plan] = held._replace(members=left, committed=committed)


def _terms_in(details: Any) -> tuple[dict[str, Any], str | None]:
    """The releases of a plan with the digest of each, and the day on which it lapses."""
    if not isinstance(details, dict):
        return {}, None
    planned, lapses = details.get("planned"), details.get("lapses")
    return planned if isinstance(planned, dict) else {}, lapses if isinstance(lapses, str) else None
