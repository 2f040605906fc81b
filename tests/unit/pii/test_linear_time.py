"""No text takes more than its share of time: each form against texts made to slow it down."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import pytest

from gatecli.pii.budget import Budget, Limits
from gatecli.pii.decoding import READERS, may_hide
from gatecli.pii.detector import Detector
from gatecli.pii.entities import ENTITIES, default_entities
from gatecli.pii.interface import Pattern
from gatecli.pii.matching import compiled
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.scanning import scan
from gatecli.pii.views import whole

ATTACKS = (
    "1", "a", "A", "1 ", "1-", "12 ", "123.", "1234 ", "a.", "a@", "@", "a@a.", "A1", "+1", "(1", "0x",
    "bc1q", "京A", "%31", "\\u0031", "&#49;", "MTEw", "1.1e", "{[", '"a":', "::", "https://a/", "1/", "é",
)  # fmt: skip
PATTERNS = [
    pytest.param(pattern, id=f"{entity.id}-{pattern.name}")
    for entity in ENTITIES
    for pattern in entity.patterns
]
SMALL = 2**13
SLACK = 0.05
"""Seconds that the machine may lose to others."""


@cache
def detector() -> Detector:
    return Detector(default_entities())


def seconds(work: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work(text)
        best = min(best, time.process_time() - started)
    return best


def assert_linear(work: Callable[[str], object], attack: str) -> None:
    once = seconds(work, attack * (SMALL // len(attack)))
    four = seconds(work, attack * (4 * SMALL // len(attack)))
    assert four <= 4 * 2.5 / 2 * once + SLACK, attack


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_form_is_searched_in_linear_time(pattern: Pattern) -> None:
    def search(text: str) -> int:
        return sum(1 for _ in compiled(pattern.regex).finditer(text))

    for attack in ATTACKS:
        assert_linear(search, attack)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_is_filtered_and_read_in_linear_time(attack: str) -> None:
    prefilter = Prefilter(ENTITIES)
    assert_linear(prefilter.may_match, attack)
    assert_linear(may_hide, attack)
    for reader in READERS:
        assert_linear(lambda text, reader=reader: list(reader(whole(text))), attack)  # type: ignore[misc]


def test_a_mebibyte_of_digits_is_quick() -> None:
    digits = "".join(str(n * 7919 % 10) for n in range(2**20))
    assert seconds(detector().detect, digits) < 1


def test_many_detections_cost_what_they_are_many() -> None:
    line = "mario.rossi@posta.it "
    once, four = (seconds(detector().detect, line * count) for count in (250, 1000))
    assert four <= 4 * 2.5 / 2 * once + 2 * SLACK


def test_a_text_that_is_too_slow_is_said_to_be_incomplete() -> None:
    text = "phone " + "2345 6789 " * 20_000
    result = scan(detector(), text, budget=Budget(Limits(seconds=0.05), time.monotonic))
    assert "time budget" in result.incomplete


def test_what_grows_by_decoding_is_said_to_be_incomplete() -> None:
    text = '["' + "\\u0061" * 1000 + '"]'
    result = scan(detector(), text, budget=Budget(Limits(characters=500)))
    assert "characters" in result.incomplete


def test_deep_nesting_in_json_is_read_or_refused_without_a_crash() -> None:
    for depth in (50, 900, 50_000):
        text = "[" * depth + '"440308199901101512"' + "]" * depth
        assert [item.entity.id for item in scan(detector(), text).detections] == ["CN_RESIDENT_ID"]
