"""Laws of reading: exact, positioned, the same in every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.document import Document, Position, pointer_of
from gatecli.model.number import read_exact
from gatecli.sources.files import ReadError
from gatecli.sources.json_text import read_json
from gatecli.sources.positioned_tree import Lines
from gatecli.sources.toml_text import read_toml
from gatecli.sources.yaml_text import read_yaml
from tests.property.strategies import decimals, names, trees, words

LAYOUTS = st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (2, (",", ": "))])


def written(data: Any, layout: tuple[int | None, tuple[str, str]]) -> str:
    """JSON text that holds Decimals as they are."""
    numbers: dict[str, str] = {}

    def marked(value: Any) -> str:
        numbers[key := f"\x00{len(numbers)}\x00"] = str(value)
        return key

    text = json.dumps(data, indent=layout[0], separators=layout[1], ensure_ascii=False, default=marked)
    for key, number in numbers.items():
        text = text.replace(json.dumps(key), number)
    return text


def same(left: Any, right: Any) -> bool:
    """Equal in value and in type, all the way down (1, 1.0 and true are equal in Python)."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@given(trees(), LAYOUTS)
def test_json_gives_back_what_was_written(data: Any, layout: Any) -> None:
    (document,) = read_json("a.json", written(data, layout))
    assert same(json.loads(written(data, layout), parse_float=Decimal), document.data)


@given(trees(), LAYOUTS)
def test_yaml_reads_json_as_json_does_positions_too(data: Any, layout: Any) -> None:
    text = written(data, layout)
    (from_json,), (from_yaml,) = read_json("a", text), read_yaml("a", text)
    assert same(from_json.data, from_yaml.data)
    assert (from_json.values, from_json.keys) == (from_yaml.values, from_yaml.keys)


@given(trees(), LAYOUTS)
def test_every_value_of_json_stands_where_it_is_said_to(data: Any, layout: Any) -> None:
    text = written(data, layout)
    (document,) = read_json("a", text)
    lines = Lines(text)
    for pointer, at in document.values.items():
        value, _ = json.JSONDecoder(parse_float=Decimal).raw_decode(text, lines.index(at.line, at.column))
        assert same(value, at_pointer(document, pointer))


def at_pointer(document: Document, pointer: str) -> Any:
    data = document.data
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


blocks = st.recursive(
    st.integers(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3)
    ),
    max_leaves=10,
)


@given(blocks)
def test_every_key_and_number_of_yaml_stands_where_it_is_said_to(data: Any) -> None:
    text = yaml.safe_dump(data)
    (document,) = read_yaml("a.yaml", text)
    lines = text.split("\n")
    for pointer, at in document.keys.items():
        assert lines[at.line - 1][at.column - 1 :].lstrip("'").startswith(pointer.rpartition("/")[2])
    for pointer, at in document.values.items():
        value = at_pointer(document, pointer)
        if isinstance(value, int):
            assert lines[at.line - 1][at.column - 1 :].startswith(str(value))


@given(trees(st.integers() | words))
def test_both_yaml_parsers_give_the_same_document(data: Any) -> None:
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = yaml.safe_dump(data, allow_unicode=True)
    assert outcome(text, yaml.SafeLoader) == outcome(text, fast)


def outcome(text: str, loader: Any) -> object:
    """The documents, or where a key was refused (`0o7` is text to YAML 1.1, which wrote it)."""
    try:
        return read_yaml("a", text, loader=loader)
    except ReadError as error:
        return error.problem, error.position


@given(decimals)
def test_a_number_is_read_exactly_in_every_format(number: Decimal) -> None:
    exact = Fraction(number)
    (from_yaml,) = read_yaml("a", f"x: {number}")
    (from_json,) = read_json("a", f'{{"x": {number}}}')
    (from_toml,) = read_toml("a", f"x = {number}")
    assert {read_exact(document.data["x"]) for document in (from_yaml, from_json, from_toml)} == {exact}


@given(st.dictionaries(names, st.integers(0, 9), min_size=1, max_size=6), st.data())
def test_a_key_that_stands_twice_is_always_refused(table: dict[str, int], data: st.DataObject) -> None:
    pairs = list(table.items())
    pairs.insert(data.draw(st.integers(0, len(pairs))), data.draw(st.sampled_from(pairs)))
    texts: dict[Callable[[str, str], tuple[Document, ...]], str] = {
        read_yaml: "".join(f"{key}: {value}\n" for key, value in pairs),
        read_json: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}",
        read_toml: "".join(f"{key} = {value}\n" for key, value in pairs),
    }
    for reader, text in texts.items():
        with pytest.raises(ReadError):
            reader("a", text)


@given(st.text(st.sampled_from("aé😀\n\r\u2028"), max_size=40), st.data())
def test_a_position_and_an_index_are_the_same_place(text: str, data: st.DataObject) -> None:
    lines = Lines(text)
    at = data.draw(st.integers(0, len(text)))
    position = lines.position(at)
    assert lines.index(position.line, position.column) == at
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    whole = not (text[at - 1 : at] == "\r" and text[at : at + 1] == "\n")
    assert not whole or position.line == before.count("\n") + 1
    assert position >= Position(1, 1)


toml_keys = names | st.sampled_from(['"a.b"', "'c d'", '"\\u00e9"'])
toml_values = st.recursive(
    st.sampled_from(
        ["1", "1.5", "true", "'x]'", '"a,}#\\""', '"""m\n"l"""', "'''n\n'''", "1979-05-27 07:32:00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[ {', '.join(items)} ]")
        | st.dictionaries(toml_keys, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(toml_keys, toml_values, max_size=5), st.sampled_from(["", "[t]\n", "[[t]]\n", "[t.u]\n"])
)
def test_every_value_of_toml_has_a_position(table: dict[str, str], header: str) -> None:
    text = header + "".join(f"{key} = {value} # c\n" for key, value in table.items())
    (document,) = read_toml("a.toml", text)
    assert set(pointers(document.data)) <= set(document.values)


def pointers(data: Any, *keys: str | int) -> list[str]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [pointer_of(keys), *(found for key, item in children for found in pointers(item, *keys, key))]
