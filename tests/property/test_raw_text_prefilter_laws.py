"""The sieve clears nothing that the whole search would find."""

from __future__ import annotations

import itertools
import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.pii import group_testing
from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.interface import EntityPattern
from gatecli.pii.raw_text_prefilter import TOGETHER, may_hold, suspects, without_edges
from tests.support.examples import share

DETECTOR = Detector(default_entities())
BEFORE = ("", " ", "\t", '"', "'", "[", "{", ",", ";", "|")
AFTER = ("", " ", "\t", '"', "'", ",", ";", "|", "]", "}", ":", " #")
PATTERNS = [
    pytest.param(pattern, id=f"{entity.id}-{pattern.name}")
    for entity in all_entities()
    for pattern in entity.patterns
]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=share(5))
@given(data=st.data())
def test_what_stands_beside_a_value_in_yaml_json_or_csv_is_no_boundary(
    pattern: EntityPattern, data: st.DataObject
) -> None:
    compiled = re.compile(pattern.regex)
    text = data.draw(st.from_regex(compiled).filter(lambda drawn: compiled.search(drawn) is not None))
    found = compiled.search(text)
    assert found is not None
    value = found.group()
    if compiled.fullmatch(value) is None:
        return  # it matched by what stood beside it, and does not as a value of its own
    for before, after in itertools.product(BEFORE, AFTER):
        seen = [compiled.search(shown) for shown in without_edges(before + value + after)]
        # A value that holds a delimiter itself may be seen with its neighbour: seen it is.
        exact = not set(value) & set("'{[]},:|")
        assert any(each is not None and (each.group() == value or not exact) for each in seen)


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.from_regex(r"[0-9]{8,18}[X]?", fullmatch=True),
        st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.(com|org)", fullmatch=True),
        st.sampled_from(["image: nginx", "a1" * 32, "440308199901101512", "4539 1488 0343 6467"]),
    ),
    max_size=40,
)


@given(TEXTS)
def test_asked_by_halves_the_suspects_are_those_of_asking_each(texts: list[str]) -> None:
    lines = [text.replace("\n", " ") for text in texts]
    expected = [index for index, text in enumerate(lines) if may_hold(DETECTOR, text)]
    assert list(group_testing.suspects(partial(may_hold, DETECTOR), lines)) == expected
    together = list(suspects(DETECTOR, lines * TOGETHER))
    assert together == sorted(together)
    wanted = {index + copy * len(lines) for index in expected for copy in range(TOGETHER)}
    assert wanted <= set(together) <= set(range(len(lines) * TOGETHER if wanted else 0))
