"""What is demanded of a table from several sides at once: the strictest holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

from pydantic.alias_generators import to_camel

from gatecli.model.anonymity import RecursiveDiversity, Thresholds
from gatecli.model.number import plain

AT_LEAST = frozenset({"k", "l", "entropy_l", "k_map"})
"""Demands that a larger number makes stricter; every other one a smaller number does."""


def strictest(demands: Iterable[Thresholds]) -> Thresholds:
    """A table that keeps the result keeps each of `demands`.

    Raises ValueError where two ask for recursive diversity with a different l: neither is the stricter.
    """
    return reduce(_stricter, demands, Thresholds())


def _stricter(one: Thresholds, other: Thresholds) -> Thresholds:
    chosen: dict[str, Any] = {}
    for name in Thresholds.__slots__:
        values = [value for value in (getattr(one, name), getattr(other, name)) if value is not None]
        chosen[name] = _choice(name)(values) if values else None
    return Thresholds(**chosen)


def _choice(name: str) -> Callable[[list[Any]], Any]:
    if name == "recursive":
        return _smallest_c
    return max if name in AT_LEAST else min


def _smallest_c(demands: list[RecursiveDiversity]) -> RecursiveDiversity:
    if len({demand.l for demand in demands}) > 1:
        raise ValueError("recursive diversity is demanded with two different l, and neither is the stricter")
    return min(demands, key=lambda demand: demand.c)


def as_mapping(thresholds: Thresholds) -> Mapping[str, object]:
    """What is demanded, by its names in a report: whole numbers, and exact text for all others."""
    given = {name: getattr(thresholds, name) for name in Thresholds.__slots__}
    return {to_camel(name): _plain_value(value) for name, value in given.items() if value is not None}


def _plain_value(value: int | Fraction | RecursiveDiversity) -> object:
    match value:
        case RecursiveDiversity():
            return {"c": plain(value.c), "l": value.l}
        case Fraction():
            return plain(value)
        case _:
            return value
