"""The detector: a text and its key path in, detections out.

Three stages, each far rarer than the one before: the prefilter's cues, then patterns and validators, then,
for what could be reported, the words around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from gatecli.pii.budget import ScanBudget, unlimited_budget
from gatecli.pii.context import LOWER, Vocabulary, weigh, words
from gatecli.pii.interface import THRESHOLD, Detection, Entity, Match
from gatecli.pii.matching import Form, find_forms, readable
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.redaction import normalise_value
from gatecli.pii.resolution import resolve_overlaps

PART = 8192
"""Characters of a long text that are searched together: whole lines, since no value crosses one."""


class Detector:
    """Finds `entities` whose score reaches `threshold` (0 shows everything that matched)."""

    def __init__(self, entities: tuple[Entity, ...], *, threshold: float = THRESHOLD) -> None:
        self.entities = entities
        self.threshold = threshold
        self.prefilter = Prefilter(entities, threshold)
        self.vocabulary = Vocabulary(entities)
        self._spoken_by_keys = lru_cache(1024)(self.vocabulary.entities_in)
        self._order = {entity.id: number for number, entity in enumerate(entities)}

    def detect(
        self, text: str, context: tuple[str, ...] = (), *, budget: ScanBudget | None = None
    ) -> tuple[Detection, ...]:
        """The personal data in `text` as it stands; `context` is its key path and column names.

        Raises `BudgetSpentError` when `budget` ends first; nothing found so far is returned then.
        """
        budget = budget or unlimited_budget()
        found = (detect_match(match, text, words(context)) for match in self.promising(text, context, budget))
        return resolve_overlaps((each for each in found if each.score >= self.threshold), self._order)

    def promising(self, text: str, context: tuple[str, ...], budget: ScanBudget) -> tuple[Match, ...]:
        """What may be reported of `text`, overlapping and in no order: all of `detect` but its last stage.

        Raises `BudgetSpentError` as `detect` does.
        """
        return tuple(self._promising(readable(text), words(context), budget))

    def _promising(self, text: str, keys: str, budget: ScanBudget) -> Iterator[Match]:
        by_keys = self._spoken_by_keys(keys)
        for start, part in parts(text):
            budget.spend(len(part))
            forms = self.prefilter.forms(part, by_keys)
            yield from self._worthwhile(part, start, keys, forms, budget)
            if self.vocabulary.entities_in(part) - by_keys:
                yield from self._beside_words(part, start, keys, by_keys, budget)

    def _beside_words(
        self, part: str, start: int, keys: str, by_keys: frozenset[str], budget: ScanBudget
    ) -> Iterator[Match]:
        """What only a word on its own line lets be reported."""
        at = start
        for line in part.split("\n"):
            if line and (spoken := self.vocabulary.entities_in(line) - by_keys):
                forms = self.prefilter.forms_beside(line, spoken)
                yield from self._worthwhile(line, at, keys, forms, budget)
            at += len(line) + 1

    def _worthwhile(
        self, text: str, start: int, keys: str, forms: Iterable[Form], budget: ScanBudget
    ) -> Iterator[Match]:
        for match in find_forms(text, forms, budget, partial(self._is_reported, text, keys)):
            if match.score == match.pattern.score or self._is_reported(text, keys, match):
                yield _move_match(match, start)

    def _is_reported(self, text: str, keys: str, match: Match) -> bool:
        sure = match.score - LOWER >= self.threshold
        return sure or weigh(match, text, keys)[0] >= self.threshold


def detect_match(match: Match, text: str, keys: str) -> Detection:
    """What a match means where it stands: its score with the words around it, and why."""
    score, reasons = weigh(match, text, keys)
    return Detection(
        entity=match.entity,
        start=match.start,
        end=match.end,
        score=score,
        validity=match.validity,
        well_known=match.well_known,
        explanation=(_explain_form(match), *reasons),
        normalised=normalise_value(text[match.start : match.end]),
    )


def _explain_form(match: Match) -> str:
    checked = f"; {match.validity}" if match.validity else ""
    pattern = match.pattern
    return f"gatecli {match.entity.label}: form {pattern.name!r} scores {pattern.score:g}{checked}"


def parts(text: str) -> Iterator[tuple[int, str]]:
    """Whole lines of `text` together, and where they begin in it."""
    start, size = 0, len(text)
    while size - start > PART:
        end = text.rfind("\n", start, start + PART) + 1 or text.find("\n", start) + 1 or size
        yield start, text[start:end]
        start = end
    if start < size:
        yield start, text[start:]


def _move_match(match: Match, by: int) -> Match:
    if not by:
        return match
    return Match(
        match.entity,
        match.pattern,
        match.start + by,
        match.end + by,
        match.score,
        match.validity,
        match.well_known,
    )
