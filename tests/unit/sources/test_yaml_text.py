"""YAML is read by the core schema of YAML 1.2, with positions, limits and no surprises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from gatecli.model.document import Document, Position
from gatecli.sources.files import ReadError
from gatecli.sources.positioned_tree import MAX_DEPTH, MAX_NODES
from gatecli.sources.yaml_text import read_yaml

LOADERS = [
    pytest.param(yaml.SafeLoader, id="python"),
    *([pytest.param(yaml.CSafeLoader, id="libyaml")] if hasattr(yaml, "CSafeLoader") else []),
]
both = pytest.mark.parametrize("loader", LOADERS)


def one(text: str, loader: Any = None) -> Document:
    (document,) = read_yaml("privacy.yaml", text, loader=loader)
    return document


def refusal(text: str, loader: Any = None) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read_yaml("privacy.yaml", text, loader=loader)
    assert caught.value.mend
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1_000", "1_000"),
        ("2027-03-31", "2027-03-31"),
        ("12:30:45", "12:30:45"),
        ("2.3.0", "2.3.0"),
        ("0b11", "0b11"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("-7", -7),
        ("+7", 7),
        ("1e-5", Decimal("0.00001")),
        ("1.0e-5", Decimal("0.000010")),
        (".5", Decimal("0.5")),
        ("1.", Decimal(1)),
        ("1E400", Decimal("1E400")),
        ("!!float 5", 5),
        (".inf", Decimal("Infinity")),
        ("-.INF", Decimal("-Infinity")),
        ("True", True),
        ("false", False),
        ("~", None),
        ("NULL", None),
        ("!!null ''", None),
        ("inf", "inf"),
        ("nan", "nan"),
    ],
)
@both
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: object, loader: Any) -> None:
    data = one(f"key: {text}", loader).data["key"]
    assert (type(data), data) == (type(value), value)


def test_not_a_number_stays_not_a_number() -> None:
    assert one("key: .nan").data["key"].is_nan()


@pytest.mark.parametrize("digits", [401, 5000])
def test_a_number_of_too_many_digits_stays_text(digits: int) -> None:
    assert one("9" * digits).data == "9" * digits


def test_an_exponent_that_no_decimal_holds_stays_text() -> None:
    assert one("1e99999999999999999999").data == "1e99999999999999999999"


@both
def test_positions_count_characters_and_editors_lines(loader: Any) -> None:
    text = "ä: &x '😀é'\r\nb😀: [*x, !!str 5]\r\nc: 'one\u2028 two'\nd: 1"
    document = one(text, loader)
    assert document.keys["/b😀"] == Position(2, 1)
    assert document.values["/b😀"] == Position(2, 5)
    assert document.values["/b😀/1"] == Position(2, 10)
    assert document.keys["/d"] == Position(4, 1)


@both
def test_an_alias_stands_where_it_is_written(loader: Any) -> None:
    document = one("a: &x {k: 1}\nb: *x", loader)
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.values["/b"] == Position(2, 4)
    assert document.values["/b/k"] == Position(1, 11)


@both
def test_an_anchor_may_be_defined_again(loader: Any) -> None:
    assert one("[&a 1, *a, &a 2, *a]", loader).data == [1, 1, 2, 2]


def test_keys_with_slashes_and_tildes_are_escaped_in_pointers() -> None:
    assert set(one("{a/b: {c~d: 1}}").values) == {"", "/a~1b", "/a~1b/c~0d"}


@both
def test_a_stream_numbers_its_documents(loader: Any) -> None:
    documents = read_yaml("privacy.yaml", "a: 1\n---\n---\nb: 2\n...\n", loader=loader)
    assert [(document.index, document.data) for document in documents] == [
        (0, {"a": 1}),
        (1, None),
        (2, {"b": 2}),
    ]
    assert documents[2].keys["/b"] == Position(4, 1)


def test_anchors_do_not_outlive_their_document() -> None:
    assert refusal("&a 1\n---\n*a").problem == "uses the undefined alias *a"


def test_an_empty_text_holds_no_document() -> None:
    assert read_yaml("privacy.yaml", "# nothing\n") == ()


INVALID = [
    ("a: 1\nb: 2\na: 3", "has the key 'a' twice, first in line 1", Position(3, 1)),
    ("a: {b: 1, b: 2}", "has the key 'b' twice, first in line 1", Position(1, 11)),
    ("1: a", "has a key that is not text: 1", Position(1, 1)),
    ("true: a", "has a key that is not text: true", Position(1, 1)),
    ("? [a]\n: b", "has a key that is not text: a list", Position(1, 3)),
    ("<<: {a: 1}", "has a merge key <<, which YAML 1.2 does not know", Position(1, 1)),
    ("a: !foo 1", "has the tag '!foo', which is not of YAML's core schema", Position(1, 4)),
    ("a: ! 1", "has the tag '!', which is not of YAML's core schema", Position(1, 4)),
    (
        "!!python/object:os.system {}",
        "has the tag 'tag:yaml.org,2002:python/object",
        Position(1, 1),
    ),
    ("a: !!set {b}", "has the tag 'tag:yaml.org,2002:set'", Position(1, 4)),
    ("a: !!int x", "has the tag !!int on 'x', which it is not", Position(1, 4)),
]


@pytest.mark.parametrize(("text", "problem", "position"), INVALID)
@both
def test_what_is_yaml_but_no_document_is_refused_where_it_stands(
    text: str, problem: str, position: Position, loader: Any
) -> None:
    error = refusal(text, loader)
    assert error.problem.startswith(problem)
    assert (error.position, error.invalid) == (position, True)


UNREADABLE = [
    ("a: {b", Position(1, 6)),
    ("a: 'b", None),
    ("a:\n\tb: 1", Position(2, 1)),
    ("- a\nb", None),
    ("a: *x", Position(1, 4)),
    ("&a [*a]", Position(1, 5)),
    ("a: &a\n  b: *a", Position(2, 6)),
    ("a: \x07", Position(1, 4)),
    ("%YAML 2.0\n---\na", Position(1, 1)),
    ('"\\ud800"', None),
    ('"\\UFFFFFFFF"', None),
    ("@a", Position(1, 1)),
]


@pytest.mark.parametrize(("text", "position"), UNREADABLE)
@both
def test_what_is_not_yaml_is_refused(text: str, position: Position | None, loader: Any) -> None:
    error = refusal(text, loader)
    assert not error.invalid
    if position is not None:
        assert error.position == position


def test_a_quoted_merge_key_is_a_key() -> None:
    assert one('"<<": 1').data == {"<<": 1}


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
@both
def test_deep_nesting_is_refused_quickly(text: str, loader: Any) -> None:
    assert refusal(text, loader).problem == f"is nested deeper than {MAX_DEPTH} levels"


def test_the_deepest_level_is_read() -> None:
    assert one("[" * MAX_DEPTH + "]" * MAX_DEPTH).data


def test_depth_counts_through_aliases() -> None:
    deep = "[" * 40 + "]" * 40
    assert refusal(f"- &a {deep}\n- {'[' * 30}*a{']' * 30}").problem.startswith("is nested deeper")


@both
def test_a_bomb_of_anchors_is_refused_before_it_grows(loader: Any) -> None:
    levels = "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))
    error = refusal(f"a0: &a0 lol\n{levels}", loader)
    assert error.problem == f"holds more than {MAX_NODES} values"


def test_too_many_values_are_refused() -> None:
    assert refusal(f"[{'1,' * (MAX_NODES + 1)}]").problem == f"holds more than {MAX_NODES} values"
