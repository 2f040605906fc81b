"""gatecli's recognizers of personal data for an analyzer of presidio.

    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    import gatecli

    engine = AnalyzerEngine(registry=RecognizerRegistry(gatecli.presidio.recognizers()))

Each finds the values that `gatecli pii scan` finds in a text, with their check digits and the words around
them, and says why in the result's explanation, which holds no value.
"""

from __future__ import annotations

from collections.abc import Iterable

from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from gatecli.pii.budget import unlimited_budget
from gatecli.pii.detector import detect_match
from gatecli.pii.entities import default_entities, entities_of
from gatecli.pii.interface import THRESHOLD, Detection, Entity
from gatecli.pii.matching import find, readable

__all__ = ["EntityDataRecognizer", "analyzer", "recognizers"]

NO_KEYS = ""
"""A text of presidio's stands under no key."""


class EntityDataRecognizer(PatternRecognizer):
    """A recognizer of presidio's made of one kind of personal data."""

    def __init__(self, entity: Entity, language: str = "en") -> None:
        self.entity = entity
        self._label = f"gatecli {entity.label}"
        super().__init__(
            supported_entity=entity.id,
            name=self._label,
            supported_language=language,
            patterns=[Pattern(each.name, each.regex, each.score) for each in entity.patterns],
            context=list(entity.context),
        )

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002 - presidio's signature
        regex_flags: int | None = None,  # noqa: ARG002 - the expressions carry their own
    ) -> list[RecognizerResult]:
        """Every valid match, with the words around it already weighed."""
        if self.entity.id not in entities:
            return []
        matches = find(readable(text), (self.entity,), unlimited_budget())
        return [self._result(detect_match(match, text, NO_KEYS)) for match in matches]

    def _result(self, found: Detection) -> RecognizerResult:
        explanation = AnalysisExplanation(
            recognizer=self._label,
            original_score=found.score,
            validation_result=bool(found.validity),
            textual_explanation="\n".join(found.explanation),
        )
        metadata = {
            RecognizerResult.RECOGNIZER_NAME_KEY: self._label,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY: True,
        }
        return RecognizerResult(self.entity.id, found.start, found.end, found.score, explanation, metadata)


def recognizers(entities: Iterable[str] | None = None, *, language: str = "en") -> list[EntityDataRecognizer]:
    """A recognizer for each kind of personal data: those of these ids, else all that the shipped packs hold.

    `language` is what presidio is told that a recognizer is for; ours read every language. Raises
    `gatecli.GatecliError` for an id that does not exist; `gatecli rules` and docs/pii-entities.md list them.
    """
    known = default_entities() if entities is None else entities_of((), entities)
    return [EntityDataRecognizer(entity, language) for entity in known]


def analyzer(entities: Iterable[str] | None = None) -> AnalyzerEngine:
    """Presidio's engine over nothing but `recognizers(entities)`: no language model, no network.

    What it returns is what `gatecli pii scan` would report of a text.
    """
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers(entities), supported_languages=["en"]),
        nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}]),
        supported_languages=["en"],
        default_score_threshold=THRESHOLD,
    )
