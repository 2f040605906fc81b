"""What a key, a written form and a published test value decide."""

from __future__ import annotations

from functools import cache

import pytest

from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.interface import Detection
from gatecli.pii.scanning import scan


@cache
def detector() -> Detector:
    return Detector(default_entities())


def found(text: str, *context: str) -> tuple[Detection, ...]:
    return scan(detector(), text, context).detections


@pytest.mark.parametrize(
    ("text", "key", "entity"),
    [
        ("078051121", "ssn", "US_SSN"),
        ("078051121", "socialSecurityNumber", "US_SSN"),
        ("1EG4TE5MK73", "mbi", "US_MBI"),
        ("E12345678", "护照号码", "CN_PASSPORT"),
        ("C00001549", "往来港澳通行证", "CN_EXIT_ENTRY_PERMIT"),
        ("00123456", "patient/mrn", "MEDICAL_RECORD_NUMBER"),
        ("020 7946 1234", "phone", "PHONE_NUMBER"),
        ("010-62345678", "联系电话", "PHONE_NUMBER"),
    ],
)
def test_a_weak_number_is_found_under_its_key_and_nowhere_else(text: str, key: str, entity: str) -> None:
    assert entity in {item.entity.id for item in found(text, key)}
    assert not found(text, "spec", "value")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("粤B12345", "pii-cn-vehicle-plate"),
        ("沪AD12345", "pii-cn-vehicle-plate"),
        ("1EG4-TE5-MK74", "pii-us-mbi"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "pii-crypto-wallet"),
        ("BQRPK1977L", "pii-in-pan"),
        ("JG103759A", "pii-uk-nino"),
        ("rossi.mario@posta.it", "pii-email-address"),
        ("Z683366(3)", None),
    ],
)
def test_a_written_form_that_nothing_else_uses_needs_no_key(text: str, rule: str | None) -> None:
    assert [item.rule for item in found(text)] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4111 1111 1111 1111", "card"),
        ("078-05-1120", "ssn"),
        ("219-09-9999", "ssn"),
        ("jane@example.com", "email"),
        ("jane@shop.example.org", "email"),
        ("jane@corp.test", "email"),
        ("(212) 555-0123", "phone"),
        ("11010519491231002X", "id"),
        ("GB82 WEST 1234 5698 7654 32", "iban"),
    ],
)
def test_a_published_test_value_is_found_and_marked(text: str, key: str) -> None:
    assert [item.well_known for item in found(text, key)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo.git",
        "runner@project.iam.gserviceaccount.com",
        "user@db.default.svc.cluster.local",
        "icon@2x.png",
        "getty@tty1.service",
        "000-12-3456",
        "666-12-3456",
        "110101199013011234",
        "17179869184",
        "91110000600037341L",
        "4111111111111112",
        "GB83WEST12345698765432",
    ],
)
def test_what_only_looks_like_a_person_s_is_not_reported(text: str) -> None:
    assert not found(text)


@pytest.mark.parametrize("key", ["memory", "resourceVersion", "build_timestamp", "sizeBytes", "nodePort"])
def test_a_key_of_machines_lowers_a_number_that_could_be_a_telephone(key: str) -> None:
    assert found("13912345670", "value")
    assert not found("13912345670", key)


def test_no_key_lowers_a_number_that_proves_itself() -> None:
    assert found("440308199901101512", "image", "digest")


def test_a_word_inside_a_word_is_no_context() -> None:
    assert not found("536904399", "assness", "classname")
