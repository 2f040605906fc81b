"""Patterns and validators over a text: the one place where an entity meets characters.

The recognizers of the engine, the prefilter's tests and the command line all match with `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from gatecli.pii.budget import Budget
from gatecli.pii.interface import Entity, Match, Pattern

LONGEST_RUN = 40
"""No entity has more digits in one run; a longer run is opaque."""

_LONG_RUN = re.compile(rf"[0-9]{{{LONGEST_RUN + 1},}}")


@cache
def compiled(regex: str) -> re.Pattern[str]:
    """The expression, compiled once; recognizers and prefilter share it."""
    return re.compile(regex)


@cache
def searcher(pattern: Pattern) -> Callable[[str, int], re.Match[str] | None]:
    """Where a pattern next matches from a position on."""
    if not pattern.linear:
        return compiled(pattern.regex).search
    import re2

    search: Callable[[str, int], re.Match[str] | None] = re2.compile(pattern.regex).search
    return search


def readable(text: str) -> str:
    """`text` of the same length with overlong runs of digits made opaque."""
    if _LONG_RUN.search(text) is None:
        return text
    return _LONG_RUN.sub(lambda run: "x" * len(run.group()), text)


def find(text: str, entities: Iterable[Entity], budget: Budget) -> Iterator[Match]:
    """Every valid match of every entity, overlapping ones too. `text` is `readable`."""
    for entity in entities:
        for pattern in entity.patterns:
            budget.check()
            yield from _matches(text, entity, pattern, budget)


def _matches(text: str, entity: Entity, pattern: Pattern, budget: Budget) -> Iterator[Match]:
    search = searcher(pattern)
    position = 0
    while (found := search(text, position)) is not None:
        match = _validated(entity, pattern, found.group(), found.start())
        if match is None:
            # The number may begin inside what was refused: "5 1101…" is a row and an ID.
            position = found.start() + 1
            budget.check()
        else:
            position = found.end()
            yield match


def _validated(entity: Entity, pattern: Pattern, value: str, start: int) -> Match | None:
    score, words = pattern.score, ""
    if entity.validate is not None:
        validity = entity.validate(value)
        if validity is None:
            return None
        words = validity.words
        score = score if validity.score is None else min(score, validity.score)
    end = start + len(value)
    return Match(entity, pattern, start, end, score, words, entity.well_known(value))
