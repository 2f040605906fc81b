"""Entities of an organisation's own, from its policy: a pattern, a check, context words."""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.errors import ConfigurationError, MissingExtraError
from gatecli.model.policy import CustomEntity
from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, Validator, ValidityEvidence

ALONE, IN_CONTEXT = 0.6, 0.3
"""Scores of a pattern that is reported wherever it stands, and of one that needs a context word."""


def custom_entity(custom: CustomEntity) -> Entity:
    """The entity that a policy describes.

    Its pattern is run by RE2, in linear time whatever it is. Raises ConfigurationError for an expression
    that RE2 has no linear way to run (look-arounds, back-references), MissingExtraError without RE2.
    """
    refuse_unless_linear(custom.pattern, f"the custom entity {custom.id}")
    score = IN_CONTEXT if custom.context_required else ALONE
    return Entity(
        id=custom.id,
        label=custom.label,
        pack="custom",
        patterns=(EntityPattern("as the policy says", custom.pattern, score, engine="re2"),),
        cue=Cue(""),
        context=tuple(custom.context),
        validate=_CHECKS[custom.check] if custom.check else None,
        strength=Strength.CHECKED if custom.check else Strength.SHAPE,
        source="the organisation's policy",
    )


def refuse_unless_linear(pattern: str, called: str) -> None:
    """Raises ConfigurationError where RE2 cannot run an expression, MissingExtraError without RE2."""
    try:
        import re2
    except ImportError:
        raise MissingExtraError(f"{called} needs RE2", advice="pip install 'gatecli[patterns]'") from None
    options = re2.Options()
    options.log_errors = False
    try:
        expression = re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigurationError(
            f"the pattern of {called} cannot be run in linear time: {error}",
            advice="write it without look-arounds and back-references",
        ) from None
    if expression.search("") is not None:
        raise ConfigurationError(
            f"the pattern of {called} matches the empty text", advice="ask for a character"
        )


def _compact(value: str) -> str:
    return "".join(character for character in value if character.isalnum())


def _luhn(value: str) -> ValidityEvidence | None:
    from stdnum import luhn

    return ValidityEvidence("Luhn check valid") if luhn.is_valid(_compact(value)) else None


def _mod_97(value: str) -> ValidityEvidence | None:
    from stdnum.iso7064 import mod_97_10

    return ValidityEvidence("ISO 7064 MOD 97-10 check valid") if mod_97_10.is_valid(_compact(value)) else None


def _mod_11(value: str) -> ValidityEvidence | None:
    from stdnum.iso7064 import mod_11_2

    return (
        ValidityEvidence("ISO 7064 MOD 11-2 check valid")
        if mod_11_2.is_valid(_compact(value).upper())
        else None
    )


def _verhoeff(value: str) -> ValidityEvidence | None:
    from stdnum import verhoeff

    return ValidityEvidence("Verhoeff check valid") if verhoeff.is_valid(_compact(value)) else None


_CHECKS: Mapping[str, Validator] = {
    "luhn": _luhn,
    "mod-97-10": _mod_97,
    "mod-11-2": _mod_11,
    "verhoeff": _verhoeff,
}
