"""A bounded run of the webhook's fuzzer, with inputs of its own for each of three seeds."""

from __future__ import annotations

import asyncio

import pytest

from tests.fuzz.review import run
from tests.support.examples import share

COUNT = share(700)


@pytest.mark.parametrize("seed", [0, 1_000_000, 2_000_000])
def test_nothing_that_a_stranger_sends_is_let_in_unsearched_or_hangs(seed: int) -> None:
    seen = asyncio.run(run(COUNT, seed))
    assert sum(seen.values()) == COUNT
    # The inputs are broken enough, and not too much.
    assert seen["refused"] > COUNT / 20
    assert seen["400"] > COUNT / 20
