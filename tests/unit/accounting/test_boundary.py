from __future__ import annotations

from fractions import Fraction

import pytest

from gatecli.accounting.boundary import Boundary, Grid, find_boundary

NOISE = Grid(4, falling=False, lowest=Fraction(1, 10**6), highest=Fraction(10**6))
STEPS = Grid(0, falling=True, lowest=Fraction(1), highest=Fraction(10**12))


def search(grid: Grid, power: int, target: Fraction, start: Fraction, limit: int = 20) -> Boundary:
    def cost(position: int) -> Fraction:
        return grid.value(position) ** power

    return find_boundary(
        cost, grid, target, start=grid.position(start), slope=1.0 if power > 0 else -1.0, limit=limit
    )


@pytest.mark.parametrize("text", ["1", "9.999", "0.001234", "1234000", "0.1"])
def test_a_number_of_four_digits_stands_on_the_grid(text: str) -> None:
    assert NOISE.value(NOISE.position(Fraction(text))) == Fraction(text)


def test_noise_between_two_grid_values_is_rounded_up() -> None:
    assert NOISE.value(NOISE.position(Fraction("1.00001"))) == Fraction("1.001")


def test_a_number_just_above_the_largest_mantissa_carries_into_the_next_decade() -> None:
    assert NOISE.value(NOISE.position(Fraction("9.9995"))) == 10


def test_steps_between_two_whole_numbers_are_rounded_down() -> None:
    assert STEPS.value(STEPS.position(Fraction("7.9"))) == 7


@pytest.mark.parametrize("grid", [NOISE, STEPS])
def test_a_larger_position_is_safer(grid: Grid) -> None:
    position = grid.position(Fraction(5))
    grows = grid.value(position + 1) > grid.value(position)
    assert grows is not grid.falling


def test_the_search_ends_between_two_neighbours() -> None:
    found = search(NOISE, -1, Fraction(1, 3), Fraction(1))
    assert found.passing is not None
    assert (NOISE.value(found.passing), found.failing) == (Fraction(3), found.passing - 1)


def test_a_steep_cost_needs_few_evaluations() -> None:
    assert search(NOISE, -3, Fraction(1, 100), Fraction(1)).evaluations <= 10


def test_the_most_steps_are_found_exactly() -> None:
    found = search(STEPS, 1, Fraction(123_456_789), Fraction(3))
    assert found.passing is not None
    assert STEPS.value(found.passing) == 123_456_789


def test_a_cost_that_is_never_known_fails_everywhere() -> None:
    found = find_boundary(lambda _: None, NOISE, Fraction(1), start=0, slope=-1.0, limit=20)
    assert (found.passing, found.failing) == (None, NOISE.ends[1])


def test_a_jump_from_unknown_to_free_is_found_by_halving() -> None:
    cliff = NOISE.position(Fraction("3.125"))
    found = find_boundary(
        lambda at: Fraction(0) if at >= cliff else None, NOISE, Fraction(1), start=0, slope=-1.0, limit=40
    )
    assert (found.failing, found.passing) == (cliff - 1, cliff)


def test_a_cost_that_is_met_everywhere_ends_at_the_least_safe_value() -> None:
    found = find_boundary(lambda _: Fraction(0), NOISE, Fraction(1), start=0, slope=-1.0, limit=100)
    assert (found.passing, found.failing) == (NOISE.ends[0], None)


def test_a_search_never_exceeds_its_limit() -> None:
    asked: list[int] = []

    def saw(position: int) -> Fraction:
        asked.append(position)
        return Fraction(1 + position % 2)

    find_boundary(saw, NOISE, Fraction(1), start=0, slope=-1.0, limit=7)
    assert len(asked) <= 7
