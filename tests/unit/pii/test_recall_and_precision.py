"""What the engine finds and what it leaves alone, on generated values with seeds."""

from __future__ import annotations

import random

import pytest

from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.scanning import scan
from tests.support.pii_corpus import (
    CHECKED,
    DISGUISES,
    LOOK_ALIKES,
    NUMERIC_DISGUISES,
    checked,
    look_alikes,
    phone,
    resident_id,
)

DETECTOR = Detector(default_entities())
EACH = 60


def found(text: str, context: tuple[str, ...] = ()) -> set[str]:
    return {detection.entity.id for detection in scan(DETECTOR, text, context).detections}


@pytest.mark.parametrize("entity", sorted(CHECKED))
def test_valid_numbers_are_found(entity: str) -> None:
    samples = list(checked(entity, EACH))
    missed = [sample for sample in samples if entity not in found(sample.text, sample.context)]
    assert len(missed) <= len(samples) * 0.01


def test_telephone_numbers_in_written_form_are_found() -> None:
    source = random.Random(5)  # noqa: S311 - a seed, no secret
    numbers = [phone(source) for _ in range(200)]
    hits = sum(bool(found(number, ("phone",)) & {"PHONE_NUMBER", "CN_MOBILE_NUMBER"}) for number in numbers)
    assert hits >= 0.9 * len(numbers)


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
def test_no_disguise_hides_a_resident_id(disguise: str) -> None:
    source = random.Random(disguise)  # noqa: S311 - a seed, no secret
    for _ in range(25):
        assert "CN_RESIDENT_ID" in found(DISGUISES[disguise](resident_id(source)))


@pytest.mark.parametrize("disguise", sorted(NUMERIC_DISGUISES))
def test_no_spelling_of_a_number_hides_a_resident_id(disguise: str) -> None:
    source = random.Random(disguise)  # noqa: S311 - a seed, no secret
    for _ in range(25):
        value = resident_id(source)
        while not value.isdigit():
            value = resident_id(source)
        assert "CN_RESIDENT_ID" in found(NUMERIC_DISGUISES[disguise](value))


@pytest.mark.parametrize("kind", sorted(LOOK_ALIKES))
def test_what_only_looks_like_a_number_of_a_person_is_left_alone(kind: str) -> None:
    samples = list(look_alikes(kind, EACH))
    assert [sample.text for sample in samples if found(sample.text, sample.context)] == []


WITHOUT_CHECK_DIGIT = {"US_SSN", "EMAIL_ADDRESS", "KR_RRN", "UK_NINO", "IN_PAN", "US_ITIN"}


@pytest.mark.parametrize("entity", sorted(set(CHECKED) - WITHOUT_CHECK_DIGIT))
def test_a_wrong_digit_is_not_the_number(entity: str) -> None:
    samples = [sample for sample in checked(entity, EACH) if sample.text[-1].isdigit()]
    wrong = [sample.text[:-1] + str((int(sample.text[-1]) + 1) % 10) for sample in samples]
    hits = [
        text for text, sample in zip(wrong, samples, strict=True) if entity in found(text, sample.context)
    ]
    assert len(hits) <= 0.15 * max(1, len(wrong))


@pytest.mark.parametrize("entity", all_entities(), ids=lambda entity: entity.id)
def test_every_entity_says_what_it_is(entity: object) -> None:
    for attribute in ("id", "label", "pack", "patterns", "cue"):
        assert getattr(entity, attribute), attribute


def test_a_key_path_makes_nine_digits_an_ssn() -> None:
    assert found("536904399", ("ssn",)) == {"US_SSN"}
    assert found("536904399", ("replicas",)) == set()
