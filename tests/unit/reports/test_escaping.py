from __future__ import annotations

import json

import pytest

from gatecli.reports.escaping import clip, inert, visible, visible_in_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b", r"\x9b"),
        ("\u202eabc", r"\u202eabc"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("\ufffe\u2028", r"\ufffe\u2028"),
    ],
)
def test_a_character_that_a_terminal_obeys_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["ε ≥ 2.38", "顾客 2026", "می‌خواهم", "👩‍🔬", "non\xa0breaking", "é"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_json_text_with_hidden_characters_keeps_its_value() -> None:
    value = {"\u202e": ["\x7f\x85\u2028\U000e0041 ε", "##[group]x"]}
    dumped = visible_in_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(dumped) == value
    assert visible(dumped) == dumped
    assert "##[" not in dumped


def test_a_lone_surrogate_becomes_text_that_strict_json_readers_accept() -> None:
    dumped = visible_in_json(json.dumps("a\udc80", ensure_ascii=False))
    assert json.loads(dumped) == r"a\udc80"
    assert dumped != r'"a\udc80"'


@pytest.mark.parametrize("line", ["::error::x", "  ::add-mask::x", "\u3000::x", "a ##[group]", "##vso[x]y"])
def test_a_line_that_a_job_runner_obeys_is_broken(line: str) -> None:
    broken = inert(line)
    assert not broken.lstrip().startswith("::")
    assert "##[" not in broken
    assert "##vso[" not in broken


@pytest.mark.parametrize("line", ["a::b", "## heading", "std::move ## [x]", ": x"])
def test_a_line_that_no_runner_obeys_stays_as_it_is(line: str) -> None:
    assert inert(line) == line


def test_a_cut_is_shown() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"
