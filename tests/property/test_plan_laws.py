"""Laws of reading plans: what was broken on the way is refused, or still says everything it said."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.model.plan import KnownValue, lookup
from gatecli.model.plan_text import plan_leaves
from gatecli.sources.plan.blocks import blank_text, blocks_of
from gatecli.sources.plan.reading import load_plan
from tests.support.plans import PLANS, raw

NAMES = ("plan", "changed", "aws", "opentofu_gcp")
CONTENT = {name: (PLANS / f"{name}.json").read_bytes().rstrip() for name in (*NAMES, "state", "errored")}
DATA = {name: raw(name) for name in NAMES}
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, "", "x", [], ["x"], [3], {}, {"x": 1}, [{}]]
)

quick = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def places(data: Any) -> list[tuple[str | int, ...]]:
    """Every path in the JSON but what only says how it was before."""
    found: list[tuple[str | int, ...]] = []
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(data, ())]
    for value, keys in pending:
        children = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, child in children:
            if not keys and key in {"prior_state", "configuration", "resource_drift"}:
                continue
            found.append((*keys, key))
            pending.append((child, (*keys, key)))
    return found


PLACES = {name: places(data) for name, data in DATA.items()}


def standing(content: bytes) -> set[str] | None:
    """The addresses of what will be there; None where the plan was refused."""
    found = load_plan(content, "plan.json")
    if not found.values:
        assert found.findings
        assert all(finding.rule.uncheckable for finding in found.findings)
        return None
    [plan] = found.values
    assert list(plan_leaves(plan)) is not None
    return {each.address for each in plan.resources if not each.is_leaving and each.mode == "managed"}


@given(st.sampled_from(sorted(CONTENT)), st.data())
@quick
def test_a_truncated_plan_is_refused(name: str, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(CONTENT[name]) - 1))
    assert standing(CONTENT[name][:end]) is None


@given(st.sampled_from(sorted(CONTENT)), st.data())
@quick
def test_a_plan_with_bytes_cut_out_is_refused_or_no_crash(name: str, data: st.DataObject) -> None:
    content = CONTENT[name]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    standing(content[:start] + content[end:])


@given(name=st.sampled_from(NAMES), junk=JUNK, removed=st.booleans(), data=st.data())
@quick
def test_a_plan_with_one_part_missing_or_replaced_loses_no_resource(
    *, name: str, junk: Any, removed: bool, data: st.DataObject
) -> None:
    changed = copy.deepcopy(DATA[name])
    *above, last = data.draw(st.sampled_from(PLACES[name]))
    parent = changed
    for key in above:
        parent = parent[key]
    if removed:
        del parent[last]
    else:
        parent[last] = junk
    found = standing(json.dumps(changed).encode())
    before = standing(CONTENT[name])
    assert before is not None
    assert found is None or len(found) >= len(before)


@given(st.binary(max_size=200))
@quick
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    standing(content)


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
)
@quick
def test_every_encoding_and_wrapper_gives_the_same_plan(name: str, encoding: str) -> None:
    text = CONTENT[name].decode()
    wrapped = f"[command]/bin/terraform show\n{text}\n\n::debug::Terraform exited with code 0.\n"
    assert standing(wrapped.encode(encoding)) == standing(CONTENT[name])


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
marks: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.just({}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from("abc"), values, max_size=3),
    st.dictionaries(st.sampled_from("abc"), marks),
)
def test_a_leaf_is_hidden_exactly_where_a_lookup_calls_it_sensitive(after: Any, sensitive: Any) -> None:
    body = {"actions": ["create"], "after": after, "after_sensitive": sensitive}
    item = {"address": "a.b", "mode": "managed", "type": "a", "name": "b", "change": body}
    [plan] = load_plan(json.dumps({"format_version": "1.2", "resource_changes": [item]}).encode(), "p").values
    [text] = plan_leaves(plan)
    for leaf in text.leaves:
        if leaf.keys not in text.hidden and leaf.kind != "key":
            found = lookup(plan.resources[0], *leaf.keys)
            assert isinstance(found, KnownValue)
            assert not found.sensitive


HCL = st.lists(
    st.sampled_from(
        [
            'resource "a" "b" {',
            "}",
            "\n",
            '"',
            "${",
            "%{",
            "$${",
            "<<EOT",
            "<<-X",
            "EOT",
            "X",
            "#",
            "//",
            "/*",
            "*/",
            "\\",
            "=",
            "a.b",
            "[",
            "]",
            "(",
            " ",
        ]
    ),
    max_size=40,
).map("".join)


@given(HCL)
def test_any_text_is_scanned_to_its_end_at_its_own_length(text: str) -> None:
    assert len(blank_text(text)) == len(text)
    list(blocks_of("main.tf", text))


@pytest.mark.parametrize(
    "piece", ['"${', "/*", "<<A\n", "{", '"', 'a "b" {\n', "${", "x = [\n", "a.b[", "a."]
)
def test_a_long_broken_text_takes_no_more_than_linear_time(piece: str) -> None:
    text = piece * 20_000
    assert len(blank_text(text)) == len(text)
    list(blocks_of("main.tf", text))
