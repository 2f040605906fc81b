"""Counts over a stream: how often a unit counts, and which windows are over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gatecli.serving.windows import Windows


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def windows(clock: Clock, per_unit: int = 1, kept: int = 3) -> Windows:
    return Windows(2, per_unit, 10, kept, b"k" * 32, clock)


REQUESTS = st.lists(
    st.tuples(st.sampled_from((b"a", b"b", b"c")), st.sampled_from((0, 1, None))), max_size=30
)


@given(REQUESTS, st.integers(1, 4))
def test_one_unit_more_changes_the_counts_by_no_more_than_counts_of_it(
    requests: list[tuple[bytes, int | None]], per_unit: int
) -> None:
    with_all, without = (_counts(requests, per_unit, left_out) for left_out in (None, b"a"))
    assert sum(abs(one - other) for one, other in zip(with_all, without, strict=True)) <= per_unit


def _counts(requests: list[tuple[bytes, int | None]], per_unit: int, left_out: bytes | None) -> list[int]:
    held = windows(clock := Clock(), per_unit)
    for unit, answered in requests:
        if unit != left_out:
            held.count(unit, answered)
    clock.now += 10
    counts = held.closed_counts(100)
    assert counts is not None
    return counts


def test_a_unit_counts_in_each_window_anew() -> None:
    held = windows(clock := Clock())
    for _ in range(3):
        held.count(b"a", 0)
    clock.now += 10
    held.count(b"a", 1)
    clock.now += 10
    assert (held.closed_counts(100), held.closed_counts(101)) == ([1, 0], [0, 1])


def test_each_request_is_a_unit_where_none_is_named() -> None:
    held = windows(clock := Clock())
    for _ in range(3):
        held.count(None, 1)
    clock.now += 10
    assert held.closed_counts(100) == [0, 3]


def test_a_window_is_told_once_it_is_over_and_as_long_as_it_is_kept() -> None:
    held = windows(clock := Clock())
    held.count(b"a", 0)
    assert held.closed_counts(100) is None
    clock.now += 30
    assert held.closed_counts(100) == [1, 0]
    clock.now += 10
    held.count(b"b", 0)
    assert [held.closed_counts(each) for each in (-1, 100, 101, 104, 10**15)] == [
        None,
        None,
        [0, 0],
        None,
        None,
    ]


def test_a_window_before_the_process_is_not_told_as_nothing() -> None:
    held = windows(clock := Clock())
    clock.now += 10
    assert held.closed_counts(99) is None
    assert held.closed_counts(100) == [0, 0]


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=20))
def test_a_window_that_was_over_is_never_open_again(times: list[float]) -> None:
    held = windows(clock := Clock(), kept=1000)
    told: dict[int, list[int]] = {}
    for now in times:
        clock.now = now
        held.count(None, 0)
        for number in range(held.current()):
            counts = held.closed_counts(number)
            if counts is not None:
                assert told.setdefault(number, list(counts)) == counts


def test_units_are_forgotten_with_their_window() -> None:
    held = windows(clock := Clock())
    for number in range(100):
        held.count(b"%d" % number, 0)
    clock.now += 10
    held.count(b"a", 0)
    units = Counter({number: len(window.units) for number, window in held._held.items()})
    assert units == {100: 0, 101: 1}


def test_counts_that_are_no_longer_kept_are_forgotten() -> None:
    held = windows(clock := Clock(), kept=2)
    for _ in range(20):
        held.count(b"a", 0)
        clock.now += 10
    assert len(held._held) <= 3
