"""No text takes more than its share of work: counted in steps, which are the same on every machine.

A step is a call of a function, Python's own ones among them. What a step of a regular expression may cost
is bounded by the longest text that it can match. `benchmarks/pii_linear.py` measures the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # what knows how long a match can be

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.model.policy import PiiRules
from gatecli.pii.budget import Limits, ScanBudget
from gatecli.pii.decoding import READERS, may_hide
from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.matching import compile_pattern
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.scanning import scan
from gatecli.pii.views import whole
from tests.support.attacks import ATTACKS, digits
from tests.support.steps import steps

PATTERNS = {
    f"{entity.id} {pattern.name}": pattern.regex for entity in all_entities() for pattern in entity.patterns
} | {f"{entity.id} cue": entity.cue.regex for entity in all_entities()}
LONGEST = 2_500
"""Characters of the longest form, a URL with its path."""
SMALL = 2**11
CONSTANT = 200
"""Steps that do not depend on the text."""


@cache
def detector() -> Detector:
    return Detector(default_entities())


def assert_linear(work: Callable[[str], object], attack: str) -> None:
    once = steps(work, attack * (SMALL // len(attack)))
    four = steps(work, attack * (4 * SMALL // len(attack)))
    assert four <= 4 * 1.05 * once + CONSTANT, attack


@pytest.mark.parametrize("name", PATTERNS)
def test_no_form_matches_a_text_without_end(name: str) -> None:
    expression = compile_pattern(PATTERNS[name])
    _, longest = _parser.parse(expression.pattern, expression.flags).getwidth()
    assert longest <= LONGEST


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_is_filtered_and_read_in_linearly_many_steps(attack: str) -> None:
    prefilter = Prefilter(all_entities())
    assert_linear(prefilter.may_match, attack)
    assert_linear(may_hide, attack)
    for reader in READERS:
        assert_linear(lambda text, reader=reader: list(reader(whole(text))), attack)  # type: ignore[misc]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_is_searched_in_linearly_many_steps(attack: str) -> None:
    assert_linear(detector().detect, attack)


def test_dense_digits_are_searched_in_linearly_many_steps() -> None:
    once, four = (steps(detector().detect, digits(size)) for size in (2**12, 2**14))
    assert four <= 4 * 1.25 * once


def test_many_detections_cost_what_they_are_many() -> None:
    line = "mario.rossi@posta.it "
    once, four = (steps(detector().detect, line * many) for many in (50, 200))
    assert four <= 4 * 1.05 * once


def test_a_quadratic_search_is_noticed() -> None:
    def quadratic(text: str) -> list[int]:
        return [ord(character) for start in range(len(text)) for character in text[start:]]

    with pytest.raises(AssertionError):
        assert_linear(lambda text: quadratic(text[:: 2**5]), "1")


EVERY_WORD = tuple(word for entity in default_entities() for word in entity.context)
WHOLE = 8 * 2**20
"""Characters of the largest file that is read at once."""


@pytest.mark.parametrize("keys", [(), EVERY_WORD], ids=["plain", "named"])
@pytest.mark.parametrize("attack", [*ATTACKS, "123456789\n", "12345678901\n", "phone 2345 6789 "])
def test_the_default_budget_suffices_for_the_largest_file(attack: str, keys: tuple[str, ...]) -> None:
    steps_of_default = search_of(PiiRules()).limits.steps
    size = 2**14
    budget = ScanBudget(Limits(steps=steps_of_default * size / WHOLE))
    assert not scan(detector(), attack * (size // len(attack)), keys, budget=budget).incomplete


def test_what_grows_by_decoding_is_said_to_be_incomplete() -> None:
    text = '["' + "\\u0061" * 1000 + '"]'
    result = scan(detector(), text, budget=ScanBudget(Limits(characters=500)))
    assert "characters" in result.incomplete


def test_deep_nesting_in_json_is_read_or_refused_without_a_crash() -> None:
    for depth in (50, 900, 50_000):
        text = "[" * depth + '"440308199901101512"' + "]" * depth
        assert [item.entity.id for item in scan(detector(), text).detections] == ["CN_RESIDENT_ID"]
