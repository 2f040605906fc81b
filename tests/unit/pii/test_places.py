"""A form is sought near what all its matches hold, and as far from it as it looks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]  # the names of the parse tree's nodes
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from gatecli.pii.cue_encoding import CueEncodings, encode_classes
from gatecli.pii.entities import all_entities
from gatecli.pii.interface import EntityPattern
from gatecli.pii.pattern_factors import Factor
from gatecli.pii.places import BEYOND, MatchCondition, condition, spans

PATTERNS = {
    f"{entity.id} {pattern.name}": pattern for entity in all_entities() for pattern in entity.patterns
}


def looks_beyond(nodes: Iterable[Any]) -> int:
    """The width of the widest look-around of an expression."""
    widest = 0
    for kind, value in nodes:
        if kind in {op.ASSERT, op.ASSERT_NOT}:
            widest = max(widest, value[1].getwidth()[1])
        parts = value if isinstance(value, (tuple, list)) else ()
        for part in parts:
            inner = part if isinstance(part, list) else [part]
            trees = [each for each in inner if isinstance(each, _parser.SubPattern)]
            widest = max([widest, *(looks_beyond(tree) for tree in trees)])
    return widest


@pytest.mark.parametrize("name", PATTERNS)
def test_no_form_looks_further_than_its_places_reach(name: str) -> None:
    assert looks_beyond(_parser.parse(PATTERNS[name].regex)) <= BEYOND


def test_a_look_around_is_measured_wherever_it_stands() -> None:
    assert looks_beyond(_parser.parse(r"a(?:b|c(?!\.[0-9]{0,9}x))(?<!q)")) == 11


@pytest.mark.parametrize("name", PATTERNS)
def test_no_literal_of_a_form_spans_a_line(name: str) -> None:
    needed = condition(PATTERNS[name]).needed
    assert not any(b"\n" in literal for factor in needed for literal in factor.literals)


@pytest.mark.parametrize("name", [name for name, pattern in PATTERNS.items() if pattern.anchor])
def test_what_stands_behind_an_anchor_is_an_expression_of_its_own(name: str) -> None:
    pattern = PATTERNS[name]
    local, _, domain = pattern.regex.partition(pattern.anchor)
    assert re.compile(local).groups == 0
    assert re.compile(domain).match("example.org") is not None


def found(text: str, *factors: Factor, reach: int = 3) -> list[str]:
    coded = CueEncodings(encode_classes(text))
    return [text[start:end] for start, end in spans(MatchCondition(factors, factors, reach), coded)]


def test_places_that_touch_are_one() -> None:
    filler = "x" * 40
    assert found(f"{filler}12{filler}34y56{filler}", Factor("classes", (b"00",))) == [
        "xxx12xxx",
        "xxx34y56xxx",
    ]


def test_a_literal_is_sought_through_what_its_coding_leaves_out() -> None:
    filler = "x" * 40
    text = f"{filler}\n{filler}1 2-3{filler}\n{filler}"
    assert found(text, Factor("tight", (b"000",))) == ["xxx1 2-3xxx"]


def test_the_rarest_of_several_is_sought() -> None:
    text = "12 " * 20 + "y" * 300 + "12Z" + "y" * 300
    seen = found(text, Factor("classes", (b"00",)), Factor("classes", (b"A",)))
    assert seen == ["y12Zyyy"]


def test_what_is_everywhere_is_sought_everywhere() -> None:
    text = "12 " * 20
    assert found(text, Factor("classes", (b"00",))) == [text]


def test_a_policys_own_form_is_sought_everywhere() -> None:
    pattern = EntityPattern("own", "EMP-[0-9]{5}", 0.6, engine="re2")
    assert spans(condition(pattern), CueEncodings(encode_classes("a\nb"))) == [(0, 3)]
