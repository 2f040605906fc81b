"""Nothing is shown, nothing runs for ever, nothing is passed over in silence."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.errors import ConfigurationError
from gatecli.pii.budget import BudgetSpentError, Limits, ScanBudget
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities, entities_of
from gatecli.pii.redaction import mask_value, normalise_value, value_hash
from gatecli.pii.scanning import scan

DETECTOR = Detector(default_entities())
RESIDENT_ID = "440308199901101512"


@given(st.text(max_size=60))
def test_a_mask_keeps_two_characters_at_most(value: str) -> None:
    mask = mask_value(value)
    assert len(mask) <= 24
    assert mask[:-2].strip("*") == ""


def test_a_short_value_is_masked_whole() -> None:
    assert mask_value("12345") == "*****"


def test_two_spellings_of_a_value_have_one_hash_and_another_key_another() -> None:
    key = b"0123456789abcdef"
    assert value_hash("4403 0819 9901 1015 12", key) == value_hash(RESIDENT_ID, key)
    assert value_hash(RESIDENT_ID, key) != value_hash(RESIDENT_ID, b"another key here")


def test_an_address_keeps_its_dots_when_normalised() -> None:
    assert normalise_value("A.B@Example.ORG ") == "a.b@example.org"


def test_a_detection_does_not_show_its_value() -> None:
    (detection,) = scan(DETECTOR, RESIDENT_ID).detections
    assert RESIDENT_ID not in repr(detection)


def test_decoding_ends_at_its_depth() -> None:
    value = RESIDENT_ID
    for _ in range(12):
        value = base64.b64encode(value.encode()).decode()
    result = scan(DETECTOR, value, budget=ScanBudget(Limits()))
    assert not result.detections


def test_spent_work_is_said_and_is_the_same_whenever_it_is_done() -> None:
    text = f"phone 2345 6789 id {RESIDENT_ID} " * 50
    results = {scan(DETECTOR, text, budget=ScanBudget(Limits(steps=3000, named="1ms"))) for _ in range(3)}
    (result,) = results
    assert result.incomplete == "the work budget of 1ms is spent"


def test_a_clock_that_ran_out_is_said() -> None:
    ticks = iter(range(10**9))
    result = scan(
        DETECTOR, f"id {RESIDENT_ID} " * 50, budget=ScanBudget(Limits(seconds=3), lambda: float(next(ticks)))
    )
    assert result.incomplete == "the clock of 3 s ran out"


def test_a_spent_size_budget_is_said() -> None:
    budget = ScanBudget(Limits(characters=10))
    with pytest.raises(BudgetSpentError, match="characters"):
        budget.take(11)


def test_a_company_s_code_is_no_resident_id() -> None:
    assert scan(DETECTOR, "91440300708461136T", ("code",)).detections == ()


@pytest.mark.parametrize("packs", [["cm"], ["generic", "usa"]])
def test_a_pack_that_there_is_not_is_refused(packs: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        entities_of(packs)
