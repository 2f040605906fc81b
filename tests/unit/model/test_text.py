from __future__ import annotations

from decimal import Decimal

import pytest

from gatecli.model.document import Position
from gatecli.model.text import Leaf, LeafKind, RawText, assigned_name, hint_for, number_text, object_leaves


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("110101199003071234", "110101199003071234"),
        ("1.1010119900307e+17", "110101199003070000"),
        ("110101199003070000.0", "110101199003070000"),
        ("110_101_19900307_1234", "110101199003071234"),
        ("0x10", "16"),
        ("-0o17", "-15"),
        ("+8613800138000", "+8613800138000"),
        ("1.0", "1.0"),
        ("1.5e-3", "1.5e-3"),
        ("1e999", "1e999"),
        ("1e999999999999999999999", "1e999999999999999999999"),
        ("0x", "0x"),
    ],
)
def test_a_number_shows_the_digits_that_its_reader_sees(literal: str, text: str) -> None:
    assert number_text(literal) == text


def test_an_object_gives_every_key_string_and_number() -> None:
    data = {"a": ["x", 1, True, None, {"b/c": Decimal("1E+3")}], "f": 1.1010119900307e17}
    found = {(leaf.pointer, leaf.text, leaf.kind) for leaf in object_leaves(data)}
    assert found == {
        ("/a", "a", LeafKind.KEY),
        ("/a/0", "x", LeafKind.VALUE),
        ("/a/1", "1", LeafKind.NUMBER),
        ("/a/4/b~1c", "b/c", LeafKind.KEY),
        ("/a/4/b~1c", "1000", LeafKind.NUMBER),
        ("/f", "f", LeafKind.KEY),
        ("/f", "110101199003070000", LeafKind.NUMBER),
    }


def test_an_integer_too_long_for_str_is_still_a_leaf() -> None:
    (leaf,) = object_leaves(10**5000)
    assert len(leaf.text) == 5001


def test_a_deep_object_is_walked_without_recursion() -> None:
    data: object = "bottom"
    for _ in range(3000):
        data = [data]
    (leaf,) = object_leaves(data)
    assert leaf.text == "bottom"


def test_the_name_beside_a_value_is_among_its_words() -> None:
    leaves = object_leaves({"env": [{"value": "1", "name": "CUSTOMER_ID"}]})
    value = next(leaf for leaf in leaves if leaf.text == "1")
    assert value.words() == ("env", "value", "CUSTOMER_ID")


def test_a_hint_is_only_for_a_value_and_only_text() -> None:
    assert hint_for("value", {"key": "ssn"}) == "ssn"
    assert hint_for("port", {"name": "http"}) == ""
    assert hint_for("value", {"name": ["a"]}) == ""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('customer_id = "', "customer_id"),
        ('data["ssn"] = "', "ssn"),
        ('{"a": 1, "b-c": "', "b-c"),
        ("key => ", "key"),
        ("if a == ", ""),
        ("身份证号: ", "身份证号"),
        ("other = 1\nplain ", ""),
    ],
)
def test_the_name_left_of_a_value_is_found_on_its_line(line: str, name: str) -> None:
    assert assigned_name(line + "X", len(line)) == name


def test_a_name_is_not_looked_for_without_end() -> None:
    assert assigned_name("far = " + "x" * 10_000, 10_000) == ""


def test_positions_count_lines_at_every_kind_of_line_end() -> None:
    raw = RawText("a", "é\r\nb\rc\nd", "text")
    assert [raw.position(raw.text.index(char)) for char in "ébcd"] == [
        Position(line, 1) for line in (1, 2, 3, 4)
    ]
    assert raw.position(len(raw.text)) == Position(4, 2)
    assert [raw.line_at(number) for number in range(6)] == ["", "é", "b", "c", "d", ""]


def test_positions_in_a_piece_are_those_in_the_file() -> None:
    raw = RawText("a", "xy\nz", "text", line=10, column=5)
    assert raw.position(1) == Position(10, 6)
    assert raw.position(3) == Position(11, 1)


def test_a_span_is_exact_where_the_text_stands_as_it_is() -> None:
    assert Leaf("ab", start=2, end=6).span('  "ab"', 1, 2) == (4, 5)


def test_a_span_in_a_dedented_block_is_found_by_its_characters() -> None:
    source = "a: |\n  x 12\n  y 12\n"
    leaf = Leaf("x 12\ny 12\n", start=3, end=len(source) - 1, escaped=True)
    start, end = leaf.span(source, 7, 9)
    assert (start, source[start:end]) == (16, "12")


def test_a_span_that_is_escaped_is_its_whole_token() -> None:
    source = r'"\u0031 2"'
    assert Leaf("1 2", start=0, end=len(source), escaped=True).span(source, 0, 1) == (0, len(source))


def test_a_comment_has_no_pointer() -> None:
    assert Leaf("# x", (), LeafKind.COMMENT).pointer is None
    assert Leaf("x", ("a/b", 0)).pointer == "/a~1b/0"


@pytest.mark.parametrize("word", ["0b1a2f", "0x", "0o9", "0xzz", "0b" + "1" * 300])
def test_what_only_begins_like_a_number_stays_as_it_is(word: str) -> None:
    assert number_text(word) == word
