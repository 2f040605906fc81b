"""Values that are nobody's, by what a column's name says it holds.

Wherever a value could be somebody's, it is one that cannot be: out of a range that is reserved for examples,
or with a check digit that is wrong. The sources are named beside each. Personal names have no such range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Protocol, TypeAlias

from gatecli.anonymity.discovery.column_names import Role, phrases, role_of_name, words_of


class Faker(Protocol):
    """What is used of Faker, which has no types."""

    random: Random

    def first_name(self) -> str: ...
    def last_name(self) -> str: ...
    def city(self) -> str: ...
    def country(self) -> str: ...
    def state(self) -> str: ...
    def job(self) -> str: ...
    def company(self) -> str: ...
    def word(self) -> str: ...
    def sentence(self) -> str: ...


Value: TypeAlias = str | int | float | date
Maker: TypeAlias = Callable[[Faker, int], Value]
"""A value for the row of a number, from 0."""


class FakeKind(StrEnum):
    """What a column holds, as its name says."""

    IDENTIFIER = "identifier"
    NAME = "name"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    EMAIL = "email"
    PHONE = "phone"
    SSN = "ssn"
    CARD = "card number"
    IBAN = "iban"
    IP = "ip address"
    MAC = "mac address"
    URL = "url"
    USER = "user name"
    STREET = "street"
    CITY = "city"
    STATE = "state"
    COUNTRY = "country"
    POSTCODE = "postcode"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    SEX = "sex"
    AGE = "age"
    YEAR = "year"
    BIRTH = "date of birth"
    DATE = "date"
    AMOUNT = "amount"
    JOB = "job"
    COMPANY = "company"
    TEXT = "text"


NUMBERED = frozenset({FakeKind.LATITUDE, FakeKind.LONGITUDE, FakeKind.AGE, FakeKind.YEAR, FakeKind.AMOUNT})
"""Kinds whose values are numbers."""

DATED = frozenset({FakeKind.BIRTH, FakeKind.DATE})
"""Kinds whose values are days."""


@dataclass(frozen=True, slots=True)
class NamedKind:
    """A kind, the phrases in names of columns that say it, and how a value is made."""

    kind: FakeKind
    names: str
    make: Maker


def _identifier(_faker: Faker, row: int) -> str:
    """No six digits in a row: these are a medical record number or a passport's for who looks for one."""
    high, low = divmod(row + 1, 10_000)
    return f"FAKE-{high:02d}-{low:04d}"


def _name(faker: Faker, _row: int) -> str:
    return f"{faker.first_name()} {faker.last_name()}"


def _email(faker: Faker, row: int) -> str:
    """example.com is reserved (RFC 2606)."""
    return f"{faker.first_name()}.{faker.last_name()}{row + 1}@example.com".lower()


_AREAS = (202, 212, 303, 404, 512, 617, 702, 808)


def _phone(faker: Faker, _row: int) -> str:
    """555-0100 to 555-0199 are for fiction in every area (NANPA, Central Office Code guidelines)."""
    return f"+1 {faker.random.choice(_AREAS)}-555-01{faker.random.randint(0, 99):02d}"


def _ssn(faker: Faker, _row: int) -> str:
    """No number with the area 000 is given out (Social Security Administration, POMS RM 10201.035)."""
    return f"000-{faker.random.randint(1, 99):02d}-{faker.random.randint(1, 9999):04d}"


def _card(faker: Faker, _row: int) -> str:
    """The check digit is one more than that of Luhn (ISO/IEC 7812-1), and no issuer begins with 0000."""
    digits = f"0000{faker.random.randrange(10**11):011d}"
    total = sum(sum(divmod(int(each) * (2 - at % 2), 10)) for at, each in enumerate(digits))
    return f"{digits}{(1 - total) % 10}"


def _iban(faker: Faker, _row: int) -> str:
    """No IBAN has the check digits 00 (ISO 13616 gives 02 to 98), and XX is no country (ISO 3166-1)."""
    return f"XX00{faker.random.randrange(10**16):016d}"


def _ip(faker: Faker, _row: int) -> str:
    """Networks for documentation (RFC 5737)."""
    return f"{faker.random.choice(('192.0.2', '198.51.100', '203.0.113'))}.{faker.random.randint(1, 254)}"


def _mac(faker: Faker, _row: int) -> str:
    """00-00-5E-00-53-00 to -FF are for documentation (RFC 7042, section 2.1.2)."""
    return f"00:00:5E:00:53:{faker.random.randrange(256):02X}"


def _url(faker: Faker, row: int) -> str:
    return f"https://example.com/{faker.word()}/{row + 1}"


def _user(faker: Faker, row: int) -> str:
    return f"fake-{faker.word()}-{row + 1}"


def _street(faker: Faker, _row: int) -> str:
    return f"{faker.random.randint(1, 999)} Example {faker.random.choice(('Street', 'Road', 'Lane'))}"


def _postcode(faker: Faker, _row: int) -> str:
    """Below 00501 the United States have no ZIP code."""
    return f"{faker.random.randint(1, 499):05d}"


def _latitude(faker: Faker, _row: int) -> float:
    """About Point Nemo, 2,700 km from any land."""
    return round(faker.random.uniform(-50.0, -47.0), 4)


def _longitude(faker: Faker, _row: int) -> float:
    return round(faker.random.uniform(-125.0, -121.0), 4)


def _day(first: date, last: date) -> Maker:
    return lambda faker, _row: first + timedelta(days=faker.random.randint(0, (last - first).days))


def _number(low: int, high: int) -> Maker:
    return lambda faker, _row: faker.random.randint(low, high)


def _one_of(*values: str) -> Maker:
    return lambda faker, _row: faker.random.choice(values)


def _from_faker(name: str) -> Maker:
    return lambda faker, _row: getattr(faker, name)()


_DIRECT = (
    NamedKind(
        FakeKind.FIRST_NAME,
        "first name | firstname | given name | forename | vorname | prénom",
        _from_faker("first_name"),
    ),
    NamedKind(
        FakeKind.LAST_NAME,
        "last name | lastname | surname | family name | nachname",
        _from_faker("last_name"),
    ),
    NamedKind(
        FakeKind.NAME,
        "name | names | full name | fullname | patient name | customer name | nom complet | nombre completo",
        _name,
    ),
    NamedKind(
        FakeKind.EMAIL,
        "email | e mail | mail | mail address | emailaddress | e mail address | courriel",
        _email,
    ),
    NamedKind(
        FakeKind.PHONE,
        "phone | telephone | mobile | cell phone | fax | phone number | phonenumber | tel | mobile number | "
        "cellphone | telefon | msisdn",
        _phone,
    ),
    NamedKind(FakeKind.SSN, "ssn | social security | social security number", _ssn),
    NamedKind(FakeKind.CARD, "credit card | card number | creditcard", _card),
    NamedKind(FakeKind.IBAN, "iban", _iban),
    NamedKind(FakeKind.IP, "ip | ip address", _ip),
    NamedKind(FakeKind.MAC, "mac address", _mac),
    NamedKind(FakeKind.URL, "url | website | image url | link", _url),
    NamedKind(FakeKind.USER, "username | user name | login | nickname | twitter | instagram", _user),
    NamedKind(
        FakeKind.STREET, "street | street address | home address | address | post address | adresse", _street
    ),
)
_OTHER = (
    NamedKind(FakeKind.CITY, "city | town | municipality | birthplace | place of birth", _from_faker("city")),
    NamedKind(FakeKind.STATE, "state | county | region | province | district", _from_faker("state")),
    NamedKind(
        FakeKind.COUNTRY,
        "country | country of birth | native country | nationality | citizenship",
        _from_faker("country"),
    ),
    NamedKind(
        FakeKind.POSTCODE, "zip | zipcode | zip code | postal | postal code | postcode | plz", _postcode
    ),
    NamedKind(FakeKind.LATITUDE, "latitude | lat", _latitude),
    NamedKind(FakeKind.LONGITUDE, "longitude | lon | lng", _longitude),
    NamedKind(FakeKind.SEX, "sex | gender", _one_of("female", "male")),
    NamedKind(FakeKind.AGE, "age | ages", _number(0, 110)),
    NamedKind(FakeKind.YEAR, "birth year | yob | year of birth | year", _number(1920, 2020)),
    NamedKind(
        FakeKind.BIRTH,
        "birth | birthdate | birth date | birthday | date of birth | dob",
        _day(date(1920, 1, 1), date(2020, 12, 31)),
    ),
    NamedKind(
        FakeKind.DATE,
        "date | day | admission date | discharge date | datum",
        _day(date(2000, 1, 1), date(2020, 12, 31)),
    ),
    NamedKind(
        FakeKind.AMOUNT, "income | salary | wage | wages | earnings | amount | price", _number(0, 100_000)
    ),
    NamedKind(FakeKind.JOB, "job | job title | occupation | profession", _from_faker("job")),
    NamedKind(FakeKind.COMPANY, "employer | company | organisation | organization", _from_faker("company")),
)
IDENTIFIER = NamedKind(FakeKind.IDENTIFIER, "", _identifier)
TEXT = NamedKind(FakeKind.TEXT, "", _from_faker("word"))

_BY_PHRASE: Mapping[tuple[str, ...], NamedKind] = {
    phrase: each for each in (*_DIRECT, *_OTHER) for phrase in phrases(each.names)
}

_BY_LAST_WORD: Mapping[str, NamedKind] = {
    phrase[0]: each for each in _OTHER for phrase in phrases(each.names) if len(phrase) == 1
}
"""Of what names nobody: a `drug_name` is no personal name."""


def kind_of_column(name: str) -> NamedKind:
    """What a column of that name holds: by the phrase that gives it its role, else by its last word.

    Whatever else names a person is an identifier; what says nothing is text.
    """
    role = role_of_name(name)
    words = words_of(name)
    found = None if role is None else _BY_PHRASE.get(tuple(role[1].split()))
    if found is not None:
        return found
    if role is not None and role[0] is Role.DIRECT_IDENTIFIER:
        return IDENTIFIER
    return _BY_LAST_WORD.get(words[-1] if words else "", TEXT)


def text_value(value: Value) -> str:
    """A value in a column of text: dates year first."""
    return value.isoformat() if isinstance(value, date) else str(value)


_DIGITS = frozenset({FakeKind.CARD, FakeKind.PHONE, FakeKind.POSTCODE, FakeKind.SSN})
"""Kinds of text that people write as whole numbers."""


def whole_value(kind: FakeKind, value: Value, row: int) -> int:
    """A value in a column of whole numbers: its digits, else the number of the row."""
    if isinstance(value, int | float):
        return int(value)
    if kind not in _DIGITS:
        return row + 1
    return int("".join(each for each in str(value).removeprefix("+1 ") if each.isdigit()))
