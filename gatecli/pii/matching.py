"""Patterns and validators over a text: the one place where an entity meets characters.

The recognizers of the engine, the prefilter's tests and the command line all match with `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from gatecli.pii.budget import CANDIDATE, FORM, ScanBudget
from gatecli.pii.cue_encoding import encode_classes
from gatecli.pii.interface import Entity, EntityPattern, Match

LONGEST_RUN = 40
"""No entity has more digits in one run; a longer run is opaque."""

Form = tuple[Entity, EntityPattern]
Span = tuple[int, int]
Sought = tuple[Entity, EntityPattern, Sequence[Span]]
"""A written form, and where in a text it could match."""
Worth = Callable[[Match], bool]
"""Whether a match could be reported if it were valid; validating costs far more than asking."""

_LONG_DIGITS = b"0" * (LONGEST_RUN + 1)
_LONG_RUN = re.compile(rf"[0-9]{{{LONGEST_RUN + 1},}}")


@cache
def compile_pattern(regex: str) -> re.Pattern[str]:
    """The expression, compiled once; recognizers and prefilter share it."""
    return re.compile(regex)


Search = Callable[[str, int, int], "re.Match[str] | None"]


@cache
def searcher(pattern: EntityPattern) -> Search:
    """Where a pattern next matches between two positions."""
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
    pattern: EntityPattern, compiled: re.Pattern[str], text: str, position: int, end: int
) -> re.Match[str] | None:
    """The next match, sought near each anchor alone; what follows a match is within reach."""
    follows = _behind_anchor(pattern.regex, pattern.anchor).match
    at = text.find(pattern.anchor, position, end)
    while at >= 0:
        if follows(text, at) is not None:
            found = compiled.search(text, max(position, at - pattern.before), at + pattern.after + 2)
            if found is not None:
                return found
        at = text.find(pattern.anchor, at + 1, end)
    return None


@cache
def _behind_anchor(regex: str, anchor: str) -> re.Pattern[str]:
    """What a match is from its anchor on: most anchors have no such neighbour, and a search costs more."""
    return re.compile(re.escape(anchor) + regex.partition(anchor)[2])


def readable(text: str) -> str:
    """`text` of the same length with overlong runs of digits made opaque."""
    if _LONG_DIGITS not in encode_classes(text):
        return text
    return _LONG_RUN.sub(lambda run: "x" * len(run.group()), text)


def _always(_match: Match) -> bool:
    return True


def find(text: str, entities: Iterable[Entity], budget: ScanBudget) -> Iterator[Match]:
    """Every valid match of every entity, overlapping ones too. `text` is `readable`."""
    everywhere = [(0, len(text))]
    sought = ((entity, pattern, everywhere) for entity in entities for pattern in entity.patterns)
    return find_sought(text, sought, budget)


def find_sought(
    text: str, sought: Iterable[Sought], budget: ScanBudget, worth: Worth = _always
) -> Iterator[Match]:
    """The same for some written forms; only matches that are `worth` it are validated."""
    for entity, pattern, places in sought:
        search = searcher(pattern)
        for start, end in places:
            budget.spend((end - start) / FORM)
            position = start
            while (found := search(text, position, end)) is not None:
                budget.spend(CANDIDATE)
                valid = _valid_match(text, found, entity, pattern, worth)
                if valid is None:
                    # The number may begin inside what was refused: "5 1101…" is a row and an ID.
                    position = found.start() + 1
                else:
                    position = found.end()
                    yield valid


def _valid_match(
    text: str, found: re.Match[str], entity: Entity, pattern: EntityPattern, worth: Worth
) -> Match | None:
    match = Match(entity, pattern, *found.span(), pattern.score, "", well_known=False)
    if (pattern.refuse is not None and pattern.refuse(text, *found.span())) or not worth(match):
        return None
    return _validate_match(match, found.group())


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
