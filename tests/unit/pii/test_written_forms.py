"""How a value is written, and what stands around it: what makes a telephone number, and a mailbox."""

from __future__ import annotations

from functools import cache

import pytest

from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.scanning import scan


@cache
def detector() -> Detector:
    return Detector(default_entities())


def found(text: str, *keys: str) -> list[tuple[str, str]]:
    return [(one.entity.id, text[one.start : one.end]) for one in scan(detector(), text, keys).detections]


@pytest.mark.parametrize(
    "text",
    [
        "Contact maria.lopez@hospital.org.",
        "Contact maria.lopez@hospital.org. She answers.",
        "Is it maria.lopez@hospital.org?",
        "Ask maria.lopez@hospital.org, or me",
        "wait for maria.lopez@hospital.org...",
        "<maria.lopez@hospital.org>",
        "mailto:maria.lopez@hospital.org",
    ],
)
def test_an_address_is_found_whatever_ends_the_sentence(text: str) -> None:
    assert found(text) == [("EMAIL_ADDRESS", "maria.lopez@hospital.org")]


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host.corp.io/team/repo.git",
        "https://x-access-token:${TOKEN}@github.com/team/repo",
        "postgres://app:pw@db.corp.io/orders",
        "amqp://guest:guest@mq.corp.io:5672/",
        "jdbc:postgresql://app@db.corp.io/orders",
        "git@git.corp.io:team/repo.git",
    ],
)
def test_the_user_part_of_a_url_is_no_mailbox(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["https://corp.io/?mail=maria.lopez@hospital.org", "https://maria.lopez@hospital.org:pw@corp.io/"]
)
def test_a_mailbox_in_a_url_is_found(text: str) -> None:
    assert "EMAIL_ADDRESS" in {entity for entity, _ in found(text)}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("41.6666666667%", ("mobile", "width")),
        (".cell { width: 41.6666666667% }", ()),
        ("134217728", ("contact",)),
        ("123456789", ("phone",)),
        ("2026-11-28 23:30", ("call",)),
        ("1732836612", ()),
        ("1716489600", ("mobile", "buildTime")),
        ("1732836612000", ("contact", "timestamp")),
        ("192.168.100.200", ("phone",)),
        ("could not call the service: timeout after 812 ms, id 2124567890", ()),
        ("2124567890", ()),
        ("call stack depth 2124567890", ()),
        ("contact surface 212456789 mm2", ()),
        ("cell count 2124567890", ()),
        ("epoch 1700000000 1700000000000 1700000000.123456", ()),
        ("total $1,234,567.89, EUR 1.234.567,89, price 1234567890", ()),
        ("51.5073509, -0.1277583", ("contact", "position")),
        ("bbox -122.5233, 37.6808, -122.3570, 37.8332", ()),
        ("v2.0.0-20230101120000-abcdefabcdef", ("mobile", "version")),
        ("part no. 555-1234-567, sku 0123-4567-89", ()),
        ("commit 900150983cd24fb0d6963f7d28e17f72, crc 3735928559", ()),
        ("z-index: 2147483647", ("mobileMenu",)),
        ("30000-32767", ("ports",)),
        ("1000660000/10000", ("fsGroup",)),
        ("pid=2124567890 tid=4155552671 took 2124567890ns", ()),
        ("M212.456 789.0123 415 555 2671 12.5-30.25", ()),
        ("chr1:212456789-212456999", ()),
        ("call trace: 0.465635, 0.465304", ()),
        ("mobile_view https://images.example/2433138/31863428-8d170950-b71b.gif", ()),
        ("phone app: 11-07 19:38:43.314 2143-2143/? I/SmsRetriever", ()),
    ],
)
def test_a_number_without_a_sign_of_being_a_telephone_s_is_none(text: str, keys: tuple[str, ...]) -> None:
    assert found(text, *keys) == []


@pytest.mark.parametrize(
    ("text", "keys", "number"),
    [
        ("2124567890", ("phone",), "2124567890"),
        ("2124567890", ("user", "mobileNumber"), "2124567890"),
        ("phone: 2124567890", (), "2124567890"),
        ("call 2124567890 today", (), "2124567890"),
        ("Telefon 01711234567", (), "01711234567"),
        ("my phone number is 2124567890", (), "2124567890"),
        ("tel 030 12345678", (), "030 12345678"),
        ("+12124567890", (), "+12124567890"),
        ("+1 (212) 456-7890", (), "+1 (212) 456-7890"),
        ("212-456-7890", (), "212-456-7890"),
        ("https://crm.example/call?phone=030-12345678", (), "030-12345678"),
    ],
)
def test_a_plus_grouping_or_a_telling_name_is_such_a_sign(
    text: str, keys: tuple[str, ...], number: str
) -> None:
    assert found(text, *keys) == [("PHONE_NUMBER", number)]


@pytest.mark.parametrize(
    ("text", "key", "entity"),
    [
        ("12345678z", "dni", "ES_NIF"),
        ("x1234567l", "nie", "ES_NIE"),
        ("ab 12 34 56 c", "nino", "UK_NINO"),
        ("1eg4te5mk73", "mbi", "US_MBI"),
        ("aaapl1234c", "pan", "IN_PAN"),
        ("boxw310820hnerxn09", "curp", "MX_CURP"),
        ("s1234567d", "nric", "SG_NRIC"),
        ("131052-308t", "hetu", "FI_PERSONAL_CODE"),
        ("1234567t", "pps", "IE_PPS"),
        ("a123456(3)", "hkid", "HK_IDENTITY_CARD"),
        ("a123456789", "national_id", "TW_NATIONAL_ID"),
        ("1 2345 67890 12 1", "thai_id", "TH_CITIZEN_ID"),
        ("A 123456(3)", "hkid", "HK_IDENTITY_CARD"),
        ("A 123456 (3)", "hkid", "HK_IDENTITY_CARD"),
        ("s 1234567 d", "nric", "SG_NRIC"),
        ("AB-12-34-56-C", "nino", "UK_NINO"),
        ("1EG4 TE5 MK73", "mbi", "US_MBI"),
        ("A 123456789", "national_id", "TW_NATIONAL_ID"),
        ("49-015420-323751-8", "imei", "IMEI"),
        ("290296-00013", "fødselsnummer", "NO_BIRTH_NUMBER"),
        ("98472899765", "bisnummer", "BE_NATIONAL_NUMBER"),
        ("701063-2391", "samordningsnummer", "SE_PERSONAL_NUMBER"),
        ("201101-3123456", "rrn", "KR_RRN"),
        ("bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", "note", "CRYPTO_WALLET"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "note", "CRYPTO_WALLET"),
    ],
)
def test_a_number_is_found_as_people_and_cards_write_it(text: str, key: str, entity: str) -> None:
    assert (entity, text) in found(text, key)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("12345678y", "dni"),
        ("x1234567m", "nie"),
        ("s1234567e", "nric"),
        ("701063-2392", "samordningsnummer"),
        ("701099-2391", "samordningsnummer"),
        ("98472899766", "bisnummer"),
        ("201101-3123456", "note"),
        ("191101-3123456", "rrn"),
        ("12345678z", "note"),
        ("bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcq", "note"),
    ],
)
def test_a_spelling_forgives_no_wrong_digit_and_no_missing_name(text: str, key: str) -> None:
    assert found(text, key) == []


@pytest.mark.parametrize(
    "text",
    [
        "3015169,129.190752629628",
        "expected:<v2.0 raw 1400 5220 8041 1200 5200 5210 1400 1403 > but was:<v2.0 raw 1400",
        "0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1",
    ],
)
def test_a_fraction_a_row_and_a_ruler_are_nobody_s_number(text: str) -> None:
    assert found(text, "sales") == []


@pytest.mark.parametrize(
    ("text", "key", "entities"),
    [
        ("129.190752629628", "nir", ["FR_NIR"]),
        ("raw 1400 5220 8041 1200 5200 5210 1400 1403", "card_number", ["CREDIT_CARD"]),
        ("4111 1111 1111 1111 4012 8888 8888 1881", "note", ["CREDIT_CARD", "CREDIT_CARD"]),
        ("4111 1111 1111 1111 0527", "note", ["CREDIT_CARD"]),
        ("110101.199003077352", "sales", ["CN_RESIDENT_ID"]),
    ],
)
def test_they_are_where_a_word_or_a_structure_says_so(text: str, key: str, entities: list[str]) -> None:
    assert [entity for entity, _ in found(text, key)] == entities
