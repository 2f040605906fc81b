"""Standardising: the bounds that are found, what is divided by, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.data.standardisation import least_deviation
from gatecli.data.statistics import CANDIDATES, GRID, quantile_scores
from tests.support.private_tables import exact, small_table

BOUNDS = {"age": (0, 100), "bmi": (10, 60)}
ROWS = {"age": [float(each) for each in range(101)], "bmi": [10 + each / 4 for each in range(101)]}

GOLDEN = """\
column   low   high    mean  deviation  ε of low and high  ε of mean and deviation
   age     2   98.1  50.002    29.0584                0.1                      0.1
   bmi  10.5  34.55  22.501    7.26541                0.1                      0.1
(ε = 0.4; Laplace, since no delta was given; drawn by exact 0 (a test asks it))"""


def constant(value: float, rows: int = 50, **options: Any) -> Any:
    return exact({"age": [value] * rows}, bounds={"age": (0, 100)}, keys={}, **options)


def test_what_was_found_and_what_it_cost_is_a_table() -> None:
    found = exact(ROWS, bounds=BOUNDS, keys={}).standardise(["age", "bmi"], epsilon="0.4")
    assert str(found) == repr(found) == GOLDEN


def test_each_epsilon_is_counted_once() -> None:
    table = small_table(ROWS, bounds=BOUNDS, keys={})
    found = table.standardise(["age", "bmi"], epsilon="0.4")
    assert [each.epsilon for each in found.receipts] == [Fraction(1, 10)] * 4
    assert sum(each.epsilon for each in table.budget.questions) == Fraction(2, 5)


@pytest.mark.parametrize("value", [0.0, 0.05, 33.3, 50.0, 99.95, 100.0, 1e9, -1e9])
def test_where_all_values_are_equal_the_bounds_are_one_step(value: float) -> None:
    found = constant(value).standardise("age", epsilon=1).parameters["age"]
    assert found.high - found.low == pytest.approx(100 / CANDIDATES)
    assert found.low - 1e-9 <= min(max(value, 0), 100) <= found.high + 1e-9
    assert found.deviation >= (found.high - found.low) / CANDIDATES


@pytest.mark.parametrize("rank", ["0.02", "0.5", "0.98"])
def test_a_quantile_is_in_the_step_that_the_rank_is_in(rank: str) -> None:
    table = exact({"age": [3.0] * 10 + [7.05] * 80 + [90.0] * 10}, bounds={"age": (0, 100)}, keys={})
    wanted = {"0.02": 3.0, "0.5": 7.05, "0.98": 90.0}[rank]
    assert table.quantile("age", rank, epsilon=1).value == pytest.approx(wanted, abs=0.051)


def test_noise_does_not_become_the_scaled_column_where_nothing_varies() -> None:
    table = small_table({"age": [50.0] * 300}, epsilon=100, bounds={"age": (0, 100)}, keys={})
    for _ in range(20):
        found = table.standardise("age", epsilon=1).parameters["age"]
        assert abs((50 - found.mean) / found.deviation) < 20


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.integers(-5, 10**9),
    st.floats(0, 1e9),
)
def test_the_least_deviation_is_above_zero_and_falls_with_the_rows(
    low: float, width: float, rows: int, noise: float
) -> None:
    least = least_deviation(low, low + width, rows, noise)
    assert 0 < least < math.inf
    assert least_deviation(low, low + width, rows + 1, noise) <= least
    assert least >= (low + width - low) / CANDIDATES
    assert least_deviation(low, low + width, rows, noise + GRID) >= least


def ladder_of(steps: Sequence[int], places: int) -> list[int]:
    return [sum(each < place for each in steps) for place in range(places + 1)]


@given(st.lists(st.integers(0, 7), max_size=30), st.integers(0, 7), st.integers(0, 50), st.integers(1, 50))
def test_a_row_changes_a_score_by_no_more_than_its_sensitivity(
    steps: list[int], row: int, above: int, more: int
) -> None:
    rank = Fraction(above, above + more)
    one, other = (quantile_scores(ladder_of(rows, 8), rank) for rows in (steps, [*steps, row]))
    change = max(abs(a - b) for a, b in zip(one, other, strict=True))
    assert change <= max(rank.numerator, rank.denominator - rank.numerator)
