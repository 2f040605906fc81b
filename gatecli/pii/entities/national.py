"""What most national numbers share: one check of python-stdnum, a few written forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, Validator, unknown
from gatecli.pii.patterns import bounded_pattern
from gatecli.pii.validation import check

BARE = 0.25
"""A run of digits with one check digit: one in ten is valid by chance, so a context word must speak."""
WRITTEN = 0.7
"""A punctuated form that nothing else uses, and a valid check."""


NamedForm = tuple[str, str, str, float]
"""A form's name, its first character class, the rest, and its score."""


def small_letters(forms: Iterable[NamedForm]) -> Iterator[NamedForm]:
    """The forms that have capitals, as people type them; digests are written so too, so a word must speak."""
    for name, first, rest, score in forms:
        small = (first.lower(), rest.lower())
        if small != (first, rest) and (first + rest).upper() == first + rest:
            yield f"{name}, small letters", *small, min(score, BARE)


def national(
    id: str,  # noqa: A002 - the entity's id
    label: str,
    pack: str,
    module: str,
    cue: Cue,
    forms: tuple[tuple[str, str, float], ...],
    context: tuple[str, ...],
    *,
    words: str = "checksum valid",
    strength: Strength = Strength.CHECKED,
    well_known: Callable[[str], bool] = unknown,
    validate: Validator | None = None,
    source: str = "",
) -> Entity:
    """An entity whose forms are (first character class, rest, score), checked by `stdnum.<module>`."""
    numbered = [(f"form {n}", *form) for n, form in enumerate(forms, 1)]
    patterns = tuple(
        EntityPattern(name, bounded_pattern(first, rest), score)
        for name, first, rest, score in (*numbered, *small_letters(numbered))
    )
    general = ("national id", "id number", "personal number", "identity number", "tax id")
    return Entity(
        id=id,
        label=label,
        pack=pack,
        patterns=patterns,
        cue=cue,
        context=context + general,
        validate=validate or check(module, words),
        well_known=well_known,
        strength=strength,
        source=source or f"python-stdnum {module}",
    )
