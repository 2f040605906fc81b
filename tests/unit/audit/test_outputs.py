"""What mechanisms return, told apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gatecli.audit.features import columns_of, layout_of, lowest_set_bits
from gatecli.audit.outputs import CellKind, is_constant, join, read_outputs, widen
from gatecli.errors import UncheckableError


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        (1.5, CellKind.NUMBER),
        (3, CellKind.NUMBER),
        (np.float32(2), CellKind.NUMBER),
        (math.inf, CellKind.NUMBER),
        (10**400, CellKind.NUMBER),
        (math.nan, CellKind.NAN),
        (None, CellKind.NONE),
        (True, CellKind.TRUTH),
        ("yes", CellKind.TEXT),
        (b"yes", CellKind.TEXT),
    ],
)
def test_each_kind_of_output_has_its_cell(output: Any, kind: CellKind) -> None:
    read = read_outputs([output])
    assert read.kinds.tolist() == [[kind]]
    assert read.is_flat


def test_lists_of_changing_length_end_in_absent_cells() -> None:
    read = read_outputs([[1.0], [1.0, None], []])
    assert read.kinds.tolist() == [
        [CellKind.NUMBER, CellKind.ABSENT],
        [CellKind.NUMBER, CellKind.NONE],
        [CellKind.ABSENT, CellKind.ABSENT],
    ]
    assert not read.is_flat


def test_a_mapping_counts_by_its_sorted_keys() -> None:
    one, other = read_outputs([{"a": 1, "b": 2}]), read_outputs([{"b": 2, "a": 1}])
    assert one.values.tolist() == other.values.tolist()


def test_equal_texts_are_equal_and_others_are_not() -> None:
    read = read_outputs(["yes", "no", "yes"])
    assert read.values[0] == read.values[2] != read.values[1]
    assert set(read.texts.values()) == {"yes", "no"}


def test_arrays_of_numbers_are_read_as_they_are() -> None:
    read = read_outputs([np.array([[1, 2], [3, 4]])] * 3)
    assert read.values.tolist() == [[1, 2, 3, 4]] * 3


@pytest.mark.parametrize("output", [object(), {1, 2}, 1j])
def test_an_output_that_cannot_be_compared_is_named(output: object) -> None:
    with pytest.raises(UncheckableError, match=type(output).__name__):
        read_outputs([output])


def test_an_output_that_is_too_wide_is_refused() -> None:
    with pytest.raises(UncheckableError, match="at most 4096"):
        read_outputs([[0.0] * 4097])


def test_outputs_of_two_widths_are_joined() -> None:
    joined = join([read_outputs([[1.0]]), read_outputs([[1.0, 2.0]])])
    assert joined.kinds.tolist() == [[CellKind.NUMBER, CellKind.ABSENT], [CellKind.NUMBER, CellKind.NUMBER]]
    assert widen(joined, 1).values.tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize(
    ("parts", "constant"),
    [
        ([[1.0, 1.0], [1.0]], True),
        ([[1.0, 1.0], [2.0]], False),
        ([[math.nan, math.nan]], True),
        ([[None, 1]], False),
    ],
)
def test_a_mechanism_that_never_varies_is_seen(parts: list[list[Any]], *, constant: bool) -> None:
    assert is_constant([read_outputs(part) for part in parts]) == constant


def test_the_smallest_value_that_does_not_come_back_skips_the_atoms() -> None:
    outputs = read_outputs([[-1000.0, 3.0 + index, 7.5 + index] for index in range(50)])
    layout = layout_of(outputs)
    assert -1000.0 in layout.atoms
    place = layout.names.index("the smallest value that does not come back")
    assert columns_of(outputs, layout).values[:3, place].tolist() == [3.0, 4.0, 5.0]


def test_a_list_has_its_length_its_largest_and_its_place() -> None:
    outputs = read_outputs([[1.0, 9.0], [4.0]])
    layout = layout_of(outputs)
    found = dict(zip(layout.names, columns_of(outputs, layout).values.T.tolist(), strict=True))
    assert found["the number of values"] == [2, 1]
    assert found["the largest value"] == [9, 4]
    assert found["the position of the largest value"] == [1, 0]
    assert found["the sum"] == [10, 4]


@pytest.mark.parametrize(
    ("value", "exponent"),
    [(1.0, 0), (2.0, 1), (3.0, 0), (-6.0, 1), (0.5, -1), (0.75, -2), (2.0**-1074, -1074), (1 + 2**-52, -52)],
)
def test_the_lowest_set_bit_is_that_of_the_exact_number(value: float, exponent: int) -> None:
    assert lowest_set_bits(np.array([value])).tolist() == [exponent]
    ratio = abs(value).as_integer_ratio()
    assert exponent == (ratio[0] & -ratio[0]).bit_length() - ratio[1].bit_length()


@pytest.mark.parametrize("value", [0.0, math.inf, math.nan])
def test_what_has_no_lowest_set_bit_has_none(value: float) -> None:
    assert math.isnan(lowest_set_bits(np.array([value]))[0])
