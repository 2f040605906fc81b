"""What three or more releases of one table disclose together: each pair of them, and all at once.

A person is a *unit* of each release: a class, and the values of the columns that other releases hold too. The
units of a person overlap in every quasi-identifier and agree in every other column that two releases hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gatecli.anonymity.releases.assignments import possible_pairs
from gatecli.anonymity.releases.intersection import (
    MOST_COMPARISONS,
    MOST_PAIRS,
    Codes,
    IntersectionQuestion,
    intersect,
    spread_of,
)
from gatecli.anonymity.releases.labels import Overlap, overlap_of
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.text_rows import Row, distinct_rows
from gatecli.errors import UncheckableError
from gatecli.model.disclosure import IntersectionMeasures


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of a release: their rows over `columns`, the people of each, and the class of each."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    people: Codes
    classes: Codes

    def column(self, name: str) -> list[str | None]:
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def intersect_all(
    releases: Sequence[OpenedTable], question: IntersectionQuestion
) -> tuple[IntersectionMeasures, ...]:
    """The measures of each pair of releases, and of all together where there are more than two.

    Raises what `intersect` raises, and UncheckableError where nobody can be in all of them.
    """
    pairs = tuple(intersect(one, other, question) for one, other in combinations(releases, 2))
    return pairs if len(releases) == 2 else (*pairs, intersect_jointly(releases, question))


def intersect_jointly(
    releases: Sequence[OpenedTable], question: IntersectionQuestion
) -> IntersectionMeasures:
    """What all releases leave open about a person who is in all of them. Raises as `intersect` does."""
    units = [_units(opened, releases, question) for opened in releases]
    persons = _persons(units, question)
    if not len(persons):
        raise UncheckableError(
            f"no person can be in all of {', '.join(each.name for each in releases)}",
            advice="compare the releases of the same people",
        )
    classes = np.stack([each.classes[persons[:, at]] for at, each in enumerate(units)], axis=1)
    _, group = np.unique(classes, axis=0, return_inverse=True)
    group = group.ravel()
    candidates = np.stack([_people(group, persons[:, at], each.people) for at, each in enumerate(units)]).min(
        axis=0
    )
    sizes = [np.bincount(each.classes, each.people).astype(np.int64) for each in units]
    held = [name for each in units for name in each.columns if name not in question.quasi_identifiers]
    return IntersectionMeasures(
        names=tuple(each.name for each in releases),
        records=tuple(int(each.people.sum()) for each in units),
        classes=tuple(map(len, sizes)),
        alone=tuple(int(each.min()) for each in sizes),
        pairs=len(candidates),
        is_same_people=False,
        links=tuple(dict.fromkeys(held)),
        sizes=spread_of(candidates),
        distinct={
            name: spread_of(_values(group, persons[:, 0], units[0].column(name)))
            for name in question.sensitive
        },
    )


def _units(opened: OpenedTable, releases: Sequence[OpenedTable], question: IntersectionQuestion) -> _Units:
    columns = tuple(name for name in opened.columns if sum(name in other.columns for other in releases) > 1)
    known = [at for at, name in enumerate(columns) if name in question.quasi_identifiers]
    rows = distinct_rows(opened, columns)
    numbers: dict[Row, int] = {}
    classes = [numbers.setdefault(tuple(row[at] for at in known), len(numbers)) for row, _ in rows]
    return _Units(
        columns,
        tuple(row for row, _ in rows),
        np.array([count for _, count in rows], np.int64),
        np.array(classes, np.int64),
    )


def _persons(units: Sequence[_Units], question: IntersectionQuestion) -> Codes:
    """Every choice of a unit of each release that can be one person's, a row each."""
    found = np.arange(len(units[0].rows)).reshape(-1, 1)
    for at in range(1, len(units)):
        if len(found) * len(units[at].rows) > MOST_COMPARISONS:
            raise UncheckableError(
                f"there are more than {MOST_COMPARISONS:,} combinations of classes to compare",
                advice="compare fewer or coarser releases, or a part of each",
            )
        fits = np.ones((len(found), len(units[at].rows)), np.bool_)
        for earlier in range(at):
            fits &= _fits(units[earlier], units[at], question)[found[:, earlier]]
        row, unit = np.nonzero(fits)
        if len(row) > MOST_PAIRS:
            raise UncheckableError(
                f"more than {MOST_PAIRS:,} combinations of classes overlap",
                advice="compare fewer or coarser releases, or a part of each",
            )
        found = np.column_stack([found[row], unit])
    return found


def _fits(one: _Units, other: _Units, question: IntersectionQuestion) -> Overlap:
    """Which units of two releases can be the same person's."""
    fits = np.ones((len(one.rows), len(other.rows)), np.bool_)
    shared = [name for name in one.columns if name in other.columns]
    for name in shared:
        left, right = one.column(name), other.column(name)
        labels = [sorted(set(side), key=_missing_first) for side in (left, right)]
        if name in question.quasi_identifiers:
            table = overlap_of(name, labels[0], labels[1], question.trees.get(name))
        else:
            table = np.array([[mine == yours for yours in labels[1]] for mine in labels[0]], np.bool_)
        numbers = [{label: at for at, label in enumerate(side)} for side in labels]
        fits &= table[np.ix_([numbers[0][each] for each in left], [numbers[1][each] for each in right])]
    links = [name for name in shared if name not in question.quasi_identifiers]
    return _of_the_same_people(fits, _by_values(one, links), _by_values(other, links), one, other)


def _by_values(units: _Units, links: Sequence[str]) -> Mapping[Row, list[int]]:
    found: dict[Row, list[int]] = defaultdict(list)
    places = [units.columns.index(name) for name in links]
    for number, row in enumerate(units.rows):
        found[tuple(row[at] for at in places)].append(number)
    return found


def _missing_first(label: str | None) -> tuple[bool, str]:
    return label is not None, label or ""


def _of_the_same_people(
    fits: Overlap, left: Mapping[Row, list[int]], right: Mapping[Row, list[int]], one: _Units, other: _Units
) -> Overlap:
    """Where both releases have each value equally often, every person has a place in both."""
    if {value: one.people[each].sum() for value, each in left.items()} != {
        value: other.people[each].sum() for value, each in right.items()
    }:
        return fits
    narrowed = np.zeros_like(fits)
    for value, rows in left.items():
        block = np.ix_(rows, right[value])
        possible = possible_pairs(fits[block], one.people[rows], other.people[right[value]])
        if possible is None:
            return fits
        narrowed[block] = possible
    return narrowed


def _people(group: Codes, unit: Codes, people: Codes) -> Codes:
    """How many people of a release each group has: each unit once."""
    pairs = np.unique(np.column_stack([group, unit]), axis=0)
    return np.bincount(pairs[:, 0], people[pairs[:, 1]]).astype(np.int64)


def _values(group: Codes, unit: Codes, values: Sequence[str | None]) -> Codes:
    """How many values each group has."""
    numbers = {value: at for at, value in enumerate(dict.fromkeys(values))}
    codes = np.array([numbers[value] for value in values], np.int64)[unit]
    return np.bincount(np.unique(np.column_stack([group, codes]), axis=0)[:, 0])
