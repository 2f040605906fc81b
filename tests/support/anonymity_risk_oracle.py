"""Special uniques, a reference table and single attributes by their definitions: slow and obvious."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import Any

Row = Mapping[str, Any]
Key = tuple[Any, ...]


def key(row: Row, names: Sequence[str]) -> Key:
    return tuple(row[name] for name in names)


def is_alone(row: Row, rows: Sequence[Row], names: Sequence[str]) -> bool:
    return sum(key(other, names) == key(row, names) for other in rows) == 1


def minimal_uniques(row: Row, rows: Sequence[Row], names: Sequence[str], size: int) -> list[Key]:
    """The sets of at most `size` attributes by which a row is alone, and by no subset of which it is."""
    found: list[Key] = []
    for many in range(1, size + 1):
        for chosen in combinations(names, many):
            subsets = (part for less in range(1, many) for part in combinations(chosen, less))
            if is_alone(row, rows, chosen) and not any(is_alone(row, rows, part) for part in subsets):
                found.append(chosen)
    return found


def score(uniques: Sequence[Key], attributes: int, size: int) -> int:
    """Σ Π (ATT − i), i from the size of the minimal unique to the largest below ATT."""
    largest = min(size, attributes - 1)
    return sum(prod(attributes - i for i in range(len(one), largest + 1)) for one in uniques)


def classes(rows: Sequence[Row], names: Sequence[str], unit: str | None = None) -> Counter[Key]:
    """How many rows, or units, are of each class."""
    if unit is None:
        return Counter(key(row, names) for row in rows)
    return Counter(pair[0] for pair in {(key(row, names), row[unit]) for row in rows})


def k_map(rows: Sequence[Row], reference: Sequence[Row], names: Sequence[str], unit: str | None) -> int:
    known = classes(reference, names, unit)
    return min(known[key(row, names)] for row in rows)


def presence(
    rows: Sequence[Row], reference: Sequence[Row], names: Sequence[str], unit: str | None
) -> tuple[Fraction, Fraction]:
    """The least and the largest share of a class that is in the table."""
    here, there = classes(rows, names, unit), classes(reference, names, unit)
    shares = [Fraction(here[one], max(here[one], there[one])) for one in {*here, *there}]
    return min(shares), max(shares)


def marketer(
    rows: Sequence[Row], reference: Sequence[Row], names: Sequence[str], unit: str | None
) -> Fraction:
    here, there = classes(rows, names, unit), classes(reference, names, unit)
    hits = sum((many * Fraction(1, max(there[one], 1)) for one, many in here.items()), Fraction(0))
    return hits / sum(here.values())


def separation(rows: Sequence[Row], names: Sequence[str]) -> Fraction:
    pairs = list(combinations(rows, 2))
    apart = sum(key(one, names) != key(other, names) for one, other in pairs)
    return Fraction(apart, len(pairs)) if pairs else Fraction(1)


def distinction(rows: Sequence[Row], names: Sequence[str]) -> Fraction:
    return Fraction(len({key(row, names) for row in rows}), len(rows))
