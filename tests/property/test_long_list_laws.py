"""The long lists of a plan that are read item by item: the same values, and the same words for a fault."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.sources.files import ReadError
from gatecli.sources.plan import text as plan_text
from gatecli.sources.plan.long_lists import LongList
from gatecli.sources.plan.text import json_of
from tests.support.examples import share

VALUES_OF = ("planned_values", "prior_state", "configuration", "values", "root_module")
KEYS = st.sampled_from((*VALUES_OF, "resource_changes", "resources", "child_modules", "address", "ä"))
SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=24,
)
PLANS = st.dictionaries(KEYS, VALUES, max_size=6)


def opened(value: Any) -> Any:
    """A value with its long lists parsed."""
    if isinstance(value, dict):
        return {key: opened(part) for key, part in value.items()}
    return [opened(part) for part in value] if isinstance(value, list | LongList) else value


def outcome(content: bytes) -> Any:
    try:
        return opened(json_of(content))
    except ReadError as error:
        return error.problem, error.mend, error.position


def outcome_of_the_whole(content: bytes) -> Any:
    """What comes of a text that is parsed at once."""
    lazily, plan_text._long_lists_at = plan_text._long_lists_at, lambda *_: None
    try:
        return outcome(content)
    finally:
        plan_text._long_lists_at = lazily


@settings(max_examples=share(300))
@given(PLANS, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_item_by_item_a_plan_is_what_it_is_as_a_whole(
    plan: dict[str, Any],
    indent: int | str | None,
    escaped: bool,  # noqa: FBT001 - drawn
) -> None:
    content = json.dumps(plan, indent=indent, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert outcome(content) == outcome_of_the_whole(content)


@settings(max_examples=share(300))
@given(PLANS, st.integers(0, 400), st.sampled_from([b"", b",", b"}", b"]", b'"', b"\xff", b"NaN", b" "]))
def test_a_fault_is_told_in_the_same_words(plan: dict[str, Any], at: int, other: bytes) -> None:
    whole = json.dumps(plan).encode()
    for content in (whole[:at] + other + whole[at + 1 :], whole[:at]):
        assert outcome(content) == outcome_of_the_whole(content)


def test_the_resources_of_a_plan_are_long_lists() -> None:
    resource = {"address": "a.ü", "values": {"n": 1}}
    values = {"root_module": {"child_modules": [{"resources": [resource]}]}}
    plan = {"prior_state": {"values": values}, "resource_changes": [resource, resource]}
    data = json_of(json.dumps(plan, ensure_ascii=False).encode())
    below = data["prior_state"]["values"]["root_module"]["child_modules"][0]["resources"]
    assert isinstance(data["resource_changes"], LongList)
    assert isinstance(below, LongList)
    assert (list(data["resource_changes"]), below[0], below[:1]) == ([resource] * 2, resource, [resource])
