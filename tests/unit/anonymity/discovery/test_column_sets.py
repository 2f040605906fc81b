"""Sets of columns, compared all at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.discovery.column_sets import ColumnSets, columns_of, mask_of

COLUMNS = 7
MASKS = st.integers(1, 2**COLUMNS - 1)


@given(st.lists(MASKS, max_size=12), MASKS)
def test_sets_are_compared_as_sets_are(held: list[int], mask: int) -> None:
    sets = ColumnSets(COLUMNS)
    for one in held:
        sets.add(one)
    assert sets.holds_subset_of(mask) == any(one & mask == one for one in held)
    assert sets.holds_superset_of(mask) == any(one & mask == mask for one in held)
    assert columns_of(sets.columns_to_a_superset(mask)) == tuple(
        column
        for column in range(COLUMNS)
        if not mask >> column & 1 and any(one & (mask | 1 << column) == one for one in held)
    )


@given(MASKS)
def test_a_mask_is_its_columns(mask: int) -> None:
    assert mask_of(columns_of(mask)) == mask
