"""Risks from sampling weights by their definitions, in sixty digits: slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from math import prod
from typing import Any

Row = Mapping[str, Any]
Member = tuple[tuple[Any, ...], Any, Any]
"""A class, a unit or the number of a row, and a household."""

WIDE = Context(prec=60)


def posterior_risk(f: int, p: Fraction, terms: int) -> Fraction:
    """Σ (1/h) · C(h−1, f−1) · p^f · q^(h−f) over the first `terms` h from f on."""
    term, total = p**f, Fraction(0)
    for h in range(f, f + terms):
        total += term / h
        term = term * (1 - p) * Fraction(h, h - f + 1)
    return total


def closed_risk(f: int, population: Fraction) -> Decimal:
    """r₁ = (p/q) ln(1/p), and r_{f+1} = (p/q)(1/f − r_f)."""
    if population <= f:
        return Decimal(1) / f
    wide = Context(prec=60 + 12 * f)  # what cancels where q is small
    ratio = wide.divide(Decimal(population.numerator), Decimal(population.denominator * f))
    odds = wide.divide(Decimal(1), wide.subtract(ratio, Decimal(1)))
    risk = wide.multiply(odds, wide.ln(ratio))
    for i in range(1, f):
        risk = wide.multiply(odds, wide.subtract(wide.divide(Decimal(1), Decimal(i)), risk))
    return WIDE.plus(risk)


class WeightOracle:
    """`rows` have the quasi-identifiers `names`, a weight `w` and maybe a `unit` and a `household`."""

    def __init__(
        self,
        rows: Sequence[Row],
        names: Sequence[str],
        *,
        unit: str | None = None,
        household: str | None = None,
        is_wildcard: bool = False,
    ) -> None:
        self.is_wildcard = is_wildcard
        self.weights: dict[Member, Fraction] = {}
        self.by_unit: dict[Any, Fraction] = {}
        self.homes: dict[Any, set[Member]] = defaultdict(set)
        for at, row in enumerate(rows):
            own, who = tuple(row[name] for name in names), at if unit is None else row[unit]
            weight = Fraction(str(row["w"]))
            member = (own, who, None)
            self.weights[member] = min(weight, self.weights.get(member, weight))
            self.by_unit[who] = min(weight, self.by_unit.get(who, weight))
            home = None if household is None else row[household]
            alone = ("alone", own, who if unit is not None else at)
            self.homes[alone if home is None else home].add(member)

    def matches(self, one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
        if not self.is_wildcard:
            return one == other
        return all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))

    def risk(self, member: Member) -> Decimal:
        size, population = self.frequencies(member)
        return closed_risk(size, population)

    def frequencies(self, member: Member) -> tuple[int, Fraction]:
        """What f and F are: each unit of the classes that match once, by its lightest row there."""
        held: dict[Any, Fraction] = {}
        for (own, who, _), weight in self.weights.items():
            if self.matches(member[0], own):
                held[who] = min(weight, held.get(who, weight))
        return len(held), sum(held.values(), start=Fraction(0))

    def expected(self) -> Decimal:
        return sum(map(self.risk, self.weights), start=Decimal(0))

    def highest(self) -> Decimal:
        return max(map(self.risk, self.weights))

    def uniqueness(self) -> Fraction:
        found = (self.frequencies(member) for member in self.weights)
        alone = sum(
            (1 / max(population, Fraction(1)) for size, population in found if size == 1), start=Fraction(0)
        )
        return alone / len(self.weights)

    def households(self) -> list[Decimal]:
        return [
            1 - prod((1 - self.risk(member) for member in home), start=Decimal(1))
            for home in self.homes.values()
        ]
