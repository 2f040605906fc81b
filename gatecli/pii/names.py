"""Personal names, found by a spaCy model of the user's own; off unless asked for.

A name has no check digit: what a model finds is a guess, so names are warnings and never block alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.errors import MissingExtraError
from gatecli.pii.interface import PERSON_NAME, Detection, NameFinder
from gatecli.pii.redaction import normalise_value

_LABELS = frozenset({"PERSON", "PER"})
_SCORE = 0.6


def name_finder(model: str) -> NameFinder:
    """Names in a text, by the spaCy model of this name or folder.

    Raises MissingExtraError where spaCy or the model is not installed; nothing is ever downloaded.
    """
    try:
        import spacy

        language = spacy.load(model)
    except (ImportError, OSError, ValueError):
        raise MissingExtraError(
            f"there is no spaCy model {model!r} for --names",
            advice="pip install 'gatecli[names]', and install the model or give its folder",
        ) from None

    def find(text: str) -> Iterator[Detection]:
        for entity in language(text).ents:
            if entity.label_ in _LABELS:
                yield Detection(
                    entity=PERSON_NAME,
                    start=entity.start_char,
                    end=entity.end_char,
                    score=_SCORE,
                    validity=f"by the model {language.meta.get('name', 'unnamed')}",
                    explanation=("the spaCy model labels it a person",),
                    normalised=normalise_value(entity.text),
                )

    return find
