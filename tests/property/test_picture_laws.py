"""What is pooled in a picture hides every small count, also from somebody who subtracts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.pictures.ranges import Ranges
from gatecli.anonymity.pictures.values import pool_lines

counts = st.integers(0, 30)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[int | None, list[int]], list[int]]:
    groups = draw(st.integers(1, 3))
    line = st.lists(counts, min_size=groups, max_size=groups)
    lines: Any = dict(enumerate(draw(st.lists(line, max_size=8))))
    unlisted = draw(line)
    return lines, [sum(found[at] for found in lines.values()) + unlisted[at] for at in range(groups)]


@given(tables(), st.integers(1, 10))
def test_no_count_below_the_floor_is_shown_or_follows(
    table: tuple[dict[int | None, list[int]], list[int]], floor: int
) -> None:
    lines, totals = table
    shown, rest = pool_lines(lines, totals, floor)
    assert all(count >= floor for line in shown for count in lines[line])
    assert [sum(lines[line][at] for line in shown) + rest[at] for at in range(len(totals))] == totals
    assert not shown or not any(rest) or min(rest) >= floor


@given(tables())
def test_a_floor_of_one_hides_only_values_that_a_group_lacks(
    table: tuple[dict[int | None, list[int]], list[int]],
) -> None:
    lines, _ = table
    totals = [sum(found) for found in zip(*lines.values(), strict=True)] or [0]
    if all(min(found) >= 1 for found in lines.values()):
        assert pool_lines(lines, totals, 1)[0] == tuple(lines)


@given(st.integers(-1000, 1000), st.integers(1, 12), st.sampled_from([0.001, 0.5, 1.0, 2.0, 50.0, 1e6]))
def test_ranges_have_labels_of_their_own(first: int, count: int, width: float) -> None:
    labels = Ranges(first, count, width).labels(range(count + 2))
    assert len(set(labels.values())) == count + 2
