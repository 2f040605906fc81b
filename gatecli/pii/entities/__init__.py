"""Every entity the engine knows, in the order that settles a tie, and the packs they come in."""

from __future__ import annotations

from collections.abc import Iterable

from gatecli.errors import ConfigurationError
from gatecli.pii.entities import cn, eu, generic, network, us, world
from gatecli.pii.interface import Entity

ENTITIES: tuple[Entity, ...] = (
    *cn.ENTITIES,
    cn.SOCIAL_CREDIT_CODE,
    *us.ENTITIES,
    *eu.ENTITIES,
    *world.ENTITIES,
    *generic.ENTITIES,
    *network.ENTITIES,
)

PACKS: tuple[str, ...] = tuple(sorted({entity.pack for entity in ENTITIES}))


def entities_of(packs: Iterable[str], extra: Iterable[str] = ()) -> tuple[Entity, ...]:
    """The entities of `packs`, and those whose id is in `extra`, in the engine's order.

    Raises `ConfigurationError` for a pack or an id that does not exist: a typing error must not
    switch a search off.
    """
    packs, extra = frozenset(packs), frozenset(extra)
    _refuse("pack", packs, PACKS)
    _refuse("entity", extra, tuple(entity.id for entity in ENTITIES))
    return tuple(entity for entity in ENTITIES if entity.pack in packs or entity.id in extra)


def default_entities() -> tuple[Entity, ...]:
    """Every entity that is personal everywhere: all packs but `network` and `company`."""
    return tuple(entity for entity in ENTITIES if entity.default)


def _refuse(kind: str, asked: frozenset[str], known: tuple[str, ...]) -> None:
    strange = sorted(asked - set(known))
    if strange:
        raise ConfigurationError(
            f"there is no {kind} {strange[0]!r} of personal data",
            advice=f"the {kind} names are: {', '.join(sorted(known))}",
        )
