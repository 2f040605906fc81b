"""The detector: a text and its key path in, detections out.

Three stages, each far rarer than the one before: the prefilter's cues, then patterns and validators,
then, for what could be reported, presidio's engine, which is imported with its first candidate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from gatecli.pii.budget import ScanBudget, unlimited_budget
from gatecli.pii.context import LOWER, may_speak, weigh, words
from gatecli.pii.group_testing import suspects
from gatecli.pii.interface import THRESHOLD, Detection, Entity, Match
from gatecli.pii.matching import Form, find_forms, readable
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.redaction import normalise_value
from gatecli.pii.resolution import resolve_overlaps

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

_LINES = re.compile(r"[^\n]+")
LONG = 2048
"""Characters from which a text is searched line by line."""


class Detector:
    """Finds `entities` whose score reaches `threshold` (0 shows everything that matched)."""

    def __init__(self, entities: tuple[Entity, ...], *, threshold: float = THRESHOLD) -> None:
        self.entities = entities
        self.threshold = threshold
        self.prefilter = Prefilter(entities)
        self._by_id = {entity.id: entity for entity in entities}
        self._order = {entity.id: number for number, entity in enumerate(entities)}

    @cached_property
    def engine(self) -> AnalyzerEngine:
        """Presidio's engine over the same entities; the first use imports it."""
        from gatecli.pii.recognizers import analyzer

        return analyzer(self.entities)

    def detect(
        self, text: str, context: tuple[str, ...] = (), *, budget: ScanBudget | None = None
    ) -> tuple[Detection, ...]:
        """The personal data in `text` as it stands; `context` is its key path and column names.

        Raises `BudgetSpentError` when `budget` ends first; nothing found so far is returned then.
        """
        budget = budget or unlimited_budget()
        matches = self.promising(text, context, budget)
        if not matches:
            return ()
        with budget.suspend():
            engine = self.engine
        return self._decide(engine, text, matches, context)

    def promising(self, text: str, context: tuple[str, ...], budget: ScanBudget) -> tuple[Match, ...]:
        """What may be reported of `text`, overlapping and in no order: all of `detect` but its engine.

        Raises `BudgetSpentError` as `detect` does.
        """
        if not self.prefilter.may_match(text):
            return ()
        return tuple(self._promising(readable(text), words(context), budget))

    def _promising(self, text: str, keys: str, budget: ScanBudget) -> Iterator[Match]:
        for start, part in _parts(text, self.prefilter.may_match):
            forms = self._forms(part, keys)
            for match in find_forms(part, forms, budget, partial(self._is_reported, part, keys)):
                if match.score == match.pattern.score or self._is_reported(part, keys, match):
                    yield _move_match(match, start)

    def _forms(self, text: str, keys: str) -> Iterator[Form]:
        """The forms that could be reported: the weak ones only where a context word may stand."""
        said = keys + text.lower()
        for entity in self.prefilter.candidates(text):
            spoken = may_speak(entity, said)
            yield from (
                (entity, pattern) for pattern in entity.patterns if spoken or pattern.score >= self.threshold
            )

    def _is_reported(self, text: str, keys: str, match: Match) -> bool:
        sure = match.score - LOWER >= self.threshold
        return sure or weigh(match, text, keys)[0] >= self.threshold

    def _decide(
        self, engine: AnalyzerEngine, text: str, matches: tuple[Match, ...], context: tuple[str, ...]
    ) -> tuple[Detection, ...]:
        from gatecli.pii.recognizers import judge_matches

        results = judge_matches(engine, text, matches, context)
        found = (self._detection(text, result) for result in results if result.score >= self.threshold)
        return resolve_overlaps(found, self._order)

    def _detection(self, text: str, result: RecognizerResult) -> Detection:
        from gatecli.pii.recognizers import MATCH

        match: Match = result.recognition_metadata[MATCH]
        explanation: Any = result.analysis_explanation
        return Detection(
            entity=self._by_id[result.entity_type],
            start=result.start,
            end=result.end,
            score=result.score,
            validity=match.validity,
            well_known=match.well_known,
            explanation=tuple(explanation.textual_explanation.splitlines()),
            normalised=normalise_value(text[result.start : result.end]),
        )


def _parts(text: str, may_match: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """A short text whole, of a long one the lines that could hold anything: no number crosses a line."""
    if len(text) <= LONG:
        yield 0, text
        return
    lines = list(_LINES.finditer(text))
    for index in suspects(may_match, [line.group() for line in lines]):
        yield lines[index].start(), lines[index].group()


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
