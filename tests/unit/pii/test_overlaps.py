"""Of what overlaps, one stands; a value is reported once, with the best path to it."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from functools import cache

from stdnum import luhn
from stdnum.cn import ric

from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.interface import Detection
from gatecli.pii.redaction import redact_text
from gatecli.pii.resolution import Spans
from gatecli.pii.scanning import scan

RESIDENT_ID = "440308199901101512"


@cache
def detector() -> Detector:
    return Detector(default_entities())


def found(text: str, *context: str) -> tuple[Detection, ...]:
    return scan(detector(), text, context).detections


def test_spans_answer_as_a_search_through_all_of_them_would() -> None:
    source = random.Random(3)  # noqa: S311 - a seed, no secret
    spans, taken = Spans(), list[tuple[int, int]]()
    for number in range(400):
        start = source.randrange(2000)
        end = start + source.randrange(1, 9)
        clash = any(low < end and start < high for low, high in taken)
        assert (spans.at(start, end) is not None) == clash
        if not clash:
            spans.add(start, end, number)
            taken.append((start, end))


def test_a_resident_id_that_passes_luhn_is_a_resident_id() -> None:
    # 18 digits that begin with 62 are a bank card's too; this one passes both checks.
    value = next(_passing_luhn())
    assert [item.entity.id for item in found(value, "cardNumber")] == ["CN_RESIDENT_ID"]


def _passing_luhn() -> Iterator[str]:
    for day in range(1, 29):
        for serial in range(1000):
            stem = f"620102199001{day:02}{serial:03}"
            value = stem + ric.calc_check_digit(stem + "0")
            if value.isdigit() and luhn.is_valid(value):
                yield value


def test_a_company_s_code_hides_no_person_and_is_none() -> None:
    everything = Detector(all_entities())
    assert [item.entity.id for item in everything.detect("91440300708461136T")] == ["CN_SOCIAL_CREDIT_CODE"]


def test_two_numbers_of_one_text_are_two_detections_in_order() -> None:
    text = f"a {RESIDENT_ID} b mario.rossi@posta.it c {RESIDENT_ID}"
    assert [(item.start, item.entity.id) for item in found(text)] == [
        (2, "CN_RESIDENT_ID"),
        (23, "EMAIL_ADDRESS"),
        (46, "CN_RESIDENT_ID"),
    ]


def test_the_path_names_the_encoding_and_the_place_inside() -> None:
    text = base64.b64encode(json.dumps({"user": {"id": RESIDENT_ID}}).encode()).decode()
    (detection,) = found(text)
    assert detection.path == "base64 → json /user/id"
    assert (detection.start, detection.end) == (0, len(text))


def test_a_key_inside_json_is_context() -> None:
    text = json.dumps({"person": {"socialSecurityNumber": "536904399"}})
    (detection,) = found(text)
    assert detection.rule == "pii-us-ssn"
    assert text[detection.start : detection.end] == "536904399"


def test_a_key_that_is_a_value_is_found() -> None:
    assert [item.entity.id for item in found(json.dumps({RESIDENT_ID: True}))] == ["CN_RESIDENT_ID"]


def test_the_same_input_gives_the_same_answer() -> None:
    text = f"{RESIDENT_ID} 4539 1488 0343 6467 +49 151 23456789 mario.rossi@posta.it"
    assert found(text) == found(text) == scan(Detector(default_entities()), text).detections


def test_spans_redact_the_original_whatever_the_encoding() -> None:
    hidden = base64.b64encode(RESIDENT_ID.encode()).decode()
    wide = "\u200b".join(RESIDENT_ID)
    text = f"plain {RESIDENT_ID} coded {hidden} wide {wide}!"
    masked = redact_text(text, found(text))
    assert not found(masked)
    assert masked.startswith("plain ****************12 coded ")
    assert masked.endswith("*2!")


def test_a_detection_explains_itself() -> None:
    (detection,) = found("536904399", "ssn")
    explained = " ".join(detection.explanation)
    assert "nine digits" in explained
    assert "raised by context: ssn" in explained
    assert "536904399" not in explained
