"""Telephone numbers: by the numbering plans of the world, and a sign that a number is one."""

from __future__ import annotations

import re

from gatecli.pii.interface import Entity, EntityPattern, Strength, ValidityEvidence
from gatecli.pii.patterns import bounded_pattern, digits
from gatecli.pii.validation import compact, distinct, parse_phone

_REGIONS = (
    "US",
    "CN",
    "GB",
    "DE",
    "FR",
    "IN",
    "JP",
    "BR",
    "IT",
    "ES",
    "NL",
    "PL",
    "AU",
    "KR",
    "MX",
    "TR",
    "ZA",
)


_SIGNS = re.compile(r"[ ./()-]+")
_IN_SEQUENCE = "012345678901234567890 098765432109876543210"
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[ ./-][01]?[0-9][ ./-][0-3]?[0-9]|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}"
)
_FOUR_OCTETS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


def telephone(value: str) -> ValidityEvidence | None:
    """Valid in the numbering plan: of its country code, else of one of the large countries."""
    digits = compact(value).lstrip("+")
    if not distinct(digits[-7:]) or len(digits) > 15:
        return None
    if value.startswith("+"):
        return _valid(value, None)
    if digits.startswith("00"):
        return _valid("+" + digits[2:], None)
    if not _is_written_as_number(value, digits):
        return None
    found = (_valid(value, region) for region in _REGIONS)
    return next((validity for validity in found if validity is not None), None)


def _is_written_as_number(value: str, digits: str) -> bool:
    """Whether a number without its country is no counter, size, fraction, date or address of a machine."""
    groups = [group for group in _SIGNS.split(value) if group]
    if len(groups) == 1:
        number = int(digits)
        is_limit = number.bit_count() == 1 or (number + 1).bit_count() == 1
        return digits not in _IN_SEQUENCE and not is_limit
    is_fraction = len(groups) == 2 and "." in value and (groups[0] == "0" or groups[0][0] != "0")
    is_split = all(len(group) > 1 for group in groups[1:]) and max(map(len, groups)) <= 8
    is_repeated = len(set(groups)) == 1  # a process and its thread: 2143-2143
    is_other = _DATE.match(value) is not None or _FOUR_OCTETS.fullmatch(value) is not None
    return is_split and not (is_fraction or is_repeated or is_other)


def _valid(value: str, region: str | None) -> ValidityEvidence | None:
    import phonenumbers

    number = parse_phone(value, region)
    if number is None:
        return None
    return ValidityEvidence(f"valid number of {phonenumbers.region_code_for_number(number) or 'no region'}")


# Reserved for fiction: 555-0100 to 555-0199 of any area (NANPA); Ofcom's drama numbers.
_DRAMA = ("7700900", "1632960", "2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960",
          "1214960", "1314960", "1414960", "1514960", "1614960", "1914980", "8081570", "9098790", "3069990")  # fmt: skip


def is_fictional_phone(value: str) -> bool:
    """North American 555-01xx, and Ofcom's numbers for drama."""
    digits = compact(value).lstrip("+")
    north = digits.removeprefix("1")
    if len(north) == 10 and (north[3:8] == "55501" or north[:3] == "555"):
        return True
    return digits.removeprefix("00").removeprefix("44").removeprefix("0").startswith(_DRAMA)


_IN_URL = re.compile(r"://[^\s\"'<>,;|]*+\Z")
_LONGEST_URL = 200


def _is_part_of_more(text: str, start: int, _end: int) -> bool:
    """Whether a number goes on from a time of day, or is a segment of a URL's path."""
    if start > 1 and text[start - 1] == ":" and text[start - 2].isdigit():
        return True
    return (
        text[start - 1 : start] in {"/", "-", "."}
        and _IN_URL.search(text, max(0, start - _LONGEST_URL), start) is not None
    )


_NATIONAL = (
    "phone", "phone number", "tel", "telephone", "mobile", "cell", "cellphone", "contact", "fax", "call", "sms",
    "whatsapp", "hotline", "telefon", "telefono", "téléphone", "telefone", "celular", "handy", "电话", "手机",
    "電話", "전화", "telephone number", "mobile number", "msisdn", "phones",
)  # fmt: skip

PHONE = Entity(
    id="PHONE_NUMBER",
    label="telephone number",
    pack="generic",
    patterns=(
        EntityPattern(
            "international",
            r"\+(?<![0-9A-Za-z+].)[1-9](?:[ ./()-]{0,2}[0-9]){6,14}(?![0-9A-Za-z])",
            0.75,
        ),
        EntityPattern("00 and country", bounded_pattern("0", "0[ -]?[1-9](?:[ ./()-]{0,2}[0-9]){7,13}"), 0.3),
        EntityPattern(
            "(212) 456-7890", r"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9A-Za-z-])", 0.7
        ),
        EntityPattern(
            "212-456-7890",
            bounded_pattern(
                "2-9", r"[0-9]{2}-[2-9][0-9]{2}-[0-9]{4}", before="0-9A-Za-z_/=.-", after="0-9A-Za-z_-"
            ),
            0.6,
        ),
        EntityPattern(
            "national",
            bounded_pattern(
                "0-9", r"(?=[0-9]{0,12}[ ./()-]{1,2}[0-9])(?:[ ./()-]{0,2}[0-9]){6,12}", before="0-9A-Za-z+"
            ),
            0.2,
            refuse=_is_part_of_more,
        ),
        EntityPattern(
            "digits", bounded_pattern("0-9", "[0-9]{6,12}", before="0-9A-Za-z+"), 0.2, names=_NATIONAL
        ),
        EntityPattern(
            "national in brackets",
            r"\((?<![0-9A-Za-z+].)[0-9](?:[ ./()-]{0,2}[0-9]){6,12}(?![0-9A-Za-z])",
            0.2,
        ),
    ),
    cue=digits(7),
    context=_NATIONAL,
    negative_context=("version", "id", "date", "time"),
    validate=telephone,
    well_known=is_fictional_phone,
    strength=Strength.SHAPE,
    source="ITU E.164; phonenumbers",
)
