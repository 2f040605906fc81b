"""Noise that is the same in every process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gatecli.audit.fixed_noise import find_fixed_noise
from gatecli.audit.outputs import Outputs, read_outputs

Draw = Callable[[int, np.random.Generator, np.random.Generator], Any]
"""An output of an input, by a generator that is seeded by the mechanism, and by one that we seed."""


def look(draw: Draw, pairs: int = 1, pid: Callable[[], int] = lambda: 7) -> int | None:
    def start(data: int, seed: int) -> Callable[[int], Outputs]:
        own, ours = np.random.default_rng(pid()), np.random.default_rng([seed, data])
        return lambda runs: read_outputs([draw(data, own, ours) for _run in range(runs)])

    return find_fixed_noise(pairs, start)


FIXED: dict[str, Draw] = {
    "numbers": lambda data, own, _ours: data + own.normal(),
    "a fair coin": lambda data, own, _ours: (own.random() < 0.5) == (data % 2 == 0),
    "a biased coin": lambda data, own, _ours: (own.random() < 0.9) == (data % 2 == 0),
    "texts": lambda data, own, _ours: "abcd"[int(own.integers(4)) ^ (data % 2)],
    "one cell of two": lambda data, own, ours: [data + own.normal(), ours.normal()],
    "beside a constant": lambda data, own, _ours: ["count", round(data + own.normal())],
}
FRESH: dict[str, Draw] = {
    "our generator": lambda data, _own, ours: data + ours.normal(),
    "a fair coin": lambda data, _own, ours: (ours.random() < 0.5) == (data % 2 == 0),
    "nearly always the same": lambda _data, _own, ours: ours.random() < 0.001,
    "the same on every input": lambda _data, own, _ours: own.normal(),
    "a constant": lambda _data, _own, _ours: 7,
    "the data": lambda data, _own, _ours: data,
    "fixed and ours together": lambda data, own, ours: data + own.normal() + ours.normal(),
    "a coin that hardly falls": lambda data, own, _ours: (own.random() < 0.0001) + (data % 2),
}


@pytest.mark.parametrize("draw", FIXED.values(), ids=FIXED)
def test_fixed_noise_is_found(draw: Draw) -> None:
    assert look(draw) == 0


@pytest.mark.parametrize("draw", FRESH.values(), ids=FRESH)
def test_other_noise_is_not(draw: Draw) -> None:
    assert look(draw) is None


def test_the_pair_that_it_tells_apart_is_found() -> None:
    assert look(lambda data, own, _ours: max(data, 4) + own.normal(), pairs=4) == 2


def test_noise_of_each_process_is_not_fixed() -> None:
    numbers = iter(range(100))
    assert look(FIXED["numbers"], pid=lambda: next(numbers)) is None


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.999])
def test_right_coins_are_never_taken_for_fixed_ones(share: float) -> None:
    for seed in range(40):
        numbers = iter(range(100 * seed, 100 * seed + 100))

        def flip(data: int, own: np.random.Generator, _ours: np.random.Generator) -> bool:
            return bool((own.random() < share) == (data % 2 == 0))

        assert look(flip, pid=lambda numbers=numbers: next(numbers)) is None  # type: ignore[misc]  # a default
