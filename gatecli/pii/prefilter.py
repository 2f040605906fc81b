"""A necessary condition for each entity, checked quickly: a text that cannot match is not searched.

Equivalence: every match of an entity contains a match of its cue, and every match of a cue has one
of its hints (tests hold each pattern and each cue to it), so running the entities of
`candidates(text)` finds what running all of them finds.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatecli.pii.cue_encoding import CueEncodings
from gatecli.pii.interface import Cue, Entity
from gatecli.pii.matching import compile_pattern


class Prefilter:
    """The cues of some entities: `may_match` for a whole body, `candidates` for one text."""

    __slots__ = ("_cues", "_weakest")

    def __init__(self, entities: Iterable[Entity]) -> None:
        by_cue: dict[Cue, list[tuple[int, Entity]]] = {}
        for order, entity in enumerate(entities):
            by_cue.setdefault(entity.cue, []).append((order, entity))
        self._cues = tuple((cue, tuple(held)) for cue, held in by_cue.items())
        self._weakest = _weakest(by_cue)

    def may_match(self, text: str) -> bool:
        """Whether any entity could match in `text` as it stands (decoded forms aside)."""
        coded = CueEncodings(text)
        return any(_holds(cue, text, coded) for cue in self._weakest)

    def candidates(self, text: str) -> tuple[Entity, ...]:
        """The entities that could match in `text`, in the engine's order."""
        coded = CueEncodings(text)
        found = [item for cue, held in self._cues if _holds(cue, text, coded) for item in held]
        return tuple(entity for _order, entity in sorted(found, key=lambda item: item[0]))


def _holds(cue: Cue, text: str, coded: CueEncodings) -> bool:
    if cue.hints:
        spelling: bytes = getattr(coded, cue.coding)
        if not any(hint in spelling for hint in cue.hints):
            return False
    elif not cue.regex.isascii() and text.isascii():
        return False
    return compile_pattern(cue.regex).search(text) is not None


def _weakest(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """`cues` without the digit counts that a smaller count implies."""
    cues = tuple(cues)
    counted = [cue for cue in cues if cue.coding == "squeezed"]
    least = min(counted, key=lambda cue: len(cue.hints[0]), default=None)
    return tuple(cue for cue in cues if cue.coding != "squeezed" or cue is least)
