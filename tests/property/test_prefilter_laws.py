"""Searching only what the prefilter lets through finds what searching everything finds."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gatecli.pii.budget import unlimited_budget
from gatecli.pii.entities import all_entities
from gatecli.pii.matching import find, readable
from gatecli.pii.prefilter import Prefilter
from tests.support.pii_corpus import CHECKED, LOOK_ALIKES

PREFILTER = Prefilter(all_entities())
ALONE = {entity.id: Prefilter((entity,)) for entity in all_entities()}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Numbers of people, look-alikes and noise, joined by anything."""
    source = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - a seed, no secret
    makers = [*(make for make, _ in CHECKED.values()), *LOOK_ALIKES.values()]
    parts = draw(
        st.lists(
            st.one_of(
                st.sampled_from(makers).map(lambda make: make(source)),
                st.text(max_size=20),
                st.text("0123456789 -./@:Xx", max_size=24),
            ),
            max_size=5,
        )
    )
    return draw(st.sampled_from(["", " ", "\n", ",", ": ", "-", '"'])).join(parts)


@given(texts())
def test_no_entity_matches_without_its_cue(text: str) -> None:
    clear = readable(text)
    for match in find(clear, all_entities(), unlimited_budget()):
        assert ALONE[match.entity.id].may_match(clear)


@given(texts())
def test_what_may_not_match_has_no_match(text: str) -> None:
    clear = readable(text)
    if next(find(clear, all_entities(), unlimited_budget()), None) is not None:
        assert PREFILTER.may_match(clear)
        assert PREFILTER.may_match(text)
