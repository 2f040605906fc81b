"""Patterns and validators over a text: the one place where an entity meets characters.

The recognizers of the engine, the prefilter's tests and the command line all match with `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial

from gatecli.pii.budget import CANDIDATE, FORM, ScanBudget
from gatecli.pii.interface import Entity, EntityPattern, Match

LONGEST_RUN = 40
"""No entity has more digits in one run; a longer run is opaque."""

Form = tuple[Entity, EntityPattern]
Worth = Callable[[Match], bool]
"""Whether a match could be reported if it were valid; validating costs far more than asking."""

_LONG_RUN = re.compile(rf"[0-9]{{{LONGEST_RUN + 1},}}")


@cache
def compile_pattern(regex: str) -> re.Pattern[str]:
    """The expression, compiled once; recognizers and prefilter share it."""
    return re.compile(regex)


Search = Callable[[str, int], "re.Match[str] | None"]


@cache
def searcher(pattern: EntityPattern) -> Search:
    """Where a pattern next matches from a position on."""
    if pattern.anchor:
        return partial(_search_around, pattern, compile_pattern(pattern.regex))
    match pattern.engine:
        case "re":
            return compile_pattern(pattern.regex).search
        case "re2":
            import re2 as engine
        case "regex":
            import regex as engine
    search: Search = engine.compile(pattern.regex).search
    return search


def _search_around(
    pattern: EntityPattern, compiled: re.Pattern[str], text: str, position: int
) -> re.Match[str] | None:
    """The next match, sought near each anchor alone; what follows a match is within reach."""
    at = text.find(pattern.anchor, position)
    while at >= 0:
        found = compiled.search(text, max(position, at - pattern.before), at + pattern.after + 2)
        if found is not None:
            return found
        at = text.find(pattern.anchor, at + 1)
    return None


def readable(text: str) -> str:
    """`text` of the same length with overlong runs of digits made opaque."""
    if _LONG_RUN.search(text) is None:
        return text
    return _LONG_RUN.sub(lambda run: "x" * len(run.group()), text)


def _always(_match: Match) -> bool:
    return True


def find(text: str, entities: Iterable[Entity], budget: ScanBudget) -> Iterator[Match]:
    """Every valid match of every entity, overlapping ones too. `text` is `readable`."""
    forms = ((entity, pattern) for entity in entities for pattern in entity.patterns)
    return find_forms(text, forms, budget)


def find_forms(
    text: str, forms: Iterable[Form], budget: ScanBudget, worth: Worth = _always
) -> Iterator[Match]:
    """The same for some written forms; only matches that are `worth` it are validated."""
    for entity, pattern in forms:
        budget.spend(len(text) / FORM)
        yield from _matches(text, entity, pattern, budget, worth)


def _matches(
    text: str, entity: Entity, pattern: EntityPattern, budget: ScanBudget, worth: Worth
) -> Iterator[Match]:
    search = searcher(pattern)
    position = 0
    while (found := search(text, position)) is not None:
        budget.spend(CANDIDATE)
        match = Match(entity, pattern, *found.span(), pattern.score, "", well_known=False)
        refused = pattern.refuse is not None and pattern.refuse(text, *found.span())
        valid = _validate_match(match, found.group()) if not refused and worth(match) else None
        if valid is None:
            # The number may begin inside what was refused: "5 1101…" is a row and an ID.
            position = found.start() + 1
        else:
            position = found.end()
            yield valid


def _validate_match(match: Match, value: str) -> Match | None:
    """The match with what its validator says: a score may only sink by it."""
    score, words = match.score, ""
    if match.entity.validate is not None:
        validity = match.entity.validate(value)
        if validity is None:
            return None
        words = validity.words
        score = score if validity.score is None else min(score, validity.score)
    return replace(match, score=score, validity=words, well_known=match.entity.well_known(value))
