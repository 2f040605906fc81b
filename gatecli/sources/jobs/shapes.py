"""The form of what a reader reads: what is of another form would be passed over, and is told instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gatecli.sources.jobs.parts import JobPart


@dataclass(frozen=True, slots=True)
class ScalarShape:
    """A value that is no list and no block: what it is called, and the types that it may have."""

    called: str
    types: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items all have one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A block of keys that anybody chooses."""

    value: Shape


Shape: TypeAlias = "ScalarShape | ListOf | MapOf | Mapping[str, Shape]"

TEXT = ScalarShape("a text", (str,))
FLAG = ScalarShape("true or false", (bool, str))
COUNT = ScalarShape("a whole number", (int, str))
SCALAR = ScalarShape("a text", (str, int, bool))
"""A value that CloudFormation, or a state machine, turns into a text."""


@dataclass(frozen=True, slots=True)
class Misshapen:
    """A part of another form than its shape, and what it should be."""

    part: JobPart
    wanted: str


def find_misshapen(part: JobPart, shape: Shape) -> Iterator[Misshapen]:
    """The parts below `part` that are not of their shape. What is not known yet may be of any."""
    if part.is_unknown:
        return
    wanted, types = _outside(shape)
    if not isinstance(part.value, types):
        yield Misshapen(part, wanted)
    for below, inner in _below(part, shape):
        yield from find_misshapen(below, inner)


def _outside(shape: Shape) -> tuple[str, tuple[type, ...]]:
    match shape:
        case ScalarShape(called, types):
            return called, types
        case ListOf():
            return "a list", (list,)
        case _:
            return "a block of keys", (dict,)


def _below(part: JobPart, shape: Shape) -> Iterator[tuple[JobPart, Shape]]:
    match shape:
        case ScalarShape():
            return
        case ListOf(item):
            yield from ((below, item) for below in part.items())
        case MapOf(value):
            yield from ((below, value) for _, below in part.members())
        case _:
            found = ((part.member(name), inner) for name, inner in shape.items())
            yield from ((below, inner) for below, inner in found if below is not None)
