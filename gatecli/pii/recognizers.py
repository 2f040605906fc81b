"""presidio's frame around the entities: recognizers, registry, context, decisions. Imported late.

Anyone may register `EntityDataRecognizer(entity)` in an analyzer of their own. In ours one language
engine without a model or a network matches each text once; the recognizers hand its matches on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from gatecli.pii.budget import unlimited_budget
from gatecli.pii.context import weigh, words
from gatecli.pii.interface import Entity, Match
from gatecli.pii.matching import find, readable

LANGUAGE = "en"
MATCH = "gatecli_match"
"""The key of a result's metadata that holds the match it came from."""


class MatchArtifacts(NlpArtifacts):
    """What is known about a text before the recognizers run: its matches, and no tokens."""

    def __init__(self, engine: NlpEngine, matches: Iterable[Match] | None = None) -> None:
        super().__init__([], cast("Any", []), [], [], engine, LANGUAGE)
        self.matches = None if matches is None else tuple(matches)


class NoModelEngine(NlpEngine):
    """A language engine that knows no language: no model, no tokens, no network."""

    engine_name = "gatecli"
    is_available = True

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:  # noqa: ARG002 - presidio's signature
        return MatchArtifacts(self)

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002 - presidio's signature
        n_process: int = 1,  # noqa: ARG002
        **_options: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return [LANGUAGE]


class EntityDataRecognizer(PatternRecognizer):
    """A presidio recognizer made of an `Entity`; matches with gatecli's own patterns and validators."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._label = f"gatecli {entity.label}"
        super().__init__(
            supported_entity=entity.id,
            name=self._label,
            supported_language=LANGUAGE,
            patterns=[Pattern(each.name, each.regex, each.score) for each in entity.patterns],
            context=list(entity.context),
        )

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,  # noqa: ARG002 - the expressions carry their own
    ) -> list[RecognizerResult]:
        """Every valid match; each keeps the explanation of its decision."""
        if self.entity.id not in entities:
            return []
        known = nlp_artifacts.matches if isinstance(nlp_artifacts, MatchArtifacts) else None
        if known is None:
            known = tuple(find(readable(text), (self.entity,), unlimited_budget()))
        return [self._result(match) for match in known if match.entity is self.entity]

    def _result(self, match: Match) -> RecognizerResult:
        pattern = match.pattern
        explanation = AnalysisExplanation(
            recognizer=self._label,
            original_score=pattern.score,
            pattern_name=pattern.name,
            pattern=pattern.regex,
            validation_result=bool(match.validity),
            textual_explanation=_why(self._label, match),
        )
        explanation.set_improved_score(match.score)
        metadata = {
            RecognizerResult.RECOGNIZER_NAME_KEY: self._label,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            MATCH: match,
        }
        return RecognizerResult(self.entity.id, match.start, match.end, match.score, explanation, metadata)


def _why(name: str, match: Match) -> str:
    checked = f"; {match.validity}" if match.validity else ""
    return f"{name}: form {match.pattern.name!r} scores {match.pattern.score:g}{checked}"


class KeyPathEnhancer(ContextAwareEnhancer):
    """Whole words of the key path and of the text around a match raise or lower its score."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - presidio's signature
        recognizers: list[EntityRecognizer],  # noqa: ARG002
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        keys = words(context or ())
        for result in raw_results:
            match = (result.recognition_metadata or {}).get(MATCH)
            if match is not None:
                _enhance(result, *weigh(match, text, keys))
        return raw_results


def _enhance(result: RecognizerResult, score: float, reasons: tuple[str, ...]) -> None:
    result.score = score
    explanation = result.analysis_explanation
    explanation.set_improved_score(score)
    for reason in reasons:
        explanation.append_textual_explanation_line(reason)


def registry(entities: Iterable[Entity], extra: Iterable[EntityRecognizer] = ()) -> RecognizerRegistry:
    """Presidio's registry of our recognizers, and of others' that are added."""
    recognizers = [EntityDataRecognizer(entity) for entity in entities]
    return RecognizerRegistry([*recognizers, *extra], supported_languages=[LANGUAGE])


def analyzer(entities: Iterable[Entity], extra: Iterable[EntityRecognizer] = ()) -> AnalyzerEngine:
    """Presidio's engine over `entities`: no model, no network, no environment."""
    return AnalyzerEngine(
        registry=registry(entities, extra),
        nlp_engine=NoModelEngine(),
        supported_languages=[LANGUAGE],
        context_aware_enhancer=KeyPathEnhancer(),
    )


def judge_matches(
    engine: AnalyzerEngine, text: str, matches: tuple[Match, ...], context: tuple[str, ...]
) -> list[RecognizerResult]:
    """Presidio's decision on `matches` of `text`, explanations kept."""
    return engine.analyze(
        text,
        LANGUAGE,
        entities=sorted({match.entity.id for match in matches}),
        context=list(context),
        score_threshold=0.0,
        return_decision_process=True,
        nlp_artifacts=MatchArtifacts(engine.nlp_engine, matches),
    )
