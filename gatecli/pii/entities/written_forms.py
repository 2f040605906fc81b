"""How a number is written besides as its rules say: in small letters, in groups, without its leading zeros.

A number has few digits of proof, so these forms count only where the name of the value tells what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gatecli.pii.interface import EntityPattern, Validator, ValidityEvidence
from gatecli.pii.patterns import WORD, bounded_pattern
from gatecli.pii.validation import compact

BARE = 0.25
"""A run of digits with one check digit: one in ten is valid by chance, so a context word must speak."""

SEPARATORS = " ./_:-"
_APART = f"[{SEPARATORS}]{{0,3}}"
_SEPARATOR = re.compile(r"(?:[ -]|\\\.|\[[ ./-]+\])\?")
_ITEM = re.compile(r"(\[[0-9A-Za-z-]+\]|[0-9A-Z])(\{[0-9,]+\}|\?)?")
_ITEMS = re.compile(rf"(?:{_ITEM.pattern})+")
_DIGITS_FIRST = re.compile(r"\[0-9\]\{[0-9]+\}.*")
_MOST_DROPPED, _LEFT = 4, 7
"""Leading zeros that may be missing (a birth in 2000 begins with four), and the characters that must be left."""


class Form(NamedTuple):
    """A form's name, its first character class, the rest, and its score."""

    name: str
    first: str
    rest: str
    score: float

    def pattern(self) -> EntityPattern:
        """The form where it may stand in a text by itself."""
        return EntityPattern(self.name, bounded_pattern(self.first, self.rest), self.score)

    def named_pattern(self, names: tuple[str, ...]) -> EntityPattern:
        """The form where one of `names` tells it."""
        return EntityPattern(self.name, _alone(self.first, self.rest), self.score, names=names)


def small_letters(forms: Iterable[Form]) -> Iterator[Form]:
    """The forms that have capitals, as people type them; digests are written so too, so a word must speak."""
    for name, first, rest, score in forms:
        small = (first.lower(), rest.lower())
        if small != (first, rest) and (first + rest).upper() == first + rest:
            yield Form(f"{name}, small letters", *small, min(score, BARE))


def compact_forms(forms: Iterable[Form]) -> tuple[Form, ...]:
    """The forms without separators that are among `forms`, each once."""
    found: dict[tuple[str, str], Form] = {}
    for form in forms:
        rest = _SEPARATOR.sub("", form.rest)
        if _ITEMS.fullmatch(rest):
            found.setdefault((form.first, rest), form._replace(rest=rest))
    return tuple(found.values())


def in_groups(form: Form, names: tuple[str, ...]) -> EntityPattern:
    """A compact form divided anywhere, as cards print it; no part of a longer row of numbers."""
    divided = f"(?=[0-9A-Za-z]{{0,{lengths_of(form)[1] - 2}}}[{SEPARATORS}])"
    rest = divided + _ITEM.sub(lambda item: f"(?:{_APART}{item[1]}){item[2] or ''}", form.rest)
    return EntityPattern(f"{form.name} in groups", _alone(form.first, rest), BARE, names=names)


def _alone(first: str, rest: str) -> str:
    """An expression that is no part of a longer row of numbers."""
    start = rf"[{first}](?<![{WORD}].)(?<![0-9][{SEPARATORS}].)"
    return rf"{start}{rest}(?![{WORD}])(?![{SEPARATORS}]{{1,3}}[0-9])(?![_-][A-Za-z])"


def may_begin_with_zero(form: Form) -> bool:
    """Whether a compact form begins with digits that a spreadsheet may cut."""
    return form.first.startswith("0") and _DIGITS_FIRST.fullmatch(form.rest) is not None


def without_zeros(form: Form, names: tuple[str, ...]) -> EntityPattern:
    """A form that `may_begin_with_zero` as a spreadsheet leaves it that takes it for a number."""
    count, _, rest = form.rest.removeprefix("[0-9]{").partition("}")
    regex = _alone("1-9", f"[0-9]{{{int(count) - droppable_zeros(form)},{int(count) - 1}}}{rest}")
    return EntityPattern(f"{form.name} without leading zeros", regex, BARE, names=names)


def droppable_zeros(form: Form) -> int:
    """How many leading zeros may be missing."""
    return max(1, min(_MOST_DROPPED, lengths_of(form)[0] - _LEFT))


def lengths_of(form: Form) -> tuple[int, int]:
    """The least and the most characters of a compact form."""
    bounds = [_bounds(repeat) for _item, repeat in _ITEM.findall(form.rest)]
    return 1 + sum(low for low, _ in bounds), 1 + sum(high for _, high in bounds)


def _bounds(repeat: str) -> tuple[int, int]:
    if repeat == "?":
        return 0, 1
    low, _, high = repeat.strip("{}").partition(",")
    return int(low or 1), int(high or low or 1)


def pad_zeros(validate: Validator, lengths: Iterable[int]) -> Validator:
    """The validator that also takes a number whose leading zeros are missing; `lengths` are its whole ones."""
    whole = tuple(sorted(set(lengths)))

    def check(value: str) -> ValidityEvidence | None:
        number = compact(value)
        longer = (number.zfill(length) for length in whole if length > len(number))
        found = (validate(each) for each in (value, *longer))
        return next((validity for validity in found if validity is not None), None)

    return check
