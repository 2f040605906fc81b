"""Personal names, found by presidio's engine with a spaCy model of the user's own; off unless asked for.

A name has no check digit: what a model finds is a guess, so names are warnings and never block alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gatecli.errors import MissingExtraError
from gatecli.pii.interface import PERSON_NAME, Detection, NameFinder
from gatecli.pii.redaction import normalise_value

if TYPE_CHECKING:
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

_LANGUAGE = "en"
"""What the engine's only model goes by, whatever it was trained on."""
_SCORE = 0.6


def name_finder(model: str) -> NameFinder:
    """Names in a text, by the spaCy model of this name or folder.

    Which of its labels mean a person is presidio's table. Raises MissingExtraError where spaCy or the model
    is not installed; nothing is ever downloaded.
    """
    engine = _engine(model)

    def find(text: str) -> Iterator[Detection]:
        for entity in engine.process_text(text, _LANGUAGE).entities:
            if entity.label_ == "PERSON":
                yield Detection(
                    entity=PERSON_NAME,
                    start=entity.start_char,
                    end=entity.end_char,
                    score=_SCORE,
                    validity=f"by the model {Path(model).name}",
                    explanation=("the spaCy model labels it a person",),
                    normalised=normalise_value(entity.text),
                )

    return find


def _engine(model: str) -> SpacyNlpEngine:
    """The engine over a model that is loaded here: its own `load` would fetch one that is missing."""
    try:
        import spacy
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        engine: Any = SpacyNlpEngine([{"lang_code": _LANGUAGE, "model_name": model}])
        engine.nlp = {_LANGUAGE: spacy.load(model)}
    except (ImportError, OSError, ValueError):
        raise MissingExtraError(
            f"there is no spaCy model {model!r} for --names",
            advice="pip install 'gatecli[names]', and install the model or give its folder",
        ) from None
    return cast("SpacyNlpEngine", engine)
