"""The same question has one form, and a form has one meaning."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.serving.questions import BadQuestion, canonical_question

JSON = "application/json"
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(VALUES, st.sampled_from((None, 2)))
def test_one_question_has_one_form_that_means_the_same(value: Any, indent: int | None) -> None:
    asked = {"x": value, "a": 1}
    turned = {"a": 1, "x": value}
    first = canonical_question(json.dumps(asked, indent=indent).encode(), JSON)
    second = canonical_question(json.dumps(turned, ensure_ascii=False).encode("utf-8", "surrogatepass"), JSON)
    assert first == second
    assert json.loads(first) == asked
    assert canonical_question(first, JSON) == first


@given(st.binary(max_size=80))
def test_any_body_has_a_form_or_is_refused(body: bytes) -> None:
    with suppress(BadQuestion):
        found = canonical_question(body, JSON)
        assert canonical_question(found, JSON) == found
    assert canonical_question(body, "text/csv") == body


MEANING = "the body is not JSON, or names a key twice"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'[{"a": {"b": 1, "b": 1}}]',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"[" * 100_000,
        b"9" * 5000,
        b"{",
        b"",
        b"\xff",
    ],
)
@pytest.mark.parametrize(
    "content_type", [JSON, "", "application/vnd.x+json; charset=utf-8", " Application/JSON"]
)
def test_what_each_reader_reads_in_its_own_way_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(BadQuestion, match=MEANING):
        canonical_question(body, content_type)


@pytest.mark.parametrize(
    "asked",
    [
        {"instances": [1, 2]},
        {"inputs": [[1], [2]]},
        {"inputs": [{"name": "x", "shape": [2, 4], "data": []}]},
        {"inputs": [{"name": "x", "shape": [1, 4]}, {"name": "y", "shape": [3]}]},
    ],
)
def test_several_instances_are_several_answers(asked: object) -> None:
    with pytest.raises(BadQuestion, match="one instance at a time"):
        canonical_question(json.dumps(asked).encode(), JSON)


@pytest.mark.parametrize(
    "asked",
    [
        {"instances": [[1, 2, 3]]},
        {"instances": []},
        {"inputs": [{"name": "x", "shape": [1, 4]}, {"name": "y", "shape": [1]}]},
        {"inputs": {"a": [1, 2]}},
        {"inputs": [{"name": "x", "shape": []}, {"name": "y", "shape": [1]}]},
        [1, 2],
        "text",
    ],
)
def test_one_instance_is_asked(asked: object) -> None:
    assert json.loads(canonical_question(json.dumps(asked).encode(), JSON)) == asked


@pytest.mark.parametrize("shape", [0, -1, "2", [2.0], [[2]]])
def test_a_shape_that_is_none_ends_in_no_bug(shape: object) -> None:
    body = json.dumps({"inputs": [{"name": "x", "shape": shape}]}).encode()
    try:
        canonical_question(body, JSON)
    except BadQuestion:
        assert isinstance(shape, list)
