"""Entities of recognizers in presidio's own format. Presidio itself is imported for those that it ships.

They are entities like any other: found in keys, encodings and columns, weighed by the words around them,
masked and waived. Patterns of an organisation's own are run by RE2; those that presidio ships, some of which
RE2 cannot run, by the `regex` that presidio itself runs them with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from gatecli.errors import ConfigurationError, UncheckableError
from gatecli.model.presidio import PresidioRecognizer, PresidioRegistry
from gatecli.pii.custom import refuse_unless_linear
from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, Validator, ValidityEvidence

if TYPE_CHECKING:
    from presidio_analyzer import Pattern, PatternRecognizer

PACK = "presidio"
_FLAGS = {int(re.IGNORECASE): "i", int(re.MULTILINE): "m", int(re.DOTALL): "s"}


def registry_entities(registry: PresidioRegistry) -> tuple[Entity, ...]:
    """The entities of the recognizers that are enabled, one for each kind.

    Raises ConfigurationError for an expression that RE2 cannot run, MissingExtraError without RE2.
    """
    flags = "".join(letter for flag, letter in _FLAGS.items() if registry.global_regex_flags & flag)
    prefix = f"(?{flags})" if flags else ""
    return tuple(map(partial(_entity, prefix), registry.enabled))


def _entity(prefix: str, recognizer: PresidioRecognizer) -> Entity:
    make = _shipped_entity if recognizer.is_predefined else _own_entity
    return make(prefix, recognizer)


def _own_entity(prefix: str, recognizer: PresidioRecognizer) -> Entity:
    patterns = [
        EntityPattern(each.name, prefix + each.regex, float(each.score), engine="re2")
        for each in recognizer.patterns
    ]
    if recognizer.deny_list:
        words = "|".join(map(re.escape, sorted(recognizer.deny_list, key=len, reverse=True)))
        score = float(recognizer.deny_list_score)
        patterns.append(
            EntityPattern("deny_list", f"{prefix}(?:{words})", score, engine="re2", refuse=_inside_a_word)
        )
    for pattern in patterns:
        refuse_unless_linear(pattern.regex, f"{pattern.name} of the recognizer {recognizer.name}")
    return _entity_of(recognizer, patterns, recognizer.words, None)


def _shipped_entity(prefix: str, recognizer: PresidioRecognizer) -> Entity:
    from presidio_analyzer import predefined_recognizers

    made = getattr(predefined_recognizers, recognizer.shipped)()
    _refuse_other_search(made, recognizer)
    forms = _patterns_of(made)
    check = _check_of(made)
    patterns = [
        EntityPattern(each.name, prefix + each.regex, 1.0 if check else each.score, engine="regex")
        for each in forms
    ]
    return _entity_of(recognizer, patterns, recognizer.words or tuple(made.context or ()), check)


def _refuse_other_search(made: Any, recognizer: PresidioRecognizer) -> None:
    """Raises ConfigurationError for a recognizer that does more than to seek its patterns."""
    from presidio_analyzer import PatternRecognizer

    if isinstance(made, PatternRecognizer) and type(made).analyze is PatternRecognizer.analyze:
        return
    raise ConfigurationError(
        f"the recognizer {recognizer.name} finds {recognizer.entity} by more than patterns",
        advice="leave its supported_entity out: gatecli finds the kind by itself",
    )


def _entity_of(
    recognizer: PresidioRecognizer,
    patterns: Iterable[EntityPattern],
    words: Iterable[str],
    check: Validator | None,
) -> Entity:
    return Entity(
        id=recognizer.entity,
        label=recognizer.label,
        pack=PACK,
        patterns=tuple(patterns),
        cue=Cue(""),
        context=tuple(word.lower() for word in words),
        validate=check,
        strength=Strength.CHECKED if check else Strength.SHAPE,
        source="presidio" if recognizer.is_predefined else "the organisation's recognizers",
    )


def _patterns_of(recognizer: Any) -> list[Pattern]:
    """What presidio keeps without a type."""
    return list(recognizer.patterns)


def _inside_a_word(text: str, start: int, end: int) -> bool:
    return _is_word(text[start - 1 : start]) or _is_word(text[end : end + 1])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _check_of(recognizer: PatternRecognizer) -> Validator | None:
    """Presidio's check of a value, where the class has one: a valid value is sure."""
    from presidio_analyzer import PatternRecognizer

    kind = type(recognizer)
    own = (kind.validate_result, kind.invalidate_result)
    if own == (PatternRecognizer.validate_result, PatternRecognizer.invalidate_result):
        return None
    likely = max(pattern.score for pattern in _patterns_of(recognizer))
    return partial(_validate, recognizer.validate_result, recognizer.invalidate_result, likely)


def _validate(
    validates: Callable[[str], bool | None],
    invalidates: Callable[[str], bool | None],
    likely: float,
    value: str,
) -> ValidityEvidence | None:
    try:
        valid, invalid = validates(value), invalidates(value)
    except Exception:  # noqa: BLE001 - another's code, and its message may hold the value
        raise UncheckableError(
            "a recognizer of presidio failed on a value", advice="set enabled: false for it"
        ) from None
    if valid is False or invalid:
        return None
    return ValidityEvidence("presidio's check valid") if valid else ValidityEvidence("", likely)
