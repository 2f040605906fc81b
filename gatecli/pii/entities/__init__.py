"""Every entity the engine knows, in the order that settles a tie, and the packs they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from gatecli import package
from gatecli.errors import ConfigurationError
from gatecli.pii.interface import Entity

PACKS_BY_MODULE: Mapping[str, frozenset[str]] = {
    "cn": frozenset({"cn", "company"}),
    "us": frozenset({"us"}),
    "eu": frozenset({"eu"}),
    "world": frozenset({"africa", "americas", "asia", "in", "oceania", "uk"}),
    "generic": frozenset({"generic"}),
    "network": frozenset({"network"}),
}
"""The modules of this package in the order that settles a tie, each imported when a pack of it is asked for."""

PACKS: tuple[str, ...] = tuple(sorted(frozenset[str]().union(*PACKS_BY_MODULE.values())))


@cache
def all_entities() -> tuple[Entity, ...]:
    """Every entity of every pack."""
    return tuple(entity for name in PACKS_BY_MODULE for entity in _entities_in(name))


def entities_of(packs: Iterable[str], extra: Iterable[str] = ()) -> tuple[Entity, ...]:
    """The entities of `packs`, and those whose id is in `extra`, in the engine's order.

    Raises `ConfigurationError` for a pack or an id that does not exist: a typing error must not
    switch a search off.
    """
    packs, extra = frozenset(packs), frozenset(extra)
    _refuse("pack", packs, PACKS)
    modules = [name for name, held in PACKS_BY_MODULE.items() if held & packs]
    known = tuple(entity for name in modules for entity in _entities_in(name))
    if not extra <= {entity.id for entity in known}:
        known = all_entities()
        _refuse("entity", extra, tuple(entity.id for entity in known))
    return tuple(entity for entity in known if entity.pack in packs or entity.id in extra)


def default_entities() -> tuple[Entity, ...]:
    """Every entity that is personal everywhere: all packs but `network` and `company`."""
    return tuple(entity for entity in all_entities() if entity.default)


def _entities_in(name: str) -> tuple[Entity, ...]:
    found: tuple[Entity, ...] = package.member(f"pii.entities.{name}:ENTITIES")
    return found


def _refuse(kind: str, asked: frozenset[str], known: tuple[str, ...]) -> None:
    strange = sorted(asked - set(known))
    if strange:
        raise ConfigurationError(
            f"there is no {kind} {strange[0]!r} of personal data",
            advice=f"the {kind} names are: {', '.join(sorted(known))}",
        )
