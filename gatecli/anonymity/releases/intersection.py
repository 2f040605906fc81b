"""What two releases of one table disclose together: the intersection attack.

Ganta, Kasiviswanathan and Smith, "Composition Attacks and Auxiliary Information in Data Privacy", KDD 2008.
Whoever knows a person's quasi-identifiers finds the person's class in either release. What links the classes
is all that both releases hold besides: the person has one and the same value in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.releases.assignments import possible_pairs
from gatecli.anonymity.releases.labels import Overlap, Tree, overlap_of
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.text_rows import Row, distinct_rows
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import IntersectionMeasures, Spread

MOST_COMPARISONS = 400_000_000
"""Pairs of classes, for each value that links them: some seconds of work."""

MOST_PAIRS = 20_000_000
"""Pairs that are kept, each some dozen bytes."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class IntersectionQuestion:
    """The columns of both releases; `trees` say what a generalised label stands for."""

    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    trees: Mapping[str, Tree]


@dataclass(frozen=True, slots=True)
class _Release:
    """The classes of a release: a row of quasi-identifiers each; people by linking value and class."""

    classes: list[Row]
    held: Mapping[Row, Mapping[int, int]]
    records: int

    def sizes(self) -> list[int]:
        sizes = [0] * len(self.classes)
        for people in self.held.values():
            for at, count in people.items():
                sizes[at] += count
        return sizes


@dataclass(frozen=True, slots=True)
class _ClassPairs:
    """Class of the earlier and of the later release, the number of the linking value, people of each."""

    left: Codes
    right: Codes
    link: Codes
    people: tuple[Codes, Codes]


def intersect(
    earlier: OpenedTable, later: OpenedTable, question: IntersectionQuestion
) -> IntersectionMeasures:
    """What the two releases disclose of a person who is in both and whose values are the same in both.

    Raises UsageError for a column that a release does not have, UncheckableError where it cannot be known
    what a label stands for, where no person can be in both, or where there are too many pairs of classes.
    """
    shared = [
        name for name in question.quasi_identifiers if name in earlier.columns and name in later.columns
    ]
    _require(question, shared, earlier, later)
    known = {*question.quasi_identifiers}
    links = [name for name in earlier.columns if name in later.columns and name not in known]
    one, two = (_classes(opened, shared, links) for opened in (earlier, later))
    overlaps = [
        _overlap(name, at, one.classes, two.classes, question.trees.get(name))
        for at, name in enumerate(shared)
    ]
    values = sorted({*one.held} & {*two.held}, key=repr)
    pairs, is_same = _pairs(one, two, overlaps, values)
    if not len(pairs.left):
        raise UncheckableError(
            f"no person can be in both {earlier.name} and {later.name}: no classes overlap in a common value",
            advice="give two releases of one table, with the same names and spelling of columns and values",
        )
    columns = {name: links.index(name) for name in question.sensitive}
    found = _measure(pairs, one, two, is_same, columns, values, links)
    return replace(found, names=(earlier.name, later.name))


def _require(
    question: IntersectionQuestion, shared: Sequence[str], earlier: OpenedTable, later: OpenedTable
) -> None:
    if not shared:
        raise UsageError(
            f"{earlier.name} and {later.name} have no quasi-identifier in common",
            advice="name a column of both releases as a quasi-identifier",
        )
    for name in question.sensitive:
        if name not in earlier.columns or name not in later.columns:
            raise UsageError(
                f"the sensitive column {name!r} is not in both releases",
                advice="name sensitive columns that both releases hold",
            )


def _classes(opened: OpenedTable, shared: Sequence[str], links: Sequence[str]) -> _Release:
    numbers: dict[Row, int] = {}
    held: dict[Row, dict[int, int]] = defaultdict(dict)
    records = 0
    for row, count in distinct_rows(opened, (*shared, *links)):
        at = numbers.setdefault(row[: len(shared)], len(numbers))
        held[row[len(shared) :]][at] = count
        records += count
    return _Release(list(numbers), held, records)


@dataclass(frozen=True, slots=True)
class _ColumnOverlap:
    """Overlaps of a column's distinct labels, and which label each class has."""

    left: Codes
    right: Codes
    table: Overlap


def _overlap(
    name: str, at: int, left: Sequence[Row], right: Sequence[Row], tree: Tree | None
) -> _ColumnOverlap:
    labels = [
        sorted({row[at] for row in side}, key=lambda one: (one is not None, one or ""))
        for side in (left, right)
    ]
    numbers = [{label: number for number, label in enumerate(side)} for side in labels]
    codes = [
        np.array([known[row[at]] for row in side], np.int64)
        for known, side in zip(numbers, (left, right), strict=True)
    ]
    return _ColumnOverlap(codes[0], codes[1], overlap_of(name, labels[0], labels[1], tree))


def _pairs(
    one: _Release, two: _Release, overlaps: Sequence[_ColumnOverlap], values: Sequence[Row]
) -> tuple[_ClassPairs, bool]:
    """Every pair of classes that can hold a person, and whether both releases are of the same people."""
    if sum(len(one.held[value]) * len(two.held[value]) for value in values) > MOST_COMPARISONS:
        raise UncheckableError(
            f"there are more than {MOST_COMPARISONS:,} pairs of classes to compare",
            advice="compare coarser releases, or a part of each",
        )
    is_same = _totals(one) == _totals(two)
    found = _feasible_pairs(one, two, overlaps, values, is_same=is_same)
    if found is None:
        return _require_pairs(_feasible_pairs(one, two, overlaps, values, is_same=False)), False
    return found, is_same


def _require_pairs(found: _ClassPairs | None) -> _ClassPairs:
    if found is None:
        raise ValueError("pairs without an assignment are always feasible")
    return found


def _totals(release: _Release) -> dict[Row, int]:
    return {value: sum(people.values()) for value, people in release.held.items()}


def _feasible_pairs(
    one: _Release,
    two: _Release,
    overlaps: Sequence[_ColumnOverlap],
    values: Sequence[Row],
    *,
    is_same: bool,
) -> _ClassPairs | None:
    """The pairs; None where the releases cannot be of the same people although `is_same` says so."""
    parts: list[tuple[Codes, Codes, Codes, Codes, Codes]] = []
    kept = 0
    for number, value in enumerate(values):
        left, supply = _people(one.held[value])
        right, demand = _people(two.held[value])
        table = np.ones((len(left), len(right)), np.bool_)
        for each in overlaps:
            table &= each.table[np.ix_(each.left[left], each.right[right])]
        possible = possible_pairs(table, supply, demand) if is_same else table
        if possible is None:
            return None
        rows, columns = np.nonzero(possible)
        kept += len(rows)
        if kept > MOST_PAIRS:
            raise UncheckableError(
                f"more than {MOST_PAIRS:,} pairs of classes overlap",
                advice="compare coarser releases, or a part of each",
            )
        parts.append((left[rows], right[columns], np.full(len(rows), number), supply[rows], demand[columns]))
    joined = [np.concatenate([part[at] for part in parts] or [np.zeros(0, np.int64)]) for at in range(5)]
    return _ClassPairs(joined[0], joined[1], joined[2], (joined[3], joined[4]))


def _people(held: Mapping[int, int]) -> tuple[Codes, Codes]:
    return np.array(list(held), np.int64), np.array(list(held.values()), np.int64)


def _measure(
    pairs: _ClassPairs,
    one: _Release,
    two: _Release,
    is_same: bool,  # noqa: FBT001 - a fact, not a mode
    columns: Mapping[str, int],
    values: Sequence[Row],
    links: Sequence[str],
) -> IntersectionMeasures:
    _, pair = np.unique(pairs.left * len(two.classes) + pairs.right, return_inverse=True)
    people = [np.bincount(pair, each) for each in pairs.people]
    candidates = np.minimum(people[0], people[1]).astype(np.int64)
    return IntersectionMeasures(
        names=(),
        records=(one.records, two.records),
        classes=(len(one.classes), len(two.classes)),
        alone=(min(one.sizes()), min(two.sizes())),
        pairs=len(candidates),
        is_same_people=is_same,
        links=tuple(links),
        sizes=spread_of(candidates),
        distinct={name: _distinct(pairs, pair, [row[at] for row in values]) for name, at in columns.items()},
    )


def _distinct(pairs: _ClassPairs, pair: Codes, values: Sequence[str | None]) -> Spread:
    """How many values of a sensitive column each pair leaves."""
    numbers = {value: at for at, value in enumerate(dict.fromkeys(values))}
    codes = np.array([numbers[value] for value in values], np.int64)[pairs.link]
    owners = np.unique(pair * len(numbers) + codes) // len(numbers)
    return spread_of(np.bincount(owners))


def spread_of(figures: Codes) -> Spread:
    """Each figure, and how many have it."""
    found, counts = np.unique(figures, return_counts=True)
    return tuple((int(figure), int(count)) for figure, count in zip(found, counts, strict=True))
