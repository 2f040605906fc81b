"""What was measured of a publication: counts and bounds, no value of any row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

Spread = tuple[tuple[int, int], ...]
"""A figure, and how many have it; ascending."""


def count_below(spread: Spread, limit: int) -> int:
    """How many have a smaller figure."""
    return sum(count for figure, count in spread if figure < limit)


@dataclass(frozen=True, slots=True)
class IntersectionMeasures:
    """What releases leave open about a person who is in all of them; pairs are of classes, one of each.

    `names` are those of the releases, `alone` is k of each by itself. `sizes` counts pairs by the rows that
    can still be the person's, in the release with fewest; `distinct` by the values of each sensitive column
    that remain. `links` are the columns that two releases hold besides the quasi-identifiers.
    """

    names: tuple[str, ...]
    records: tuple[int, ...]
    classes: tuple[int, ...]
    alone: tuple[int, ...]
    pairs: int
    is_same_people: bool
    links: tuple[str, ...]
    sizes: Spread
    distinct: Mapping[str, Spread]

    @property
    def k(self) -> int:
        """The fewest rows that can be a person's."""
        return self.sizes[0][0]

    def l(self, attribute: str) -> int:  # noqa: E743 - the field's standard name
        """The fewest values of a sensitive column that remain for a person."""
        return self.distinct[attribute][0][0]

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        each = {name: {"l": spread[0][0]} for name, spread in self.distinct.items()}
        return {
            "records": list(self.records),
            "classes": list(self.classes),
            "kAlone": list(self.alone),
            "pairs": self.pairs,
            "samePeople": self.is_same_people,
            "linkedBy": list(self.links),
            "k": self.k,
            **({"l": min(each[name]["l"] for name in each)} if each else {}),
            "bySensitive": each,
        }


@dataclass(frozen=True, slots=True)
class CountMeasures:
    """What tables of counts that are published together disclose.

    `minimum` is the smallest published count above zero. `small` counts cells below the threshold that are
    published, `exposed` suppressed cells that can be computed too closely, `derived` small counts that no
    cell gives and that can be computed. Of the `unsettled` neither was found out: they are not safe.
    `narrowest` is the width of the narrowest interval of the exposed, as far as it is known.
    `groups` counts, by sensitive dimension, the groups whose people have too few categories between them.
    """

    tables: int
    cells: int
    suppressed: int
    minimum: int | None
    small: int
    exposed: int
    derived: int
    unsettled: int
    narrowest: int | None
    groups: Mapping[str, int]

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "tables": self.tables,
            "cells": self.cells,
            "suppressedCells": self.suppressed,
            "k": self.minimum,
            "smallCells": self.small,
            "exposedCells": self.exposed,
            "derivedCells": self.derived,
            "unsettledCells": self.unsettled,
            "narrowestInterval": self.narrowest,
            "uniformGroups": dict(self.groups),
        }


@dataclass(frozen=True, slots=True)
class CountDemands:
    """The threshold rule, the least width of a feasibility interval, and the l of groups.

    Counts of `minimum` and more may be published, and zeros.
    """

    minimum: int
    protection: int
    distinct: int
    sensitive: tuple[str, ...]


class HarborProblem(StrEnum):
    """What Safe Harbor forbids a column to hold: 45 CFR 164.514(b)(2)(i), by its letters."""

    PLACE = "places smaller than a state (B)"
    ZIP = "more than three digits of a ZIP code (B)"
    SMALL_AREA = "a three-digit ZIP area of 20,000 people or fewer (B)"
    DATE = "elements of dates finer than a year (C)"
    IDENTIFIER = "numbers of a health plan, web addresses or biometric identifiers (I, N, P)"
    AGE = "ages over 89 that are not one category (C)"


@dataclass(frozen=True, slots=True)
class HarborColumn:
    """A column that holds what Safe Harbor forbids, and in how many rows."""

    name: str
    problem: HarborProblem
    rows: int


@dataclass(frozen=True, slots=True)
class HarborMeasures:
    """What was found of the identifiers of Safe Harbor, and what nobody can read off a table."""

    columns: int
    found: tuple[HarborColumn, ...]
    not_checked: tuple[str, ...]

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "columns": self.columns,
            "forbiddenColumns": len(self.found),
            "notChecked": list(self.not_checked),
        }


@dataclass(frozen=True, slots=True)
class MagnitudeDemands:
    """The rules for cells of magnitudes: p % (q is 100) or pq, (n, k)-dominance, the fewest contributors."""

    p: Fraction | None = None
    q: Fraction = Fraction(100)
    n: int | None = None
    k: Fraction | None = None
    contributors: int | None = None

    @property
    def is_empty(self) -> bool:
        return self.p is None and self.n is None and self.contributors is None


@dataclass(frozen=True, slots=True)
class MagnitudeMeasures:
    """How many cells, margins among them, are sensitive by dominance and have too few contributors.

    `share` is the largest share of a cell that is one contributor's.
    """

    cells: int
    sensitive: int
    few: int
    share: Fraction

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "cells": self.cells,
            "dominatedCells": self.sensitive,
            "cellsOfFew": self.few,
            "largestShare": self.share,
        }
