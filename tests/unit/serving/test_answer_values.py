"""Whatever a model answers, what is read is one of a known set, and soon."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatecli.serving.answer_bodies import scores_body, votes_body, window_body
from gatecli.serving.answer_values import (
    ScoreGrid,
    UnreadableAnswer,
    class_positions,
    parse_json,
    read_class,
    read_scores,
    value_at,
)

JSON, CSV = "application/json", "text/csv"
UNIT = ScoreGrid(1, Fraction(0), Fraction(1, 1024), 1024)
TWO = ScoreGrid(2, Fraction(-1, 3), Fraction(1, 7), 10)
TYPES = st.one_of(st.sampled_from((JSON, CSV, "text/plain; charset=utf-8", "", "image/png")), st.text())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from((10**70, -(10**70), 0.5)),
)
KEYS = st.sampled_from(("predictions", "outputs", "data", "score", "instances", "x"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
BODIES = st.one_of(
    st.binary(max_size=60),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(st.decimals(), max_size=3).map(lambda values: ",".join(map(str, values)).encode()),
)
LONG = {
    "a large exponent": b"1e999999999",
    "an exponent beyond all": b"1e" + b"9" * 30,
    "a small exponent": b"-1e-999999999",
    "nothing of a large exponent": b"0e999999",
    "a million digits": b"9" * 1_000_000,
    "a million decimals": b"0." + b"3" * 1_000_000,
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"predictions":' * 100_000 + b"1" + b"}" * 100_000,
    "not a number": b"[NaN]",
    "infinite": b'{"predictions":[-Infinity]}',
    "a key that stands twice": b'{"predictions":[0.1],"predictions":[0.2]}',
    "half": b'{"predictions":[0.',
    "nothing": b"",
}


@given(BODIES, TYPES, st.sampled_from((UNIT, TWO)))
@example(b"sNaN", CSV, UNIT)
@example(b"NaN123", "text/plain", UNIT)
@example(b"\xff\xfe1\x000\x00", JSON, UNIT)
def test_every_answer_is_steps_between_the_ends_or_unreadable(
    body: bytes, content_type: str, grid: ScoreGrid
) -> None:
    try:
        steps = read_scores(body, content_type, grid)
    except UnreadableAnswer:
        return
    assert len(steps) == grid.count
    assert all(type(each) is int and 0 <= each <= grid.most for each in steps)


@given(BODIES, TYPES, st.sampled_from((None, "/predictions/0", "/0", "/x")))
@example(b"sNaN", CSV, None)
def test_every_answer_is_a_class_none_of_them_or_unreadable(
    body: bytes, content_type: str, pointer: str | None
) -> None:
    classes = class_positions((0, 1, "1", True, "a"))
    try:
        found = read_class(body, content_type, pointer, classes)
    except UnreadableAnswer:
        return
    assert found is None or 0 <= found < len(classes)


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("content_type", [JSON, CSV])
def test_no_answer_takes_long_or_leaves_the_set(name: str, content_type: str) -> None:
    """What would be computed with all its digits does not end within the time of a test."""
    try:
        steps = read_scores(LONG[name], content_type, UNIT)
    except UnreadableAnswer:
        steps = [0]
    assert 0 <= steps[0] <= 1024
    with_pointer = class_positions((1, 0))
    try:
        found = read_class(LONG[name], content_type, None, with_pointer)
    except UnreadableAnswer:
        found = None
    assert found in {None, 0, 1}


@pytest.mark.parametrize(
    ("score", "steps"),
    [
        ("0.5", 512),
        ("-3", 0),
        ("1e999999999", 1024),
        ("-1e999999999", 0),
        ("NaN", 0),
        ("-NaN", 0),
        ("Infinity", 1024),
        ("-Infinity", 0),
        ("0.00048828125", 1),
        ("0.000488281249999", 0),
        ("0E+99999", 0),
    ],
)
def test_a_score_is_the_nearest_step_or_an_end(score: str, steps: int) -> None:
    assert UNIT.steps_of(Decimal(score)) == steps


def test_zero_is_zero_whatever_its_exponent() -> None:
    grid = ScoreGrid(1, Fraction(-1), Fraction(1, 2), 4)
    assert {grid.steps_of(Decimal(each)) for each in ("0", "-0", "0E+99999", "0E-99999", "1e-99999")} == {2}


@given(st.fractions(-5, 5, max_denominator=10**9), st.fractions(-3, 3, max_denominator=50))
def test_rounding_in_whole_numbers_is_rounding(score: Fraction, low: Fraction) -> None:
    grid = ScoreGrid(1, low, Fraction(3, 7), 12)
    exact = Fraction(Decimal(score.numerator) / score.denominator)
    steps = (exact - low) / grid.step + Fraction(1, 2)
    expected = min(max(steps.numerator // steps.denominator, 0), 12)
    assert grid.steps_of(Decimal(score.numerator) / score.denominator) == expected


SHAPES = {
    "SageMaker, XGBoost": (b"0.25", CSV),
    "SageMaker, a line": (b"0.25\n", "text/csv; charset=utf-8"),
    "SageMaker, linear learner": (b'{"predictions": [{"score": 0.25, "predicted_label": 0}]}', JSON),
    "KServe v1": (b'{"predictions": [0.25]}', JSON),
    "KServe v1, a row": (b'{"predictions": [[0.25]]}', JSON),
    "KServe v2": (
        b'{"model_name":"m","outputs":[{"name":"o","datatype":"FP32","shape":[1,1],"data":[0.25]}]}',
        JSON,
    ),
    "Azure ML, a list": (b"[0.25]", JSON),
    "Azure ML, an object": (b'{"result": 1, "score": 0.25}', JSON),
    "MLflow": (b'{"predictions": [{"0": 0.9, "probabilities": [0.25]}]}', JSON),
    "a number": (b"0.25", JSON),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_scores_are_found_in_the_shapes_of_platforms(shape: str) -> None:
    assert read_scores(*SHAPES[shape], UNIT) == [256]


CLASSES = {
    "SageMaker, linear learner": (b'{"predictions": [{"score": 1, "predicted_label": 0}]}', JSON),
    "SageMaker, text": (b"0\n", CSV),
    "KServe v1": (b'{"predictions": [0]}', JSON),
    "KServe v2": (b'{"outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]}]}', JSON),
    "KServe v2, bytes": (b'{"outputs":[{"datatype":"BYTES","data":["0"]}]}', JSON),
    "a float": (b"[0.0]", JSON),
    "a label beside its scores": (b'{"label": "0", "scores": [0.9, 0.1]}', JSON),
}


@pytest.mark.parametrize("shape", CLASSES)
def test_classes_are_found_in_the_shapes_of_platforms(shape: str) -> None:
    body, content_type = CLASSES[shape]
    assert read_class(body, content_type, None, class_positions(("1", "0"))) == 1


def test_a_class_is_of_its_own_type_first() -> None:
    classes = class_positions((1, "1", True))
    answers = (b"1", b'"1"', b"true", b"2", b"1.5", b'"x"', b"null")
    found = [read_class(each, JSON, None, classes) for each in answers]
    assert found == [0, 1, 2, None, None, None, None]


@pytest.mark.parametrize(
    "body", [b"[0.1,0.2]", b"[]", b"[[0.1],[0.2]]", b"[true]", b'["0.1"]', b"{}", b"null"]
)
def test_another_shape_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        read_scores(body, JSON, UNIT)


def test_a_pointer_says_where_the_scores_are() -> None:
    grid = ScoreGrid(1, Fraction(0), Fraction(1, 4), 4, "/a~1b/1/~0")
    assert read_scores(b'{"a/b": [0, {"~": 0.5}]}', JSON, grid) == [2]
    with pytest.raises(UnreadableAnswer):
        read_scores(b'{"a/b": [0]}', JSON, grid)


@pytest.mark.parametrize("pointer", ["/-1", "/9", "/x", "/0/0", "/\u0661"])
def test_a_pointer_to_nothing_finds_nothing(pointer: str) -> None:
    with pytest.raises(UnreadableAnswer):
        value_at([1], pointer)


def test_numbers_are_exact() -> None:
    assert parse_json(b"[0.1, 12345678901234567890123]") == [Decimal("0.1"), Decimal(12345678901234567890123)]


def test_a_body_holds_the_noisy_scores_and_nothing_else() -> None:
    assert scores_body([0.5], is_open_inference=False) == b'{"predictions":[0.5]}\n'
    assert scores_body([0.5, 1.0], is_open_inference=False) == b'{"predictions":[[0.5,1.0]]}\n'
    whole = json.loads(scores_body([0.5], is_open_inference=True, model="m"))
    output = {"name": "scores", "datatype": "FP64", "shape": [1, 1], "data": [0.5]}
    assert whole == {"model_name": "m", "outputs": [output]}


def test_the_class_with_the_most_noisy_votes_is_named() -> None:
    assert json.loads(votes_body(("a", 1), [-3, -1], is_open_inference=False)) == {
        "predictions": [1],
        "votes": [{"class": "a", "count": -3}, {"class": 1, "count": -1}],
    }
    label, votes = json.loads(votes_body(("a", 1), [5, 5], is_open_inference=True, model="m"))["outputs"]
    assert (label["data"], votes["data"], votes["shape"]) == (["a"], [5, 5], [1, 2])


def test_a_window_says_when_it_was() -> None:
    assert json.loads(window_body((True,), [7], 3, "2026-01-01T00:00:00Z", 60)) == {
        "window": {"number": 3, "begins": "2026-01-01T00:00:00Z", "seconds": 60},
        "counts": [{"class": True, "count": 7}],
    }
