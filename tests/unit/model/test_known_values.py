"""Values without marks are read by a shorter way, to the same end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.plan_values import Part, keys_of, parts_below

KEYS = st.sampled_from(["a", "b", "c.d", "*", "**"])
TREES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=2),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c.d"]), below, max_size=3)
        | below.map(json.dumps)
    ),
    max_leaves=12,
)


@given(TREES, st.lists(KEYS, max_size=4))
def test_marks_of_nothing_change_nothing(tree: Any, keys: list[str]) -> None:
    path = ".".join(f"[{key}]" for key in keys)
    short = [part.value for part in parts_below(Part(tree), path)]
    marked = [part.value for part in parts_below(Part(tree, {}), path)]
    assert short == marked


def test_a_key_that_holds_dots_stands_in_brackets() -> None:
    assert keys_of("metadata.labels[app.kubernetes.io/name].x") == (
        "metadata",
        "labels",
        "app.kubernetes.io/name",
        "x",
    )
    assert keys_of("") == ()
