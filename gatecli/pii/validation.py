"""Validators shared by the entities. python-stdnum and phonenumbers do the sums; both load late."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gatecli.pii.interface import Validator, ValidityEvidence

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_SEPARATORS = str.maketrans("", "", " ./_:-()")


def compact(value: str) -> str:
    """The value without separators, upper case."""
    return value.translate(_SEPARATORS).upper()


@cache
def standard(name: str) -> ModuleType:
    """A module of python-stdnum, `pl.pesel`."""
    return importlib.import_module(f"stdnum.{name}")


def check(name: str, words: str = "checksum valid") -> Validator:
    """The validator that asks python-stdnum's module `name`."""

    def validate(value: str) -> ValidityEvidence | None:
        number = compact(value)
        if not distinct(number) or not standard(name).is_valid(number):
            return None
        return ValidityEvidence(words)

    return validate


def check_any(*names: str, words: str) -> Validator:
    """The validator that one of several modules of python-stdnum satisfies."""

    def validate(value: str) -> ValidityEvidence | None:
        number = compact(value)
        valid = distinct(number) and any(standard(name).is_valid(number) for name in names)
        return ValidityEvidence(words) if valid else None

    return validate


def check_as_written(name: str, words: str) -> Validator:
    """The same where a sign is part of the number: `-`, `+` or a letter tells the century."""

    def validate(value: str) -> ValidityEvidence | None:
        return ValidityEvidence(words) if standard(name).is_valid(value.replace(" ", "")) else None

    return validate


def distinct(number: str) -> bool:
    """Whether it is more than one digit repeated, which passes many a checksum."""
    return len(set(number)) > 1


def shape(words: str) -> Validator:
    """A validator that a well-formed match satisfies, unless it is one character repeated."""

    def validate(value: str) -> ValidityEvidence | None:
        return ValidityEvidence(words) if distinct(value[-6:]) else None

    return validate


def known_values(*values: str) -> Callable[[str], bool]:
    """Whether a value is one of the published test values, in any spelling."""
    published = frozenset(compact(value) for value in values)

    def is_known(value: str) -> bool:
        return compact(value) in published

    return is_known


def counts_up(number: str) -> bool:
    """Whether each digit is one more than the one before it, as in the ruler above a drawing of bits."""
    return number in "0123456789" * (len(number) // 10 + 2)


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    odd = sum(map(int, number[-1::-2]))
    even = sum((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[int(digit)] for digit in number[-2::-2])
    return (odd + even) % 10 == 0


def weighted_sum(number: str, weights: Iterable[int]) -> int:
    """The weighted sum of the digits of `number`."""
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def phone(region: str | None, *, mobile: bool = False) -> Validator:
    """A number that phonenumbers finds valid, in international form or as `region` writes it."""

    def validate(value: str) -> ValidityEvidence | None:
        if not distinct(compact(value)[-7:]):
            return None
        number = parse_phone(value, region)
        if number is None or (mobile and not _is_mobile(number)):
            return None
        return ValidityEvidence(f"valid number of {_region(number)}")

    return validate


def parse_phone(value: str, region: str | None) -> PhoneNumber | None:
    """The number, where the numbering plan knows it."""
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _is_mobile(number: PhoneNumber) -> bool:
    import phonenumbers

    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.number_type(number) in kinds


def _region(number: PhoneNumber) -> Any:
    import phonenumbers

    return phonenumbers.region_code_for_number(number) or f"+{number.country_code}"
