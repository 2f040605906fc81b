"""Labelled texts for the personal-data engine, from seeds: valid numbers in every disguise, and look-alikes.

Check digits are computed here from the standards' own weights, not with the engine's library, so that
engine and corpus cannot share a mistake.
"""

from __future__ import annotations

import base64
import datetime
import html
import json
import random
import string
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

DIVISIONS = (
    "110101", "110221", "120103", "130102", "140105", "210102", "220102", "310101", "310228", "320102", "330102",
    "340102", "350102", "370102", "410102", "420102", "430102", "440103", "440305", "450102", "500101", "510104",
    "510202", "520102", "530102", "610102", "620102", "650102", "659001", "810000", "820000", "830000",
)  # fmt: skip
"""Codes of GB/T 2260, current and abolished, and those of the residence permits."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and its key path, and the entity that must be found in it (None: nothing may be)."""

    text: str
    context: tuple[str, ...] = ()
    entity: str | None = None


def _digits(seed: random.Random, count: int) -> str:
    return "".join(seed.choice(string.digits) for _ in range(count))


def _weighted(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))


def _birth(seed: random.Random, first: int = 1930, last: int = 2012) -> datetime.date:
    start = datetime.date(first, 1, 1)
    return start + datetime.timedelta(days=seed.randrange((datetime.date(last, 12, 31) - start).days))


def resident_id(seed: random.Random) -> str:
    """GB 11643-1999, annex: weights 2^(18-i) modulo 11."""
    stem = f"{seed.choice(DIVISIONS)}{_birth(seed):%Y%m%d}{seed.randrange(1, 1000):03}"
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(stem))
    return stem + "10X98765432"[total % 11]


def old_resident_id(seed: random.Random) -> str:
    return f"{seed.choice(DIVISIONS[:29])}{_birth(seed, 1930, 1998):%y%m%d}{seed.randrange(1, 1000):03}"


def with_luhn(stem: str) -> str:
    """`stem` and its ISO/IEC 7812-1 check digit."""
    total = 0
    for place, digit in enumerate(reversed(stem)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return stem + str(-total % 10)


def card(seed: random.Random) -> str:
    prefix, size = seed.choice(
        [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16)]
    )
    return with_luhn(prefix + _digits(seed, size - 1 - len(prefix)))


def union_pay(seed: random.Random) -> str:
    return with_luhn("62" + _digits(seed, seed.choice([13, 16])))


def iban(seed: random.Random) -> str:
    """ISO 13616-1, of countries whose structure is a bank of letters or digits and an account of digits."""
    country, letters, digits = seed.choice(
        [
            ("DE", 0, 18),
            ("GB", 4, 14),
            ("NL", 4, 10),
            ("AT", 0, 16),
            ("IE", 4, 14),
            ("CH", 0, 17),
            ("DK", 0, 14),
        ]
    )
    account = "".join(seed.choice(string.ascii_uppercase) for _ in range(letters)) + _digits(seed, digits)
    value = int("".join(str(int(character, 36)) for character in account + country + "00"))
    return f"{country}{98 - value % 97:02}{account}"


def ssn(seed: random.Random) -> str:
    area = seed.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03}-{seed.randrange(1, 100):02}-{seed.randrange(1, 10000):04}"


def email(seed: random.Random) -> str:
    local = seed.choice(["anna", "li.wei", "j_smith", "maria+news", "o'brien", "kim-99", "x"])
    host = seed.choice(
        ["gmail.com", "corp-mail.io", "uni-bonn.de", "163.com", "mail.yahoo.co.jp", "gov.uk", "post.museum"]
    )
    return f"{local}{seed.randrange(100)}@{host}"


def phone(seed: random.Random) -> str:
    return seed.choice(_PHONES)(seed)


def _uk_mobile(seed: random.Random) -> str:
    return f"+44 7{seed.choice('45789')}{_digits(seed, 2)} {_digits(seed, 6)}"


_PHONES: tuple[Callable[[random.Random], str], ...] = (
    lambda seed: f"+86 13{_digits(seed, 1)} {_digits(seed, 4)} {_digits(seed, 4)}",
    lambda seed: f"+86-15{seed.choice('012356789')}{_digits(seed, 8)}",
    lambda seed: f"+1 212-{seed.randrange(200, 1000)}-{_digits(seed, 4)}",
    lambda seed: f"+1 (415) {seed.randrange(600, 1000)}-{_digits(seed, 4)}",
    lambda seed: f"+49 151 {_digits(seed, 8)}",
    lambda seed: f"+33 6 {seed.randrange(10, 99)} {_digits(seed, 2)} {_digits(seed, 2)} {_digits(seed, 2)}",
    lambda seed: f"+91 98{_digits(seed, 8)}",
    _uk_mobile,
    lambda seed: f"(312) {seed.randrange(600, 1000)}-{_digits(seed, 4)}",
)


def mobile(seed: random.Random) -> str:
    return f"1{seed.choice(['38', '39', '50', '51', '52', '58', '59', '86', '88'])}{_digits(seed, 7)}7"


def _pesel(seed: random.Random) -> str:
    born = _birth(seed, 1930, 1999)
    stem = f"{born:%y%m%d}{_digits(seed, 4)}"
    return stem + str(-_weighted(stem, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def _cpf(seed: random.Random) -> str:
    stem = _digits(seed, 9)
    for start in (10, 11):
        rest = _weighted(stem, tuple(range(start, 1, -1))) * 10 % 11
        stem += str(rest % 10)
    return f"{stem[:3]}.{stem[3:6]}.{stem[6:9]}-{stem[9:]}"


def _nhs(seed: random.Random) -> str:
    while True:
        stem = "4" + _digits(seed, 8)
        check = 11 - _weighted(stem, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if check != 10:
            return stem + str(check % 11)


def _nif(seed: random.Random) -> str:
    number = seed.randrange(1_000_000, 99_999_999)
    return f"{number:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _bsn(seed: random.Random) -> str:
    while True:
        stem = "1" + _digits(seed, 7)
        check = _weighted(stem, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return stem + str(check)


def _rrn(seed: random.Random) -> str:
    stem = f"{_birth(seed, 1930, 1999):%y%m%d}{seed.choice('12')}{seed.randrange(0, 90):02}{_digits(seed, 3)}"
    return f"{stem[:6]}-{stem[6:]}{(11 - _weighted(stem, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10}"


def _my_number(seed: random.Random) -> str:
    stem = "7" + _digits(seed, 10)
    rest = _weighted(stem, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return stem + str(0 if rest <= 1 else 11 - rest)


def _nric(seed: random.Random) -> str:
    stem = _digits(seed, 7)
    return f"S{stem}{'JZIHGFEDCBA'[_weighted(stem, (2, 7, 6, 5, 4, 3, 2)) % 11]}"


def _turkish(seed: random.Random) -> str:
    stem = "3" + _digits(seed, 8)
    odd, even = sum(map(int, stem[::2])), sum(map(int, stem[1::2]))
    stem += str((odd * 7 - even) % 10)
    return stem + str(sum(map(int, stem)) % 10)


def _south_african(seed: random.Random) -> str:
    return with_luhn(f"{_birth(seed, 1930, 1999):%y%m%d}{_digits(seed, 4)}08")


def _tfn(seed: random.Random) -> str:
    while True:
        number = "4" + _digits(seed, 8)
        if _weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return number


def _finnish(seed: random.Random) -> str:
    number = f"{_birth(seed, 1930, 1999):%d%m%y}{seed.randrange(2, 900):03}"
    return f"{number[:6]}-{number[6:]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(number) % 31]}"


def _hong_kong(seed: random.Random) -> str:
    letter, stem = seed.choice("ABCDEGHKPRVYZ"), _digits(seed, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + _weighted(stem, (7, 6, 5, 4, 3, 2))
    return f"{letter}{stem}({'0123456789A'[-total % 11]})"


def _swedish(seed: random.Random) -> str:
    number = with_luhn(f"{_birth(seed, 1930, 1999):%y%m%d}{_digits(seed, 3)}")
    return f"{number[:6]}-{number[6:]}"


def _norwegian(seed: random.Random) -> str:
    while True:
        stem = f"{_birth(seed, 1930, 1999):%d%m%y}{seed.randrange(0, 500):03}"
        first = -_weighted(stem, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
        second = -(_weighted(stem, (5, 4, 3, 2, 7, 6, 5, 4, 3)) + 2 * first) % 11
        if first < 10 and second < 10:
            return f"{stem}{first}{second}"


def _npi(seed: random.Random) -> str:
    return with_luhn("808401" + _digits(seed, 8))[5:]


CHECKED: Mapping[str, tuple[Callable[[random.Random], str], tuple[str, ...]]] = {
    "CN_RESIDENT_ID": (resident_id, ()),
    "CN_BANK_CARD": (union_pay, ()),
    "HK_IDENTITY_CARD": (_hong_kong, ()),
    "US_SSN": (ssn, ()),
    "US_NPI": (_npi, ("provider", "npi")),
    "CREDIT_CARD": (card, ()),
    "IBAN_CODE": (iban, ()),
    "EMAIL_ADDRESS": (email, ()),
    "PL_PESEL": (_pesel, ("pesel",)),
    "BR_CPF": (_cpf, ()),
    "UK_NHS": (_nhs, ("patient", "nhsNumber")),
    "ES_NIF": (_nif, ()),
    "NL_BSN": (_bsn, ("bsn",)),
    "KR_RRN": (_rrn, ()),
    "JP_MY_NUMBER": (_my_number, ("myNumber",)),
    "SG_NRIC": (_nric, ()),
    "TR_NATIONAL_ID": (_turkish, ("tckn",)),
    "ZA_IDENTITY": (_south_african, ("identity",)),
    "AU_TFN": (_tfn, ("tfn",)),
    "FI_PERSONAL_CODE": (_finnish, ()),
    "SE_PERSONAL_NUMBER": (_swedish, ()),
    "NO_BIRTH_NUMBER": (_norwegian, ("fnr",)),
}
"""A generator for each entity, and the key path without which a bare number is not reported."""


def checked(entity: str, count: int, seed: int = 7) -> Iterator[Sample]:
    """`count` valid values of one entity, as values of their own and inside a sentence."""
    source = random.Random(f"{entity}{seed}")
    make, context = CHECKED[entity]
    for number in range(count):
        value = make(source)
        yield Sample(f"see {value}, please" if number % 3 == 2 else value, context, entity)


def _full_width(value: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if character.isdigit() else character for character in value)


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _grouped(value: str, separator: str) -> str:
    return separator.join((value[:6], value[6:14], value[14:]))


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "small x": str.lower,
    "in letters": lambda value: f"SFZ{value}号",
    "in a sentence": lambda value: f"客户身份证{value}已核验",
    "spaces": lambda value: _grouped(value, " "),
    "dashes": lambda value: _grouped(value, "-"),
    "dots": lambda value: _grouped(value, "."),
    "every digit": " ".join,
    "every digit, dashes": "-".join,
    "en dashes": lambda value: _grouped(value, "\u2013"),
    "middle dots": lambda value: _grouped(value, "\u00b7"),
    "no-break spaces": lambda value: _grouped(value, "\u00a0"),
    "zero width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "full width": _full_width,
    "Arabic-Indic": lambda value: "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in value),
    "base64": _base64,
    "base64 without padding": lambda value: _base64("id=" + value).rstrip("="),
    "URL-safe base64": lambda value: base64.urlsafe_b64encode(f"身份证?>{value}".encode()).decode(),
    "base64 twice": lambda value: _base64(_base64(value)),
    "base64 in lines": lambda value: base64.encodebytes(f"{'padding ' * 9}{value}{' more' * 9}".encode()).decode(),
    "base64 of full width": lambda value: _base64(_full_width(value)),
    "URL-encoding": lambda value: "".join(f"%{ord(character):02X}" for character in value),
    "query": lambda value: "q=" + urllib.parse.quote(f"身份证 {value}"),
    "escapes": lambda value: "".join(f"\\u{ord(character):04x}" for character in value),
    "character references": lambda value: "".join(f"&#{ord(character)};" for character in value),
    "hexadecimal references": lambda value: html.escape("<b>") + "".join(f"&#x{ord(c):x};" for c in value),
    "JSON": lambda value: json.dumps({"user": {"id": value}}),
    "JSON in JSON": lambda value: json.dumps({"payload": json.dumps({"id": _full_width(value)})}),
    "JSON in base64": lambda value: _base64(json.dumps([{"kyc": {"number": value}}])),
    "YAML": lambda value: f"user:\n  name: li\n  id: {value}\n",
    ".env": lambda value: f"MODE=fast\nCUSTOMER_ID={value}\n",
    "properties": lambda value: f"mode=fast\ncustomer.id={value}\n",
}  # fmt: skip
"""Every way in which a resident ID is hidden, or just written."""

NUMERIC_DISGUISES: Mapping[str, Callable[[str], str]] = {
    "as a float": lambda value: f"{value}.0",
    "scientific": lambda value: f"{value[0]}.{value[1:]}E+17",
    "JSON number": lambda value: json.dumps({"id": int(value)}),
}
"""Further ways for IDs that end in a digit."""


def _social_credit_code(seed: random.Random) -> str:
    """GB 32100-2015: base 31 without I, O, S, V, Z; an organisation code with its own check inside."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    stem = "91" + seed.choice(DIVISIONS[:29]) + _digits(seed, 8)
    organisation = stem[8:]
    check = 11 - _weighted(organisation, (3, 7, 9, 10, 5, 8, 4, 2)) % 11
    stem += {10: "X", 11: "0"}.get(check, str(check))
    total = sum(letters.index(character) * pow(3, place, 31) for place, character in enumerate(stem))
    return stem + letters[-total % 31]


def _uuid(seed: random.Random) -> str:
    digits = f"{seed.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _ruler(first: int, length: int, sign: str) -> str:
    """What stands above a drawing of bits: each digit one more than the one before it."""
    return sign.join(str((first + number) % 10) for number in range(length))


LOOK_ALIKES: Mapping[str, Callable[[random.Random], str]] = {
    "social credit code": _social_credit_code,
    "image": lambda seed: f"registry.example/team/app@sha256:{seed.getrandbits(256):064x}",
    "commit": lambda seed: f"{seed.getrandbits(160):040x}",
    "short commit": lambda seed: f"{seed.getrandbits(28):07x}",
    "uuid": _uuid,
    "timestamp": lambda seed: f"2024-{seed.randrange(1, 13):02}-{seed.randrange(1, 29):02}T{seed.randrange(24):02}:30:15.{_digits(seed, 6)}Z",
    "seconds": lambda seed: str(seed.randrange(1_500_000_000, 1_900_000_000)),
    "milliseconds": lambda seed: str(seed.randrange(1_500_000_000_000, 1_900_000_000_000)),
    "nanoseconds": lambda seed: str(seed.randrange(15 * 10**17, 19 * 10**17)),
    "version": lambda seed: f"v{seed.randrange(9)}.{seed.randrange(99)}.{seed.randrange(9999)}-rc.{seed.randrange(9)}",
    "four-part version": lambda seed: f"1.{seed.randrange(100, 999)}.{seed.randrange(100, 999)}.{_digits(seed, 4)}",
    "address": lambda seed: f"10.{seed.randrange(256)}.{seed.randrange(256)}.{seed.randrange(256)}:{seed.randrange(1024, 65536)}",
    "cidr": lambda seed: f"172.{seed.randrange(16, 32)}.{seed.randrange(256)}.0/{seed.randrange(16, 29)}",
    "price": lambda seed: f"{seed.randrange(10**6)}.{_digits(seed, 2)}",
    "coordinates": lambda seed: f"{seed.uniform(-90, 90):.7f},{seed.uniform(-180, 180):.7f}",
    "fraction": lambda seed: f"0.{_digits(seed, 16)}",
    "bytes": lambda seed: str(2**seed.randrange(20, 40)),
    "resource version": lambda seed: str(seed.randrange(10**5, 10**9)),
    "account": lambda seed: f"arn:aws:iam::{_digits(seed, 12)}:role/reader",
    "quantity": lambda seed: f"{seed.randrange(1, 9999)}Mi",
    "long number": lambda seed: _digits(seed, seed.choice([20, 24, 32])),
    "isbn": lambda seed: f"978-{seed.randrange(10)}-{_digits(seed, 4)}-{_digits(seed, 4)}-{_digits(seed, 1)}",
    "variable": lambda seed: "_".join(seed.sample(["DATABASE", "POOL", "TIMEOUT", "MAX", "URL", "REGION"], 3)),
    "host": lambda seed: f"postgres-{seed.randrange(99)}.db.svc.cluster.local:5432",
    "ssh": lambda _seed: "git@github.com:kubernetes/kubernetes.git",
    "ruler": lambda seed: _ruler(seed.randrange(10), seed.randrange(8, 64), seed.choice([" ", "-", ""])),
    "digest": lambda seed: "sha1-" + base64.b64encode(seed.randbytes(20)).decode(),
    "base64 of bytes": lambda seed: base64.b64encode(seed.randbytes(48)).decode(),
}  # fmt: skip


def look_alikes(kind: str, count: int, seed: int = 11) -> Iterator[Sample]:
    """`count` values of one kind that hold no personal data."""
    source = random.Random(f"{kind}{seed}")
    for _ in range(count):
        yield Sample(LOOK_ALIKES[kind](source), ("spec", kind.replace(" ", "_")))
