"""What most national numbers share: one check of python-stdnum, a few written forms."""

from __future__ import annotations

from collections.abc import Callable

from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, Validator, unknown
from gatecli.pii.patterns import bounded_pattern
from gatecli.pii.validation import check

BARE = 0.25
"""A run of digits with one check digit: one in ten is valid by chance, so a context word must speak."""
WRITTEN = 0.7
"""A punctuated form that nothing else uses, and a valid check."""


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
    patterns = tuple(
        EntityPattern(f"form {n}", bounded_pattern(first, rest), score)
        for n, (first, rest, score) in enumerate(forms, 1)
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
