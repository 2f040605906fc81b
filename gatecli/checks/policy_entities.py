"""The kinds of personal data that a policy asks for: of the packs, its own, of presidio's recognizers."""

from __future__ import annotations

from collections.abc import Collection

from gatecli.errors import ConfigurationError
from gatecli.model.policy import PiiRules
from gatecli.pii.entities import all_entities, entities_of
from gatecli.pii.interface import PERSON_NAME, Entity


def entities_of_policy(rules: PiiRules) -> tuple[Entity, ...]:
    """The entities to look for; what `rules.entities` ignores is among them.

    Raises ConfigurationError for a pack or an entity there is not, and for one that is there twice;
    MissingExtraError where a pattern needs RE2.
    """
    shipped, others = _registry_kinds(rules)
    own = (*_custom(rules), *others)
    not_ours = {PERSON_NAME.id, *(entity.id for entity in own)}
    named = [entity for entity in rules.entities if entity not in not_ours]
    return (*entities_of(rules.packs, (*named, *shipped)), *own)


def _custom(rules: PiiRules) -> tuple[Entity, ...]:
    if not rules.custom:
        return ()
    from gatecli.pii.custom import custom_entity  # noqa: PLC0415 - few policies have entities of their own

    return tuple(custom_entity(each) for each in rules.custom)


def _registry_kinds(rules: PiiRules) -> tuple[tuple[str, ...], tuple[Entity, ...]]:
    """Of presidio's recognizers the kinds that gatecli finds by itself, and the entities of the others."""
    if rules.registry is None:
        return (), ()
    from gatecli.pii.presidio_registry import registry_entities  # noqa: PLC0415 - few policies name one

    ours = {entity.id for entity in all_entities()}
    _refuse_twice(rules, ours)
    wanted = rules.registry.enabled
    others = tuple(each for each in wanted if each.entity not in ours)
    known = tuple(each.entity for each in wanted if each.entity in ours)
    return known, registry_entities(rules.registry.model_copy(update={"recognizers": others}))


def _refuse_twice(rules: PiiRules, ours: Collection[str]) -> None:
    """Raises ConfigurationError where a kind of an organisation's own bears the name of another."""
    seen = {custom.id for custom in rules.custom}
    for each in rules.registry.enabled if rules.registry else ():
        if each.entity in seen or (each.entity in ours and not each.is_predefined):
            raise ConfigurationError(
                f"the recognizer {each.name} finds {each.entity}, which is found by another already",
                advice="give its supported_entity another name, or set enabled: false",
            )
        seen.add(each.entity)
