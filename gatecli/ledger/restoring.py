"""The steps that write a ledger anew, so that every hash and every place in its log is what it was.

The log is in stretches: each time places were given, the entries without one got theirs by dataset and
number. Where that order falls, a stretch ends. Inside a stretch, what a step needs comes before it: the entry
before in each dataset, what happened to its subject before, the parents of a dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from gatecli.errors import UncheckableError
from gatecli.model.ledger import (
    Charge,
    DatasetTerms,
    Entry,
    EntryKind,
    Movement,
    read_terms,
)

_BEGINS = frozenset({EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE})


@dataclass(frozen=True, slots=True)
class AddStep:
    """A dataset begins."""

    terms: DatasetTerms
    at: str
    signature: str


@dataclass(frozen=True, slots=True)
class MoveStep:
    """A subject moves."""

    movement: Movement
    lapses: str | None
    releases: Mapping[str, str]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CloseStep:
    """A dataset ends."""

    dataset: str
    at: str


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """Entries get their places in the log."""


Step = AddStep | MoveStep | CloseStep | SequenceStep


def steps_of(log: Iterable[Entry]) -> Iterator[Step]:
    """The steps that write a log. Raises UncheckableError where no order of them does."""
    stretch: list[Entry] = []
    for entry in log:
        if stretch and (entry.dataset, entry.number) < (stretch[-1].dataset, stretch[-1].number):
            yield from _steps_of_stretch(stretch)
            stretch = []
        stretch.append(entry)
    if stretch:
        yield from _steps_of_stretch(stretch)


def _steps_of_stretch(stretch: list[Entry]) -> Iterator[Step]:
    groups: dict[tuple[str, int, str], list[Entry]] = {}
    for entry in stretch:
        groups.setdefault(_key(entry), []).append(entry)
    order: TopologicalSorter[tuple[str, int, str]] = TopologicalSorter()
    last_of_dataset: dict[str, tuple[str, int, str]] = {}
    for entry in stretch:
        key = _key(entry)
        order.add(key, *[last_of_dataset[entry.dataset]] if entry.dataset in last_of_dataset else [])
        last_of_dataset[entry.dataset] = key
    for before, after in _order_of_subjects(groups):
        order.add(after, before)
    try:
        for key in order.static_order():
            yield _step(groups[key])
    except CycleError:
        raise UncheckableError(
            f"the entries about {stretch[0].subject} and others are in an order that no ledger writes",
            advice="gatecli ledger verify says what was changed",
        ) from None
    yield SequenceStep()


def _key(entry: Entry) -> tuple[str, int, str]:
    """What the entries of one movement share, and no others do."""
    if entry.kind in {EntryKind.DATASET, EntryKind.CLOSE}:
        return (entry.kind.value, entry.number, entry.dataset)
    return (entry.kind.value, entry.attempt, entry.subject)


def _order_of_subjects(
    groups: Mapping[tuple[str, int, str], list[Entry]],
) -> Iterator[tuple[tuple[str, int, str], tuple[str, int, str]]]:
    """Pairs of movements, the first before the second, that may share no dataset."""
    by_subject: dict[str, list[tuple[int, bool, tuple[str, int, str]]]] = {}
    for key, (entry, *_) in groups.items():
        if entry.kind is EntryKind.DATASET:
            terms = _terms(entry)
            needed = {parent.name for parent in terms.parents} | {terms.block_of}
            yield from (
                (("dataset", 0, name), key)
                for name in needed
                if name is not None and ("dataset", 0, name) in groups
            )
        elif entry.kind is not EntryKind.CLOSE:
            rank = (entry.attempt, entry.kind not in _BEGINS, key)
            by_subject.setdefault(entry.subject, []).append(rank)
    for ranks in by_subject.values():
        ordered = sorted(ranks)
        yield from ((one[2], other[2]) for one, other in pairwise(ordered))


def _step(entries: list[Entry]) -> Step:
    entry = entries[0]
    said: dict[str, Any] = json.loads(entry.content)
    if entry.kind is EntryKind.DATASET:
        return AddStep(_terms(entry), said["at"], entry.signature)
    if entry.kind is EntryKind.CLOSE:
        return CloseStep(entry.dataset, said["at"])
    details = said["details"]
    movement = Movement(
        entry.kind,
        entry.subject,
        said["at"],
        tuple(Charge(each.dataset, each.amounts) for each in entries),
        said["digest"],
        details,
        entry.attempt,
        said["plan"],
    )
    signatures = tuple(each.signature for each in entries)
    return MoveStep(movement, details.get("lapses"), details.get("planned", {}), signatures)


def _terms(entry: Entry) -> DatasetTerms:
    return read_terms(json.loads(entry.content)["details"]["terms"])
