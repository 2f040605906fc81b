"""The detector: a text and its key path in, detections out.

Three stages, each far rarer than the one before: the prefilter's cues, then patterns and validators,
then, for what could be reported, presidio's engine, which is imported with its first candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

from gatecli.pii.budget import ScanBudget, unlimited_budget
from gatecli.pii.context import LOWER, Vocabulary, is_named_by, weigh, words
from gatecli.pii.interface import THRESHOLD, Detection, Entity, Match
from gatecli.pii.matching import Form, find_forms, readable
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.redaction import normalise_value
from gatecli.pii.resolution import resolve_overlaps

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

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
        return tuple(self._promising(readable(text), words(context), budget))

    def _promising(self, text: str, keys: str, budget: ScanBudget) -> Iterator[Match]:
        by_keys = self._spoken_by_keys(keys)
        for start, part in parts(text):
            budget.spend(len(part))
            spoken = self.vocabulary.entities_in(part)
            forms = self.prefilter.forms(part, by_keys)
            named = [form for form in forms if form[0].id in spoken or is_named_by(form[1].names, keys)]
            yield from self._worthwhile(part, start, keys, named, budget)
            if spoken - by_keys:
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
