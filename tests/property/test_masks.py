"""Masks by kind: what the search finds in a text is not in it afterwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.redaction import label_all, label_text
from gatecli.pii.scanning import scan

DETECTOR = Detector(default_entities())
PERSONAL = ("carol@hospital-west.de", "DE89370400440532013000", "536-90-4399", "+49 30 901820")
TEXTS = st.lists(st.sampled_from(PERSONAL) | st.text(max_size=12), max_size=6).map(" ".join)


@given(TEXTS)
def test_a_masked_text_holds_nothing_that_is_found(text: str) -> None:
    found = scan(DETECTOR, text).detections
    masked = label_all(text, lambda each: scan(DETECTOR, each).detections)
    assert masked is not None
    assert not any(text[each.start : each.end] in masked for each in found)
    assert not scan(DETECTOR, masked).detections


def test_a_value_that_another_hides_is_masked_too() -> None:
    masked = label_all("+49 30 901820 536-90-4399", lambda each: scan(DETECTOR, each).detections)
    assert masked is not None
    assert "4399" not in masked


@given(TEXTS)
def test_what_is_not_found_stays(text: str) -> None:
    found = scan(DETECTOR, text).detections
    if not found:
        assert label_text(text, found) == text
    else:
        start, end = min(each.start for each in found), max(each.end for each in found)
        masked = label_text(text, found)
        assert masked.startswith(text[:start])
        assert masked.endswith(text[end:])
