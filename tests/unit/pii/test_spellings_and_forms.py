"""Every national and financial number that python-stdnum knows, in every form that it prints and strips."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import pytest

from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.scanning import scan
from tests.support.examples import share
from tests.support.national_numbers import KINDS, Kind, spellings, valid_numbers, wrong_numbers

COUNT, FEWER = share(200), share(100)
RECALL, FALSE_ALARMS = 0.97, 0.02
NO_MODULE: Mapping[str, str] = {
    "AU_MEDICARE": "python-stdnum has no module",
    "CN_BANK_CARD": "of the cards with an issuer of UnionPay: test_recall_and_precision",
    "CN_EXIT_ENTRY_PERMIT": "a form without a check",
    "CN_MOBILE_NUMBER": "a telephone number: test_written_forms",
    "CN_PASSPORT": "a form without a check",
    "CN_RESIDENT_ID_15": "no check digit, and no module",
    "CN_VEHICLE_PLATE": "a form without a check",
    "CRYPTO_WALLET": "an address has one form: test_written_forms",
    "EG_NATIONAL_ID": "python-stdnum has no module",
    "EMAIL_ADDRESS": "no number",
    "HK_IDENTITY_CARD": "python-stdnum has no module: test_written_forms",
    "MEDICAL_RECORD_NUMBER": "a form without a check",
    "PASSPORT_NUMBER": "a form without a check",
    "PHONE_NUMBER": "a telephone number: test_written_forms",
    "SG_NRIC": "python-stdnum has no module: test_written_forms",
    "TW_NATIONAL_ID": "python-stdnum has no module: test_written_forms",
    "UK_NINO": "python-stdnum has no module: test_written_forms",
    "US_DRIVER_LICENSE": "a form without a check",
    "US_MBI": "python-stdnum has no module: test_written_forms",
    "US_NPI": "python-stdnum has no module: test_recall_and_precision",
    "US_PASSPORT": "a form without a check",
}
"""Entities of the default packs that python-stdnum does not know, and why they are not measured here."""


@cache
def detector() -> Detector:
    return Detector(default_entities())


def entities_at(text: str, *keys: str, size: int) -> set[str]:
    """What covers a number of `size` characters in `text`."""
    found = scan(detector(), text, keys).detections
    return {one.entity.id for one in found if one.end - one.start >= size}


def is_found(kind: Kind, text: str, number: int) -> bool:
    """Under its name as a key and as a label in turn; as another kind too, where it is valid as both."""
    if number % 2:
        return bool(entities_at(f"{kind.key}: {text}", size=len(text)))
    return bool(entities_at(text, kind.key, size=len(text)))


def recall_by_form(kind: Kind, numbers: Iterable[str]) -> dict[str, float]:
    """Each number compact, and in one of its other forms in turn."""
    tried: defaultdict[str, list[bool]] = defaultdict(list)
    for turn, number in enumerate(numbers):
        forms = list(spellings(kind, number))
        for name, text in {forms[0], forms[turn % len(forms)]}:
            tried[name].append(is_found(kind, text, turn // len(forms)))
    return {name: sum(hits) / len(hits) for name, hits in tried.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_valid_number_is_found_in_every_form_under_its_name(kind: Kind) -> None:
    recall = recall_by_form(kind, valid_numbers(kind, COUNT))
    assert {name: hits for name, hits in recall.items() if hits < RECALL} == {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_number_with_one_wrong_digit_is_not_found_in_any_form(kind: Kind) -> None:
    texts = list(_one_form_each(kind, wrong_numbers(kind, FEWER)))
    alarms = [text for text in texts if kind.entity in entities_at(text, kind.key, size=0)]
    assert len(alarms) <= FALSE_ALARMS * len(texts)


def _one_form_each(kind: Kind, numbers: Iterable[str]) -> Iterator[str]:
    for turn, number in enumerate(numbers):
        forms = list(spellings(kind, number))
        yield forms[turn % len(forms)][1]


ZEROS = [kind for kind in KINDS if kind.may_lose_zeros]


@pytest.mark.parametrize("kind", ZEROS, ids=lambda kind: kind.name)
def test_a_number_is_found_whose_leading_zeros_a_spreadsheet_dropped(kind: Kind) -> None:
    numbers = list(valid_numbers(kind, FEWER, zero=True))
    found = Counter(is_found(kind, number.lstrip("0"), turn) for turn, number in enumerate(numbers))
    assert found[True] >= RECALL * len(numbers)


def test_every_entity_is_measured_or_has_a_reason() -> None:
    measured = {kind.entity for kind in KINDS}
    default = {entity.id for entity in default_entities()}
    assert measured | set(NO_MODULE) == default
    assert not measured & set(NO_MODULE)
    assert default <= {entity.id for entity in all_entities()}


@pytest.mark.parametrize("text", ["536904399", "36574261809", "440514 01359", "1 23456 7890 12 1"])
def test_digits_in_groups_are_nobody_s_without_a_name(text: str) -> None:
    for key in ("replicas", "note", "weights", "offsets"):
        assert entities_at(text, key, size=0) == set()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2026-11-28 23:30:15", "rc"),
        ("2026-11-28 23:30:15.123", "cpr"),
        ("12.34.56.78.90.12", "pesel"),
        ("1.2.3.4.5.6.7.8.9.0.1", "oib"),
        ("2026-11-28", "personnummer"),
        ("22:15:59", "dni"),
    ],
)
def test_times_and_versions_are_no_numbers_in_groups(text: str, key: str) -> None:
    assert entities_at(text, key, size=0) == set()
