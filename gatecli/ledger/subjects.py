"""The states of the subjects that one dataset is charged for: what each may do next.

These are the transitions of `gatecli.model.ledger.TRANSITIONS` as the entries of one dataset show them: an
attempt, or the release of a plan, may have charged other datasets before. What is held or lent is remembered
with its amounts, what is done with as a few hashes.
"""

from __future__ import annotations

from operator import add
from typing import Any, NamedTuple

from gatecli.ledger.compact_set import CompactSet
from gatecli.model.ledger import Entry, EntryKind
from gatecli.model.portfolio import NOTHING

AmountValues = tuple[int, ...]

NOTHING_VALUES: AmountValues = tuple(NOTHING)

_OPENING, _RESERVE, _LEASE = EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE
# Members are compared one by one: an enumeration's hash is a function of Python.
_REFUSALS = {
    EntryKind.COMMIT: "is not held: it cannot be committed",
    EntryKind.VOID: "is not held: it cannot become void",
    EntryKind.RETURN: "is not lent: it cannot be returned",
}


class OpenSubject(NamedTuple):
    """What is held, or lent, and may be taken back. The attempt of a release in a plan is not told: None."""

    kind: EntryKind
    attempt: int | None
    amounts: AmountValues
    plan: str | None = None
    releases: tuple[str, ...] = ()
    committed: bool = False
    """Whether a release of the plan was committed."""


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
    """What one dataset is charged for at the moment."""

    __slots__ = ("_dataset", "_finished", "_left", "_open")

    def __init__(self, dataset: str, finished: Finished) -> None:
        self._dataset = dataset
        self._finished = finished
        self._open: dict[str, OpenSubject] = {}
        self._left: dict[str, AmountValues] = {}
        """What void subjects still hold, where not all was taken back."""

    def step(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        """Take the subject of an entry one step further; what is wrong with that goes to `wrong`."""
        kind = entry.kind
        if kind is _RESERVE or kind is _OPENING or kind is _LEASE:
            self._begin(entry, amounts, said, wrong)
        else:
            self._end(entry, amounts, wrong)

    def _begin(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        kind, subject, attempt = entry.kind, entry.subject, entry.attempt
        if subject in self._open or not self._finished.may_begin(self._dataset, subject, attempt):
            wrong.append(f"{subject} was charged before")
        if amounts != NOTHING_VALUES and min(amounts) < 0:
            wrong.append("a charge is negative")
        if kind is _OPENING:
            self._finished.add(self._dataset, subject, attempt, voided=False)
            return
        if subject in self._left:
            amounts = tuple(map(add, amounts, self._left.pop(subject)))
        releases = _releases_in(said)
        self._open[subject] = OpenSubject(kind, attempt, amounts, None, releases)
        for release in releases:
            if release in self._open:
                wrong.append(f"{release} was charged before")
            self._open[release] = OpenSubject(kind, None, NOTHING_VALUES, subject)

    def _end(self, entry: Entry, amounts: AmountValues, wrong: list[str]) -> None:
        """Commit or void what is held; return what is lent."""
        kind, subject, attempt = entry.kind, entry.subject, entry.attempt
        before = self._open.pop(subject, None) or self._left_of(subject)
        wanted = _LEASE if kind is EntryKind.RETURN else _RESERVE
        if before is None or before.kind is not wanted or before.attempt not in (None, attempt):
            wrong.append(f"{subject} {_REFUSALS[kind]}")
            return
        if kind is EntryKind.COMMIT:
            if amounts != NOTHING_VALUES:
                wrong.append("a commit changes what is held")
            if before.plan is not None:
                self._keep_plan(before.plan)
            self._finished.add(self._dataset, subject, attempt, voided=False)
        else:
            self._take_back(entry, amounts, before, wrong)

    def _take_back(self, entry: Entry, amounts: AmountValues, before: OpenSubject, wrong: list[str]) -> None:
        subject, is_void = entry.subject, entry.kind is EntryKind.VOID
        left = tuple(map(add, before.amounts, amounts))
        if max(amounts) > 0 or min(left) < 0:
            wrong.append(f"it takes back more than {subject} was charged")
        if is_void and before.committed:
            wrong.append(f"a release of the plan {subject} was published: it cannot become void")
        if is_void and left != NOTHING_VALUES:
            self._left[subject] = left
        for release in before.releases if is_void else ():
            if release in self._open and self._open[release].plan == subject:
                del self._open[release]
                self._finished.add(self._dataset, release, None, voided=True)
        self._finished.add(self._dataset, subject, entry.attempt, voided=is_void)

    def _left_of(self, subject: str) -> OpenSubject | None:
        """A subject that was reserved again with other datasets, and holds something here still."""
        left = self._left.pop(subject, None)
        return None if left is None else OpenSubject(EntryKind.RESERVE, None, left)

    def _keep_plan(self, plan: str) -> None:
        """A plan of which a release was committed cannot become void."""
        held = self._open.get(plan)
        if held is not None:
            self._open[plan] = held._replace(committed=True)


def _releases_in(said: dict[str, Any]) -> tuple[str, ...]:
    """The releases of a plan."""
    details = said["details"]
    releases = details.get("planned") if isinstance(details, dict) else None
    return tuple(releases) if isinstance(releases, dict) else ()
