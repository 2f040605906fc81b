"""What every match of an expression must contain, as literals of a coded text.

Derived from the expression itself (`re`'s own parse tree), so that no list is kept beside the patterns: a
search for a literal costs a nanosecond a character, the expression twenty or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from re import _constants as op  # type: ignore[attr-defined]  # the names of the parse tree's nodes
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from gatecli.pii.cue_encoding import CODINGS, encode_character

MOST_ALTERNATIVES = 4
"""Spellings of one factor that are worth asking for."""
LONGEST_REPEAT = 64
"""Repeats that are unrolled; of more, so many."""

Atom = frozenset[str] | None
"""The codes of one character of a match; None where a match is not the same there each time."""


@dataclass(frozen=True, slots=True)
class Factor:
    """In `coding` every match holds one of `literals`."""

    coding: str
    literals: tuple[bytes, ...]


@cache
def factors(regex: str) -> tuple[Factor, ...]:
    """The longest factor of each coding that says more than those before it."""
    tree = _parser.parse(regex)
    found: list[Factor] = []
    for coding in CODINGS:
        literals = _best_literals(list(_atoms(tree, coding)))
        if literals and all(len(literals[0]) > len(known.literals[0]) for known in found):
            found.append(Factor(coding, literals))
    return tuple(found)


def _best_literals(atoms: list[Atom]) -> tuple[bytes, ...]:
    """The longest run of atoms with few spellings; of those, the one with the fewest."""
    best: list[frozenset[str]] = []
    window: list[frozenset[str]] = []
    for atom in atoms:
        if atom is None or len(atom) > MOST_ALTERNATIVES:
            window = []
            continue
        window.append(atom)
        while prod(map(len, window)) > MOST_ALTERNATIVES:
            del window[0]
        if (len(window), -prod(map(len, window))) > (len(best), -prod(map(len, best))):
            best = list(window)
    return tuple(sorted("".join(each).encode() for each in product(*best))) if best else ()


def _atoms(nodes: Iterable[Any], coding: str) -> Iterator[Atom]:
    for kind, value in nodes:
        if kind in {op.AT, op.ASSERT, op.ASSERT_NOT}:
            continue
        if kind is op.SUBPATTERN:
            yield from _atoms(value[-1], coding)
        elif kind is op.ATOMIC_GROUP:
            yield from _atoms(value, coding)
        elif kind in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
            yield from _repeat_atoms(value, coding)
        elif kind is op.BRANCH:
            yield from _merge_atoms([list(_atoms(each, coding)) for each in value[1]])
        else:
            yield from _code_atoms(_characters(kind, value), coding)


def _repeat_atoms(value: Any, coding: str) -> Iterator[Atom]:
    least, most, body = value
    atoms = list(_atoms(body, coding))
    if not atoms:
        return  # what vanishes in this coding
    for _ in range(min(int(least), LONGEST_REPEAT)):
        yield from atoms
    if most != least:
        yield None


def _merge_atoms(branches: list[list[Atom]]) -> Iterator[Atom]:
    """The atoms of an alternation: place by place where all its branches are as long and fixed."""
    if len({len(branch) for branch in branches}) != 1 or any(None in branch for branch in branches):
        yield None
        return
    for places in zip(*branches, strict=True):
        yield frozenset[str]().union(*(each for each in places if each is not None))


def _code_atoms(characters: frozenset[str] | None, coding: str) -> Iterator[Atom]:
    """The atom of one character; nothing where it always vanishes, None where it may."""
    if characters is None:
        yield None
        return
    codes = frozenset(encode_character(character, coding) for character in characters)
    if codes == {""}:
        return
    yield None if "" in codes else codes


def _characters(kind: Any, value: Any) -> frozenset[str] | None:
    """The characters that a node matches, all that are not ASCII as `?`; None for what is no character."""
    if kind is op.LITERAL:
        return frozenset({_ascii(value)})
    if kind is not op.IN:
        return None
    found: set[str] = set()
    for part, what in value:
        if part is op.LITERAL:
            found.add(_ascii(what))
        elif part is op.RANGE:
            low, high = what
            found.update(chr(code) for code in range(low, min(high, 127) + 1))
            found |= {"?"} if high > 127 else set()
        else:
            return None  # a class of Unicode, or a negation
    return frozenset(found)


def _ascii(code: int) -> str:
    return chr(code) if code < 128 else "?"
