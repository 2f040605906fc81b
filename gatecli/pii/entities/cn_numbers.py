"""Check digits, dates and divisions of Chinese numbers (mainland, Hong Kong, Taiwan)."""

from __future__ import annotations

from datetime import date
from functools import cache

from gatecli.pii.interface import Validity
from gatecli.pii.validation import compact, distinct, luhn, parsed, standard

EARLIEST_BIRTH = 1900
LATEST_BIRTH = 2040
"""A constant, so that the same input gives the same verdict on any day."""

_RESIDENT_PERMITS = {"810000": "Hong Kong", "820000": "Macau", "830000": "Taiwan"}


@cache
def division(code: str) -> str | None:
    """`county` or `province` for a code of GB/T 2260, current or historic; None for neither.

    The year is not compared: who registered late bears the code of that later year.
    """
    if code in _RESIDENT_PERMITS:
        return "county"
    found = standard("numdb").get("cn/loc").info(code)
    held = {key for _part, properties in found for key in properties}
    return "county" if "county" in held else "province" if "province" in held else None


def _born(year: str, month: str, day: str) -> bool:
    if not EARLIEST_BIRTH <= int(year) <= LATEST_BIRTH:
        return False
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def resident_id(value: str) -> Validity | None:
    """GB 11643-1999: ISO 7064 MOD 11-2, birth date, administrative division."""
    number = compact(value)
    if number[-1] != standard("cn.ric").calc_check_digit(number):
        return None
    if not _born(number[6:10], number[10:12], number[12:14]):
        return None
    match division(number[:6]):
        case "county":
            return Validity("checksum, region and birth date valid")
        case "province":
            return Validity("checksum, province and birth date valid", 0.75)
        case _:
            return None


def old_resident_id(value: str) -> Validity | None:
    """The 15-digit form issued until 1999: no check digit, births of the 20th century."""
    number = compact(value)
    if division(number[:6]) != "county" or not _born("19" + number[6:8], number[8:10], number[10:12]):
        return None
    return Validity("region and birth date valid")


def bank_card(value: str) -> Validity | None:
    """A UnionPay number: ISO/IEC 7812-1 with an issuer that begins with 62."""
    number = compact(value)
    return Validity("Luhn check and issuer valid") if distinct(number[2:]) and luhn(number) else None


def mobile(value: str) -> Validity | None:
    """A mainland mobile number; round numbers and sizes in bytes are none."""
    number = compact(value).lstrip("+")[-11:]
    if int(number) % 1000 == 0 or int(number) % 4096 == 0:
        return None
    if not number.startswith("1") or parsed(number, "CN") is None:
        return None
    return Validity("valid number of CN")


def hong_kong_id(value: str) -> Validity | None:
    """One or two letters, six digits, a check character modulo 11 with A for ten."""
    number = compact(value)
    letters, check = number[:-7], number[-1]
    values = [36] * (2 - len(letters)) + [int(letter, 36) for letter in letters]
    values += [int(digit) for digit in number[-7:-1]] + [10 if check == "A" else int(check)]
    weights = (9, 8, 7, 6, 5, 4, 3, 2, 1)
    total = sum(a * b for a, b in zip(values, weights, strict=True))
    return Validity("checksum valid") if total % 11 == 0 and distinct(number[-7:]) else None


_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def taiwan_id(value: str) -> Validity | None:
    """A letter (10 to 35 in the order of registration offices), nine digits, modulo 10."""
    number = compact(value)
    prefix = _TAIWAN_LETTERS.index(number[0]) + 10
    digits = [prefix // 10, prefix % 10, *map(int, number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    total = sum(a * b for a, b in zip(digits, weights, strict=True))
    return Validity("checksum valid") if total % 10 == 0 and distinct(number[2:]) else None


def social_credit_code(value: str) -> Validity | None:
    """GB 32100-2015: a company's, known so that it is never taken for a person's."""
    return Validity("checksum valid") if standard("cn.uscc").is_valid(compact(value)) else None
