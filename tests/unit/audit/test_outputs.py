"""What mechanisms return, told apart."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    read = read_outputs([np.array([1, 2, 3, 4])] * 3)
    assert read.values.tolist() == [[1, 2, 3, 4]] * 3


def read_alike(one: Any, other: Any) -> bool:
    both = read_outputs([one, other])
    rows = [both.values[row].tobytes() + both.kinds[row].tobytes() for row in (0, 1)]
    return bool(rows[0] == rows[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, [2, 3]], [[1, 2], 3]),
        ([[1], [2]], [[1, 2]]),
        ([1, []], [1]),
        ({"a": [1, 2], "b": []}, {"a": [1], "b": [2]}),
        (np.ones((2, 3)), np.ones((3, 2))),
        ([1, (2,)], [1, 2]),
        ([], {}),
        ("a", b"a"),
    ],
)
def test_two_ways_to_nest_the_same_values_are_two_outputs(one: Any, other: Any) -> None:
    assert not read_alike(one, other)


@pytest.mark.parametrize("size", [2**53, 2**60, 2**63 - 3, 2**80, 2**107, 2**200, 10**400])
@pytest.mark.parametrize("sign", [1, -1])
def test_two_whole_numbers_that_differ_by_one_are_two_outputs(size: int, sign: int) -> None:
    assert not read_alike(sign * size, sign * (size + 1))
    assert read_alike(sign * size, sign * size)
    assert not read_alike([sign * size], [sign * (size + 1)])
    assert not read_alike([0.5, sign * size], [0.5, sign * (size + 1)])


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_large_numbers_of_an_array_are_read_exactly(kind: Any) -> None:
    assert not read_alike(np.array([2**62 + 1], dtype=kind), np.array([2**62], dtype=kind))
    assert not read_alike(kind(2**62 + 1), kind(2**62))


def test_an_array_among_others_is_not_read_as_the_first_one() -> None:
    arrays = [np.array([1.0]), np.array(["1.0"]), np.array([True])]
    assert [kind for (kind,) in read_outputs(arrays).kinds.tolist()] == [
        CellKind.NUMBER,
        CellKind.TEXT,
        CellKind.TRUTH,
    ]


@given(st.lists(st.recursive(st.integers() | st.floats(allow_nan=False), st.lists, max_leaves=6), min_size=2))
def test_outputs_are_read_alike_only_where_they_are_equal(values: list[Any]) -> None:
    for one, other in pairwise(values):
        assert read_alike(one, other) == (one == other)


@pytest.mark.parametrize("output", [object(), {1, 2}, 1j])
def test_an_output_that_cannot_be_compared_is_named(output: object) -> None:
    with pytest.raises(UncheckableError, match=type(output).__name__):
        read_outputs([output])


def test_an_output_that_holds_itself_is_refused() -> None:
    output: list[Any] = []
    output.append(output)
    with pytest.raises(UncheckableError, match="nested too deeply"):
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
    others = read_outputs([[-1000.0, 3.1 + index, 7.6 + index] for index in range(50)])
    layout = layout_of(outputs, others)
    assert -1000.0 in layout.atoms
    place = layout.names.index("the smallest value that does not come back")
    assert columns_of(outputs, layout).values[:3, place].tolist() == [3.0, 4.0, 5.0]


@pytest.mark.parametrize("cell", [0, 31, 32, 700])
@pytest.mark.parametrize("kind", ["larger", "wider", "atom", "text", "none"])
def test_of_a_wide_output_the_cells_that_differ_are_looked_at(cell: int, kind: str) -> None:
    rng = np.random.default_rng(1)
    told: dict[str, Any] = {"larger": 2.0, "wider": 1.0, "atom": 7.0, "text": "yes", "none": None}

    def draw(*, is_odd: bool) -> list[list[Any]]:
        rows: list[list[Any]] = rng.normal(size=(200, 701)).tolist()
        for row in rows:
            if is_odd and kind == "wider":
                row[cell] *= 6
            elif is_odd and rng.random() < 0.5:
                row[cell] = told[kind]
        return rows

    layout = layout_of(read_outputs(draw(is_odd=False)), read_outputs(draw(is_odd=True)))
    assert len(layout.cells) == 32
    assert cell in layout.cells
    assert f"value {cell + 1}" in layout.names


def test_a_large_whole_number_is_looked_at_in_two_columns() -> None:
    outputs = read_outputs([2**60 + index for index in range(5)])
    layout = layout_of(outputs, outputs)
    assert columns_of(outputs, layout).values.shape[1] == len(layout.names)
    assert columns_of(outputs, layout).values[:, 1].tolist() == [0, 1, 2, 3, 4]


def test_a_list_has_its_length_its_largest_and_its_place() -> None:
    outputs = read_outputs([[1.0, 9.0], [4.0]])
    layout = layout_of(outputs, outputs)
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
