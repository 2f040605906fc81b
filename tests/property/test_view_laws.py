"""The prefilter may look at raw text alone: what it sees in no view, it sees in no leaf."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.text import RawText
from gatecli.pii.entities import all_entities
from gatecli.pii.prefilter import Prefilter
from gatecli.sources.string_fields.formats import read_leaves, views

personal = st.sampled_from(
    [
        "110101199003071234",
        "078-05-1120",
        "138 0013 8000",
        "a.b@example.cn",
        "4111 1111 1111 1111",
        "DE89 3704",
    ]
)
fillers = st.text("ab 1'\"\\\n:#-é１", max_size=12)
texts = st.builds(lambda before, value, after: before + value + after, fillers, personal | fillers, fillers)
objects = st.recursive(
    texts | st.integers(0, 10**18) | st.integers(10**16, 10**18).map(float),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@cache
def prefilter() -> Prefilter:
    return Prefilter(all_entities())


def assert_sound(raw: RawText) -> None:
    shown = views(raw)
    if shown is None or any(prefilter().may_match(view) for view in shown):
        return
    for leaf in read_leaves(raw).leaves:
        assert not prefilter().may_match(leaf.text), leaf


@given(objects, st.sampled_from([None, "'", '"', "|", ">"]), st.sampled_from([5, 20, 1000]), st.booleans())
def test_the_views_of_yaml_are_enough(
    data: Any,
    style: str | None,
    width: int,
    flow: bool,  # noqa: FBT001 - drawn
) -> None:
    text = yaml.safe_dump(data, default_style=style, allow_unicode=True, width=width, default_flow_style=flow)
    assert_sound(RawText("a.yaml", text, "yaml"))


@given(objects, st.booleans())
def test_the_views_of_json_are_enough(data: Any, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    assert_sound(RawText("a.json", json.dumps(data, ensure_ascii=ascii_only), "json"))


@given(st.lists(texts, min_size=1, max_size=4))
def test_the_views_of_a_table_are_enough(row: list[str]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target).writerows([["a", "b"], row])
    assert_sound(RawText("a.csv", target.getvalue(), "csv"))


@given(st.sampled_from(["env", "properties", "dockerfile", "hcl", "toml", "ini"]), texts)
def test_the_views_of_a_line_are_enough(name: str, value: str) -> None:
    for line in (f"a = {value}\n", f'a = "{value}"\n', f"a = '{value}'\n", f'ENV a="{value}"\n'):
        assert_sound(RawText("a", line, name))
