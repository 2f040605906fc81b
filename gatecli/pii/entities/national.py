"""What most national numbers share: one check of python-stdnum, a few written forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gatecli.pii.entities.written_forms import (
    BARE as BARE,  # noqa: PLC0414 - what the tables of the countries score with
)
from gatecli.pii.entities.written_forms import (
    Form,
    compact_forms,
    droppable_zeros,
    in_groups,
    lengths_of,
    may_begin_with_zero,
    pad_zeros,
    small_letters,
    without_zeros,
)
from gatecli.pii.interface import Cue, Entity, Strength, Validator, unknown
from gatecli.pii.patterns import digits
from gatecli.pii.validation import check

WRITTEN = 0.7
"""A punctuated form that nothing else uses, and a valid check."""

_GENERAL = ("national id", "id number", "personal number", "identity number", "tax id")


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
    named: tuple[tuple[str, str], ...] = (),
    names: tuple[str, ...] = (),
) -> Entity:
    """An entity whose forms are (first character class, rest, score), checked by `stdnum.<module>`.

    `named` are compact forms that only a name makes one; `names` those names, by default its context.
    """
    numbered = [Form(f"form {n}", *form) for n, form in enumerate(forms, 1)]
    written = [*numbered, *small_letters(numbered)]
    only_named = tuple(_named_forms(named, len(numbered)))
    bare = compact_forms([*written, *only_named]) if _counts_digits(cue) else ()
    zeros = tuple(form for form in bare if may_begin_with_zero(form))
    called = names or context
    return Entity(
        id=id,
        label=label,
        pack=pack,
        patterns=(
            *(form.pattern() for form in written),
            *(form.named_pattern(called) for form in only_named),
            *(in_groups(form, called) for form in bare),
            *(without_zeros(form, called) for form in zeros),
        ),
        cue=digits(len(cue.hints[0]) - max(map(droppable_zeros, zeros))) if zeros else cue,
        context=context + _GENERAL,
        validate=pad_zeros(
            validate or check(module, words), (length for form in zeros for length in lengths_of(form))
        ),
        well_known=well_known,
        strength=strength,
        source=source or f"python-stdnum {module}",
    )


def _named_forms(named: tuple[tuple[str, str], ...], before: int) -> Iterator[Form]:
    forms = [Form(f"form {before + n}", *form, BARE) for n, form in enumerate(named, 1)]
    yield from (*forms, *small_letters(forms))


def _counts_digits(cue: Cue) -> bool:
    """Whether the cue holds however the number is divided."""
    return cue.coding == "squeezed"
