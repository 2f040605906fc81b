"""Where in a text a written form could match: near the literals that all its matches hold.

Searching there finds what searching everywhere finds, since every match lies in one of the spans, and so
does whatever it overlaps: spans that touch are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # what knows how long a match can be

from gatecli.pii.cue_encoding import CueEncodings, digits_in
from gatecli.pii.interface import EntityPattern
from gatecli.pii.pattern_factors import Factor, factors

BEYOND = 24
"""Characters around a match that its expression looks at, at most."""

Span = tuple[int, int]

RARE = 256
"""Characters for each place of a factor that is rare enough to seek no rarer one."""


@dataclass(frozen=True, slots=True)
class MatchCondition:
    """What a text must hold for a form to match (`needed`, the longest first), and where it is sought.

    `ranked` are the same, the rarest in most texts first. `reach` is how far from each of them a match, and
    what it looks at, can be; 0 of a form that is sought everywhere. `digits` are those that must stand in a
    row, by coding: most texts have too few, which costs no search.
    """

    needed: tuple[Factor, ...]
    ranked: tuple[Factor, ...] = ()
    reach: int = 0
    digits: tuple[tuple[str, int], ...] = ()


UNKNOWN_CONDITION = MatchCondition(())


@cache
def condition(pattern: EntityPattern) -> MatchCondition:
    """The condition of a form; of RE2's expressions nothing is known."""
    if pattern.engine != "re":
        return UNKNOWN_CONDITION
    found = factors(pattern.regex)
    needed = tuple(sorted(found, key=lambda factor: -len(factor.literals[0])))
    digits = tuple((factor.coding, min(map(digits_in, factor.literals))) for factor in needed)
    if pattern.anchor or not needed:
        return MatchCondition(needed, digits=digits)  # its anchor is sought instead
    longest = _parser.parse(pattern.regex).getwidth()[1]
    return MatchCondition(needed, tuple(sorted(needed, key=_rarity, reverse=True)), longest + BEYOND, digits)


_BITS = {"0": 2.5, "a": 1.0, "A": 3.5, "w": 0.5}
"""How rare a character of a coding is, in bits; of signs see `_SIGN`."""
_SIGN = 4.0


def _rarity(factor: Factor) -> float:
    bits = min(sum(_BITS.get(each, _SIGN) for each in literal.decode()) for literal in factor.literals)
    return bits - math.log2(len(factor.literals))


def holds_needed(condition: MatchCondition, coded: CueEncodings) -> bool:
    """Whether a text holds all that a form needs."""
    for coding, count in condition.digits:
        if count > coded.longest_digits(coding):
            return False
    return all(coded.holds_any(factor.coding, factor.literals) for factor in condition.needed)


def spans(condition: MatchCondition, coded: CueEncodings) -> list[Span]:
    """Where in the text the form could match, ascending and apart; its needs are held."""
    if not condition.reach:
        return [(0, coded.size)]
    count, rarest = _rare_factor(condition.ranked, coded)
    if count * condition.reach > coded.size:
        return [(0, coded.size)]  # so many places are everywhere
    return list(_join_near(coded.places(rarest.coding, rarest.literals), condition.reach, coded.size))


def _rare_factor(ranked: tuple[Factor, ...], coded: CueEncodings) -> tuple[int, Factor]:
    """The first factor that is rare in the text, else the rarest, and how often it stands there."""
    counts = ((coded.count(factor.coding, factor.literals), factor) for factor in ranked)
    best, rarest = coded.size + 1, ranked[0]
    for count, factor in counts:
        if count < best:
            best, rarest = count, factor
        if best * RARE <= coded.size:
            break
    return best, rarest


def _join_near(places: Iterable[Span], reach: int, size: int) -> Iterator[Span]:
    begin, end = 0, -1
    for first, last in places:
        if first - reach > end:
            if end >= 0:
                yield begin, end
            begin = max(0, first - reach)
        end = min(size, last + reach)
    if end >= 0:
        yield begin, end
