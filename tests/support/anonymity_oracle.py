"""The measures by their definitions, record by record: slow, obvious, and without an engine."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, TypeVar

Row = Mapping[str, Any]
Cell = Any

Answer = TypeVar("Answer")

ALL = -1
"""Every row of a person is known, and that there are no others."""


@dataclass(frozen=True)
class Oracle:
    """A table of rows and the roles of its columns."""

    rows: Sequence[Row]
    quasi: Sequence[str]
    sensitive: str | None = None
    unit: str | None = None
    wildcard: bool = False
    tree: Mapping[str, Sequence[str]] | None = None
    known: int | None = None
    """How many rows of a person are known together; `ALL` for all of them."""

    def match(self, one: Row, other: Row) -> bool:
        for name in self.quasi:
            left, right = one[name], other[name]
            if self.wildcard and (left is None or right is None):
                continue
            if left != right:
                return False
        return True

    def group(self, row: Row) -> list[Row]:
        return [other for other in self.rows if self.match(row, other)]

    def groups(self) -> list[list[Row]]:
        """The rows of those who cannot be told apart: once for each thing that may be known."""
        if self.known is None:
            return [self.group(row) for row in self.representatives()]
        return [[row for row in self.rows if row[self.unit or ""] in people] for people in self.alike()]

    def classes_of(self, person: Cell) -> list[tuple[Cell, ...]]:
        """The quasi-identifiers of each of a person's rows."""
        own = [row for row in self.rows if row[self.unit or ""] == person]
        return [tuple(row[name] for name in self.quasi) for row in own]

    def alike(self) -> list[set[Cell]]:
        """Persons who share what may be known of one of them."""
        everybody = {
            row[self.unit or ""]: Counter(self.classes_of(row[self.unit or ""])) for row in self.rows
        }
        if self.known == ALL:
            return [
                {one for one, classes in everybody.items() if classes == seen}
                for seen in {frozenset(classes.items()): classes for classes in everybody.values()}.values()
            ]
        parts = {
            frozenset(Counter(part).items())
            for classes in everybody.values()
            for size in range(1, (self.known or 1) + 1)
            for part in combinations(classes.elements(), size)
        }
        return [
            {one for one, classes in everybody.items() if all(classes[key] >= many for key, many in part)}
            for part in parts
        ]

    def exposed(self, column: str | None) -> dict[Cell, int]:
        """The smallest class that a person, or whoever shares `column` with them, is of."""
        found: dict[Cell, int] = {}
        for group in self.groups():
            size = self.people(group)
            for row in group:
                found[row[column or ""]] = min(size, found.get(row[column or ""], size))
        return found

    def representatives(self) -> list[Row]:
        """One row for each distinct combination of quasi-identifiers."""
        found: dict[tuple[Cell, ...], Row] = {}
        for row in self.rows:
            found.setdefault(tuple(row[name] for name in self.quasi), row)
        return list(found.values())

    def own(self, row: Row) -> list[Row]:
        return [other for other in self.rows if all(row[name] == other[name] for name in self.quasi)]

    def people(self, rows: Sequence[Row]) -> int:
        return len(rows) if self.unit is None else len({row[self.unit or ""] for row in rows})

    def sizes(self) -> list[tuple[int, int]]:
        """The size of each class, and how many people are of it themselves."""
        return [(self.people(self.group(row)), self.people(self.own(row))) for row in self.representatives()]

    def counts(self, rows: Sequence[Row]) -> dict[Cell, int]:
        values = {row[self.sensitive or ""] for row in rows}
        return {
            value: self.people([row for row in rows if row[self.sensitive or ""] == value])
            for value in values
        }

    def shares(self, rows: Sequence[Row]) -> dict[Cell, Fraction]:
        """Of the people of some rows, how many have each value."""
        counts = self.counts(rows)
        return {value: Fraction(n, self.people(rows)) for value, n in counts.items()}

    def parts(self, rows: Sequence[Row]) -> list[float]:
        """The counts of values among all of them: they sum to one."""
        counts = self.counts(rows).values()
        return [n / sum(counts) for n in counts]

    def each(self, measure: Callable[[list[Row]], Answer]) -> list[Answer]:
        return [measure(group) for group in self.groups()]

    def alpha(self) -> Fraction:
        return max(self.each(lambda rows: Fraction(max(self.counts(rows).values()), self.people(rows))))

    def distinct_l(self) -> int:
        return min(self.each(lambda rows: len(self.counts(rows))))

    def entropy_l(self) -> float:
        return min(self.each(lambda rows: math.exp(-sum(q * math.log(q) for q in self.parts(rows)))))

    def recursive_c(self, l: int) -> Fraction | None:  # noqa: E741 - the field's standard name
        found = []
        for group in self.groups():
            counts = sorted(self.counts(group).values())[::-1]
            if not counts[l - 1 :]:
                return None
            found.append(Fraction(counts[0], sum(counts[l - 1 :])))
        return max(found)

    def order(self) -> list[Cell]:
        """The values in order, a missing one last."""
        values = self.counts(self.rows)
        known = sorted(value for value in values if value is not None)
        return [*known, None] if None in values else known

    def total_variation(self) -> Fraction:
        table = self.shares(self.rows)

        def distance(rows: list[Row]) -> Fraction:
            here = self.shares(rows)
            return sum((abs(here.get(value, Fraction(0)) - table[value]) for value in table), Fraction(0)) / 2

        return min(max(self.each(distance)), Fraction(1))

    def ordered_t(self) -> Fraction:
        table, order = self.shares(self.rows), self.order()

        def distance(rows: list[Row]) -> Fraction:
            here = self.shares(rows)
            moved, total = Fraction(0), Fraction(0)
            for value in order:
                moved += here.get(value, Fraction(0)) - table[value]
                total += abs(moved)
            return total / (len(order) - 1) if len(order) > 1 else Fraction(0)

        return min(max(self.each(distance)), Fraction(1))

    def hierarchical_t(self) -> Fraction:
        """By the height of each subtree that has more, or less, than its share."""
        tree = self.tree or {}
        table = self.shares(self.rows)
        height = len(next(iter(tree.values()))) + 1

        def path(value: Cell) -> tuple[Cell, ...]:
            above = (None,) * (height - 1) if value is None else tuple(tree[value])
            return (value, *above)

        def distance(rows: list[Row]) -> Fraction:
            here = self.shares(rows)
            extra = {path(value): here.get(value, Fraction(0)) - table[value] for value in table}
            total = Fraction(0)
            # A node's imbalance crosses the edge to its parent, which is 1/(2·height) long.
            for level in range(height):
                nodes: dict[tuple[Cell, ...], Fraction] = {}
                for leaf, amount in extra.items():
                    nodes[leaf[level:]] = nodes.get(leaf[level:], Fraction(0)) + amount
                total += sum((abs(amount) for amount in nodes.values()), Fraction(0))
            return total / (2 * height)

        return min(max(self.each(distance)), Fraction(1))

    def ratios(self) -> list[tuple[Fraction, Fraction]]:
        """(q, p) of every value in every class that holds it."""
        table = self.shares(self.rows)
        return [(q, table[v]) for group in self.groups() for v, q in self.shares(group).items()]

    def basic_beta(self) -> Fraction:
        return max((q - p) / p for q, p in self.ratios())

    def enhanced_beta(self) -> Fraction | None:
        gains = [((q - p) / p, -math.log(p)) for q, p in self.ratios() if q > p]
        if any(float(gain) > limit for gain, limit in gains):
            return None
        return max((gain for gain, _ in gains), default=Fraction(0))

    def delta_disclosure(self) -> float:
        return max(abs(math.log(q / p)) for q, p in self.ratios())
