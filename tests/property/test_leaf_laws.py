"""Laws of the leaves: positions point at their tokens, nothing is lost, every form says the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from gatecli.model.text import Leaf, RawText, joined_items, object_leaves, object_texts
from gatecli.sources.redact import Hit, redact_raw
from gatecli.sources.string_fields.formats import FORMATS, read_leaves, views
from tests.support.leaves import faults_of

_NAMES = {
    "yaml": "a.yaml",
    "json": "a.json",
    "json-lines": "a.jsonl",
    "toml": "a.toml",
    "env": ".env",
    "ini": "a.ini",
    "properties": "a.properties",
    "csv": "a.csv",
    "hcl": "a.tf",
    "dockerfile": "Dockerfile",
    "text": "a.txt",
}

letters = st.characters(exclude_categories=["Cs"])
keys = st.sampled_from(["name", "value", "key", "id", "a/b", "~", "x y", ""]) | st.text(letters, max_size=6)
digits = st.from_regex(r"[0-9]{3}[- \n.'\"\\]{0,2}[0-9]{2,20}", fullmatch=True)
texts = digits | st.text(letters, max_size=20) | st.text("ab 1\n'\"\\:#-", max_size=20)
numbers = (
    st.integers() | st.integers(-(10**30), 10**30).map(float) | st.sampled_from([0.5, 1.1010119900307e17])
)
objects = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
broken = st.lists(
    st.sampled_from([*"ab1 \t\n\r\n\"'\\{}[]:,=#-|>&*!%$<;/`.é号", "<<E\n", '"""', "'''", "${", "- ", ": "]),
    max_size=40,
).map("".join)


def said(leaves: tuple[Leaf, ...]) -> set[tuple[object, ...]]:
    return {
        (leaf.pointer, leaf.text, leaf.kind == "key", leaf.words())
        for leaf in leaves
        if leaf.kind in {"key", "value", "number"}
    }


@given(objects, st.booleans(), st.sampled_from([None, 2]))
def test_json_says_what_its_object_says(data: Any, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - drawn
    raw = RawText("a.json", json.dumps(data, ensure_ascii=ascii_only, indent=indent), "json")
    reading = read_leaves(raw)
    assert reading.note == ""
    assert said(reading.leaves) == said(object_leaves(data))
    assert list(faults_of(raw, reading)) == []


@given(objects, st.sampled_from([None, "'", '"', "|", ">"]), st.booleans(), st.sampled_from([20, 1000]))
def test_yaml_says_what_its_object_says(
    data: Any,
    style: str | None,
    flow: bool,  # noqa: FBT001 - drawn
    width: int,
) -> None:
    kind = yaml.SafeDumper if style is None else _AllText
    text = yaml.dump(
        data, Dumper=kind, default_style=style, default_flow_style=flow, allow_unicode=True, width=width
    )
    assume(not re.search(r"\b0[0-9]", text))  # a number to YAML 1.2, a text to PyYAML
    raw = RawText("a.yaml", text, "yaml")
    reading = read_leaves(raw)
    assert reading.note == ""
    loaded = yaml.safe_load(text)
    if style is None:
        assert said(reading.leaves) == said(object_leaves(loaded))
    else:
        found = {(leaf.pointer, leaf.text) for leaf in reading.leaves if leaf.pointer is not None}
        assert {(leaf.pointer, leaf.text) for leaf in object_leaves(loaded) if leaf.kind != "number"} <= found
    assert list(faults_of(raw, reading)) == []


class _AllText(yaml.SafeDumper):
    """With a default style PyYAML tags every number, which is then no plain scalar."""


@given(objects)
def test_the_texts_of_an_object_are_those_of_its_leaves(data: Any) -> None:
    lists = [each for each in walked(data) if isinstance(each, list)]
    divided = {
        joined_items([str(item) for item in each]) for each in lists if set(map(type, each)) <= {str, int}
    }
    assert object_texts(data) == {leaf.text for leaf in object_leaves(data)} | divided - {""}


def walked(data: Any) -> Iterator[Any]:
    """All values of parsed JSON."""
    yield data
    for child in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from walked(child)


@pytest.mark.parametrize("data", [["00000", "00000"], [[12345, "67890"]], {"a": [1] * 9}])
def test_a_list_of_short_numbers_is_read_as_one_text_too(data: Any) -> None:
    whole = object_texts(data) - {leaf.text for leaf in object_leaves(data)}
    assert whole in ({"00000_00000"}, {"12345_67890"}, {"1_1_1_1_1_1_1_1_1"})


def joined(text: str) -> str:
    return " ".join(text.split())


def assert_shown(raw: RawText) -> None:
    shown = views(raw)
    if shown is None:
        return
    seen = [joined(view) for view in shown]
    for leaf in read_leaves(raw).leaves:
        assert any(joined(leaf.text) in view for view in seen), leaf


@given(objects, st.sampled_from([None, "'", "|", ">"]), st.sampled_from([5, 20, 1000]))
def test_the_views_of_yaml_show_every_leaf(data: Any, style: str | None, width: int) -> None:
    text = yaml.safe_dump(data, default_style=style, allow_unicode=True, width=width)
    assert_shown(RawText("a.yaml", text, "yaml"))


@given(st.lists(st.lists(texts, min_size=1, max_size=4), max_size=5))
def test_a_table_is_read_as_the_csv_module_reads_it(rows: list[list[str]]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target).writerows([["a", "b", "c"], *rows])
    raw = RawText("a.csv", target.getvalue(), "csv")
    cells = [cell for row in csv.reader(io.StringIO(raw.text, newline="")) for cell in row if cell.strip()]
    assert [leaf.text for leaf in read_leaves(raw).leaves] == cells
    assert list(faults_of(raw, read_leaves(raw))) == []
    assert_shown(raw)


@pytest.mark.parametrize("format_", [*FORMATS])
@given(broken)
def test_any_text_is_read_whole_in_its_place_and_shown_by_its_views(format_: str, text: str) -> None:
    raw = RawText(_NAMES[format_], text, format_)
    reading = read_leaves(raw)
    assert list(faults_of(raw, reading)) == []
    assert_shown(raw)


@pytest.mark.parametrize("format_", [*FORMATS])
@given(broken, st.sampled_from(["13800138000", "078-05-1120", "a@b.cn"]), st.data())
def test_a_value_anywhere_can_be_masked_away(
    format_: str, text: str, secret: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(text)))
    raw = RawText(_NAMES[format_], f"{text[:at]}{secret}{text[at:]}", format_)
    hits = [
        Hit(leaf, *match.span(), "*" * len(secret))
        for leaf in read_leaves(raw).leaves
        for match in re.finditer(re.escape(secret), leaf.text)
    ]
    masked = replace(raw, text=redact_raw(raw, hits))
    assert hits
    assert secret not in masked.text
