"""What cannot match is never looked at: necessary conditions, each a search for literals.

Equivalence: every match of an entity contains a match of its cue, every match of a cue has one of its hints,
and every match of a pattern holds its factors (tests hold each of them to it), so running what is
let through finds what running everything finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from gatecli.pii.cue_encoding import CueEncodings, encode_classes
from gatecli.pii.interface import THRESHOLD, Cue, Entity
from gatecli.pii.matching import Form, Sought, compile_pattern
from gatecli.pii.places import MatchCondition, condition, holds_needed, spans

SHORT = 64
"""Characters of a text whose forms are kept by its classes: cells and values are alike by the thousand."""
_KEPT = 4096
ALIKE = 2
"""Lines to each kind of line from which looking at each kind once is quicker."""


class Prefilter:
    """The cues and factors of some entities: `may_match` for a whole body, `search_places` for one text."""

    __slots__ = ("_alone", "_beside", "_kept", "_weakest")

    def __init__(self, entities: Iterable[Entity], threshold: float = THRESHOLD) -> None:
        entities = tuple(entities)
        self._weakest = _weakest(dict.fromkeys(entity.cue for entity in entities))
        forms = [(entity, pattern) for entity in entities for pattern in entity.patterns]
        needy = [(form, condition(form[1])) for form in forms]
        self._alone = tuple(each for each in needy if _stands_alone(each[0], threshold))
        self._beside = tuple(each for each in needy if not _stands_alone(each[0], threshold))
        self._kept = lru_cache(_KEPT)(self._possible)

    def may_match(self, text: str) -> bool:
        """Whether any entity could match in `text` as it stands (decoded forms aside)."""
        coded = CueEncodings(encode_classes(text))
        return any(_holds(cue, text, coded) for cue in self._weakest)

    def search_places(self, text: str, spoken: frozenset[str]) -> tuple[Sought, ...]:
        """What could be reported of `text` where the entities `spoken` are spoken of, and where it stands."""
        classes = encode_classes(text)
        return (
            *self._search_places(classes, None),
            *(self._search_places(classes, spoken) if spoken else ()),
        )

    def sought_beside(self, text: str, spoken: frozenset[str]) -> tuple[Sought, ...]:
        """What of it is reported only because of that."""
        return self._search_places(encode_classes(text), spoken)

    def _search_places(self, classes: bytes, spoken: frozenset[str] | None) -> tuple[Sought, ...]:
        short = len(classes) <= SHORT
        return self._kept(classes, spoken) if short else self._possible(classes, spoken)

    def _possible(self, classes: bytes, spoken: frozenset[str] | None) -> tuple[Sought, ...]:
        """The forms that need no word beside them, or those of `spoken` that do."""
        forms = self._alone if spoken is None else (each for each in self._beside if each[0][0].id in spoken)
        return tuple(_seek(forms, classes))


def _seek(forms: Iterable[tuple[Form, MatchCondition]], classes: bytes) -> Iterator[Sought]:
    coded = CueEncodings(classes)
    once = _each_line_once(classes) or coded
    for (entity, pattern), needs in forms:
        if holds_needed(needs, once) and (found := spans(needs, coded)):
            yield entity, pattern, found


def _each_line_once(classes: bytes) -> CueEncodings | None:
    """The lines that differ in their classes, which hold what all lines hold; None where most differ."""
    lines = classes.split(b"\n")
    distinct = set(lines)
    return CueEncodings(b"\n".join(distinct)) if ALIKE * len(distinct) <= len(lines) else None


def _stands_alone(form: Form, threshold: float) -> bool:
    """Whether it could be reported whatever stands beside it; of RE2's expressions nothing is known."""
    pattern = form[1]
    return pattern.engine != "re" or pattern.score >= threshold


def _holds(cue: Cue, text: str, coded: CueEncodings) -> bool:
    if cue.hints:
        if not coded.holds_any(cue.coding, cue.hints):
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
